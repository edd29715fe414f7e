"""The log level as the setting LOG_LEVEL wants it, also when it changes while the process runs."""

from __future__ import annotations

import asyncio
import logging

from wildcore.errors import ValidationFailed
from wildcore.services.runtime import Runtime
from wildcore.services.settings import REFRESH_SEC

log = logging.getLogger(__name__)
OURS = "wildcore"


async def follow_log_level(runtime: Runtime, every_sec: float = REFRESH_SEC) -> None:
    """Hold our loggers at the level of the setting until cancelled; libraries stay at theirs."""
    logger = logging.getLogger(OURS)
    while True:
        try:
            level = await asyncio.to_thread(runtime.settings.get, "LOG_LEVEL")
        except ValidationFailed as wrong:
            log.warning("%s", wrong.description)
            return
        if logging.getLevelName(logger.level) != level:
            logger.setLevel(str(level))
        await asyncio.sleep(every_sec)
