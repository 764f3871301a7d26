"""Networks of spiking layers: containers, encoders, readouts, losses, initialisation."""

from spikeloom.nn import encode as encode
from spikeloom.nn import loss as loss
from spikeloom.nn import readout as readout
from spikeloom.nn.blocks.attention import Attend as Attend
from spikeloom.nn.blocks.attention import SpikingAttention as SpikingAttention
from spikeloom.nn.blocks.attention import spikformer_block as spikformer_block
from spikeloom.nn.blocks.bake import fold_norms as fold_norms
from spikeloom.nn.blocks.dropout import TimeDropout as TimeDropout
from spikeloom.nn.blocks.fields import Fields as Fields
from spikeloom.nn.blocks.norm import StepBatchNorm as StepBatchNorm
from spikeloom.nn.blocks.norm import TimeBatchNorm as TimeBatchNorm
from spikeloom.nn.blocks.residual import SEW as SEW
from spikeloom.nn.blocks.residual import Residual as Residual
from spikeloom.nn.blocks.sew_resnet import sew_resnet18 as sew_resnet18
from spikeloom.nn.blocks.standardise import StandardisedWeight as StandardisedWeight
from spikeloom.nn.blocks.standardise import standardise as standardise
from spikeloom.nn.chain.container import Container as Container
from spikeloom.nn.chain.container import Joint as Joint
from spikeloom.nn.chain.container import Trace as Trace
from spikeloom.nn.chain.sequential import Sequential as Sequential
from spikeloom.nn.delay import Delay as Delay
from spikeloom.nn.delay import Gaussian as Gaussian
from spikeloom.nn.delay import Interpolated as Interpolated
from spikeloom.nn.delay import NarrowDelays as NarrowDelays
from spikeloom.nn.delay import SynapticDelay as SynapticDelay
from spikeloom.nn.distance import van_rossum as van_rossum
from spikeloom.nn.distance import victor_purpura as victor_purpura
from spikeloom.nn.energy import EnergyConstants as EnergyConstants
from spikeloom.nn.energy import EnergyReport as EnergyReport
from spikeloom.nn.energy import NeuroBenchMetrics as NeuroBenchMetrics
from spikeloom.nn.energy import Precision as Precision
from spikeloom.nn.energy import Process as Process
from spikeloom.nn.energy import Work as Work
from spikeloom.nn.energy import energy_report as energy_report
from spikeloom.nn.energy import neurobench_metrics as neurobench_metrics
from spikeloom.nn.energy import plain_work as plain_work
from spikeloom.nn.energy import spiking_work as spiking_work
from spikeloom.nn.fluctuation import Fluctuation as Fluctuation
from spikeloom.nn.fluctuation import fluctuation_driven as fluctuation_driven
from spikeloom.nn.init import LayerGain as LayerGain
from spikeloom.nn.init import scale_to_rate as scale_to_rate
from spikeloom.nn.neurons.short import LIF as LIF
from spikeloom.nn.neurons.short import LeakyIntegrator as LeakyIntegrator
from spikeloom.nn.neurons.spiking import Spiking as Spiking
from spikeloom.nn.protocol import State as State
from spikeloom.nn.protocol import Stateful as Stateful
from spikeloom.nn.protocol import emits_spikes as emits_spikes
from spikeloom.nn.protocol import holds_neurons as holds_neurons
from spikeloom.nn.protocol import is_stateful as is_stateful
from spikeloom.nn.protocol import takes_lengths as takes_lengths
from spikeloom.nn.recurrent import Following as Following
from spikeloom.nn.recurrent import Recurrent as Recurrent
from spikeloom.nn.recurrent import Settling as Settling
from spikeloom.nn.saving.saves import Saves as Saves
from spikeloom.nn.saving.saves import keeping as keeping
from spikeloom.nn.twin import ann_twin as ann_twin

__all__ = [
    "Attend",
    "SpikingAttention",
    "spikformer_block",
    "SEW",
    "Residual",
    "sew_resnet18",
    "Delay",
    "fold_norms",
    "Container",
    "Joint",
    "Trace",
    "TimeDropout",
    "StepBatchNorm",
    "TimeBatchNorm",
    "StandardisedWeight",
    "standardise",
    "holds_neurons",
    "takes_lengths",
    "EnergyConstants",
    "EnergyReport",
    "Fluctuation",
    "fluctuation_driven",
    "NeuroBenchMetrics",
    "Precision",
    "Process",
    "energy_report",
    "neurobench_metrics",
    "Gaussian",
    "Interpolated",
    "Following",
    "LIF",
    "LayerGain",
    "LeakyIntegrator",
    "NarrowDelays",
    "Saves",
    "Recurrent",
    "Sequential",
    "Settling",
    "Spiking",
    "State",
    "Stateful",
    "SynapticDelay",
    "Work",
    "ann_twin",
    "emits_spikes",
    "encode",
    "is_stateful",
    "keeping",
    "loss",
    "plain_work",
    "readout",
    "scale_to_rate",
    "spiking_work",
    "van_rossum",
    "victor_purpura",
]
