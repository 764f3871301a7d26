"""What digital chips are made of: cores of whole numbers, and the way to them from real ones.

A chip is constraints, a number format and a map; so far there are a crossbar core, what its neuron
can do, and Loihi's number format.
"""

from __future__ import annotations

from spikeloom.chips.behaviours import BEHAVIOURS as BEHAVIOURS
from spikeloom.chips.behaviours import Behaviour as Behaviour
from spikeloom.chips.crossbar import Core as Core
from spikeloom.chips.loihi import LoihiMap as LoihiMap
from spikeloom.chips.loihi import decay as decay
from spikeloom.chips.loihi import to_loihi as to_loihi
