"""Pages on which users, roles, devices, and what devices refer to, are managed."""
