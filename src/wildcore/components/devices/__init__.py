"""Devices, their groups, accesses and models."""
