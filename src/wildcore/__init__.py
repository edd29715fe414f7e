"""Wildcore: device management for internet providers."""

from importlib.metadata import version

__version__ = version("wildcore")
