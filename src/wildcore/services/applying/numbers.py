"""Which numbers of which answers go to the metric store, beside those of ONUs (`status`, `onus`)."""

from __future__ import annotations

from wildcore.services.applying.work import Work

INTERFACE_METRICS: dict[str, dict[str, str]] = {
    "counters": {
        "iface_in_octets": "in_octets",
        "iface_out_octets": "out_octets",
        "iface_in_unicast_pkts": "in_unicast_pkts",
        "iface_out_unicast_pkts": "out_unicast_pkts",
        "iface_in_multicast_pkts": "in_multicast_pkts",
        "iface_out_multicast_pkts": "out_multicast_pkts",
        "iface_in_broadcast_pkts": "in_broadcast_pkts",
        "iface_out_broadcast_pkts": "out_broadcast_pkts",
        "iface_in_errors": "in_errors",
        "iface_out_errors": "out_errors",
        "iface_in_discards": "in_discards",
        "iface_out_discards": "out_discards",
    },
    "pon_ports_optical": {
        "pon_tx_dbm": "tx_dbm",
        "pon_temperature_c": "temperature_c",
        "pon_voltage_v": "voltage_v",
        "pon_bias_ma": "bias_ma",
    },
    "link_info": {"iface_speed_mbps": "speed_mbps"},
}
INTERFACE_METRICS["pon_onts_counters"] = INTERFACE_METRICS["counters"]

DEVICE_METRICS: dict[str, dict[str, str]] = {
    "sys_resources": {
        "device_cpu_pct": "cpu_pct",
        "device_memory_pct": "memory_pct",
        "device_temperature_c": "temperature_c",
    },
    "system": {"device_uptime_sec": "uptime_sec"},
}


def put_numbers(work: Work) -> None:
    """Hand over the numbers of this answer; None is no value."""
    of_device = DEVICE_METRICS.get(work.module)
    if of_device is not None:
        for metric, attribute in of_device.items():
            numbers = [float(value) for row in work.answer.rows[:1] if (value := getattr(row, attribute)) is not None]
            work.put(metric, [work.device_id] * len(numbers), numbers)
    of_interfaces = INTERFACE_METRICS.get(work.module)
    if of_interfaces is not None:
        pairs = [(row, one.id) for row in work.answer.rows if (one := work.known.get(row.bind_key)) is not None]
        for metric, attribute in of_interfaces.items():
            found = [(one, float(value)) for row, one in pairs if (value := getattr(row, attribute)) is not None]
            work.put(metric, [one for one, _value in found], [value for _one, value in found])
