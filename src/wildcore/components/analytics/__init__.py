"""Analytics over all devices: duplicate ONUs."""
