"""Changes of training samples, divisions by group, and figures of unequal classes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.data import Dataset, stretched
from spikeloom.errors import DataError, ParameterError, ShapeError
from spikeloom.nn.loss import CrossEntropy
from spikeloom.nn.readout import Direct
from spikeloom.train.augments.affine import Affine
from spikeloom.train.augments.flip import Chain, Flip
from spikeloom.train.augments.signal import Signal
from spikeloom.train.augments.spectrogram import Spectrogram
from spikeloom.train.jobs.f1 import class_f1, macro_f1
from spikeloom.train.jobs.split import split_groups

SOUND = torch.rand(4, 12, 10, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("change", [Spectrogram(), Signal(), Flip(), Affine(), Chain((Flip(),))])
def test_the_same_draw_is_the_same_change_and_another_is_another(change):
    x = SOUND.clone()
    assert torch.equal(change(x, 3), change(x, 3)) and torch.equal(x, SOUND)
    assert change(x, 3).shape == x.shape
    assert any(not torch.equal(change(x, 3), change(x, k)) for k in range(4, 9))


def test_each_range_of_a_spectrogram_does_what_it_says():
    none = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0)
    x = torch.zeros(50, 12, 10)
    x[:, 6, 5] = 1.0
    along = Spectrogram(*none[:1], 3.0, *none[2:])(x, 0)
    assert along[:, :, 5].sum() == pytest.approx(float(along.sum()), rel=1e-5)
    up = Spectrogram(*none[:3], 2.0, *none[4:])(x, 0)
    assert up[:, 6].sum() == pytest.approx(float(up.sum()), rel=1e-5)
    hidden = Spectrogram(*none[:6], 4, 0)(torch.ones(200, 12, 10), 0)
    silent = (hidden == 0).all(2).sum(1)
    assert silent.min() == 0 and silent.max() == 4
    assert ((hidden == 0).all(2) | (hidden > 0.999).all(2)).all()
    loud = Spectrogram(*none[:5], 0.5, 0, 0)(torch.rand(9, 12, 10), 0)
    assert loud.min() >= 0 and loud.max() <= 1
    for wrong in ({"tempo": -0.1}, {"noise": math.inf}, {"tilt": "x"}):
        with pytest.raises(ParameterError, match="Spectrogram"):
            Spectrogram(**wrong)
    with pytest.raises(ShapeError, match="frames, bands"):
        Spectrogram()(torch.zeros(2, 3), 0)


def test_a_signal_moves_alone_and_intervals_keep_their_length():
    x = torch.rand(6, 20, 3)
    x[:, :, 1:] = 1.0
    y = Signal(gain=0.0, shift=3, noise=0.0, jitter=0.1)(x, 0)
    assert torch.equal(y[:, :1, 1:].expand(-1, 20, -1), y[:, :, 1:])
    moved = Signal(gain=0.0, shift=3, noise=0.0, jitter=0.0)(x, 0)
    for before, after in zip(x[:, :, 0], moved[:, :, 0], strict=True):
        shifts = (torch.equal(before[3 + k : 17 + k], after[3:17]) for k in range(-3, 4))
        assert any(shifts)
    both = Signal(gain=0.5, shift=3, noise=0.0, jitter=0.0, measured=2)(
        x[:, :, :1].repeat(1, 1, 3), 0
    )
    assert torch.equal(both[:, :, 0], both[:, :, 1]) and torch.equal(both[:, :, 2], x[:, :, 0])
    assert not torch.equal(both[:, :, 0], x[:, :, 0])
    with pytest.raises(ShapeError, match="length, channels"):
        Signal()(torch.zeros(2, 3), 0)
    with pytest.raises(ShapeError, match="4 channels"):
        Signal(measured=4)(x, 0)
    with pytest.raises(ParameterError, match="measured"):
        Signal(measured=0)


def test_channels_and_steps_of_an_image_move_as_one():
    x = torch.rand(3, 1, 1, 9, 9).expand(3, 4, 2, 9, 9).contiguous()
    y = Affine(turn=20.0, scale=0.2, shift=2.0)(x, 0)
    assert torch.allclose(y, y[:, :1, :1].expand_as(y), atol=1e-6)
    flat = Affine(turn=20.0, scale=0.2, shift=2.0)(x[:, 0, 0], 0)
    assert torch.allclose(flat, y[:, 0, 0], atol=1e-6)


def test_wrong_chains_are_named():
    with pytest.raises(ParameterError, match="changes nothing"):
        Chain((3,))
    with pytest.raises(ParameterError, match="chance"):
        Flip(chance=1.5)


def test_f1_is_that_of_precision_and_recall():
    table = np.array([[50, 3, 0], [2, 5, 1], [0, 0, 0]])
    precision, recall = 5 / 8, 5 / 8
    assert class_f1(table)[1] == pytest.approx(2 * precision * recall / (precision + recall))
    assert class_f1(table)[2] == 0 and macro_f1(table) == pytest.approx(class_f1(table).mean())
    assert np.isnan(class_f1([[1, 0], [0, 0]])[1]) and macro_f1([[1, 0], [0, 0]]) == 1.0


@given(st.integers(2, 9), st.integers(0, 5), st.floats(0.05, 0.95))
def test_no_group_stands_on_both_sides(groups, seed, share):
    member = np.repeat(np.arange(groups), 4)
    train, held = split_groups(np.arange(len(member)) % 2, member, share, seed)
    assert len(train) and len(held) and not set(member[train]) & set(member[held])
    assert sorted([*train, *held]) == list(range(len(member)))


def test_groups_are_chosen_so_that_every_class_validates():
    # Class 1 is in two of twelve groups only: one of them has to be held back.
    member = np.repeat(np.arange(12), 10)
    targets = np.where(np.isin(member, [3, 8]), 1, 0)
    train, held = split_groups(targets, member, 0.25, 0)
    assert set(targets[train]) == set(targets[held]) == {0, 1}
    with pytest.raises(ParameterError, match="two groups"):
        split_groups(targets, np.zeros(120), 0.25, 0)


def test_weights_of_classes_in_the_loss():
    y, targets = torch.randn(6, 3), torch.tensor([0, 0, 0, 0, 1, 2])
    each = torch.nn.functional.cross_entropy(y, targets, reduction="none")
    share = torch.tensor([1.0, 1.0, 1.0, 1.0, 2.0, 4.0])
    loss = CrossEntropy(Direct(), weights=(1.0, 2.0, 4.0))
    assert torch.allclose(loss(y, targets), (share * each).sum() / share.sum())
    with pytest.raises(ShapeError, match="2 weights for 3 classes"):
        CrossEntropy(Direct(), weights=(1.0, 2.0))(y, targets)
    with pytest.raises(ParameterError, match=r"weights\[1\]"):
        CrossEntropy(Direct(), weights=(1.0, 0.0))


def test_stretching_keeps_ends_and_lengths_apart():
    inputs = np.zeros((2, 6, 1), np.float32)
    inputs[0, :, 0] = np.linspace(0, 1, 6)
    inputs[1, :3, 0] = [0.0, 0.5, 1.0]
    data = Dataset("two", inputs, np.array([0, 1]), ("a", "b"), "", "", lengths=np.array([6, 3]))
    found = stretched(data, 6)
    assert found.lengths is None and np.allclose(found.inputs[0], inputs[0])
    assert np.allclose(found.inputs[1, :, 0], [0.0, 0.125, 0.375, 0.625, 0.875, 1.0])
    with pytest.raises(ParameterError, match="frames"):
        stretched(data, 0)
    empty = Dataset("e", inputs, np.array([0, 1]), ("a", "b"), "", "", lengths=np.array([6, 0]))
    with pytest.raises(DataError, match="example 1 has no rows"):
        stretched(empty, 3)
