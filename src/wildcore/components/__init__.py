"""Features, one folder each; only the composition root imports them."""
