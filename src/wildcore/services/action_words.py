"""The actions of the log in words. A key that stands in the log is written here too (tests/unit/test_action_words.py)."""

from __future__ import annotations

from wildcore.i18n import Text, _

ACTIONS: dict[str, Text] = {
    "user:logged_in": _("Signed in"),
    "user:logged_out": _("Signed out"),
    "user:cross_auth": _("Key for an employee through billing"),
    "user:key_generated": _("API key generated"),
    "user:key_revoked": _("Session or key closed"),
    "user:added": _("User created"),
    "user:updated": _("User changed"),
    "user:deleted": _("User deleted"),
    "user:role_changed": _("Role given by the OpenID provider"),
    "user:key_described": _("Note of a key changed"),
    "user:keys_revoked": _("Sessions closed"),
    "user:reset": _("Account reset on the server"),
    "user:strict_ip": _("Allowed networks changed"),
    "user:twofa_enabled": _("Second factor switched on"),
    "user:twofa_disabled": _("Second factor switched off"),
    "user:twofa_recovery_codes": _("Recovery codes renewed"),
    "user-role:added": _("Role created"),
    "user-role:updated": _("Role changed"),
    "user-role:deleted": _("Role deleted"),
    "security:auth_attempts": _("Sign-in refused"),
    "security:bad_key": _("Key refused"),
    "security:forbidden": _("Refused for lack of rights"),
    "security:encryption_changed": _("Encryption of secrets changed"),
    "security:reset_ipblock": _("Blocked sign-ins let in again"),
    "device:added": _("Device added"),
    "device:updated": _("Device changed"),
    "device:deleted": _("Device deleted"),
    "device:imported": _("Devices imported"),
    "device:polled": _("Device polled by hand"),
    "device-group:added": _("Device group created"),
    "device-group:updated": _("Device group changed"),
    "device-group:deleted": _("Device group deleted"),
    "device-access:added": _("Device access created"),
    "device-access:updated": _("Device access changed"),
    "device-access:deleted": _("Device access deleted"),
    "device-model:added": _("Device model created"),
    "device-model:updated": _("Device model changed"),
    "device-model:deleted": _("Device model deleted"),
    "diagnostic:arp_ping": _("ARP table of a router asked"),
    "interface:added": _("Interface added by hand"),
    "interface:marked": _("Marks of an interface changed"),
    "interface:updated": _("Interface changed"),
    "interface:deleted": _("Interface deleted"),
    "import:wildcore": _("Taken over from another Wildcore"),
    "subscribers:sync": _("Subscribers synchronised by hand"),
    "component:enabled": _("Component switched on"),
    "component:disabled": _("Component switched off"),
    "schedule:changed": _("Schedule changed"),
    "schedule:updated": _("Schedule changed"),
    "schedule:run": _("Scheduled task run by hand"),
    "system:configuration": _("Settings changed"),
}

# Actions on hardware stand in the log as `olts:MODULE` or `switches:MODULE`.
CONTROLS: dict[str, Text] = {
    "ctrl_ont_reboot": _("ONU rebooted"),
    "ctrl_ont_descr": _("Description of an ONU written"),
    "ctrl_ont_disable": _("ONU switched off or on"),
    "ctrl_ont_dereg": _("ONU deregistered"),
    "ctrl_ont_delete": _("ONU deregistered"),
    "ctrl_ont_reset": _("ONU reset"),
    "ctrl_ont_clear_counters": _("Counters of an ONU cleared"),
    "ctrl_ont_uni_admin_state": _("Port of an ONU switched off or on"),
    "ctrl_port_descr": _("Description of a port written"),
    "ctrl_port_state": _("Port switched off or on"),
    "ctrl_port_speed": _("Speed of a port changed"),
    "ctrl_vlan_port": _("VLAN of a port changed"),
    "reboot": _("Device rebooted"),
    "save_config": _("Configuration of a device saved"),
    "clear_counters": _("Counters cleared"),
}


def action_text(key: str) -> str:
    """An action in the person's language; an unknown one as it is."""
    return str(ACTIONS.get(key) or CONTROLS.get(key.partition(":")[2], key))
