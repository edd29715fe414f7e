"""The page of the action log."""
