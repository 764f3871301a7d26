"""What a whole training job found, over all seeds."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from torch import nn

from spikeloom.nn.chain.sequential import Sequential
from spikeloom.nn.energy import EnergyConstants
from spikeloom.train.evaluation import Evaluation
from spikeloom.train.loop.history import History
from spikeloom.train.recipes.recipe import Recipe


@dataclass(frozen=True, eq=False)
class Trained:
    """One trained network.

    Arguments:
        net: With the weights of its best epoch.
        history: Figures of every epoch.
        test: Figures on the test data.
    """

    net: nn.Module
    history: History
    test: Evaluation


@dataclass(frozen=True, eq=False)
class SeedOutcome:
    """The spiking network and its plain twin for one seed."""

    seed: int
    spiking: Trained
    twin: Trained


@dataclass(frozen=True, eq=False, repr=False)
class Outcome:
    """All seeds of one job.

    Arguments:
        recipe: What was trained.
        seeds: One outcome for each seed.
        classes: Names of the classes.

    >>> Outcome.metrics.__doc__.split(";")[0]
    'Figures as JSON-ready values'
    """

    recipe: Recipe
    seeds: Sequence[SeedOutcome]
    classes: tuple[str, ...]

    def __repr__(self) -> str:
        scores = [f"{100 * s.spiking.test.accuracy:.1f} %" for s in self.seeds]
        return f"Outcome: {self.recipe.data}, test accuracy {', '.join(scores)}"

    @property
    def best(self) -> SeedOutcome:
        """The seed whose spiking network validated best; the test data have no say."""
        return max(self.seeds, key=lambda s: s.spiking.history.best_epoch.score or (0.0, 0.0))

    @property
    def net(self) -> Sequential:
        """The spiking network of the best seed."""
        net = self.best.spiking.net
        if not isinstance(net, Sequential):
            raise TypeError("the spiking network of a job is a Sequential")
        return net

    def metrics(self, constants: EnergyConstants | None = None) -> dict[str, Any]:
        """Figures as JSON-ready values; accuracies are fractions, means are over seeds."""
        constants = constants or EnergyConstants()
        spiking = [outcome.spiking.test for outcome in self.seeds]
        twins = [outcome.twin.test for outcome in self.seeds]
        return {
            "format": 1,
            "data": self.recipe.data,
            "seeds": [outcome.seed for outcome in self.seeds],
            **_spread("test_accuracy", [e.accuracy for e in spiking]),
            **_spread("twin_test_accuracy", [e.accuracy for e in twins]),
            **_spread("test_macro_f1", [e.macro_f1 for e in spiking]),
            **_spread("twin_test_macro_f1", [e.macro_f1 for e in twins]),
            **_spread(
                "validation_accuracy",
                [o.spiking.history.best_epoch.validation_accuracy or 0.0 for o in self.seeds],
            ),
            **_spread("mean_rate_hz", [e.mean_rate_hz for e in spiking]),
            **_spread("synaptic_events_per_sample", [e.work.synaptic_events for e in spiking]),
            **_spread("latency_steps", [e.latency_steps for e in spiking]),
            **_spread("energy_nj_per_sample", [e.energy_nj(constants) for e in spiking]),
            **_spread("twin_energy_nj_per_sample", [e.energy_nj(constants) for e in twins]),
            "energy_constants": asdict(constants),
            "best_seed": self.best.seed,
            "per_seed": [
                {
                    "seed": outcome.seed,
                    "spiking": _one(outcome.spiking),
                    "twin": _one(outcome.twin),
                }
                for outcome in self.seeds
            ],
        }


def _one(trained: Trained) -> dict[str, Any]:
    return {"test": trained.test.to_record(), "history": trained.history.to_record()}


def _spread(name: str, values: list[float]) -> dict[str, Any]:
    """Mean under the name itself, then standard deviation (None for one value), then each value."""
    return {
        name: statistics.fmean(values),
        f"{name}_sd": statistics.stdev(values) if len(values) > 1 else None,
        f"{name}_per_seed": values,
    }
