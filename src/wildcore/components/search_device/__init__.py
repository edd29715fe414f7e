"""Finding a subscriber's port by MAC or IP."""
