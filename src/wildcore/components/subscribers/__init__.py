"""Subscribers: who they are, where they are, and what the last sync with billing left to people."""
