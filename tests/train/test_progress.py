from __future__ import annotations

import io

from rich.console import Console

from spikeloom.nn.encode import ConstantCurrent
from spikeloom.nn.loss import CrossEntropy
from spikeloom.nn.readout import MembraneMean
from spikeloom.train.fit import fit
from spikeloom.train.loop.progress import Live, Plain, Silent, reporter


def train(net, data, show):
    import torch

    return fit(
        net,
        data,
        loss=CrossEntropy(MembraneMean()),
        optimizer=torch.optim.SGD(net.parameters(), lr=0.1),
        epochs=3,
        encode=ConstantCurrent(4),
        title="spiking, seed 0",
        show=show,
    )


def test_one_plain_line_for_each_epoch_where_nobody_watches(make_net, data):
    text = io.StringIO()
    train(make_net(), data, Plain(Console(file=text)))
    lines = text.getvalue().splitlines()
    assert len(lines) == 3
    assert lines[1].startswith("spiking, seed 0  epoch 2/3  loss ")
    assert "validation" in lines[1] and "samples/s" in lines[1] and "s left" in lines[1]


def test_a_live_bar_on_a_terminal(make_net, data):
    text = io.StringIO()
    train(make_net(), data, Live(Console(file=text, force_terminal=True, width=120)))
    shown = text.getvalue()
    assert "epoch 3/3" in shown and "100 %" in shown and "samples/s" in shown


def test_the_choice_follows_the_terminal(make_net, data, capsys):
    assert isinstance(reporter("quiet"), Silent)
    assert isinstance(reporter("auto"), Plain), "pytest captures the output"
    train(make_net(), data, "quiet")
    assert capsys.readouterr() == ("", "")
