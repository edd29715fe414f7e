"""Diagnosis of one subscriber line, for billing and for people."""
