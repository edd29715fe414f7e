"""Every action that the product writes into its log has words."""

import re
from pathlib import Path

from wildcore.services.action_words import ACTIONS, action_text

SOURCE = Path(__file__).resolve().parents[2] / "src/wildcore"
LOGGED = re.compile(r"\blog\(\s*(?:ctx\.|self\.)?\w+,\s*[\w.]+,\s*(\"[a-z_-]+:[a-z_]+\"(?: if \w+ else \"[a-z_-]+:[a-z_]+\")?)")


def test_every_logged_action_has_words() -> None:
    found = {
        key
        for path in SOURCE.rglob("*.py")
        for call in LOGGED.findall(path.read_text(encoding="utf-8"))
        for key in re.findall(r'"([^"]+)"', call)
    }
    assert {"user:added", "component:disabled", "device:deleted"} <= found
    assert sorted(found - ACTIONS.keys()) == []


def test_actions_on_hardware_have_words_and_unknown_ones_stay_readable() -> None:
    assert action_text("olts:ctrl_ont_reboot") == "ONU rebooted"
    assert action_text("switches:ctrl_port_descr") == "Description of a port written"
    assert action_text("something:else") == "something:else"
