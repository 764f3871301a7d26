"""Synapse models, one a file. To add one, add a file and export its name in `models`.

>>> from spikeloom.models import NMDA, AlphaConductance, AlphaCurrent, Delta
>>> from spikeloom.models import DualExponentialConductance, DualExponentialCurrent
>>> from spikeloom.models import ExponentialConductance, ExponentialCurrent
>>> currents = ExponentialCurrent(), AlphaCurrent(), DualExponentialCurrent(), Delta()
>>> conductances = ExponentialConductance(), AlphaConductance(), DualExponentialConductance()
>>> from spikeloom.models import OUConductance, OUCurrent
>>> for synapse in (*currents, *conductances, NMDA(), OUCurrent(), OUConductance()):
...     print(f"{synapse!r:30}", *(state.name for state in synapse.definition.states))
ExponentialCurrent()           i
AlphaCurrent()                 i h
DualExponentialCurrent()       i h
Delta()
ExponentialConductance()       g
AlphaConductance()             g h
DualExponentialConductance()   g h
NMDA()                         s x
OUCurrent()                    i
OUConductance()                g
"""
