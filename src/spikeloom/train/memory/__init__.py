"""The memory of training: predicted, planned, followed, shown."""
