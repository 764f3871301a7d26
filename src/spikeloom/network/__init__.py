"""Networks: populations of neurons that send each other spikes with delays."""

from __future__ import annotations

from spikeloom.network.check import NetworkWarning as NetworkWarning
from spikeloom.network.network import Network as Network
from spikeloom.network.receptors import Impulse as Impulse
from spikeloom.network.result import Recorded as Recorded
from spikeloom.network.result import Recorder as Recorder
from spikeloom.network.result import Result as Result
from spikeloom.network.result import Trace as Trace
from spikeloom.network.rules import AllToAll as AllToAll
from spikeloom.network.rules import Distance as Distance
from spikeloom.network.rules import EdgeList as EdgeList
from spikeloom.network.rules import ExponentialProfile as ExponentialProfile
from spikeloom.network.rules import FixedInDegree as FixedInDegree
from spikeloom.network.rules import FixedOutDegree as FixedOutDegree
from spikeloom.network.rules import FixedProbability as FixedProbability
from spikeloom.network.rules import FixedTotal as FixedTotal
from spikeloom.network.rules import GaussianProfile as GaussianProfile
from spikeloom.network.rules import OneToOne as OneToOne
from spikeloom.network.rules import Profile as Profile
from spikeloom.network.rules import Rule as Rule
from spikeloom.network.spikes import SpikeTrains as SpikeTrains
from spikeloom.network.view import Group as Group
from spikeloom.network.view import Population as Population
from spikeloom.network.view import View as View
