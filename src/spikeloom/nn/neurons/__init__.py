"""Any neuron model as a torch layer: from tensors to an engine and back."""
