"""The models: each in one file, each stated once."""

from __future__ import annotations

from spikeloom.models.neurons.adex import AdEx as AdEx
from spikeloom.models.neurons.alif import ALIF as ALIF
from spikeloom.models.neurons.conductance_lif import ConductanceLIF as ConductanceLIF
from spikeloom.models.neurons.cuba_lif import CubaLIF as CubaLIF
from spikeloom.models.neurons.diffusion_lif import DiffusionLIF as DiffusionLIF
from spikeloom.models.neurons.escape_lif import EscapeLIF as EscapeLIF
from spikeloom.models.neurons.exponential_if import ExponentialIF as ExponentialIF
from spikeloom.models.neurons.fitzhugh_nagumo import FitzHughNagumo as FitzHughNagumo
from spikeloom.models.neurons.gif import GIF as GIF
from spikeloom.models.neurons.glif import GLIF as GLIF
from spikeloom.models.neurons.glm import GLM as GLM
from spikeloom.models.neurons.hindmarsh_rose import HindmarshRose as HindmarshRose
from spikeloom.models.neurons.hodgkin_huxley import HodgkinHuxley as HodgkinHuxley
from spikeloom.models.neurons.homeostatic_lif import HomeostaticLIF as HomeostaticLIF
from spikeloom.models.neurons.izhikevich import Izhikevich as Izhikevich
from spikeloom.models.neurons.leaky_integrator import LeakyIntegrator as LeakyIntegrator
from spikeloom.models.neurons.lif import LIF as LIF
from spikeloom.models.neurons.mihalas_niebur import MihalasNiebur as MihalasNiebur
from spikeloom.models.neurons.morris_lecar import MorrisLecar as MorrisLecar
from spikeloom.models.neurons.ou_lif import OULIF as OULIF
from spikeloom.models.neurons.perfect_if import PerfectIF as PerfectIF
from spikeloom.models.neurons.pinsky_rinzel import PinskyRinzel as PinskyRinzel
from spikeloom.models.neurons.poisson_neuron import PoissonNeuron as PoissonNeuron
from spikeloom.models.neurons.probabilistic_lif import ProbabilisticLIF as ProbabilisticLIF
from spikeloom.models.neurons.quadratic_if import QuadraticIF as QuadraticIF
from spikeloom.models.neurons.srm0 import SRM0 as SRM0
from spikeloom.models.neurons.stochastic_srm import StochasticSRM as StochasticSRM
from spikeloom.models.neurons.theta_neuron import ThetaNeuron as ThetaNeuron
from spikeloom.models.neurons.traub_miles import TraubMiles as TraubMiles
from spikeloom.models.neurons.triesch_unit import TrieschUnit as TrieschUnit
from spikeloom.models.neurons.two_compartment import TwoCompartment as TwoCompartment
from spikeloom.models.rules.abs import ABS as ABS
from spikeloom.models.rules.bcm import BCM as BCM
from spikeloom.models.rules.clopath import ClopathSTDP as ClopathSTDP
from spikeloom.models.rules.dopamine_stdp import DopamineSTDP as DopamineSTDP
from spikeloom.models.rules.guetig_stdp import GuetigSTDP as GuetigSTDP
from spikeloom.models.rules.hebb import Hebb as Hebb
from spikeloom.models.rules.homeostatic_clopath import (
    HomeostaticClopathSTDP as HomeostaticClopathSTDP,
)
from spikeloom.models.rules.multiplicative_stdp import MultiplicativeSTDP as MultiplicativeSTDP
from spikeloom.models.rules.nearest_stdp import NearestSTDP as NearestSTDP
from spikeloom.models.rules.nearest_triplet_stdp import NearestTripletSTDP as NearestTripletSTDP
from spikeloom.models.rules.oja import Oja as Oja
from spikeloom.models.rules.pair_stdp import PairSTDP as PairSTDP
from spikeloom.models.rules.power_law_stdp import PowerLawSTDP as PowerLawSTDP
from spikeloom.models.rules.pre_centred_stdp import PreCentredSTDP as PreCentredSTDP
from spikeloom.models.rules.reduced_stdp import ReducedSTDP as ReducedSTDP
from spikeloom.models.rules.reward_stdp import RewardSTDP as RewardSTDP
from spikeloom.models.rules.synaptic_scaling import SynapticScaling as SynapticScaling
from spikeloom.models.rules.triplet_stdp import TripletSTDP as TripletSTDP
from spikeloom.models.rules.tsodyks_markram import TsodyksMarkram as TsodyksMarkram
from spikeloom.models.rules.tsodyks_markram_three import TsodyksMarkramThree as TsodyksMarkramThree
from spikeloom.models.rules.vogels import VogelsSTDP as VogelsSTDP
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
from spikeloom.models.synapses.ou_conductance import OUConductance as OUConductance
from spikeloom.models.synapses.ou_current import OUCurrent as OUCurrent
