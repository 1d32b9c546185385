"""Overlays and plots: what became of a picture's tokens."""
