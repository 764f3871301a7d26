"""``spikeloom bench models``: every model of the library, one population of each, beside Brian2."""

from spikeloom.bench.models.job import run as run
