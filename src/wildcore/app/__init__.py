"""Composition root: builds everything, the only importer of components."""
