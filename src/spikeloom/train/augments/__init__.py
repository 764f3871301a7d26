"""Changes of training samples."""
