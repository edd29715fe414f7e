"""What may be done to switches and their ports."""
