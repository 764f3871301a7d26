"""One run of training: batches, updates, epochs, and what is told on the way."""
