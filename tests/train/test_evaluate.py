from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.equations.units import ms
from spikeloom.errors import DataError, NumericsError, ParameterError
from spikeloom.nn import ann_twin
from spikeloom.nn.encode import ConstantCurrent
from spikeloom.nn.readout import Direct, MembraneLast, MembraneMean
from spikeloom.train.augments.affine import Affine
from spikeloom.train.augments.augment import Shift
from spikeloom.train.evaluate import evaluate
from spikeloom.train.jobs.split import permutation, split_validation
from spikeloom.train.predict import decide, predict

ENCODE = ConstantCurrent(8)


def test_figures_by_hand(make_net, data):
    net, (x, y) = make_net(), data
    found = evaluate(net, data, readout=MembraneMean(), encode=ENCODE, dt=1 * ms, batch_size=7)
    net.eval()
    with torch.no_grad():
        out, _, kept = net.trace(ENCODE(x))
    scores = out.mean(0)
    labels = scores.argmax(1)
    assert found.samples == 60
    assert found.accuracy == pytest.approx(float((labels == y).float().mean()))
    assert np.array_equal(found.labels, labels.numpy())
    assert found.confusion.sum() == 60
    assert np.trace(found.confusion) == round(found.accuracy * 60)
    assert found.confusion[1].sum() == 20, "rows are the true classes"
    assert found.rate_hz["hidden1"] == pytest.approx(float(kept["hidden1"].mean()) * 1000)
    assert found.mean_rate_hz == pytest.approx(found.rate_hz["hidden1"])
    events = float(kept["hidden1"].sum()) / 60 * 3
    assert found.work.synaptic_events == pytest.approx(events)
    assert found.work.multiply_accumulates == 6 * 12
    assert 1 <= found.latency_steps <= 8
    assert found.confidence == pytest.approx(float(scores.softmax(1).amax(1).mean()))
    record = found.to_record()
    assert record["energy_nj_per_sample"] == pytest.approx((events * 0.9 + 72 * 4.6) / 1000)


def test_the_batch_size_does_not_matter_and_training_mode_is_put_back(make_net, data):
    net = make_net()
    options = {"readout": MembraneMean(), "encode": ENCODE, "dt": 1 * ms}
    one = evaluate(net, data, batch_size=60, **options)
    many = evaluate(net, data, batch_size=1, **options)
    assert net.training
    assert one.accuracy == many.accuracy and np.array_equal(one.confusion, many.confusion)
    assert one.loss == pytest.approx(many.loss, rel=1e-5)


def test_a_plain_network_has_no_rates(make_net, data):
    found = evaluate(ann_twin(make_net()), data, readout=Direct())
    assert found.rate_hz == {} and found.mean_rate_hz == 0
    assert found.work.multiply_accumulates == 6 * 12 + 12 * 3
    assert found.latency_steps == 1


def test_bad_evaluations(make_net, data):
    x, y = data
    net, options = make_net(), {"readout": MembraneMean(), "encode": ENCODE, "dt": 1 * ms}
    with pytest.raises(DataError, match="no samples"):
        evaluate(net, (x[:0], y[:0]), **options)
    with pytest.raises(NumericsError):
        evaluate(net, (x / 0, y), **options)
    with pytest.raises(ParameterError, match="labels must be"):
        evaluate(net, (x, y + 5), **options)
    with pytest.raises(DataError, match="whole numbers"):
        evaluate(net, (x, y.float()), **options)
    with pytest.raises(ParameterError, match="encode="):
        evaluate(net, data, readout=MembraneMean())
    with pytest.raises(ParameterError, match="dt="):
        evaluate(net, data, readout=MembraneMean(), encode=ENCODE)
    with pytest.raises(DataError):
        predict(net, x[:0], readout=MembraneMean(), encode=ENCODE)
    with pytest.raises(NumericsError):
        predict(net, x / 0, readout=MembraneMean(), encode=ENCODE)


@given(steps=st.integers(1, 6), classes=st.integers(1, 4), seed=st.integers(0, 99))
def test_latency_is_when_the_choice_settled(steps, classes, seed):
    y = torch.rand(steps, 3, classes, generator=torch.Generator().manual_seed(seed))
    made = decide(y, MembraneLast())
    for b in range(3):
        choices = y[:, b].argmax(1).tolist()
        settled = next(t for t in range(steps) if set(choices[t:]) == {choices[-1]})
        assert made.latency[b] == settled + 1
        assert made.labels[b] == choices[-1]


@given(n=st.integers(0, 50), seed=st.integers(-5, 5), epoch=st.integers(0, 5))
def test_orders_are_permutations_with_a_key(n, seed, epoch):
    order = permutation(n, seed, "order", epoch)
    assert sorted(order.tolist()) == list(range(n))
    assert np.array_equal(order, permutation(n, seed, "order", epoch))


def test_orders_are_the_same_for_ever():
    assert permutation(8, 0, "order", 0).tolist() == FIRST_ORDER
    assert permutation(64, 0, "order", 1).tolist() != permutation(64, 0, "order", 0).tolist()


FIRST_ORDER = [3, 5, 1, 6, 4, 0, 7, 2]


@given(counts=st.lists(st.integers(4, 30), min_size=1, max_size=5), seed=st.integers(0, 5))
def test_the_validation_part_is_stratified(counts, seed):
    targets = np.repeat(np.arange(len(counts)), counts)
    train, held = split_validation(targets, 0.25, seed)
    assert sorted([*train, *held]) == list(range(len(targets)))
    assert np.bincount(targets[held], minlength=len(counts)).tolist() == [
        round(0.25 * n) for n in counts
    ]


@pytest.mark.parametrize("augment", [Shift(2), Affine(), Affine(turn=20, scale=0.2, shift=2)])
def test_augmentation_is_keyed_and_keeps_shape_and_range(augment):
    x = torch.rand(9, 8, 8)
    before = x.clone()
    y = augment(x, 3)
    assert torch.equal(x, before)
    assert y.shape == x.shape and float(y.min()) >= 0 and float(y.max()) <= 1 + 1e-6
    assert torch.equal(augment(x, 3), y) and not torch.equal(augment(x, 4), y)
    assert eval(repr(augment)) == augment


def test_a_shift_moves_whole_images():
    x = torch.zeros(64, 5, 5)
    x[:, 2, 2] = 1.0
    y = Shift(1)(x, 0)
    assert bool((y.sum((1, 2)) == 1).all())
    assert len({int(i) for i in y.flatten(1).argmax(1)}) == 9


def test_augmentations_want_images():
    for augment in (Shift(1), Affine()):
        with pytest.raises(ValueError, match="height"):
            augment(torch.rand(3, 64), 0)
    for bad in (lambda: Shift(-1), lambda: Affine(turn=-1.0)):
        with pytest.raises(ParameterError):
            bad()
