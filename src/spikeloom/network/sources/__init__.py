"""Populations that fire by themselves: given spikes, regular ones, and Poisson's."""

from __future__ import annotations

from spikeloom.network.sources.given import GivenSpikes as GivenSpikes
from spikeloom.network.sources.poisson import PoissonSpikes as PoissonSpikes
from spikeloom.network.sources.regular import RegularSpikes as RegularSpikes
from spikeloom.network.sources.spikes import Spikes as Spikes
