"""Neuron models, one a file. To add one, add a file and export its name in `models`.

>>> from spikeloom.models import ALIF, LIF, AdEx, CubaLIF, ExponentialIF, FitzHughNagumo
>>> from spikeloom.models import HodgkinHuxley, Izhikevich, LeakyIntegrator, PerfectIF, QuadraticIF
>>> linear = PerfectIF(), LIF(), CubaLIF(), ALIF(), LeakyIntegrator()
>>> curved = QuadraticIF(), ExponentialIF(), AdEx(), Izhikevich(), FitzHughNagumo(), HodgkinHuxley()
>>> for neuron in (*linear, *curved):
...     print(f"{neuron!r:20}", *(state.name for state in neuron.definition.states))
PerfectIF()          v
LIF()                v
CubaLIF()            v i
ALIF()               v b
LeakyIntegrator()    v
QuadraticIF()        v
ExponentialIF()      v
AdEx()               v w
Izhikevich()         v u
FitzHughNagumo()     v w
HodgkinHuxley()      v m h n
"""
