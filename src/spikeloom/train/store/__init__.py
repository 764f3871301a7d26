"""State and settings as files."""
