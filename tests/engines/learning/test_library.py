"""Every rule of the library in every engine: the same weights, traces and arrivals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.engines.learning.bench import ENGINES, LEARNING, Bench

from spikeloom import models
from spikeloom.compile import compile_rule
from spikeloom.equations import LearningRule

EVERY = [getattr(models, name) for name in dir(models)]
RULES = [m for m in EVERY if isinstance(m, type) and issubclass(m, LearningRule)]
STEPS = 150


def trains(count: int, seed: int) -> list[list[int]]:
    rng = np.random.default_rng(seed)
    return [sorted((1 + rng.choice(STEPS - 1, 20, replace=False)).tolist()) for _ in range(count)]


@pytest.mark.parametrize("engine", [name for name in ENGINES if name != "reference"])
@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.__name__)
def test_engines_agree(rule: type[LearningRule], engine: str) -> None:
    blocks = compile_rule(rule()).blocks
    shape: dict[str, Any] = dict(
        delays=[0, 3, 9, 9, 2, 5, 5, 4, 2], dt=1.0, scale=2.0,
        every=4 * any(name.startswith("on_tick") for name in blocks),
        lags={"u_minus": 3, "u_plus": 3} if "lag" in rule().values else {}, clamp=-40.0,
    )  # fmt: skip
    bench = Bench(rule(), trains(3, 1), trains(3, 2), weights=np.linspace(0.1, 0.9, 9), **shape)
    engines = [bench.engine("reference"), bench.engine(engine)]
    for _ in range(3):
        for each in engines:
            each.run(STEPS // 3)
            if any(name.startswith("on_reward") for name in blocks):
                each.reward(LEARNING, 0.7)
    ours, theirs = (e.weights(LEARNING) for e in reversed(engines))
    np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-13)
    for name, trace in engines[0].traces(LEARNING).items():
        np.testing.assert_allclose(engines[1].traces(LEARNING)[name], trace, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(engines[1].state(2), engines[0].state(2), rtol=1e-11, atol=1e-11)
    changes = any(n.startswith("on_") and "w" in compile_rule(rule()).gives(n) for n in blocks)
    assert changes == (not np.allclose(theirs, np.linspace(0.1, 0.9, 9), rtol=1e-6))
