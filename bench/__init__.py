"""Benchmarks: one line per figure, each with its ratio to a baseline measured in the same run."""
