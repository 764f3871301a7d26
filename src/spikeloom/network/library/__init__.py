"""Networks from papers, ready to run, each with the figures that it is known to give.

>>> from spikeloom import ms
>>> cuba = EXAMPLES["cuba"]
>>> isinstance(cuba, Example), cuba.bands
(True, (Band(measure='rate (Hz)', low=5, high=7),))
>>> built = cuba.build(Setup(scale=0.05, engine="reference"))
>>> isinstance(built, Built), [(p.name, p.size) for p in built.net.populations]
(True, [('exc', 160), ('inh', 40)])
>>> result = built.net.run(20 * ms)
>>> sorted(cuba.measured(built, result))
['interval CV', 'rate (Hz)', 'rhythm (Hz)']
"""

from __future__ import annotations

from spikeloom.network.library.brunel import BRUNEL
from spikeloom.network.library.coba import COBA
from spikeloom.network.library.cobahh import COBAHH
from spikeloom.network.library.cuba import CUBA
from spikeloom.network.library.example import Band as Band
from spikeloom.network.library.example import Built as Built
from spikeloom.network.library.example import Example as Example
from spikeloom.network.library.example import Setup as Setup
from spikeloom.network.library.hpc import HPC
from spikeloom.network.library.izhikevich_2003 import IZHIKEVICH_2003
from spikeloom.network.library.liquid import LIQUID
from spikeloom.network.library.microcircuit import MICROCIRCUIT
from spikeloom.network.library.polychronization import POLYCHRONIZATION
from spikeloom.network.library.ring import RING
from spikeloom.network.library.synfire import SYNFIRE
from spikeloom.network.library.winner_take_all import WINNER_TAKE_ALL

EXAMPLES: dict[str, Example] = {
    example.name: example
    for example in (
        *(CUBA, COBA, COBAHH, *BRUNEL, HPC, MICROCIRCUIT, IZHIKEVICH_2003, POLYCHRONIZATION),
        *(SYNFIRE, LIQUID, RING, WINNER_TAKE_ALL),
    )
}
"""Every network by its name."""
