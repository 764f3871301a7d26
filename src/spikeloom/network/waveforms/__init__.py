"""Values that change over time: currents into neurons, and rates of Poisson spikes.

The value of a step is that of its middle, and holds all through the step. What begins and ends at
times on the grid does so exactly there; any other time counts as the nearest one on the grid.
Waveforms can be added: ``Step(…) + Sine(…)``.
"""

from __future__ import annotations

from spikeloom.network.waveforms.fluctuation import OrnsteinUhlenbeck as OrnsteinUhlenbeck
from spikeloom.network.waveforms.given import FunctionOfTime as FunctionOfTime
from spikeloom.network.waveforms.given import Samples as Samples
from spikeloom.network.waveforms.smooth import Ramp as Ramp
from spikeloom.network.waveforms.smooth import Sine as Sine
from spikeloom.network.waveforms.steps import Piecewise as Piecewise
from spikeloom.network.waveforms.steps import Pulses as Pulses
from spikeloom.network.waveforms.steps import Step as Step
from spikeloom.network.waveforms.waveform import Waveform as Waveform
