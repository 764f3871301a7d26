"""The model language."""
