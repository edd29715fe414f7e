"""Modules of devices, asked from the device, the cache or the store."""
