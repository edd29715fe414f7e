"""Users, roles, sign-in, sessions and keys."""
