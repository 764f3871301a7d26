"""Engines without time steps: they go from event to event, and find when the next spike is."""

from spikeloom.engines.continuous.adaptive import Adaptive as Adaptive
from spikeloom.engines.continuous.precise import Precise as Precise
