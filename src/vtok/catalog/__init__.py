"""Checkpoints as data: which family each is, its settings, its sizes, and where each figure is from."""
