"""Synapses between groups are cut into those between populations, in blocks of any size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.network import split
from spikeloom.network.split import Rows


@given(
    st.lists(st.integers(0, 9), max_size=12), st.integers(1, 7), st.integers(0, 12),
    st.integers(0, 12), st.booleans(),
)  # fmt: skip
def test_between(counts: list[int], block: int, low: int, width: int, one: bool) -> None:
    rng = np.random.Generator(np.random.Philox(len(counts)))
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    rows = [np.sort(rng.integers(0, 12, n)).astype(np.uint32) for n in counts]
    targets = np.concatenate([np.empty(0, np.uint32), *rows])
    weights = np.array(3.0) if one else rng.normal(size=targets.size)
    delays = np.arange(targets.size, dtype=np.uint16)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(split, "AT_ONCE", block)
        made = split._between(Rows(indptr, targets, weights, delays), low, low + width)
    keep = (targets >= low) & (targets < low + width)
    owner = np.repeat(np.arange(len(counts)), counts)[keep]
    assert made.indptr.tolist() == np.searchsorted(owner, np.arange(len(counts) + 1)).tolist()
    assert made.targets.tolist() == (targets[keep] - low).tolist()
    assert made.delays.tolist() == delays[keep].tolist()
    assert made.weights.tolist() == (weights if one else weights[keep]).tolist()
