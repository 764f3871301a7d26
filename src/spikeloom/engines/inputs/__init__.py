"""What drives a network from outside, as engines see it: by number of step, without units."""

from __future__ import annotations

from spikeloom.engines.inputs.drives import DrivePlan as DrivePlan
from spikeloom.engines.inputs.drives import Term as Term
from spikeloom.engines.inputs.drives import total as total
from spikeloom.engines.inputs.series import Series as Series
from spikeloom.engines.inputs.series import digest as digest
from spikeloom.engines.inputs.trains import NOTHING as NOTHING
from spikeloom.engines.inputs.trains import GivenTrains as GivenTrains
from spikeloom.engines.inputs.trains import PoissonTrains as PoissonTrains
from spikeloom.engines.inputs.trains import RegularTrains as RegularTrains
from spikeloom.engines.inputs.trains import Trains as Trains
from spikeloom.engines.inputs.wander import Walks as Walks
from spikeloom.engines.inputs.wander import Wander as Wander
