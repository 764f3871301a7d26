"""Layers of neurons that drive each other, the recurrence inside one native kernel."""

from spikeloom.nn.recurrent.layer import Recurrent as Recurrent
from spikeloom.nn.recurrent.settling import Following as Following
from spikeloom.nn.recurrent.settling import Settling as Settling

__all__ = ["Following", "Recurrent", "Settling"]
