"""Every part of the pages in every state, for those who work on them."""
