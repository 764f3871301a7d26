"""Dropout with one mask over time."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from spikeloom.errors import ParameterError, ShapeError
from spikeloom.nn import LIF, LeakyIntegrator, Sequential, TimeDropout, ann_twin
from spikeloom.nn.encode import ConstantCurrent
from spikeloom.nn.loss import CrossEntropy
from spikeloom.nn.readout import MembraneMean
from spikeloom.train import BPTT, fit


def test_one_mask_for_all_steps_and_one_for_each_sample():
    torch.manual_seed(0)
    y, state = TimeDropout(0.3)(torch.ones(9, 20, 500))
    assert torch.equal(y, y[:1].expand_as(y))
    assert torch.equal(state["mask"], y[0])
    assert not torch.equal(y[0, 0], y[0, 1])
    # 10,000 draws: five standard errors are 5 sqrt(0.3 * 0.7 / 1e4) = 0.023, false alarm 6e-7.
    assert abs(float((y[0] == 0).float().mean()) - 0.3) < 0.023
    assert y.unique().tolist() == [0.0, pytest.approx(1 / 0.7)]


def test_whole_channels():
    torch.manual_seed(0)
    y, _ = TimeDropout(0.5, whole=2)(torch.ones(3, 4, 16, 5, 5))
    assert torch.equal(y, y[:1, :, :, :1, :1].expand_as(y))
    assert 0 < float((y == 0).float().mean()) < 1


def test_same_seed_same_bits_and_pieces_share_the_mask():
    layer, x = TimeDropout(0.5), torch.rand(8, 3, 10)
    torch.manual_seed(4)
    whole, _ = layer(x)
    torch.manual_seed(4)
    first, state = layer(x[:5])
    second, _ = layer(x[5:], state)
    assert torch.equal(torch.cat([first, second]), whole)
    assert not torch.equal(layer(x)[0], whole)


def test_nothing_in_evaluation_and_nothing_at_zero():
    x = torch.rand(4, 2, 3)
    for layer in (TimeDropout(0.5).eval(), TimeDropout(0.0)):
        y, state = layer(x)
        assert torch.equal(y, x) and state == {}


def test_lengths():
    y, _ = TimeDropout(0.5)(torch.ones(4, 2, 3), lengths=torch.tensor([4, 1]))
    assert not y[1:, 1].any()


def net() -> Sequential:
    torch.manual_seed(0)
    return Sequential(
        nn.Linear(3, 20), LIF(), TimeDropout(0.5), nn.Linear(20, 2), LeakyIntegrator()
    )


def train(out=None, resume=None, epochs=3, rule=BPTT(), stop=None) -> dict[str, torch.Tensor]:
    torch.manual_seed(7)
    x = torch.rand(30, 3) * 3
    layers = net()
    fit(
        layers,
        (x, (x[:, 0] > 1.5).long()),
        loss=CrossEntropy(MembraneMean()),
        optimizer=torch.optim.SGD(layers.parameters(), lr=0.3),
        encode=ConstantCurrent(steps=8),
        epochs=epochs,
        batch_size=10,
        validation=None,
        rule=rule,
        out=out,
        resume=resume,
        callbacks=() if stop is None else (lambda epoch: epoch.number == stop,),
        show="quiet",
    )
    return layers.state_dict()


def equal(a, b) -> bool:
    return all(torch.equal(a[name], b[name]) for name in a)


def test_training_repeats_and_resumes_to_the_bit(tmp_path):
    whole = train()
    assert equal(whole, train())
    train(out=tmp_path, epochs=1)
    assert equal(whole, train(resume=tmp_path))


def test_chunks_of_time_share_the_mask():
    rule = BPTT(chunk=3)
    assert equal(train(rule=rule), train(rule=rule))


def test_its_twin_is_plain_dropout():
    assert repr(ann_twin(net())[2]) == "Dropout(p=0.5, inplace=False)"
    assert repr(TimeDropout(0.25, whole=2)) == "TimeDropout(p=0.25, whole=2)"


@pytest.mark.parametrize("options", [{"p": 1.0}, {"p": -0.1}, {"p": "x"}, {"whole": -1}])
def test_bad_options(options):
    with pytest.raises(ParameterError, match="must be"):
        TimeDropout(**options)


def test_bad_input():
    with pytest.raises(ShapeError, match=r"\(time, batch, \*features\)"):
        TimeDropout()(torch.zeros(3, 4))
    with pytest.raises(ShapeError, match="feature axes"):
        TimeDropout(whole=2)(torch.zeros(3, 4, 5, 6))
    with pytest.raises(ShapeError, match="floating"):
        TimeDropout()(torch.zeros(3, 4, 5).int())
    with pytest.raises(ParameterError, match="dict"):
        TimeDropout()(torch.zeros(3, 4, 5), 3)
    _, state = TimeDropout()(torch.zeros(3, 4, 5))
    with pytest.raises(ShapeError, match="mask of the state"):
        TimeDropout()(torch.zeros(3, 2, 5), state)
