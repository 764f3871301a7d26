"""Random connections: who meets whom, and one random number for each synapse.

>>> indptr, targets = wiring("reference").pick(7, 100, 50, 5, False, None, False)
>>> native: Wiring = wiring()
>>> bool((native.pick(7, 100, 50, 5, False, None, False)[1] == targets).all())
True
"""

from __future__ import annotations

from spikeloom.engines.wiring.choose import Wiring as Wiring
from spikeloom.engines.wiring.choose import wiring as wiring
