"""Names of the library; each is loaded, and its equations read, when it is first used."""

from . import patterns as patterns
from .neurons.adex import AdEx as AdEx
from .neurons.alif import ALIF as ALIF
from .neurons.conductance_lif import ConductanceLIF as ConductanceLIF
from .neurons.cuba_lif import CubaLIF as CubaLIF
from .neurons.diffusion_lif import DiffusionLIF as DiffusionLIF
from .neurons.escape_lif import EscapeLIF as EscapeLIF
from .neurons.exponential_if import ExponentialIF as ExponentialIF
from .neurons.fitzhugh_nagumo import FitzHughNagumo as FitzHughNagumo
from .neurons.gif import GIF as GIF
from .neurons.glif import GLIF as GLIF
from .neurons.glm import GLM as GLM
from .neurons.hindmarsh_rose import HindmarshRose as HindmarshRose
from .neurons.hodgkin_huxley import HodgkinHuxley as HodgkinHuxley
from .neurons.homeostatic_lif import HomeostaticLIF as HomeostaticLIF
from .neurons.izhikevich import Izhikevich as Izhikevich
from .neurons.leaky_integrator import LeakyIntegrator as LeakyIntegrator
from .neurons.lif import LIF as LIF
from .neurons.loihi_neuron import LoihiNeuron as LoihiNeuron
from .neurons.mihalas_niebur import MihalasNiebur as MihalasNiebur
from .neurons.morris_lecar import MorrisLecar as MorrisLecar
from .neurons.ou_lif import OULIF as OULIF
from .neurons.passive_membrane import PassiveMembrane as PassiveMembrane
from .neurons.perfect_if import PerfectIF as PerfectIF
from .neurons.pinsky_rinzel import PinskyRinzel as PinskyRinzel
from .neurons.poisson_neuron import PoissonNeuron as PoissonNeuron
from .neurons.probabilistic_lif import ProbabilisticLIF as ProbabilisticLIF
from .neurons.quadratic_if import QuadraticIF as QuadraticIF
from .neurons.srm0 import SRM0 as SRM0
from .neurons.stochastic_srm import StochasticSRM as StochasticSRM
from .neurons.subtractive_if import SubtractiveIF as SubtractiveIF
from .neurons.theta_neuron import ThetaNeuron as ThetaNeuron
from .neurons.traub_miles import TraubMiles as TraubMiles
from .neurons.triesch_unit import TrieschUnit as TrieschUnit
from .neurons.truenorth_neuron import TrueNorthNeuron as TrueNorthNeuron
from .neurons.two_compartment import TwoCompartment as TwoCompartment
from .rules.abs import ABS as ABS
from .rules.bcm import BCM as BCM
from .rules.clopath import ClopathSTDP as ClopathSTDP
from .rules.dopamine_stdp import DopamineSTDP as DopamineSTDP
from .rules.guetig_stdp import GuetigSTDP as GuetigSTDP
from .rules.hebb import Hebb as Hebb
from .rules.homeostatic_clopath import (
    HomeostaticClopathSTDP as HomeostaticClopathSTDP,
)
from .rules.multiplicative_stdp import MultiplicativeSTDP as MultiplicativeSTDP
from .rules.nearest_stdp import NearestSTDP as NearestSTDP
from .rules.nearest_triplet_stdp import NearestTripletSTDP as NearestTripletSTDP
from .rules.oja import Oja as Oja
from .rules.pair_stdp import PairSTDP as PairSTDP
from .rules.power_law_stdp import PowerLawSTDP as PowerLawSTDP
from .rules.pre_centred_stdp import PreCentredSTDP as PreCentredSTDP
from .rules.reduced_stdp import ReducedSTDP as ReducedSTDP
from .rules.reward_stdp import RewardSTDP as RewardSTDP
from .rules.synaptic_scaling import SynapticScaling as SynapticScaling
from .rules.triplet_stdp import TripletSTDP as TripletSTDP
from .rules.tsodyks_markram import TsodyksMarkram as TsodyksMarkram
from .rules.tsodyks_markram_three import TsodyksMarkramThree as TsodyksMarkramThree
from .rules.vogels import VogelsSTDP as VogelsSTDP
from .surrogates.arctan import ATan as ATan
from .surrogates.fast_sigmoid import FastSigmoid as FastSigmoid
from .surrogates.gaussian import Gaussian as Gaussian
from .surrogates.logistic import Logistic as Logistic
from .surrogates.straight_through import StraightThrough as StraightThrough
from .surrogates.triangle import Triangle as Triangle
from .synapses.alpha_conductance import AlphaConductance as AlphaConductance
from .synapses.alpha_current import AlphaCurrent as AlphaCurrent
from .synapses.delta import Delta as Delta
from .synapses.dual_exponential_conductance import (
    DualExponentialConductance as DualExponentialConductance,
)
from .synapses.dual_exponential_current import (
    DualExponentialCurrent as DualExponentialCurrent,
)
from .synapses.exponential_conductance import (
    ExponentialConductance as ExponentialConductance,
)
from .synapses.exponential_current import ExponentialCurrent as ExponentialCurrent
from .synapses.nmda import NMDA as NMDA
from .synapses.ou_conductance import OUConductance as OUConductance
from .synapses.ou_current import OUCurrent as OUCurrent
from .synapses.shunt import Shunt as Shunt
