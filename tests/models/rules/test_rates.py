"""Rules between rates against what is known of them: fixed points, selectivity, tables of signs."""

from __future__ import annotations

import numpy as np
import pytest

from spikeloom.compile import event_of
from spikeloom.equations.units import Hz, ms, mV
from spikeloom.models import ABS, BCM, Hebb, Oja

RATE = 1 * Hz  # with ticks of 1 ms a change of 1e-3 a sample


def gaussian(covariance: np.ndarray, samples: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((samples, len(covariance))) @ np.linalg.cholesky(covariance).T


def test_oja_finds_the_first_principal_axis_with_length_1() -> None:
    covariance = np.array([[3.0, 1.0], [1.0, 2.0]])
    first = np.linalg.eigh(covariance)[1][:, -1]
    tick, w = event_of(Oja(eta=RATE), "on_tick"), np.array([0.1, -0.05])
    for x in gaussian(covariance, 20_000, 0):
        w = tick(w=w, x=x, y=w @ x)["w"]
    assert abs(w @ first) / np.linalg.norm(w) >= 0.999
    assert abs(np.linalg.norm(w) - 1) <= 0.02


def test_plain_hebb_from_there_grows_without_end() -> None:
    covariance = np.array([[3.0, 1.0], [1.0, 2.0]])
    tick, w = event_of(Hebb(eta=RATE), "on_tick"), np.array([0.1, -0.05])
    for x in gaussian(covariance, 4_000, 0):
        w = tick(w=w, x=x, y=w @ x)["w"]
    assert np.linalg.norm(w) >= 100 * np.linalg.norm([0.1, -0.05])


def test_covariance_rule_forgets_the_mean() -> None:
    """With x0 and y0 at the means, independent activities change nothing on average."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(3, 1, 40_000), rng.normal(2, 1, 40_000)
    plain = event_of(Hebb(eta=RATE), "on_tick")(x=x, y=y)["w"]
    centred = event_of(Hebb(eta=RATE, x0=3, y0=2), "on_tick")(x=x, y=y)["w"]
    assert plain.mean() == pytest.approx(6e-3, rel=0.03)
    assert abs(centred.mean()) < 4e-3 / np.sqrt(40_000) * 1.2  # four standard errors


def test_deflated_oja_is_sanger_and_finds_three_axes() -> None:
    """Each output sees what those before it leave of x, so that w_i grows as Sanger says."""
    covariance = np.diag([5.0, 4.0, 3.0, 1.0, 0.5])
    turn = np.linalg.qr(np.random.default_rng(2).standard_normal((5, 5)))[0]
    samples = gaussian(covariance, 12_000, 3) @ turn.T
    tick, w = event_of(Oja(eta=2 * RATE), "on_tick"), 0.1 * np.eye(3, 5)
    for x in samples:
        y = w @ x
        left = x - np.cumsum(y[:, None] * w, axis=0) + y[:, None] * w
        w = tick(w=w, x=left, y=y[:, None])["w"]
    cosines = np.abs(np.sum(w * turn.T[:3], axis=1)) / np.linalg.norm(w, axis=1)
    assert np.all(cosines >= 0.98)


def test_bcm_becomes_selective_to_one_of_two_patterns() -> None:
    patterns = np.array([[1.0, 0.2], [0.2, 1.0]])
    # The threshold forgets in 100 ticks, the weights in thousands; ten neurons at once.
    tick = event_of(BCM(eta=5 * Hz, tau_theta=100 * ms), "on_tick")
    rng = np.random.default_rng(0)
    w, theta = rng.uniform(0.4, 0.6, (10, 2)), np.ones((10, 1))
    for which in rng.integers(0, 2, (5000, 10)):
        x = patterns[which]
        y = np.maximum(np.sum(w * x, axis=1, keepdims=True), 0)
        made = tick(w=w, theta=theta, x=x, y=y)
        w, theta = made["w"], made["theta"]
    responses = np.maximum(w @ patterns.T, 0)
    selectivity = 1 - responses.mean(axis=1) / responses.max(axis=1)
    assert np.sum(selectivity >= 0.45) >= 9
    assert {int(k) for k in responses.argmax(axis=1)} == {0, 1}


@pytest.mark.parametrize(
    ("u", "active", "silent"),
    [(-75, 0, 0), (-60.5, 0, 0), (-60, -1, 0), (-57, -1, 0), (-55, 1, -1), (-40, 1, -1)],
)
def test_abs_decides_by_two_thresholds(u: float, active: int, silent: int) -> None:
    tick = event_of(ABS(step=1e-4), "on_tick")
    for p, sign in ((0.05, active), (0.049, silent)):
        w = np.array(0.5)
        for _ in range(1000):
            w = tick(w=w, p=p, u=u)["w"]
        assert w == pytest.approx(0.5 + sign * 0.1, rel=1e-9)


def test_abs_stores_two_patterns_apart() -> None:
    """20 on 20 neurons: targets of the shown pattern are driven up, those of the other a little."""
    rng = np.random.default_rng(4)
    tick, w = event_of(ABS(step=2e-3), "on_tick"), np.full((20, 20), 0.3)
    halves = np.repeat([0, 1], 10)
    for shown in rng.integers(0, 2, 500):
        p = np.where(halves == shown, 0.5, 0.0)
        u = np.where(halves == shown, -50 * 1.0, -58.0) + rng.normal(0, 1, 20)
        w = tick(w=w, p=p[:, None], u=u)["w"]
    same = halves[:, None] == halves
    assert w[same].mean() >= 3 * w[~same].mean()


def test_units_of_the_potential_are_those_of_the_rule() -> None:
    rule = ABS(theta_plus=-0.05 * 1000 * mV)
    assert event_of(rule, "on_tick")(w=0.5, p=1, u=-49)["w"] > 0.5
