"""Layers made of layers: how a block of time goes through them."""
