"""What OLTs tell, under the paths that clients know."""
