"""A tick or a reward: one event of all neurons and synapses, after the events of a step."""

from __future__ import annotations

from spikeloom.engines.cpu.network.plastic.act import Act, write_act
from spikeloom.engines.cpu.network.plastic.events import write_each, write_targets
from spikeloom.engines.cpu.network.plastic.history import (
    ledger_of_traces,
    write_catch_up,
    write_push,
)
from spikeloom.engines.cpu.network.plastic.kernel import Kernel, named
from spikeloom.engines.cpu.network.plastic.replay import write_replay_call
from spikeloom.engines.cpu.network.plastic.visit import write_bases


def write_everywhere(k: Kernel, event: str) -> None:
    """The functions ``on_tick`` or ``on_reward``. All is read before any of it is written."""
    blocks, s = k.program.blocks, k.s
    if f"{event}.post" in blocks:
        _write_pushes(k, event)
    with k.function(event, "i64 %begin, i64 %end, ptr %scratch"):
        s = k.s
        step = k.all(k.narrow(s["step"]))
        reward = {"event:reward": k.v.splat(k.load(s["reward"], 0, k.v.scalar))}
        shared = {**reward, **named("state", k.shared(step))}
        if f"{event}.synapse" in blocks or k.rule.settles(event):
            _write_rows(k, event, step, shared)
            k.set("least", s["step"])
        if f"{event}.synapse" in blocks:
            k.set("ticked", s["step"])
        if f"{event}.pre" in blocks:
            _write_sources(k, event, step, shared)
        if f"{event}.post" in blocks:
            k.w.put(f"call void @{event}_targets(ptr %slots)")
        if f"{event}.shared" in blocks:
            kept = k.shared(step)
            after = kept | k.run(f"{event}.shared", shared)
            for place, name in enumerate(k.program.shared):
                one = k.w.let(f"extractelement {k.v.type} {after[name]}, i64 0")
                k.store(one, s["shared"], place, k.v.scalar)
            k.set("shared_at", s["step"])


def _write_rows(k: Kernel, event: str, step: str, shared: dict[str, str]) -> None:
    w, s = k.w, k.s
    with w.loop("0", s["rows"]) as rows:
        source = rows.index
        if f"{event}.synapse" not in k.program.blocks:
            write_catch_up(k, source, s["step"])
        else:
            begin, end = k.load(s["starts"], source), k.load(s["ends"], source)
            kept, since = k.source(source)
            now = named("state", k.decay("pre", kept, k.int("sub", step, since)))
            with w.loop(begin, end, s["chunk"]) as loop:
                count = k.smaller(k.i64("sub", end, loop.index), s["chunk"])
                if k.replays:
                    following = k.i64("add", loop.index, count)
                    write_replay_call(k, source, loop.index, count, s["step"], following)
                elif k.rule.based:
                    write_bases(k, source, count)
                act = Act(f"{event}.synapse", step, {**shared, **now}, 0)
                write_act(k, act, loop.index, count)
        k.store(k.narrow(s["step"]), s["seen"], source, "i32")


def _write_sources(k: Kernel, event: str, step: str, shared: dict[str, str]) -> None:
    w, s, names = k.w, k.s, k.program.pre
    with w.loop("0", s["rows"], k.lanes) as loop:
        mask = k.left(k.i64("sub", s["rows"], loop.index))
        at = {n: k.i64("add", k.i64("mul", s["rows"], i), loop.index) for i, n in enumerate(names)}
        since = k.take(s["when"], loop.index, mask, whole=True)
        kept = {n: k.take(s["pre"], at[n], mask) for n in names}
        now = k.decay("pre", kept, k.int("sub", step, since))
        after = now | k.run(f"{event}.pre", shared, named("state", now))
        for name in names:
            k.put(after[name], s["pre"], at[name], mask)
        k.put(step, s["when"], loop.index, mask, whole=True)


def _write_pushes(k: Kernel, event: str) -> None:
    """The functions ``…_targets`` and ``…_target``: traces of all targets, and of one of them."""
    w = k.w
    with k.function(f"{event}_target", "i64 %target, i64 %lane, ptr %values"):
        planes = k.rule.base_planes
        values = {}
        for place, name in enumerate(planes):
            at = k.i64("add", k.i64("mul", k.lanes, place), "%lane")
            values[name] = k.v.splat(k.load("%values", at, k.v.scalar))
        write_push(k, ledger_of_traces(k), "%target", values)
    with k.function(f"{event}_targets", ""):
        s = k.s
        step = k.all(k.narrow(s["step"]))
        reward = {"event:reward": k.v.splat(k.load(s["reward"], 0, k.v.scalar))}
        del step
        with w.loop(s["low"], s["high"], k.lanes) as loop:
            mask = k.left(k.i64("sub", s["high"], loop.index))
            kept, leaves = write_targets(k, loop.index, mask)
            after = kept | k.run(f"{event}.post", leaves, reward, named("state", kept))
            for place, name in enumerate(k.program.post):
                k.put_all(after[name], s["sends"], str(place * k.lanes))
            first = loop.index
            less = f"call void @{event}_target(ptr %slots, i64 {{0}}, i64 {{1}}, ptr {s['sends']})"
            write_each(k, mask, first, less)
