"""Analytics over all devices: signals, duplicate ONUs, duplicate MAC addresses."""
