"""The laboratory: what one neuron does, measured. Results are plain arrays; `show` draws them.

>>> from spikeloom import LIF, lab, ms, nA
>>> lab.response(LIF(), 0.2 * nA, 100 * ms).spikes.round(3).tolist()
[27.726, 55.452, 83.178]
"""

from __future__ import annotations

from spikeloom.lab.bifurcation import Bifurcation as Bifurcation
from spikeloom.lab.bifurcation import CycleEnd as CycleEnd
from spikeloom.lab.bifurcation import bifurcation as bifurcation
from spikeloom.lab.branches import Branch as Branch
from spikeloom.lab.chaos import Chaos as Chaos
from spikeloom.lab.chaos import chaos as chaos
from spikeloom.lab.compare import Comparison as Comparison
from spikeloom.lab.compare import compare as compare
from spikeloom.lab.cycles import CycleBranch as CycleBranch
from spikeloom.lab.cycles import CyclePoint as CyclePoint
from spikeloom.lab.descent import GradientDescent as GradientDescent
from spikeloom.lab.fi_curve import FICurve as FICurve
from spikeloom.lab.fi_curve import fi_curve as fi_curve
from spikeloom.lab.fit import Fit as Fit
from spikeloom.lab.fit import fit as fit
from spikeloom.lab.fixed_points import FixedPoint as FixedPoint
from spikeloom.lab.fixed_points import FixedPoints as FixedPoints
from spikeloom.lab.fixed_points import fixed_points as fixed_points
from spikeloom.lab.identify import Identifiability as Identifiability
from spikeloom.lab.inputs import Arrivals as Arrivals
from spikeloom.lab.phase_plane import PhasePlane as PhasePlane
from spikeloom.lab.phase_plane import phase_plane as phase_plane
from spikeloom.lab.psp import PSP as PSP
from spikeloom.lab.psp import psp as psp
from spikeloom.lab.recording import Recording as Recording
from spikeloom.lab.response import Response as Response
from spikeloom.lab.response import response as response
from spikeloom.lab.rheobase import Rheobase as Rheobase
from spikeloom.lab.rheobase import rheobase as rheobase
from spikeloom.lab.score import coincidence as coincidence
from spikeloom.lab.search import GlobalSearch as GlobalSearch
from spikeloom.lab.special import SpecialPoint as SpecialPoint
from spikeloom.lab.sweep import Sweep as Sweep
from spikeloom.lab.time_step import DtCheck as DtCheck
from spikeloom.lab.time_step import DtRow as DtRow
from spikeloom.lab.time_step import check_dt as check_dt
