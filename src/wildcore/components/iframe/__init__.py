"""The pages that billing shows inside itself."""
