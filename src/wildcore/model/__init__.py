"""What the product talks about: frozen dataclasses and enums, with units in names. No I/O, no other layer."""
