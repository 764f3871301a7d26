"""TET, spike-train distances and synchrony against closed forms, other libraries and gradcheck."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from spikeloom.equations.units import Hz, ms, mV, second
from spikeloom.errors import ParameterError, ShapeError, UnitError
from spikeloom.nn import van_rossum, victor_purpura
from spikeloom.nn.distance import filtered
from spikeloom.nn.loss import TET, CrossEntropy, Synchrony, VanRossum
from spikeloom.nn.readout import Count, MembraneMean

trains = st.lists(st.integers(0, 59), max_size=8, unique=True)


def block(*times: list[int], steps: int = 60) -> torch.Tensor:
    """Trains of these steps (time, 1, trains)."""
    x = torch.zeros(steps, 1, len(times), dtype=torch.float64)
    for k, steps_of_one in enumerate(times):
        x[steps_of_one, 0, k] = 1.0
    return x


@pytest.mark.parametrize(
    "value",
    [TET(share=0.1), VanRossum(tau=5 * ms, dt=1 * ms), Synchrony(0.1, 5 * ms, 1 * ms), Count(2.0)],
    ids=lambda v: type(v).__name__,
)
def test_losses_are_values(value):
    assert eval(repr(value)) == value


def test_tet_is_the_mean_of_each_step():
    y = torch.randn(7, 4, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    labels = torch.tensor([0, 4, 2, 2])
    each = [functional.cross_entropy(step, labels) for step in y]
    level = (y - 0.5).square().mean()
    want = 0.8 * sum(each) / 7 + 0.2 * level
    torch.testing.assert_close(TET(share=0.2, level=0.5)(y, labels), want)
    assert torch.autograd.gradcheck(
        lambda z: TET(share=0.2, smoothing=0.1)(z, labels), (y.requires_grad_(),)
    )


def test_tet_costs_at_least_the_cross_entropy_of_the_mean():
    """By Jensen's inequality, which the paper builds on."""
    y = torch.randn(9, 6, 3, generator=torch.Generator().manual_seed(1))
    labels = torch.tensor([0, 1, 2, 0, 1, 2])
    assert TET(share=0.0)(y, labels) >= CrossEntropy(MembraneMean())(y, labels)


def test_tet_refuses_labels_out_of_range():
    with pytest.raises(ParameterError, match="0 to 2 for 3 outputs"):
        TET()(torch.zeros(4, 1, 3), torch.tensor([3]))


@given(a=trains, b=trains)
def test_van_rossum_equals_the_sum_over_pairs_of_spikes(a, b):
    """1/2 (sum of exp(-|t - s|/tau) within a, within b, minus twice between them)."""
    tau = 7.5

    def both(x: list[int], y: list[int]) -> float:
        return sum(math.exp(-abs(s - t) / tau) for s in x for t in y)

    want = 0.5 * (both(a, a) + both(b, b)) - both(a, b)
    got = van_rossum(block(a), block(b), tau=tau * ms, dt=1 * ms)
    assert float(got) == pytest.approx(want, abs=1e-10)


def test_the_filter_goes_on_over_its_blocks():
    x = torch.rand(600, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    u, want = torch.zeros(3, dtype=torch.float64), []
    for step in x:
        u = math.exp(-0.03) * u + step
        want.append(u)
    torch.testing.assert_close(filtered(x, 0.03), torch.stack(want))
    assert filtered(x[:0], 0.1).shape == (0, 3)


def test_van_rossum_pulls_a_spike_into_place():
    y = torch.full((20, 2, 3), 0.3, dtype=torch.float64, requires_grad=True)
    target = block([4], [], [9, 11], steps=20).expand(20, 2, 3)
    loss = VanRossum(tau=4 * ms, dt=1 * ms)
    assert torch.autograd.gradcheck(lambda z: loss(z, target), (y,))
    with pytest.raises(ShapeError, match="targets must be spike trains"):
        loss(y, torch.tensor([0, 1]))
    with pytest.raises(ParameterError, match="no spike trains"):
        loss(y[:, :0], target[:, :0])


@settings(max_examples=40)
@given(a=trains, b=trains, q=st.floats(0.01, 3))
def test_victor_purpura_equals_elephant(a, b, q):
    neo = pytest.importorskip("neo")
    spike_train_dissimilarity = pytest.importorskip("elephant.spike_train_dissimilarity")
    quantities = pytest.importorskip("quantities")
    pair = [neo.SpikeTrain(sorted(x), units="ms", t_stop=60.0) for x in (a, b)]
    want = spike_train_dissimilarity.victor_purpura_distance(pair, q / quantities.ms)[0, 1]
    assert float(victor_purpura(block(a), block(b), q=q / ms, dt=1 * ms)) == pytest.approx(want)


@given(a=trains, b=trains)
def test_victor_purpura_at_its_ends(a, b):
    assert float(victor_purpura(block(a), block(b), q=0 / ms, dt=1 * ms)) == abs(len(a) - len(b))
    apart = len(set(a) ^ set(b))
    assert float(victor_purpura(block(a), block(b), q=1e9 * Hz, dt=1 * ms)) == apart
    there, back = (
        victor_purpura(block(x), block(y), q=0.1 / ms, dt=1 * ms) for x, y in ((a, b), (b, a))
    )
    assert torch.allclose(there, back)


def test_victor_purpura_keeps_the_axes():
    x = (torch.rand(30, 2, 3, 4) < 0.2).float()
    found = victor_purpura(x, x.flip(0), q=0.2 / ms, dt=0.5 * ms)
    assert found.shape == (2, 3, 4)
    one = victor_purpura(x[:, 1:, 2:, :1], x.flip(0)[:, 1:, 2:, :1], q=200 / second, dt=0.5 * ms)
    assert found[1, 2, 0] == pytest.approx(float(one))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: van_rossum(x, x[1:], tau=1 * ms, dt=1 * ms), ShapeError, "one shape"),
        (lambda x: van_rossum(x, x, tau=1 * mV, dt=1 * ms), UnitError, "tau must be a time"),
        (lambda x: van_rossum(x, x, tau=0 * ms, dt=1 * ms), ParameterError, "positive"),
        (lambda x: victor_purpura(x, x, q=1 * ms, dt=1 * ms), UnitError, "cost for a time"),
        (lambda x: victor_purpura(x, x, q=-1 / ms, dt=1 * ms), ParameterError, "negative"),
        (lambda x: Synchrony(2.0, 1 * ms, 1 * ms), ParameterError, r"\[0, 1\]"),
        (lambda x: Synchrony(0.0, 1 * ms, 1 * ms)({}), ParameterError, "no layer that spikes"),
    ],
)
def test_bad_calls_say_what_was_expected(call, error, words):
    with pytest.raises(error, match=words):
        call(torch.zeros(5, 1, 2))


def test_independent_neurons_are_hardly_synchronous():
    """chi^2 of N independent trains has the mean 1/N; its spread here is about 0.01."""
    rng = torch.Generator().manual_seed(3)
    spikes = (torch.rand(2000, 1, 50, generator=rng) < 0.05).double()
    measure = Synchrony(target=0.0, tau=5 * ms, dt=1 * ms)
    assert float(measure.measure(spikes)) == pytest.approx(1 / 50, abs=0.01)
    assert float(measure.measure(spikes[:, :, :1].expand(-1, -1, 50))) == pytest.approx(1.0)
    assert float(measure({"silent": torch.zeros(20, 3, 4)})) == 0.0


def test_synchrony_has_a_gradient():
    rng = np.random.default_rng(0)
    x = torch.tensor(rng.random((12, 2, 3)), requires_grad=True)
    loss = Synchrony(target=0.3, tau=3 * ms, dt=1 * ms)
    assert torch.autograd.gradcheck(lambda z: loss({"a": z}), (x,))
