"""Neuron models, one a file. To add one, add a file and export its name in `models`."""
