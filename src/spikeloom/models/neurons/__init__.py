"""Neuron models, one a file. To add one, add a file and export its name in `models`.

>>> from spikeloom.models import ALIF, LIF, AdEx, ConductanceLIF, CubaLIF, ExponentialIF
>>> from spikeloom.models import FitzHughNagumo, HodgkinHuxley, Izhikevich, LeakyIntegrator
>>> from spikeloom.models import PerfectIF, QuadraticIF, TraubMiles
>>> linear = PerfectIF(), LIF(), ConductanceLIF(), CubaLIF(), ALIF(), LeakyIntegrator()
>>> curved = QuadraticIF(), ExponentialIF(), AdEx(), Izhikevich(), FitzHughNagumo()
>>> gated = HodgkinHuxley(), TraubMiles()
>>> from spikeloom.models import GLM, OULIF, DiffusionLIF, EscapeLIF, PoissonNeuron
>>> from spikeloom.models import ProbabilisticLIF, StochasticSRM
>>> from spikeloom.models import HomeostaticLIF, TrieschUnit
>>> from spikeloom.models import GIF, GLIF, SRM0, HindmarshRose, MihalasNiebur, MorrisLecar
>>> from spikeloom.models import PinskyRinzel, SubtractiveIF, ThetaNeuron, TwoCompartment
>>> from spikeloom.models import LoihiNeuron, TrueNorthNeuron
>>> whole = LoihiNeuron(), TrueNorthNeuron()
>>> noisy = DiffusionLIF(), OULIF(), EscapeLIF(), ProbabilisticLIF()
>>> random = StochasticSRM(), GLM(), PoissonNeuron()
>>> lawful = MorrisLecar(), HindmarshRose(), ThetaNeuron(), MihalasNiebur(), SRM0(), GIF(), GLIF()
>>> others = HomeostaticLIF(), TrieschUnit(), TwoCompartment(), PinskyRinzel(), SubtractiveIF()
>>> for neuron in (*linear, *curved, *gated, *noisy, *random, *lawful, *others, *whole):
...     print(f"{neuron!r:20}", *(state.name for state in neuron.definition.states))
PerfectIF()          v
LIF()                v
ConductanceLIF()     v
CubaLIF()            v i
ALIF()               v b
LeakyIntegrator()    v
QuadraticIF()        v
ExponentialIF()      v
AdEx()               v w
Izhikevich()         v u
FitzHughNagumo()     v w
HodgkinHuxley()      v m h n
TraubMiles()         v m h n
DiffusionLIF()       v
OULIF()              v i
EscapeLIF()          v
ProbabilisticLIF()   v
StochasticSRM()      h eta
GLM()                k h c
PoissonNeuron()      r
MorrisLecar()        v w
HindmarshRose()      x y z
ThetaNeuron()        phi
MihalasNiebur()      v theta I_1 I_2
SRM0()               h eta
GIF()                v eta_1 eta_2 gamma_1 gamma_2
GLIF()               v theta_s theta_v I_1 I_2
HomeostaticLIF()     v theta
TrieschUnit()        y a b
TwoCompartment()     v v_d
PinskyRinzel()       v v_d h n s c q Ca
SubtractiveIF()      v
LoihiNeuron()        u v
TrueNorthNeuron()    v
"""
