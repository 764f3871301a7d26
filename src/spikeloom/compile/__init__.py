"""Equations + dt + method → Program."""
