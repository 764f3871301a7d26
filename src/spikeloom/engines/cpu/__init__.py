"""Placeholder docstring: its owner fills this in."""
