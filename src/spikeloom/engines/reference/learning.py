"""Learning on one projection in plain NumPy float64, as `engines.learning_plan` says."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeloom.compile.learning_program import LEVELS
from spikeloom.compile.numeric import run_block
from spikeloom.engines.learning_plan import LearningPlan
from spikeloom.engines.network_plan import NetworkPlan, ProjectionPlan

Array = np.ndarray[Any, np.dtype[Any]]
Values = dict[str, Array]


class Learner:
    """The weights and traces of a projection.

    States of a level are kept as they were after their last event, with the step of that event.
    Of each target all of that is kept for the last steps, because synapses see it late.

    Arguments:
        plan: The network.
        projection: One of its projections, with `learning`.
        learning: Its plan of learning.
        states: States of the target population before the first step.
    """

    def __init__(
        self, plan: NetworkPlan, projection: ProjectionPlan, learning: LearningPlan, states: Array
    ) -> None:
        self.projection, self.learning, self.rule = projection, learning, learning.program
        sources = plan.populations[projection.source].senders
        self.targets = projection.targets.astype(np.int64)
        count = self.targets.size
        self.sources = np.repeat(np.arange(sources), np.diff(projection.indptr))
        delays = np.broadcast_to(projection.delays, (count,)).astype(np.int64)
        self.behind = delays - learning.axonal
        """Dendritic share e of each synapse's delay."""
        rooms = 2 + max(projection.longest - learning.axonal, 0)
        rooms += max(learning.lags.values(), default=0)
        size = plan.populations[projection.target].size
        rows = plan.populations[projection.target].program.states
        self._rows = {n: rows.index(learning.reads.get(n, n)) for n in self.rule.reads}
        self.frozen = False
        weights = np.broadcast_to(np.asarray(projection.weights, np.float64), (count,))
        shapes = {"pre": (sources,), "post": (rooms, size), "synapse": (count,), "shared": ()}
        # Every array that changes, by level and name; what a checkpoint holds.
        self.kept: dict[str, Array] = {}
        for level in LEVELS:
            for name in self.rule.states(level):
                value = weights if name == "w" else learning.start[name]
                self.kept[f"{level}.{name}"] = np.full(shapes[level], value)
            self.kept[f"since.{level}"] = np.full(shapes[level], -1)
        self.kept["fired"] = np.zeros((learning.axonal + 1, sources), bool)
        self.kept["events"] = np.zeros((rooms, size), bool)
        for name, row in self._rows.items():
            self.kept[f"seen.{name}"] = np.tile(states[row], (rooms, 1)).astype(np.float64)

    def step(self, now: int, fired: Array, spiked: Array, states: Array) -> tuple[Array, Array]:
        """The events of one step.

        Arguments:
            now: The step n.
            fired: Sources that fired in it.
            spiked: Targets that fired in it.
            states: States of the target population after it.

        Returns:
            The synapses that send a spike, in the order of the rows, and what each sends.
        """
        kept = self.kept
        arrivals = kept["fired"]
        arrivals[now % len(arrivals)] = False
        arrivals[now % len(arrivals), fired] = True
        reached = arrivals[(now - self.learning.axonal) % len(arrivals)]
        self._target_moves(now, spiked, states)
        rooms, pre, post = len(kept["events"]), np.empty(0, np.int64), np.empty(0, np.int64)
        if kept["events"].any():
            post = np.flatnonzero(kept["events"][(now - self.behind) % rooms, self.targets])
        if reached.any():
            pre = np.flatnonzero(reached[self.sources])
        sent = self._synapses_change(pre, post, np.flatnonzero(reached), now)
        every = self.learning.every
        if every and (now + 1) % every == 0:
            self.everywhere("on_tick", now)
        return pre, sent

    def _synapses_change(self, pre: Array, post: Array, fired: Array, now: int) -> Array:
        """Points 3 to 7; gives what each of the synapses `pre` sends."""
        if not (pre.size or post.size or fired.size):
            return np.empty(0)
        both = np.union1d(post, pre)
        before = self._seen(both, now, late=1)
        own = {n: before[f"state:{n}"].copy() for n in self.rule.synapse}
        in_post, in_pre = np.searchsorted(both, post), np.searchsorted(both, pre)
        self._apply("on_post.synapse", own, in_post, _at(before, in_post))
        leaves = _at(before, in_pre) | {f"own:{n}": x[in_pre] for n, x in own.items()}
        self._apply("on_pre.synapse", own, in_pre, leaves)
        touched = np.zeros(both.size, bool)
        touched[in_post] |= "on_post.synapse" in self.rule.blocks
        touched[in_pre] |= "on_pre.synapse" in self.rule.blocks
        self._keep("synapse", own, both, now, touched)
        after = {f"after:{n}": x[in_pre] for n, x in own.items()}
        after |= self._source_jumps(fired, now, self.sources[pre])
        sent = run_block(self.rule.blocks["sends"], self._with_coefs(_at(before, in_pre) | after))
        return np.broadcast_to(sent["out"], pre.shape)

    def everywhere(self, event: str, now: int, reward: float = 0.0) -> None:
        """A tick or a reward: an event of all neurons and synapses, after step `now`."""
        everyone = np.arange(self.targets.size)
        slot = now % len(self.kept["events"])
        given_to_all = {"event:reward": np.asarray(reward)} | self._level("shared", now)
        shared = self._with_coefs(given_to_all)
        leaves: dict[str, Values] = {
            "shared": shared,
            "pre": shared | self._level("pre", now),
            "post": shared | self._targets(slot, now),
            "synapse": shared | self._seen(everyone, now, late=0),
        }
        given = {level: self._run(f"{event}.{level}", leaves[level]) for level in LEVELS}
        for level in LEVELS:
            if f"{event}.{level}" not in self.rule.blocks:
                continue
            room = (slot,) if level == "post" else ()
            for name in self.rule.states(level):
                value = given[level].get(name, leaves[level][f"state:{name}"])
                if not (name == "w" and self.frozen):
                    self.kept[f"{level}.{name}"][(*room, ...)] = value
            self.kept[f"since.{level}"][(*room, ...)] = now

    def weights(self, now: int) -> Array:
        """w of every synapse, in the unit of the rule, after step `now`."""
        return self._synapse(np.arange(self.targets.size), now)["w"].copy()

    def set_weights(self, chosen: Array, values: Array, now: int) -> None:
        """Replace w of some synapses, after step `now`."""
        self._settle(now)
        self.kept["synapse.w"][chosen] = values

    def freeze(self, frozen: bool, now: int) -> None:
        """Hold w from now on, or let it go."""
        self._settle(now)
        self.frozen = frozen

    def traces(self, now: int) -> Values:
        """Every trace that is not driven, after step `now`."""
        found = self._level("pre", now) | self._post(now % len(self.kept["events"]), None, now)
        found |= self._level("shared", now)
        named = {n.removeprefix("state:"): x for n, x in found.items()}
        own = self._synapse(np.arange(self.targets.size), now)
        return {n: np.array(x) for n, x in (named | own).items() if n != "w"}

    def _target_moves(self, now: int, spiked: Array, states: Array) -> None:
        """Point 1: the target's events and traces in its own time."""
        kept, rooms = self.kept, len(self.kept["events"])
        slot, last = now % rooms, (now - 1) % rooms
        for name, row in self._rows.items():
            kept[f"seen.{name}"][slot] = states[row]
        events = np.zeros(kept["events"].shape[1], bool)
        events[spiked] = True
        names = self.rule.post
        for name in (*(f"post.{n}" for n in names), "since.post"):
            kept[name][slot] = kept[name][last]
        if "post_event" in self.rule.blocks:
            everyone = self._targets(slot, now)
            out = run_block(self.rule.blocks["post_event"], self._with_coefs(everyone))["out"]
            events[:] = out > 0
        kept["events"][slot] = events
        if "on_post.post" in self.rule.blocks and events.any():
            everyone = self._targets(slot, now)
            given = self._run("on_post.post", self._with_coefs(everyone))
            for name in names:
                value = given.get(name, everyone[f"state:{name}"])
                kept[f"post.{name}"][slot] = np.where(events, value, kept[f"post.{name}"][slot])
            kept["since.post"][slot, events] = now

    def _targets(self, slot: int, now: int) -> Values:
        """What the events of a target see of it, for all of them."""
        found = self._post(slot, None, now) | self._level("shared", now)
        return found | self._target_states(now, slice(None))

    def _source_jumps(self, fired: Array, now: int, each: Array) -> Values:
        """Point 7; gives the traces after it as leaves, for each of the synapses that send."""
        before = self._level("pre", now)
        after = {f"after:{n}": before[f"state:{n}"] for n in self.rule.pre}
        if "on_pre.pre" in self.rule.blocks:
            shared = self._level("shared", now)
            given = self._run("on_pre.pre", self._with_coefs(before | shared))
            mask = np.zeros(self.kept["since.pre"].shape, bool)
            mask[fired] = True
            for name in self.rule.pre:
                new = np.where(mask, given.get(name, before[f"state:{name}"]), 0.0)
                after[f"after:{name}"] = np.where(mask, new, after[f"after:{name}"])
                kept = self.kept[f"pre.{name}"]
                kept[mask] = new[mask]
            self.kept["since.pre"][mask] = now
        return {name: x[each] for name, x in after.items()}

    def _seen(self, chosen: Array, now: int, late: int) -> Values:
        """Leaves of some synapses: before the events of the step (late = 1), or after them (0)."""
        room = now - self.behind[chosen]
        target, rooms = self.targets[chosen], len(self.kept["events"])
        leaves = {n: x[self.sources[chosen]] for n, x in self._level("pre", now).items()}
        leaves |= self._post((room - late) % rooms, target, room)
        leaves |= self._level("shared", now)
        leaves |= {f"state:{n}": x for n, x in self._synapse(chosen, now).items()}
        return self._with_coefs(leaves | self._target_states(room, target))

    def _target_states(self, room: Array | int, target: Any) -> Values:
        """States of some targets as they stood after a step, each with its lag."""
        rooms, lags = len(self.kept["events"]), self.learning.lags
        return {
            f"post:{n}": self.kept[f"seen.{n}"][(room - lags.get(n, 0)) % rooms, target]
            for n in self._rows
        }

    def _level(self, level: str, now: int) -> Values:
        """All states of a level as leaves, brought to step `now`."""
        values = {n: self.kept[f"{level}.{n}"] for n in self.rule.states(level)}
        since = self.kept[f"since.{level}"]
        return self._moved(level, values, now - since)

    def _post(self, slot: Array | int, target: Array | None, now: Array | int) -> Values:
        """Post traces as they stood in a room, brought to a step."""
        at = (slot, slice(None) if target is None else target)
        values = {n: self.kept[f"post.{n}"][at] for n in self.rule.post}
        # A step before the life of the network has nothing to decay from.
        return self._moved("post", values, np.maximum(now - self.kept["since.post"][at], 0))

    def _synapse(self, chosen: Array, now: int) -> Values:
        values = {n: self.kept[f"synapse.{n}"][chosen] for n in self.rule.synapse}
        moved = self._moved("synapse", values, now - self.kept["since.synapse"][chosen])
        found = {n: moved[f"state:{n}"] for n in self.rule.synapse}
        return found | {"w": values["w"]} if self.frozen else found

    def _moved(self, level: str, values: Values, steps: Array) -> Values:
        """States of a level after some steps without an event, as leaves."""
        leaves = {f"state:{n}": x for n, x in values.items()}
        if f"decay.{level}" not in self.rule.blocks:
            return leaves
        given = run_block(
            self.rule.blocks[f"decay.{level}"], self._with_coefs(leaves | {"event:steps": steps})
        )
        return leaves | {n: np.broadcast_to(x, np.shape(leaves[n])) for n, x in given.items()}

    def _apply(self, block: str, own: Values, place: Array, leaves: Values) -> None:
        """Let an event change the states of some synapses."""
        for name, value in self._run(block, leaves).items():
            if not (name == "w" and self.frozen):
                own[name][place] = value

    def _keep(self, level: str, own: Values, ids: Array, now: int, touched: Array) -> None:
        for name, value in own.items():
            if not (name == "w" and self.frozen):
                self.kept[f"{level}.{name}"][ids[touched]] = value[touched]
        self.kept[f"since.{level}"][ids[touched]] = now

    def _settle(self, now: int) -> None:
        """Where w flows, a hand on it is an event of every synapse."""
        if "w" in self.rule.gives("decay.synapse"):
            everyone = np.arange(self.targets.size)
            moved = self._synapse(everyone, now)
            self._keep("synapse", moved, everyone, now, np.ones(everyone.size, bool))

    def _run(self, block: str, leaves: Values) -> Values:
        """New values of the states that a block changes; none where there is no such block."""
        if block not in self.rule.blocks:
            return {}
        given = run_block(self.rule.blocks[block], leaves)
        return {n.removeprefix("state:"): x for n, x in given.items()}

    def _with_coefs(self, leaves: Values) -> Values:
        return {f"coef:{n}": np.asarray(x) for n, x in self.learning.coefs.items()} | leaves


def _at(leaves: Values, place: Array) -> Values:
    """Leaves of some of the synapses; coefficients and shared traces are of all."""
    return {n: x[place] if np.ndim(x) else x for n, x in leaves.items()}
