"""Pollers of devices: what they did, and running them out of turn."""
