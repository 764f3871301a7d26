"""A Program becomes running code: ``reference`` (NumPy float64) and ``cpu`` (LLVM)."""

from spikeloom.engines.continuous import Adaptive as Adaptive
from spikeloom.engines.continuous import Precise as Precise
from spikeloom.engines.exact import ExactRun as ExactRun
from spikeloom.engines.exact import exact_spikes as exact_spikes
from spikeloom.engines.explanation import explain as explain
from spikeloom.engines.population import Run as Run
from spikeloom.engines.population import simulate as simulate
from spikeloom.engines.randomness import Chance as Chance
from spikeloom.engines.results import Backward as Backward
from spikeloom.engines.results import Forward as Forward
from spikeloom.engines.results import Simulation as Simulation
