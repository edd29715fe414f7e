"""Permissions that more than one component names, with their groups on the role page.

Keys are those that existing roles and clients know. A component lists the ones it brings in `Component.permissions`; a
permission is listed by exactly one component. `basic` ones everybody who signs in has (grey boxes on the role page).
"""

from __future__ import annotations

from wildcore.i18n import _
from wildcore.services.rights import Permission, PermissionGroup

WEB_PORTAL = PermissionGroup("web_portal", _("Web portal"))
SYSTEM = PermissionGroup("system", _("System"))
USERS = PermissionGroup("users", _("Users"))
DEVICES = PermissionGroup("devices", _("Devices"))
OLTS = PermissionGroup("olts", _("OLTs"))
SWITCHES = PermissionGroup("switches", _("Switches"))
DIAGNOSTIC = PermissionGroup("diagnostic", _("Diagnostic component"))
FDB = PermissionGroup("fdb", _("MAC addresses (FDB)"))
SEARCH = PermissionGroup("search_device", _("Search of subscribers"))
ANALYTICS = PermissionGroup("analytics", _("Analytics"))

# Web portal
SYSTEM_INFO = Permission(
    "system_info", _("System information"), WEB_PORTAL, _("Name, version and languages of this system"), basic=True
)
GLOBAL_SEARCH = Permission(
    "global_search", _("Global search"), WEB_PORTAL, _("Find devices, interfaces, ONUs and subscribers from any page"), basic=True
)
DASHBOARD_EDIT = Permission("dashboard_edit", _("Own dashboard"), WEB_PORTAL, _("Arrange one's own start page"), basic=True)
DASHBOARD_GLOBAL_EDIT = Permission(
    "dashboard_global_edit", _("Dashboard of everybody"), WEB_PORTAL, _("Set the start page that all users begin with")
)

# System
SYSTEM_CONFIGURATION = Permission(
    "system_configuration", _("Read and edit system settings"), SYSTEM, _("All settings, and components on and off")
)
SYSTEM_CROSS_AUTH_USER = Permission(
    "system_cross_auth_user",
    _("Allow authorising other users (generate keys)"),
    SYSTEM,
    _("Only for billing: gets keys that act as another user"),
)
SYSTEM_STATUS = Permission("system_status", _("System status"), SYSTEM, _("Processes, queues, disk, metrics of this system"))
SCHEDULE_CONFIGURATION = Permission(
    "schedule_configuration",
    _("Schedule configuration"),
    SYSTEM,
    _("Switch scheduled tasks on and off, set their times, run them"),
)
SCHEDULE_REPORTS = Permission("schedule_reports", _("See schedule reports"), SYSTEM, _("Results of scheduled tasks"))
SYSTEM_LOGS_ACTIONS = Permission(
    "system_logs_actions", _("Show actions log"), SYSTEM, _("Who did what, when and with what result")
)
LOG_SWITCHER_CORE_ACTIONS = Permission(
    "log_switcher_core_actions", _("Show device calling logs"), SYSTEM, _("What devices were asked, and their errors")
)
LOG_POLLER = Permission("log_poller", _("Poller logs"), SYSTEM, _("Runs of all pollers with their results"))
POLLER_INFO_BY_DEVICE = Permission(
    "poller_info_by_device", _("Poller info on device page"), SYSTEM, _("When a device was polled and is polled next")
)
RUN_POLLER_BY_DEVICE = Permission(
    "run_poller_by_device", _("Run poller on device page"), SYSTEM, _("Poll a device at once, out of turn")
)

# Users
USER_SELF = Permission("user_self", _("Own account"), USERS, _("See one's own account, rights and sessions"), basic=True)
USER_DISPLAY = Permission("user_display", _("List of users"), USERS, _("See users and roles, change nothing"))
USER_SELF_CONTROL = Permission(
    "user_self_control",
    _("Update own information"),
    USERS,
    _("Change one's own name, language and password, make API keys; needed for the pages inside billing"),
)
USER_MANAGEMENT = Permission(
    "user_management", _("Manage all users"), USERS, _("Add, change and delete users and roles, make and revoke their keys")
)
USER_STRICT_IP = Permission(
    "user_management_config_strict_ip",
    _("Configure allowed networks of users"),
    USERS,
    _("Addresses from which a user may sign in"),
)

# Devices
DEVICE_SHOW = Permission(
    "device_show", _("Show device info"), DEVICES, _("Devices of one's own device groups and their interfaces"), basic=True
)
DEVICE_MANAGEMENT = Permission("device_management", _("Device management"), DEVICES, _("Add, change, import and delete devices"))
DEVICE_ACCESS_MANAGEMENT = Permission(
    "device_access_management", _("Device access control"), DEVICES, _("Communities, logins and passwords of devices")
)
DEVICE_GROUPS_MANAGEMENT = Permission(
    "device_groups_management", _("Device groups management"), DEVICES, _("Add, change and delete device groups")
)
DEVICE_IFACE_MANAGEMENT = Permission(
    "device_iface_management",
    _("Device interface management"),
    DEVICES,
    _("Comments, polling on and off, deleting stale interfaces"),
)
DEVICE_IFACE_MANAGE_MARKS = Permission(
    "device_iface_manage_marks", _("Manage favourites and tags on interfaces"), DEVICES, _("Star and tag ports and ONUs")
)

# OLTs
OLTS_INFO = Permission("olts_info", _("Info from OLTs"), OLTS, _("ONUs, PON ports, signals and states"))
OLTS_CTRL_REBOOT = Permission("olts_ctrl_reboot", _("Allow reboot ONT"), OLTS, _("The subscriber is offline for some minutes"))
OLTS_CTRL_DEREG = Permission("olts_ctrl_dereg", _("Allow dereg ONT"), OLTS, _("Removes the ONU's registration from the OLT"))
OLTS_CTRL_RESET = Permission("olts_ctrl_reset", _("Allow reset ONT"), OLTS, _("Sets the ONU back to its factory settings"))
OLTS_CTRL_DISABLE = Permission(
    "olts_ctrl_disable", _("Allow disable/enable ONT"), OLTS, _("Cuts the subscriber off and on again")
)
OLTS_CTRL_DESCRIPTION = Permission(
    "olts_ctrl_description", _("Allow change ONT description"), OLTS, _("Writes the description on the OLT")
)
OLTS_CTRL_CLEAR_COUNTERS = Permission(
    "olts_ctrl_clear_counters", _("Allow clear ONT counters"), OLTS, _("Traffic and error counters start from zero")
)
OLTS_CTRL_PORT = Permission(
    "olts_ctrl_port", _("Allow control PON/physical ports"), OLTS, _("State, reset and description of the OLT's own ports")
)
OLTS_CTRL_UNI_PORTS = Permission(
    "olts_ctrl_uni_ports", _("Control UNI ports on ONU"), OLTS, _("Switches the subscriber's sockets on the ONU on and off")
)

# Switches
SWITCHES_INFO = Permission(
    "switches_info", _("Info from switches"), SWITCHES, _("Ports, VLANs, addresses, errors, cable lengths")
)
SWITCHES_REBOOT_DEVICE = Permission(
    "switches_reboot_device", _("Allow reboot device"), SWITCHES, _("All subscribers of the switch are offline meanwhile")
)
SWITCHES_SAVE_CONFIG = Permission("switches_save_config", _("Allow save config"), SWITCHES, _("Keeps changes over a restart"))
SWITCHES_CLEAR_COUNTERS = Permission(
    "switches_clear_counters", _("Allow clear counters"), SWITCHES, _("Traffic and error counters start from zero")
)
SWITCHES_SET_PORT_DESCRIPTION = Permission(
    "switches_set_port_description", _("Allow set description"), SWITCHES, _("Writes a port's description on the switch")
)
SWITCHES_SET_PORT_ADMIN_STATE = Permission(
    "switches_set_port_admin_state", _("Allow set admin state"), SWITCHES, _("Switches ports on and off")
)
SWITCHES_SET_PORT_ADMIN_SPEED = Permission(
    "switches_set_port_admin_speed", _("Allow set admin speed"), SWITCHES, _("Fixes speed and duplex of a port")
)
SWITCHES_VLAN_CONTROL = Permission("switches_vlan_control", _("VLAN control"), SWITCHES, _("Adds and removes VLANs on ports"))

# Diagnostic component
DIAG_INTERFACE = Permission(
    "diag_interface", _("Interface diagnostics (for billing)"), DIAGNOSTIC, _("All that is known of one subscriber's line")
)
DIAG_ARP_PING = Permission("diag_arp_ping", _("ARP ping"), DIAGNOSTIC, _("Ask a subscriber's equipment from the router"))
DIAG_ICMP_PING = Permission("diag_icmp_ping", _("ICMP ping"), DIAGNOSTIC, _("Ping an address from this server"))
DIAG_TRACEROUTE = Permission("diag_traceroute", _("Traceroute"), DIAGNOSTIC, _("Show the way to an address from this server"))

# MAC addresses
FDB_HISTORY_BY_INTERFACE = Permission(
    "fdb_history_by_interface", _("Show MAC history of an interface"), FDB, _("Which addresses were seen behind a port, and when")
)
FDB_HISTORY_SEARCH = Permission("fdb_history_search", _("Search in MAC history"), FDB, _("Where an address was seen, and when"))

# Search of subscribers
SEARCH_MAC = Permission("search_device_by_mac", _("Search by MAC"), SEARCH, _("Find the port behind which an address is"))
SEARCH_IP = Permission("search_device_by_ip", _("Search by IP"), SEARCH, _("Find the MAC of an IP in the routers' ARP tables"))
SEARCH_IP_WITH_FDB = Permission(
    "search_device_by_ip_with_fdb", _("Search port by IP"), SEARCH, _("Find the port of an IP by ARP and forwarding tables")
)

# Analytics
ANALYTICS_SHOW = Permission("analytics", _("Show analytics"), ANALYTICS, _("Signals, errors, duplicates over all devices"))
