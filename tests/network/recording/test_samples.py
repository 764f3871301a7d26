"""What samples of states and of weights have in common."""

from __future__ import annotations

import numpy as np
import pytest

from spikeloom import StateTrace, WeightTrace, mV, pA
from spikeloom.errors import ParameterError

TIMES, VALUES, IDS = np.array([1.0, 2.0]), np.zeros((2, 1)), np.array([0])


@pytest.mark.parametrize(
    "trace",
    [StateTrace(TIMES, VALUES, mV, "v"), WeightTrace(TIMES, VALUES, pA, "a -> b", IDS, IDS)],
    ids=["states", "weights"],
)
def test_a_time_that_ends_before_it_begins_is_refused(trace: StateTrace | WeightTrace) -> None:
    assert len(trace.between(1.0, 2.0)) == 1
    with pytest.raises(ParameterError, match="2 to 1 ms is no time"):
        trace.between(2.0, 1.0)
