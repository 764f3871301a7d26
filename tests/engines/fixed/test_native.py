"""Native integer code against the reference, to the last bit, over random programs and extremes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spikeloom import LoihiNeuron, TrueNorthNeuron, ms, simulate
from spikeloom.compile import TickProgram
from spikeloom.compile.emit import emit
from spikeloom.compile.graph import Graph, Node
from spikeloom.compile.program import Block, Instr
from spikeloom.compile.tick_program import spans_of, verify_ticks
from spikeloom.engines.fixed import Fixed, FixedReference
from spikeloom.engines.randomness import Chance
from spikeloom.equations import Span
from spikeloom.errors import VerificationError

UNARY = ["neg", "abs", "sign", "invert"]
BINARY = ["add", "sub", "mul", "min", "max", "shl", "shr", "floordiv", "mod", "bitand", "bitor",
          "bitxor", "hits"]  # fmt: skip
COMPARE = ["lt", "le", "gt", "ge", "eq"]


class Grower:
    """A random program: nodes that are lawful, of spans that reach from 1 to 64 bits."""

    def __init__(self, data: st.DataObject) -> None:
        self.data, self.graph = data, Graph()
        wide = st.integers(1, 40)
        self.params = tuple((f"p{k}", self.span(wide)) for k in range(3))
        self.states = tuple((f"s{k}", self.span(wide)) for k in range(4))
        self.inputs = (("a", self.span(wide)), ("n", Span(0, 20)))
        self.draws = (("r", data.draw(st.sampled_from([1, 7, 8, 31, 32]))),)
        self.spans = {f"param:{n}": s for n, s in self.params}
        self.spans |= {f"state:{n}": s for n, s in self.states}
        self.spans |= {f"input:{n}": s for n, s in self.inputs}
        self.spans |= {"draw:r": Span.of(self.draws[0][1], signed=False)}
        self.nodes = [self.graph.leaf(name) for name in self.spans]

    def span(self, wide: Any) -> Span:
        return Span.of(self.data.draw(wide), signed=self.data.draw(st.booleans()))

    def of(self, node: Node) -> Span:
        block = emit(self.graph, {"x": node})
        found = spans_of("random", block, self.spans)[block.outputs[0][1]]
        assert found is not None
        return found

    def pick(self) -> Node:
        if self.data.draw(st.integers(0, 3)) == 0:
            near = st.sampled_from([0, 1, -1, 2, 7, -8, 255, 2**20, -(2**31), 2**31 - 1, 2**31])
            return self.graph.const(self.data.draw(near))
        return self.data.draw(st.sampled_from(self.nodes))

    def step(self) -> Node:
        g, op = self.graph, self.data.draw(st.sampled_from([*UNARY, *BINARY, *BINARY, "select"]))
        a = self.pick()
        if op in UNARY:
            return g.apply(op, a)
        b = self.pick()
        if op in ("shl", "shr"):
            most = g.const(self.data.draw(st.sampled_from([0, 1, 6, 12, 31, 32, 40, 62])))
            b = g.apply("min", g.apply("max", b, g.const(0)), most)
        if op in ("floordiv", "mod"):
            if self.data.draw(st.booleans()):
                b = g.apply("max", b, g.const(1))
            else:
                b = g.apply("min", b, g.const(-1))
        if op == "hits":
            return g.apply(op, g.leaf("draw:r"), g.leaf("input:n"), b)
        if op == "select":
            how = g.apply(self.data.draw(st.sampled_from(COMPARE)), a, b)
            other = g.apply("lt", self.pick(), self.pick())
            mixed = g.apply(self.data.draw(st.sampled_from(["and", "or"])), how, other)
            return g.select(g.apply("not", mixed), self.pick(), self.pick())
        return g.apply(op, a, b)

    def fit(self, node: Node, span: Span, wrapped: bool | None = None) -> Node:
        """Wrapped or saturated, as a state would be."""
        g = self.graph
        if self.data.draw(st.booleans()) if wrapped is None else wrapped:
            mask, low = g.const(span.high - span.low), g.const(span.low)
            return g.add(g.apply("bitand", g.sub(node, low), mask), low)
        return g.apply("min", g.apply("max", node, g.const(span.low)), g.const(span.high))

    def program(self) -> TickProgram:
        for _ in range(24):
            try:
                node = self.step()
                for span in (Span.of(20), *(span for _, span in self.states)):
                    for wrapped in (False, True):
                        self.of(self.fit(node, span, wrapped))
            except VerificationError:
                continue
            self.nodes.append(node)
        g = self.graph
        made = {f"state:{n}": self.fit(self.nodes[-1 - k], s)
                for k, (n, s) in enumerate(self.states)}  # fmt: skip
        made["out"] = g.apply("indicator", g.apply("gt", self.pick(), self.pick()))
        zero = g.const(0)
        starts = {f"start:{n}": zero for n, _ in self.states}
        return verify_ticks(
            TickProgram("random", "ms", self.states, self.inputs, self.params, self.draws, True,
                        emit(g, starts), emit(g, made))
        )  # fmt: skip


def numbers(rng: np.random.Generator, span: Span, *shape: int) -> np.ndarray:
    """Whole numbers of a span, every third at one of its ends."""
    plain = rng.integers(span.low, span.high, shape, endpoint=True)
    ends = rng.choice([span.low, span.high, min(max(0, span.low), span.high)], shape)
    return np.where(rng.random(shape) < 0.3, ends, plain)


def same(program: TickProgram, seed: int, size: int, steps: int, single: bool) -> None:
    rng = np.random.Generator(np.random.Philox(seed))
    shape = () if single else (size,)
    coefs = {n: numbers(rng, s, *shape) for n, s in program.params_in}
    state = np.array([numbers(rng, s, size) for _, s in program.states_in])
    inputs = {n: numbers(rng, s, steps, size) for n, s in program.inputs_in}
    chance = Chance({name: seed for name in program.random}, step=seed % 5)
    ask: dict[str, Any] = {"record": program.states, "chance": chance, "every": 2}
    slow = FixedReference().simulate(program, coefs, state, steps, inputs, **ask)
    fast = Fixed(threads=1).simulate(program, coefs, state, steps, inputs, **ask)
    assert np.array_equal(slow.state, fast.state)
    for name in program.states:
        assert np.array_equal(slow.traces[name], fast.traces[name]), name
    for a, b in ((slow.spike_steps, fast.spike_steps), (slow.spike_ids, fast.spike_ids)):
        assert a is not None and b is not None and np.array_equal(a, b)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), seed=st.integers(0, 2**32), single=st.booleans())
def test_random_programs(data: st.DataObject, seed: int, single: bool) -> None:
    """Every operation at every width, wraps and saturations; ranges are proved and then checked."""
    same(Grower(data).program(), seed, 37, 3, single)


@pytest.mark.parametrize("model", [LoihiNeuron, TrueNorthNeuron])
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32), single=st.booleans(), size=st.sampled_from([1, 63, 130]))
def test_the_models_at_their_extremes(model: Any, seed: int, single: bool, size: int) -> None:
    from spikeloom.compile import compile_ticks

    same(compile_ticks(model()), seed, size, 9, single)


@pytest.mark.parametrize("size", [0, 1, 63, 1000])
def test_sizes_threads_and_pieces(size: int) -> None:
    neuron = TrueNorthNeuron(s=(200, -3, 9, 1), b=(1, 1, 0, 0), lam=-60, c=1, TM=6, alpha=300,
                             gamma=1, beta=50, eps=1)  # fmt: skip
    rng = np.random.Generator(np.random.Philox(1))
    events = {f"a{k}": rng.integers(0, 40, (20, size)) for k in range(4)}
    whole = simulate(neuron, 20 * ms, size=size, seed=4, engine=FixedReference(), **events)
    assert size < 2 or 0 < len(whole.spike_ids) < 20 * size
    for threads in (1, 2):
        run = simulate(neuron, 20 * ms, size=size, seed=4, engine=Fixed(threads), **events)
        assert np.array_equal(run.spike_times, whole.spike_times)
        assert np.array_equal(run.traces["v"], whole.traces["v"])
    early = {n: x[:7] for n, x in events.items()}
    late = {n: x[7:] for n, x in events.items()}
    one = simulate(neuron, 7 * ms, size=size, seed=4, **early)
    two = simulate(neuron, 13 * ms, size=size, seed=4, state=one.state, first=7, **late)
    assert np.array_equal(two.state["v"], whole.state["v"])
    assert np.array_equal(np.concatenate([one.spike_times, two.spike_times]), whole.spike_times)


def test_a_planted_fault_is_found() -> None:
    """The comparison itself: a program with one instruction changed gives other bits."""
    from dataclasses import replace

    from spikeloom.compile import compile_ticks

    program = compile_ticks(LoihiNeuron())
    instrs = list(program.forward.instrs)
    place = next(k for k, i in enumerate(instrs) if i.op == "gt")
    instrs[place] = Instr("ge", instrs[place].args)
    wrong = replace(program, forward=Block(tuple(instrs), program.forward.outputs))
    state = np.array([[0], [6400]])
    coefs = {"du": 4095, "dv": 0, "vth": 100, "bias": 0, "bexp": 0}
    runs = [Fixed().simulate(p, coefs, state, 1, {}) for p in (program, wrong)]  # type: ignore[arg-type]
    assert [len(run.spike_ids) for run in runs] == [0, 1]  # type: ignore[arg-type]
