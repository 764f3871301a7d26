"""Back-propagation in pieces of time: the loss of the whole, the gradients of the pieces."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from spikeloom.equations.units import Hz, MOhm, ms, mV
from spikeloom.errors import CheckpointError, ConfigError, ParameterError
from spikeloom.models import LIF, LeakyIntegrator
from spikeloom.nn import Sequential, Spiking
from spikeloom.nn.encode import ConstantCurrent
from spikeloom.nn.loss import CrossEntropy, RateBand
from spikeloom.nn.readout import Direct, MembraneMax, MembraneMean
from spikeloom.train import BPTT, Rule, fit
from spikeloom.train.loop.step import Objective
from spikeloom.train.recipes import DIGITS, Recipe
from spikeloom.train.recipes.vocabulary import rule_named

LEAKY = {"tau": 20 * ms, "R": 20 * MOhm}


def small(dropout: float = 0.0) -> Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return Sequential(
            nn.Linear(5, 8).double(),
            Spiking(LIF(E=0 * mV, theta=1 * mV, **LEAKY)),
            nn.Dropout(dropout),
            nn.Linear(8, 3).double(),
            Spiking(LeakyIntegrator(**LEAKY)),
        )


def gradients(objective: Objective, rule: Rule) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    objective.net.zero_grad()
    generator = torch.Generator().manual_seed(2)
    x = 3 * torch.rand(4, 5, generator=generator, dtype=torch.float64)
    with torch.random.fork_rng():
        torch.manual_seed(5)
        loss, y = rule.gradients(objective, x, torch.tensor([0, 1, 2, 0]), 0)
    grads = {n: p.grad.clone() for n, p in objective.net.named_parameters() if p.grad is not None}
    return loss, y, grads


def objective(readout: object = MembraneMean(), dropout: float = 0.0, **more: object) -> Objective:
    return Objective(small(dropout), CrossEntropy(readout), ConstantCurrent(steps=12), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("readout", [MembraneMean(), MembraneMax()])
def test_a_chunk_as_long_as_the_run_is_the_whole_gradient(readout: object) -> None:
    of = objective(readout)
    loss, y, whole = gradients(of, BPTT())
    for chunk in (12, 100):
        again, y2, grads = gradients(of, BPTT(chunk=chunk))
        assert again == loss and torch.equal(y, y2)
        assert all(torch.equal(grads[n], whole[n]) for n in whole)


@pytest.mark.parametrize("chunk", [1, 5, 11])
def test_chunks_give_the_same_loss_and_cut_gradients(chunk: int) -> None:
    of = objective()
    loss, y, whole = gradients(of, BPTT())
    cut_loss, cut_y, cut = gradients(of, BPTT(chunk=chunk))
    torch.testing.assert_close(cut_loss, loss, rtol=1e-12, atol=0)
    torch.testing.assert_close(cut_y, y, rtol=1e-12, atol=1e-15)
    assert not torch.allclose(cut["linear1.weight"], whole["linear1.weight"], rtol=1e-3)


def test_chunked_gradients_are_those_of_a_graph_cut_by_hand() -> None:
    of = objective(regularisers=(RateBand(0 * Hz, 100 * Hz, 1 * ms, weight=3.0),))
    _, _, found = gradients(of, BPTT(chunk=5))
    net = of.net
    assert isinstance(net, Sequential) and of.encode is not None
    generator = torch.Generator().manual_seed(2)
    block = of.encode(3 * torch.rand(4, 5, generator=generator, dtype=torch.float64), 0)
    outputs, spikes, state = [], [], None
    for piece in block.split(5):
        y, state, kept = net.trace(piece, state)
        state = {n: {k: v.detach() for k, v in s.items()} for n, s in state.items()}
        outputs.append(y)
        spikes.append(kept["spiking1"])
    loss = of.loss(torch.cat(outputs), torch.tensor([0, 1, 2, 0]))
    loss = loss + of.regularisers[0]({"spiking1": torch.cat(spikes)})
    wanted = torch.autograd.grad(loss, list(net.parameters()))
    for (name, _), grad in zip(net.named_parameters(), wanted, strict=True):
        torch.testing.assert_close(found[name], grad, rtol=1e-12, atol=1e-15)


def test_both_passes_drop_the_same_neurons() -> None:
    of = objective(dropout=0.5)
    _, y, _ = gradients(of, BPTT(chunk=5))
    seen: list[Tensor] = []
    handle = of.net.get_submodule("spiking2").register_forward_hook(
        lambda module, args, out: seen.append(out[0].detach())
    )
    gradients(of, BPTT(chunk=5))
    handle.remove()
    assert len(seen) == 6
    assert torch.equal(torch.cat(seen[:3]), torch.cat(seen[3:]))
    assert torch.equal(torch.cat(seen[3:]), y)


def test_statistics_of_a_normalisation_count_once() -> None:
    def net() -> Sequential:
        torch.manual_seed(0)
        return Sequential(
            nn.Linear(5, 4).double(), nn.BatchNorm1d(4).double(), Spiking(LeakyIntegrator(**LEAKY))
        )

    loss, encode = CrossEntropy(MembraneMean()), ConstantCurrent(steps=12)
    with torch.random.fork_rng():
        one = net()
        gradients(Objective(one, loss, encode), BPTT(chunk=3))
    assert int(one.get_submodule("batchnorm1d1").num_batches_tracked) == 4


def test_bad_chunks_are_refused() -> None:
    for chunk in (0, -1, 1.5, True, "5"):
        with pytest.raises(ParameterError, match="chunk"):
            BPTT(chunk=chunk)  # type: ignore[arg-type]
    plain = nn.Linear(2, 2)
    optimizer = torch.optim.SGD(plain.parameters(), lr=0.1)
    data = (torch.rand(8, 2), torch.arange(8) % 2)
    with pytest.raises(ParameterError, match="no time axis"):
        fit(
            plain, data, loss=CrossEntropy(Direct()), optimizer=optimizer, epochs=1, rule=BPTT(2),
            validation=None, show="quiet",
        )  # fmt: skip
    for bad in (BPTT, "bptt", None):
        with pytest.raises(ParameterError, match="rule"):
            fit(
                plain, data, loss=CrossEntropy(Direct()), optimizer=optimizer, epochs=1,
                rule=bad, validation=None, show="quiet",
            )  # fmt: skip


def test_a_run_resumes_only_with_its_own_rule(
    make_net: Callable[[], Sequential], data: tuple[Tensor, Tensor], tmp_path: Path
) -> None:
    def go(rule: Rule, epochs: int, resume: Path | None = None) -> None:
        net = make_net()
        fit(
            net, data, loss=CrossEntropy(MembraneMean()), encode=ConstantCurrent(steps=6),
            optimizer=torch.optim.SGD(net.parameters(), lr=0.1), epochs=epochs, rule=rule,
            out=tmp_path, resume=resume, show="quiet",
        )  # fmt: skip

    go(BPTT(chunk=2), 1)
    go(BPTT(chunk=2), 2, tmp_path)
    with pytest.raises(CheckpointError, match="rule"):
        go(BPTT(), 3, tmp_path)


def test_a_recipe_writes_its_rule_down() -> None:
    recipe = replace(DIGITS, rule=BPTT(chunk=5))
    record = recipe.to_record()
    assert json.loads(json.dumps(record))["rule"] == "BPTT(chunk=5)"
    assert Recipe.from_record(record) == recipe
    del record["rule"]
    assert Recipe.from_record(record) == DIGITS  # a run folder from before there were rules


def test_rules_by_name() -> None:
    assert rule_named("BPTT(chunk=5)") == BPTT(chunk=5)
    assert rule_named("bptt") == BPTT()
    for bad in ("bptp", "ms", "BPTT(chunk=0)", "__import__('os')"):
        with pytest.raises(ConfigError):
            rule_named(bad)
