"""Neurons that are linear between events, run from event to event with exact spike times."""

from spikeloom.engines.events.arrivals import Arrivals as Arrivals
from spikeloom.engines.events.record import Gradients as Gradients
from spikeloom.engines.events.record import Record as Record
from spikeloom.engines.events.system import EventSystem as EventSystem
