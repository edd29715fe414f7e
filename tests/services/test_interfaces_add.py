"""Interfaces that people add by hand."""

from __future__ import annotations

import pytest

from tests.services.support import ADMIN, add_device
from wildcore.errors import ValidationFailed
from wildcore.services.interfaces_add import NewInterface, add_interface
from wildcore.services.runtime import Runtime


@pytest.mark.parametrize("key", ["..", ".", "../../../../switches_control/device/reboot/7", "1/../2", "1/."])
def test_a_key_that_leads_an_action_elsewhere_is_refused(runtime: Runtime, key: str) -> None:
    """Buttons of actions have it at the end of their address, in which a browser follows dots before it asks."""
    device_id = add_device(runtime.db, "192.0.2.1")
    with runtime.db.write() as session, pytest.raises(ValidationFailed, match="bind_key"):
        add_interface(session, runtime, ADMIN, NewInterface(device_id, key, "by hand"))
    with runtime.db.write() as session:
        for usual in ("0/1:3", "1..2", "gpon-onu_1/1/1:1", ".5"):
            assert add_interface(session, runtime, ADMIN, NewInterface(device_id, usual, "by hand")).bind_key == usual
