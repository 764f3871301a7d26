"""Training: fit, evaluate, predict, and whole jobs from a recipe.

`SpikingClassifier` needs scikit-learn and `LightningNet` needs Lightning: they are imported when
they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from spikeloom.train.augments.affine import Affine as Affine
from spikeloom.train.augments.augment import Shift as Shift
from spikeloom.train.augments.flip import Chain as Chain
from spikeloom.train.augments.flip import Flip as Flip
from spikeloom.train.augments.signal import Signal as Signal
from spikeloom.train.augments.spectrogram import Spectrogram as Spectrogram
from spikeloom.train.conversion import QCFS as QCFS
from spikeloom.train.conversion import ConversionReport as ConversionReport
from spikeloom.train.conversion import Converted as Converted
from spikeloom.train.conversion import CountingMaxPool as CountingMaxPool
from spikeloom.train.conversion import QCFSActivation as QCFSActivation
from spikeloom.train.conversion import ThresholdBalance as ThresholdBalance
from spikeloom.train.conversion import WeightNorm as WeightNorm
from spikeloom.train.conversion import convert as convert
from spikeloom.train.conversion import convert_run as convert_run
from spikeloom.train.conversion import load_twin as load_twin
from spikeloom.train.conversion import quantised as quantised
from spikeloom.train.doctor import Diagnosis as Diagnosis
from spikeloom.train.doctor import Doctor as Doctor
from spikeloom.train.doctor import DoctorWarning as DoctorWarning
from spikeloom.train.doctor import Finding as Finding
from spikeloom.train.doctor import examine as examine
from spikeloom.train.evaluate import evaluate as evaluate
from spikeloom.train.evaluation import Evaluation as Evaluation
from spikeloom.train.fit import fit as fit
from spikeloom.train.guests.tensorboard import TensorBoard as TensorBoard
from spikeloom.train.jobs.folds import FoldsOutcome as FoldsOutcome
from spikeloom.train.jobs.folds import run_folds as run_folds
from spikeloom.train.jobs.job import run as run
from spikeloom.train.jobs.load import TrainedRun as TrainedRun
from spikeloom.train.jobs.load import load_run as load_run
from spikeloom.train.jobs.outcome import Outcome as Outcome
from spikeloom.train.loop.history import Epoch as Epoch
from spikeloom.train.loop.history import History as History
from spikeloom.train.memory.freed import keep_freed_memory as keep_freed_memory
from spikeloom.train.memory.plan import MemoryPlan as MemoryPlan
from spikeloom.train.memory.plan import memory_plan as memory_plan
from spikeloom.train.predict import Decisions as Decisions
from spikeloom.train.predict import predict as predict
from spikeloom.train.recipes import RECIPES as RECIPES
from spikeloom.train.recipes import Recipe as Recipe
from spikeloom.train.recipes import recipe_of as recipe_of
from spikeloom.train.rules import BPTT as BPTT
from spikeloom.train.rules import DECOLLE as DECOLLE
from spikeloom.train.rules import OTTT as OTTT
from spikeloom.train.rules import EProp as EProp
from spikeloom.train.rules import EventProp as EventProp
from spikeloom.train.rules import Rule as Rule

if TYPE_CHECKING:
    from spikeloom.train.guests.classifier import SpikingClassifier as SpikingClassifier
    from spikeloom.train.guests.lightning import LightningNet as LightningNet

GUESTS = {"LightningNet": "lightning", "SpikingClassifier": "classifier"}
"""Names whose files stand on a library that not everyone has installed."""


def __getattr__(name: str) -> Any:
    if name in GUESTS:
        return getattr(import_module(f"spikeloom.train.guests.{GUESTS[name]}"), name)
    raise AttributeError(f"spikeloom.train has no {name!r}")


__all__ = [
    "Affine",
    "BPTT",
    "ConversionReport",
    "Converted",
    "CountingMaxPool",
    "QCFS",
    "QCFSActivation",
    "ThresholdBalance",
    "WeightNorm",
    "convert",
    "convert_run",
    "load_twin",
    "quantised",
    "DECOLLE",
    "Decisions",
    "Diagnosis",
    "Doctor",
    "DoctorWarning",
    "EProp",
    "Epoch",
    "Evaluation",
    "EventProp",
    "Finding",
    "History",
    "LightningNet",
    "MemoryPlan",
    "OTTT",
    "Outcome",
    "RECIPES",
    "Chain",
    "Flip",
    "FoldsOutcome",
    "Signal",
    "Spectrogram",
    "recipe_of",
    "run_folds",
    "Recipe",
    "Rule",
    "Shift",
    "SpikingClassifier",
    "TensorBoard",
    "TrainedRun",
    "evaluate",
    "examine",
    "fit",
    "keep_freed_memory",
    "load_run",
    "memory_plan",
    "predict",
    "run",
]
