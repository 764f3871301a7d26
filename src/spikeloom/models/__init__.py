"""The models: each in one file, each stated once."""

from __future__ import annotations

from spikeloom.models.neurons.adex import AdEx as AdEx
from spikeloom.models.neurons.alif import ALIF as ALIF
from spikeloom.models.neurons.conductance_lif import ConductanceLIF as ConductanceLIF
from spikeloom.models.neurons.cuba_lif import CubaLIF as CubaLIF
from spikeloom.models.neurons.exponential_if import ExponentialIF as ExponentialIF
from spikeloom.models.neurons.fitzhugh_nagumo import FitzHughNagumo as FitzHughNagumo
from spikeloom.models.neurons.hodgkin_huxley import HodgkinHuxley as HodgkinHuxley
from spikeloom.models.neurons.izhikevich import Izhikevich as Izhikevich
from spikeloom.models.neurons.leaky_integrator import LeakyIntegrator as LeakyIntegrator
from spikeloom.models.neurons.lif import LIF as LIF
from spikeloom.models.neurons.perfect_if import PerfectIF as PerfectIF
from spikeloom.models.neurons.quadratic_if import QuadraticIF as QuadraticIF
from spikeloom.models.neurons.traub_miles import TraubMiles as TraubMiles
from spikeloom.models.rules.pair_stdp import PairSTDP as PairSTDP
from spikeloom.models.surrogates.arctan import ATan as ATan
from spikeloom.models.surrogates.fast_sigmoid import FastSigmoid as FastSigmoid
from spikeloom.models.surrogates.gaussian import Gaussian as Gaussian
from spikeloom.models.surrogates.logistic import Logistic as Logistic
from spikeloom.models.surrogates.straight_through import StraightThrough as StraightThrough
from spikeloom.models.surrogates.triangle import Triangle as Triangle
from spikeloom.models.synapses.alpha_conductance import AlphaConductance as AlphaConductance
from spikeloom.models.synapses.alpha_current import AlphaCurrent as AlphaCurrent
from spikeloom.models.synapses.delta import Delta as Delta
from spikeloom.models.synapses.dual_exponential_conductance import (
    DualExponentialConductance as DualExponentialConductance,
)
from spikeloom.models.synapses.dual_exponential_current import (
    DualExponentialCurrent as DualExponentialCurrent,
)
from spikeloom.models.synapses.exponential_conductance import (
    ExponentialConductance as ExponentialConductance,
)
from spikeloom.models.synapses.exponential_current import ExponentialCurrent as ExponentialCurrent
from spikeloom.models.synapses.nmda import NMDA as NMDA
