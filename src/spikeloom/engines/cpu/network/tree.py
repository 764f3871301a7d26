"""advance, for trees: loops over compartments instead of a long text, which takes long to compile.

As many cells as fill a vector go through all steps of a block, their states side by side in memory
of their own. What is done to a number, and in which order, is what the program of the tree says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from spikeloom.compile.program import Block, Program
from spikeloom.engines.cable_plan import CablePart
from spikeloom.engines.cpu.emit import write_block
from spikeloom.engines.cpu.host import Host
from spikeloom.engines.cpu.kernels.frame import PARAMETERS
from spikeloom.engines.cpu.network.advance import (
    Steps,
    source_weight,
    write_arrivals,
    write_inflows,
    write_keys,
    write_means,
    write_results,
)
from spikeloom.engines.cpu.network.variant import Stepping
from spikeloom.engines.cpu.text import Writer
from spikeloom.engines.tree_program import TreeProgram, coef_name
from spikeloom.errors import EngineError

Given = Mapping[str, str]


def write_tree(program: Program, variant: Stepping, host: Host) -> str:
    """The module with the function ``advance``; arguments as of `write_advance`."""
    if not isinstance(program, TreeProgram) or variant.columns or program.random:
        raise EngineError("cpu engine: no loops can be written for this program.")
    w = Writer()
    f = Steps(w, program, variant, host)
    with w.function("advance", PARAMETERS):
        f.load_slots()
        weights = [source_weight(f, k) for k in range(len(variant.poisson))]
        write_keys(f)
        tree = _Loops(f, program)
        with w.loop("%begin", "%end", f.v.lanes) as cells:
            levels = {f"input:{n}": f.v.const(0.0) for n in program.inputs}
            for k, name in enumerate(variant.constants):
                at = f.at(f.slot("levels"), f.add(f.mul(f.slot("padded"), k), cells.index))
                levels[f"input:{name}"] = f.load(at)
            tree.copy(cells.index, inwards=True)
            carried = [("i64", f.slot("slot"))]
            with w.loop("0", f.slot("steps"), carried=carried) as time:
                row = f.mul(time.carried[0], f.slot("padded"))
                now = f.w.let(f"and i64 {f.add(f.slot('step'), time.index)}, {f.slot('window')}")
                given = dict(levels)
                write_inflows(f, given, levels, now, cells.index)
                write_arrivals(f, given, row, time.index, now, cells.index, weights)
                given |= tree.seen([name for name, _ in variant.trial or ()])
                found = tree.step(given)
                if variant.trial is None:
                    write_results(f, found | tree.seen(variant.record), time.index, cells.index)
                else:
                    found |= tree.seen([name for name, _ in variant.trial])
                    write_means(f, given, found, cells.index)
                time.next = (f.following(time.carried[0]),)
            if variant.trial is None:
                tree.copy(cells.index, inwards=False)
    return f"; {program.model}, {program.method}: advance in loops\n{w.text()}\n"


class _Loops:
    """One step of the cells of a vector, in loops over compartments."""

    def __init__(self, f: Steps, program: TreeProgram) -> None:
        self.f, self.program = f, program
        self.plan, self.names = program.parts
        self.rows = {name: row for row, name in enumerate(program.states)}
        self.places = {name: place for place, name in enumerate(program.coefs)}
        room = {"states": len(program.states)} | dict.fromkeys("erdfq", self.plan.size)
        self.at = {
            name: f.w.let(f"alloca [{size} x {f.v.type}], align 64") for name, size in room.items()
        }
        self.firsts: dict[tuple[str, int], int] = {}
        row = self.plan.size
        for kind, parts in (("m", self.plan.membranes), ("p", self.plan.points)):
            for k, part in enumerate(parts):
                self.firsts[kind, k] = row
                row += len(part.mechanism.states) * len(part.nodes)

    def copy(self, cells: str, *, inwards: bool) -> None:
        """States of these cells from where the population has them, or back."""
        f = self.f
        with f.w.loop("0", str(len(self.program.states))) as loop:
            home = f.at(f.slot("states"), f.add(f.mul(f.slot("padded"), loop.index), cells))
            if inwards:
                self.put(f.load(home), "states", loop.index)
            else:
                f.store(self.get("states", loop.index), home)

    def seen(self, states: Sequence[str]) -> dict[str, str]:
        """Some states by name, as they are now."""
        return {f"state:{name}": self.get("states", self.rows[name]) for name in states}

    def step(self, given: Given) -> dict[str, str]:
        """One step; gives the spikes."""
        v, plan, home = self.f.v, self.plan, self.program.node
        for k, (part, channel) in enumerate(zip(plan.points, self.names.channels, strict=True)):
            weight = {f"input:{part.mechanism.impulse}": given[f"input:{channel}"]}
            self._move(
                "p", k, part, [(part.mechanism.receive, weight), (part.mechanism.advance, {})]
            )
        before = self.get("states", home)
        self._currents()
        for name, node in self.names.inflows.items():
            self.put(v.add(self.get("r", node), given[f"input:{name}"]), "r", node)
        self._eliminate()
        for kind, parts in (("m", plan.membranes), ("p", plan.points)):
            for k, part in enumerate(parts):
                self._move(kind, k, part, [(part.mechanism.advance, {})])
        bits = self._fire()
        if bits is not None:
            return {"bits": bits} if self.f.stepping.spikes else {}
        level, after = self._coef("threshold"), self.get("states", home)
        below, above = v.cmp("olt", before, level), v.cmp("oge", after, level)
        return {"bits": v.both("and", below, above)} if self.f.stepping.spikes else {}

    def _fire(self) -> str | None:
        """Reset what fires; gives whether the place where spikes are looked for did, if it can."""
        f, plan, home, mine = self.f, self.plan, self.program.node, False
        for k, part in enumerate(plan.membranes):
            block = part.mechanism.fire
            if block is None:
                continue
            names = [f"state:{n}" for n in part.mechanism.states]
            with self._columns("m", k, part) as (column, node, leaves):
                found = write_block(f.v, block, leaves, (*names, "state:v", "out"))
                for s, name in enumerate(names):
                    self.put(found[name], "states", self._row("m", k, part, s, column))
                self.put(found["state:v"], "states", node)
                self.put(found["out"], "q", node)  # free by now
            mine = mine or home in part.nodes
        return f.v.cmp("une", self.get("q", home), f.v.const(0.0)) if mine else None

    def get(self, array: str, index: str | int) -> str:
        """A vector of an array over nodes or states."""
        at = self.f.at(self.at[array], str(index), self.f.v.type)
        return self.f.w.let(f"load {self.f.v.type}, ptr {at}, align {self.f.v.size}")

    def put(self, value: str, array: str, index: str | int) -> None:
        """Write one."""
        at = self.f.at(self.at[array], str(index), self.f.v.type)
        self.f.w.put(f"store {self.f.v.type} {value}, ptr {at}, align {self.f.v.size}")

    def _currents(self) -> None:
        f, v, plan = self.f, self.f.v, self.plan
        bare = sorted(set(range(plan.size)) - {int(n) for p in plan.membranes for n in p.nodes})
        if bare:
            f.w.note("where branches meet nothing crosses the membrane")
            with f.w.loop("0", str(len(bare))) as loop:
                node = self._whole("bare", bare, loop.index)
                for array in "er":
                    self.put(v.const(0.0), array, node)
        for k, part in enumerate(plan.membranes):
            with self._columns("m", k, part) as (column, node, leaves):
                found = write_block(v, part.mechanism.current, leaves, ("rate", "slope"))
                names = [f"C_{n}" for n in part.nodes]
                farads = self._each(f"m{k}.C", names, column)
                pace = self._coef("pace")
                self.put(v.mul(farads, v.sub(pace, found["slope"])), "e", node)
                self.put(v.mul(farads, found["rate"]), "r", node)
        for k, part in enumerate(plan.points):
            with self._columns("p", k, part) as (_, node, leaves):
                found = write_block(v, part.mechanism.current, leaves, ("rate", "slope"))
                self.put(v.add(self.get("r", node), found["rate"]), "r", node)
                self.put(v.sub(self.get("e", node), found["slope"]), "e", node)

    def _eliminate(self) -> None:
        f, v, plan = self.f, self.f.v, self.plan
        size, order = str(plan.size), v.const(float(plan.order))
        parents = [max(int(p), 0) for p in plan.parents]
        axial = [f"g_{max(n, 1)}" for n in range(plan.size)]
        if plan.size > 1:
            f.w.note("from the leaves to the root")
            with f.w.loop("1", size, down=True) as loop:
                node, parent = loop.index, self._whole("parents", parents, loop.index)
                g, e, r = self._each("g", axial, node), self.get("e", node), self.get("r", node)
                flow = v.mul(g, v.sub(self.get("states", parent), self.get("states", node)))
                inverse = v.div(v.const(1.0), v.add(e, g))
                share, total = v.mul(g, inverse), v.add(r, flow)
                self.put(share, "f", node)
                self.put(v.mul(total, inverse), "q", node)
                self.put(v.fma(v.mul(e, g), inverse, self.get("e", parent)), "e", parent)
                rest = v.sub(self.get("r", parent), flow)
                self.put(v.fma(total, share, rest), "r", parent)
        f.w.note("the root, and back")
        moved = v.div(self.get("r", 0), self.get("e", 0))
        self.put(moved, "d", 0)
        self.put(v.fma(order, moved, self.get("states", 0)), "states", 0)
        with f.w.loop("1", size) as loop:
            node = loop.index
            above = self.get("d", self._whole("parents", parents, node))
            moved = v.fma(self.get("f", node), above, self.get("q", node))
            self.put(moved, "d", node)
            self.put(v.fma(order, moved, self.get("states", node)), "states", node)

    def _move(
        self, kind: str, k: int, part: CablePart, blocks: Sequence[tuple[Block, Given]]
    ) -> None:
        """The states of a part through some blocks, the potentials held."""
        states = part.mechanism.states
        if not states:
            return
        names = [f"state:{n}" for n in states]
        with self._columns(kind, k, part) as (column, _, leaves):
            for block, more in blocks:
                leaves |= write_block(self.f.v, block, leaves | dict(more), names)
            for s, name in enumerate(names):
                self.put(leaves[name], "states", self._row(kind, k, part, s, column))

    @contextmanager
    def _columns(
        self, kind: str, k: int, part: CablePart
    ) -> Iterator[tuple[str, str, dict[str, str]]]:
        """A loop over the columns of a part: each, its node, and what its blocks read."""
        f, tag = self.f, f"{kind}{k}"
        f.w.note(f"{part.mechanism.model}, {len(part.nodes):,} columns")
        with f.w.loop("0", str(len(part.nodes))) as loop:
            node = self._whole(f"{tag}.nodes", [int(n) for n in part.nodes], loop.index)
            leaves = {"state:v": self.get("states", node)}
            for s, name in enumerate(part.mechanism.states):
                row = self._row(kind, k, part, s, loop.index)
                leaves[f"state:{name}"] = self.get("states", row)
            for name, value in part.coefs.items():
                made = [coef_name(kind, k, part, name, c) for c in range(len(part.nodes))]
                if made[0] in self.places:
                    single = not getattr(value, "ndim", 0)
                    leaves[f"coef:{name}"] = (
                        self._coef(made[0])
                        if single
                        else self._each(f"{tag}.{name}", made, loop.index)
                    )
            yield loop.index, node, leaves

    def _row(self, kind: str, k: int, part: CablePart, state: int, column: str) -> str:
        return self.f.add(column, self.firsts[kind, k] + state * len(part.nodes))

    def _whole(self, name: str, numbers: Sequence[int], index: str) -> str:
        at = self.f.at(self.f.w.table(f"tree.{name}", numbers), index, "i64")
        return self.f.w.let(f"load i64, ptr {at}, align 8")

    def _each(self, name: str, coefs: Sequence[str], index: str) -> str:
        """A coefficient that differs from column to column."""
        return self._scalar(self._whole(f"{name}.at", [self.places[c] for c in coefs], index))

    def _coef(self, name: str) -> str:
        return self._scalar(str(self.places[name]))

    def _scalar(self, place: str) -> str:
        f = self.f
        at = f.at(f.slot("scalars"), place)
        return f.v.splat(f.w.let(f"load {f.v.scalar}, ptr {at}, align {f.v.size}"))
