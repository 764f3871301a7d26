"""What waits between the forward and the backward pass, and in which form."""
