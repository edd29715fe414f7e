"""Global search, and the search of addresses."""
