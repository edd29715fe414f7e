"""Use cases: one function per thing that a person or program can ask for."""
