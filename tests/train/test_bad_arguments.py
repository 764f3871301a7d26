"""What fit and evaluate say to data and options that cannot work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from spikeloom.equations.units import ms, mV
from spikeloom.errors import (
    CheckpointError,
    DataError,
    NumericsError,
    ParameterError,
    ShapeError,
    SpikeloomError,
)
from spikeloom.nn.loss import CrossEntropy, MeanSquare
from spikeloom.nn.readout import Direct
from spikeloom.train import evaluate, fit

X = torch.rand(40, 6, generator=torch.Generator().manual_seed(0))
Y = torch.arange(40) % 3


def go(data: Any = (X, Y), net: nn.Module | None = None, **changes: Any) -> float:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Linear(6, 3) if net is None else net
    options: dict[str, Any] = {
        "loss": CrossEntropy(Direct()),
        "optimizer": torch.optim.SGD(net.parameters(), lr=0.1),
        "epochs": 1,
        "batch_size": 8,
        "show": "quiet",
    }
    return fit(net, data, **options | changes).epochs[-1].loss


@pytest.mark.parametrize(
    "data, error",
    [
        ((X, torch.full((40,), float("nan"))), NumericsError),
        ((X, ["a"] * 40), DataError),
        ((None, None), DataError),
        ((np.full((40, 6), None), Y), DataError),
        ((X + 0j, Y), DataError),
        ((X[:, :0], Y), ShapeError),
        ((X[:, 0], Y), ShapeError),
    ],
    ids=["nan", "text", "none", "objects", "complex", "no features", "rank 1"],
)
def test_data_that_cannot_be_learnt(data: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        go(data)


def test_any_real_numbers_are_brought_to_the_precision_of_the_network() -> None:
    alike = [X, X.numpy(), X.double(), X.double().numpy()]
    assert len({go((x, Y)) for x in alike}) == 1
    assert go((X.half(), Y)) > 0
    loader = DataLoader(TensorDataset((9 * X).long(), Y), batch_size=8)
    assert go(loader, validation=None) > 0
    assert evaluate(nn.Linear(6, 3), (X.double(), Y), readout=Direct()).samples == 40


@pytest.mark.parametrize(
    "changes",
    [
        {"validation": -0.1},
        {"validation": float("nan")},
        {"encode": "x"},
        {"loss": None},
        {"loss": CrossEntropy},
        {"loss": nn.CrossEntropyLoss()},
        {"optimizer": None},
        {"optimizer": torch.optim.SGD(nn.Linear(6, 3).parameters(), lr=0.1)},
        {"scheduler": "x"},
        {"augment": "x"},
        {"callbacks": [5]},
        {"regularisers": ["x"]},
        {"show": "loud"},
        {"seed": 1.5},
        {"clip": -1.0},
    ],
    ids=str,
)
def test_options_are_named(changes: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match=next(iter(changes))):
        go(**changes)


def test_frozen_weights_cannot_be_trained() -> None:
    net = nn.Linear(6, 3)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    with pytest.raises(ParameterError, match="moves no weight"):
        go(net=net.requires_grad_(False), optimizer=optimizer)


def test_seeds_of_numpy_are_seeds(tmp_path: Path) -> None:
    assert go(seed=np.int64(1), out=tmp_path) == go(seed=1)


def test_weights_that_are_no_numbers_are_noticed() -> None:
    first = nn.Linear(6, 4)
    hidden = nn.Sequential(first, nn.Threshold(0.5, 0.0), nn.Linear(4, 3))
    with torch.no_grad():
        first.weight[0, 0] = float("nan")
    with pytest.raises(NumericsError):
        go(net=hidden)
    with pytest.raises(NumericsError, match=r"0\.weight"):
        evaluate(hidden, (X, Y), readout=Direct())


class Stream(IterableDataset[Any]):
    def __iter__(self) -> Any:
        return iter(zip(X, Y, strict=True))


@pytest.mark.parametrize(
    "data",
    [
        TensorDataset(X),
        TensorDataset(X, Y, Y),
        [{"a": 1}] * 8,
        TensorDataset(X[:0], Y[:0]),
        Stream(),
    ],
    ids=["one", "three", "dict", "empty", "stream"],
)
def test_loaders_that_do_not_fit(data: Any) -> None:
    with pytest.raises(DataError):
        go(DataLoader(data, batch_size=8), validation=None)


@pytest.mark.parametrize(
    "changes",
    [
        {"dt": 5},
        {"dt": 0 * ms},
        {"dt": 1 * mV},
        {"batch_size": 0},
        {"batch_size": -5},
        {"threads": 0},
        {"readout": None},
        {"readout": Direct},
    ],
    ids=str,
)
def test_evaluate_names_its_options(changes: dict[str, Any]) -> None:
    with pytest.raises(SpikeloomError, match=next(iter(changes))):
        options: dict[str, Any] = {"readout": Direct()} | changes
        evaluate(nn.Linear(6, 3), (X, Y), **options)


def test_values_in_double_precision_are_targets_too() -> None:
    assert go((X, torch.rand(40, 3).double()), loss=MeanSquare(Direct())) > 0


def test_a_resumed_run_has_the_settings_it_began_with(tmp_path: Path) -> None:
    net = nn.Linear(6, 3)
    go(out=tmp_path)
    faster = torch.optim.SGD(net.parameters(), lr=0.5)
    for changes in ({"optimizer": faster}, {"clip": 1.0}, {"seed": 3}):
        with pytest.raises(CheckpointError, match=next(iter(changes))):
            go(net=net, resume=tmp_path, epochs=2, **changes)
    assert go(resume=tmp_path, epochs=2) == go(epochs=2)


def test_nothing_is_made_where_there_is_nothing_to_resume(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError):
        go(resume=tmp_path / "x")
    assert list(tmp_path.iterdir()) == []
