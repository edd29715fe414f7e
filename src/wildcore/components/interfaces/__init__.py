"""Interfaces: search, history, what people change of them."""
