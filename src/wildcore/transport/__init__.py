"""Sessions with devices: SNMP, ICMP; record and replay."""
