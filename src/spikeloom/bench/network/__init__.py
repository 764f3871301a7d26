"""``spikeloom bench network``: whole networks beside Brian2 and NEST.

Every network is a spec of plain numbers (`spec`, `cases`) that each side says in its own words
(``workers/*_network.py``): the same neurons, start values, connection statistics, delays, inputs,
time step, threads, and every spike recorded. Before any time is reported, a small twin that is
wired alike on all sides must fire the very same spikes (`twins`), and the numbers of synapses, the
mean rates and the irregularity must agree (`agree`). Then all sides take turns (`beside`). What
only our side is asked, such as growth to a million neurons, is in `alone`; the figures that we set
out for are in `targets`.
"""

from spikeloom.bench.network.job import NAMES as NAMES
from spikeloom.bench.network.job import run as run
