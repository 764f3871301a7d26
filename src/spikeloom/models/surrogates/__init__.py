"""Surrogate gradients, one a file, each given by its smooth primitive."""
