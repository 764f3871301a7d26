"""One step of a few groups of neurons: what never changes before it, what is rare behind a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from spikeloom.engines.cpu.draws import Draws
from spikeloom.engines.cpu.emit import leaves, live, steady, write_some
from spikeloom.engines.cpu.kernels.frame import Frame
from spikeloom.engines.cpu.kernels.spikes import Spikes
from spikeloom.engines.cpu.rarely import Rarely, rarely


class Step:
    """A step that is written inside a loop over time, once what does not change has been.

    Arguments:
        f: The kernel, before its loop over time.
        wanted: The states, and ``out`` where spikes are wanted.
        given: For each group, the leaves that do not change from step to step.
        firsts: First neuron of each group.
    """

    def __init__(
        self,
        f: Frame,
        wanted: Sequence[str],
        given: Sequence[Mapping[str, str]],
        firsts: Sequence[str],
    ) -> None:
        self.f, self.wanted = f, wanted
        block = self.block = f.program.forward
        self.places = dict(block.outputs)
        order = live(block, wanted)
        spikes = "out" in wanted
        whole = Rarely(tuple(order), (), (), (), {})
        self.parts = (rarely(block, wanted) if spikes else None) or whole
        named = [name for name in f.program.random if name in leaves(block, wanted)]
        origin = f.slot("origin") if named else None
        later = [name for name in named if name in self.parts.chance]
        self.draws = Draws(f, [n for n in named if n not in later], firsts, origin)
        """The random numbers that every step needs."""
        self.rare = Draws(f, later, firsts, origin)
        self.spikes = Spikes(f, firsts) if spikes else None
        known = given[0].keys()
        self.held = [i for i in steady(block, order, lambda name: name not in known)
                     if block.instrs[i].op != "indicator"]  # fmt: skip
        self.values: list[dict[int, str]] = []
        f.w.note("the same at every step")
        for each in given:
            values: dict[int, str] = {}
            self._write(self.held, each, values)
            self.values.append(values)

    def _write(
        self, order: Sequence[int], given: Mapping[str, str], values: dict[int, str]
    ) -> None:
        order = [i for i in order if i not in values]
        write_some(self.f.v, self.block, given, self.wanted, order, values)

    def _states(self, values: Sequence[Mapping[int, str]], *, skipped: bool = False) -> list[str]:
        """The states of each group after the step."""
        ends = [self.places[f"state:{name}"] for name in self.f.program.states]
        if skipped:
            ends = [self.parts.otherwise.get(i, i) for i in ends]
        return [each[i] for each in values for i in ends]

    def _fired(self, values: Sequence[dict[int, str]]) -> list[str]:
        """Spikes of each group as truth values."""
        last, v = self.block.instrs[self.places["out"]], self.f.v
        if last.op == "indicator":
            return [each[last.args[0]] for each in values]
        return [v.cmp("une", each[self.places["out"]], v.const(0.0)) for each in values]

    def write(self, given: Sequence[Mapping[str, str]], time: str) -> list[str]:
        """One step; the states of each group after it."""
        v, parts, spikes = self.f.v, self.parts, self.spikes
        values = [dict(each) for each in self.values]
        for known, each in zip(values, given, strict=True):
            self._write(parts.before, each, known)
        if spikes is None:
            return self._states(values)
        if not parts.when:
            spikes.store(spikes.pack(self._fired(values)), time)
            return self._states(values)
        maybe = [known[parts.when[0]] for known in values]
        for other in parts.when[1:]:
            maybe = [v.both("and", m, k[other]) for m, k in zip(maybe, values, strict=True)]
        packed = spikes.pack(maybe)
        if not parts.chance:
            spikes.store(packed, time)

        def rest() -> list[str]:
            drawn, _ = self.rare.write(time, ())
            new = [dict(known) for known in values]
            for known, each, extra in zip(new, given, drawn, strict=True):
                self._write(parts.rest, {**each, **extra}, known)
            if parts.chance:
                spikes.store(spikes.pack(self._fired(new)), time)
            return self._states(new)

        def skip() -> list[str]:
            if parts.chance:
                spikes.store(spikes.none, time)
            return self._states(values, skipped=True)

        self.f.w.note("what follows only where one of these neurons needs it")
        return self.f.w.either(spikes.any(packed), rest, skip, v.type, rare=True)
