"""What a network costs: work, memory traffic, energy, and its plain twin beside it."""

from spikeloom.nn.energy.constants import PUBLISHED as PUBLISHED
from spikeloom.nn.energy.constants import EnergyConstants as EnergyConstants
from spikeloom.nn.energy.constants import Precision as Precision
from spikeloom.nn.energy.constants import Process as Process
from spikeloom.nn.energy.constants import PublishedEvent as PublishedEvent
from spikeloom.nn.energy.counts import LayerCount as LayerCount
from spikeloom.nn.energy.metrics import NeuroBenchMetrics as NeuroBenchMetrics
from spikeloom.nn.energy.metrics import neurobench_metrics as neurobench_metrics
from spikeloom.nn.energy.report import EnergyReport as EnergyReport
from spikeloom.nn.energy.report import energy_report as energy_report
from spikeloom.nn.energy.verdict import Verdict as Verdict
from spikeloom.nn.energy.work import Work as Work
from spikeloom.nn.energy.work import plain_work as plain_work
from spikeloom.nn.energy.work import spiking_work as spiking_work
