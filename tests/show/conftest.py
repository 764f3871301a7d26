"""A made-up run with every feature a report can show: several seeds, early stops, a mistake."""

from __future__ import annotations

import numpy as np
import pytest

from spikeloom.data import load_digits
from spikeloom.show import Curves, Energy, Examples, Layer, RunReport


def made_up_curves(rng: np.random.Generator, seeds: int, epochs: int, best: float) -> Curves:
    epoch = np.arange(1, epochs + 1)
    noise = rng.normal(0, 0.05, (2, seeds, epochs))
    loss = 2.2 * np.exp(-epoch / 6) + 0.02 + 0 * noise[0]
    accuracy = 1 - (1 - best) * np.exp(noise[0]) - 0.85 * np.exp(-epoch / 3)
    curves = [
        loss * np.exp(noise[0]),
        (loss + 0.06) * np.exp(noise[1]),
        np.minimum(accuracy + 0.012, 1.0),
        np.clip(accuracy, 0, 1),
    ]
    for seed in range(1, seeds):
        for values in curves:
            values[seed, epochs - 3 * seed :] = np.nan
    return Curves(*curves)


def made_up_run(seeds: int = 3, steps: int = 25) -> RunReport:
    rng = np.random.default_rng(7)
    test = load_digits().test
    count, classes = 4, test.classes
    targets = test.targets[10:14].copy()
    decisions = targets.copy()
    decisions[3] = (targets[3] + 5) % 10
    hidden = rng.random((count, steps, 128)) < rng.gamma(0.6, 0.12, 128)
    drive = rng.normal(0, 0.3, (count, steps, 10)).cumsum(axis=1) * 0.5
    time = np.arange(steps)
    for image, chosen in enumerate(decisions):
        drive[image, :, chosen] += 6 * (1 - np.exp(-time / 8))
        drive[image, :, targets[image]] += 2 * (1 - np.exp(-time / 4))
    output = rng.random(drive.shape) < np.clip(drive, 0, 6) / 12
    counts = np.diag(rng.integers(102, 112, 10))
    for row, column, number in ((8, 1, 5), (3, 9, 2), (4, 7, 1), (9, 5, 1), (1, 8, 3)):
        counts[row, column] = number
    return RunReport(
        title="Handwritten digits",
        network="64 inputs → 128 LIF neurons → 10 outputs, 25 steps of 1 ms",
        twin="the same sizes with ReLU, trained by the same protocol",
        classes=classes,
        test_count=len(test),
        seeds=tuple(range(seeds)),
        test_accuracy=np.array([0.978, 0.975, 0.9833])[:seeds],
        twin_test_accuracy=np.array([0.9805, 0.9777, 0.9805])[:seeds],
        mean_rate_hz=41.7,
        synaptic_events_per_sample=1432.0,
        mean_decision_steps=7.3,
        energy=Energy(
            network_nj=39.1,
            twin_nj=43.5,
            constants={"addition": "0.9 pJ", "multiplication and addition": "4.6 pJ"},
            source="Horowitz 2014, 45 nm, 32-bit floating point",
        ),
        curves=made_up_curves(rng, seeds, 30, 0.975),
        twin_curves=made_up_curves(rng, seeds, 30, 0.98),
        examples=Examples(
            images=test.inputs[10:14],
            targets=targets,
            decisions=decisions,
            decided_at=np.array([3, 5, 4, 17]),
            potentials=drive,
            layers=(Layer("hidden", hidden), Layer("output", output)),
        ),
        confusion=counts,
        rates_hz={"hidden": rng.gamma(0.6, 60, 128) * (rng.random(128) > 0.1)},
        config={"seed": 0, "model": {"hidden": [128], "tau": "10 ms"}, "train": {"epochs": 30}},
        command="spikeloom train digits --seeds 3 --out runs/digits",
        source=test.source,
        licence=test.licence,
        made_with={"spikeloom": "0.1.0", "python": "3.11", "took": "58 s"},
    )


@pytest.fixture(scope="session")
def run() -> RunReport:
    return made_up_run()
