"""The input keeps every potential away from the threshold."""

from __future__ import annotations

import numpy as np
import pytest

from spikeloom.bench.drive import separated_drive, upstream_gradient


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("decay", [0.5, 0.905])
def test_potentials_stay_clear_of_the_threshold_and_still_fire(seed: int, decay: float):
    drive = separated_drive(60, 4, 200, decay=decay, seed=seed, margin=1e-3)
    potential, spikes = np.zeros((4, 200)), 0
    for now in drive:
        potential = decay * potential + now
        assert np.abs(potential - 1).min() > 0.9e-3
        spikes += int((potential >= 1).sum())
        potential[potential >= 1] = 0
    assert decay < 0.7 or 0.02 < spikes / drive.size < 0.5


def test_same_seed_same_numbers():
    first, second = (separated_drive(5, 2, 3, decay=0.9, seed=7) for _ in range(2))
    assert first.dtype == np.float32
    assert (first == second).all()
    assert (upstream_gradient(5, 2, 3, seed=7) != upstream_gradient(5, 2, 3, seed=8)).any()
