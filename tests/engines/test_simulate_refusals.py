"""What `simulate` says to what it cannot run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeloom.engines.population import simulate
from spikeloom.equations import learn, normal
from spikeloom.equations.units import ms, nA
from spikeloom.errors import SpikeloomError
from spikeloom.models import LIF, AdEx


@pytest.mark.parametrize(
    "options, word",
    [
        ({"dt": np.array([1.0, 2.0]) * ms}, "dt"),
        ({"duration": np.array([1.0, 2.0]) * ms}, "duration"),
        ({"duration": 1e18 * ms}, "steps"),
        ({"size": -1}, "size"),
        ({"size": 2.5}, "size"),
        ({"size": "x"}, "size"),
        ({"size": True}, "size"),
        ({"size": (2, 3)}, "size"),
        ({"record": 5}, "record"),
        ({"record": ("w",)}, "'w'"),
        ({"every": 0}, "every"),
        ({"every": 2.5}, "every"),
        ({"every": "x"}, "every"),
        ({"state": 5}, "state"),
        ({"state": {"v": ["a"]}}, "'v'"),
        ({"state": {"v": [np.nan]}}, "'v'"),
        ({"engine": "cpu"}, "engine"),
        ({"I": "x"}, "'I'"),
        ({"I": normal(1, 2) * nA}, "'I'"),
        ({"I": learn(1 * nA)}, "'I'"),
        ({"neuron": "LIF"}, "neuron"),
        ({"neuron": LIF}, "neuron"),
        ({"neuron": LIF(tau=np.array([1.0, 2.0]) * ms), "size": 3}, "tau"),
    ],
    ids=str,
)
def test_refusals(options: dict[str, Any], word: str) -> None:
    given = {"neuron": LIF(), "duration": 1 * ms} | options
    with pytest.raises(SpikeloomError, match=word):
        simulate(given.pop("neuron"), given.pop("duration"), **given)


def test_one_state_may_be_named_alone() -> None:
    assert set(simulate(AdEx(), 1 * ms, record="v").traces) == {"v"}
