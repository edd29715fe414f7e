"""What switches tell, under the paths that clients know."""
