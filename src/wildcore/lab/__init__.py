"""A simulated provider: devices from captures, generated OLTs, a billing stand-in."""
