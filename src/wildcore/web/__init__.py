"""The HTTP shell: API envelope, pages, sessions."""
