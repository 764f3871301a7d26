"""Parts of deep networks: norms, dropout, residual blocks, attention, pooling."""
