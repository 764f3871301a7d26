"""Benchmarks that prove both sides compute the same thing before they report a time.

Each side runs in a process of its own (`workers/`), with the Python of its own environment; the
parent only hands out the same inputs, compares the results and keeps the order of the rounds.

======================== ========================================================================
`spikeloom.bench.neuron` one layer of LIF neurons, forward and backward, beside the training
                         libraries
`spikeloom.bench.step`   native stepping of large populations, beside NumPy, Numba and Brian2
`spikeloom.bench.models` every model of the library, beside Brian2
`spikeloom.bench.noise`  neurons under noise, beside NumPy
`spikeloom.bench.start`  from the start of the process to the first result
======================== ========================================================================

Each has a function ``run`` that prints a table, writes JSON and returns a `Report`.
"""

from spikeloom.bench.report import Report as Report
from spikeloom.bench.report import Row as Row
