"""The setting LOG_LEVEL decides what is logged, without a restart."""

from __future__ import annotations

import asyncio
import logging

from wildcore.services.runtime import Runtime
from wildcore.worker.log_level import follow_log_level


async def test_the_level_follows_the_setting(runtime: Runtime) -> None:
    logger = logging.getLogger("wildcore")
    before = logger.level
    following = asyncio.create_task(follow_log_level(runtime, 0.01))

    async def reaches(level: int) -> None:
        async with asyncio.timeout(10):
            while logger.level != level:  # noqa: ASYNC110 - loggers tell nobody
                await asyncio.sleep(0.01)

    try:
        await reaches(logging.WARNING)
        with runtime.db.write() as session:
            runtime.settings.set(session, {"LOG_LEVEL": "INFO"})
        runtime.settings.forget()
        await reaches(logging.INFO)
        assert logging.getLogger("httpx").level != logging.INFO
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        logger.setLevel(before)
