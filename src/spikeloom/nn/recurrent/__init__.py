"""Layers of neurons that drive each other, the recurrence inside one native kernel."""

from spikeloom.nn.recurrent.layer import Recurrent as Recurrent

__all__ = ["Recurrent"]
