"""Named ways of firing: parameters, input, start and time step, as their papers show them."""

from __future__ import annotations

from spikeloom.models.patterns.adex import ADEX as ADEX
from spikeloom.models.patterns.glif import GLIF_LEVELS as GLIF_LEVELS
from spikeloom.models.patterns.izhikevich import IZHIKEVICH as IZHIKEVICH
from spikeloom.models.patterns.izhikevich_cells import IZHIKEVICH_CELLS as IZHIKEVICH_CELLS
from spikeloom.models.patterns.mihalas_niebur import MIHALAS_NIEBUR as MIHALAS_NIEBUR
from spikeloom.models.patterns.pattern import Pattern as Pattern
