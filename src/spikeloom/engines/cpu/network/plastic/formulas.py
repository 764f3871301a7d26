"""The blocks of a learning rule inside a kernel, and what each of them needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from spikeloom.compile.learning_program import RuleProgram
from spikeloom.engines.cpu.emit import leaves, write_block
from spikeloom.engines.cpu.vector import Vec

VISIT = ("on_pre.synapse", "sends")
"""Blocks of a spike of the source, of each synapse."""
EVERYWHERE = ("on_tick", "on_reward")


class Formulas:
    """What a rule computes, and what it reads to do so.

    Arguments:
        rule: The rule.
    """

    def __init__(self, rule: RuleProgram) -> None:
        self.rule = rule

    def reads(self, prefix: str, *names: str) -> tuple[str, ...]:
        """What some blocks read whose leaves start with a prefix, such as ``post:``."""
        found = [leaf for name in names for leaf in self._leaves(name)]
        wanted = [leaf.removeprefix(prefix) for leaf in found if leaf.startswith(prefix)]
        return tuple(dict.fromkeys(wanted))

    def _leaves(self, name: str) -> tuple[str, ...]:
        block = self.rule.blocks.get(name)
        return () if block is None else leaves(block, block.names)

    def level(self, level: str, *names: str) -> tuple[str, ...]:
        """States of a level that some blocks read, before or after the event.

        A flow may lead from one state to another: where one is read that flows, all are.
        """
        found = {n for prefix in ("state:", "own:", "after:") for n in self.reads(prefix, *names)}
        found &= set(self.rule.states(level))
        if found & set(self.rule.gives(f"decay.{level}")):
            found |= set(self.reads("state:", f"decay.{level}"))
        return tuple(n for n in self.rule.states(level) if n in found)

    @cached_property
    def replays(self) -> bool:
        """Whether events of the target change synapses."""
        return "on_post.synapse" in self.rule.blocks

    @cached_property
    def flows(self) -> bool:
        """Whether states of the synapse change between events."""
        return "decay.synapse" in self.rule.blocks

    @cached_property
    def prior(self) -> tuple[str, ...]:
        """States of the synapse that a spike of the source sees as they were before an event of
        the target in the same step."""
        read = set(self.reads("state:", *VISIT)) if self.replays else set[str]()
        return tuple(n for n in self.rule.synapse if n in read)

    @cached_property
    def marks(self) -> bool:
        """Whether something else than its events changes the traces of a target."""
        return any(f"{event}.post" in self.rule.blocks for event in EVERYWHERE)

    @cached_property
    def together(self) -> bool:
        """Whether each event of a target changes its traces, and nothing else does."""
        return self.replays and "on_post.post" in self.rule.blocks and not self.marks

    @cached_property
    def event_planes(self) -> tuple[str, ...]:
        """What is kept of each event of a target beside its step."""
        before = (f"before:{n}" for n in self.level("post", "on_post.synapse"))
        caught = (f"post:{n}" for n in self.reads("post:", "on_post.synapse"))
        after = self.base_planes if self.together else ()
        return (*after, *before, *caught) if self.replays else ()

    @cached_property
    def base_planes(self) -> tuple[str, ...]:
        """What is kept of the traces of a target after whatever changed them."""
        return tuple(f"after:{n}" for n in self.rule.post)

    @cached_property
    def based(self) -> bool:
        """Whether it must be known what each synapse moved at last."""
        return self.flows or bool(self.prior)

    @cached_property
    def happens(self) -> bool:
        """Whether anything comes of an event of a target."""
        return self.replays or "on_post.post" in self.rule.blocks

    def settles(self, event: str) -> bool:
        """Whether all rows must be up to date before a tick or a reward."""
        blocks = self.rule.blocks
        if not self.replays:
            return False
        own = f"{event}.synapse" in blocks
        return own or any(
            f"{event}.{level}" in blocks and self.level(level, "on_post.synapse")
            for level in ("pre", "shared")
        )

    def write(
        self, v: Vec, name: str, given: Mapping[str, str], wanted: Sequence[str] | None = None
    ) -> dict[str, str]:
        """Write a block; gives what it gives. Nothing for a block that is not there."""
        block = self.rule.blocks.get(name)
        if block is None:
            return {}
        v.w.note(name)
        return write_block(v, block, given, block.names if wanted is None else wanted)

    def decay(
        self, v: Vec, level: str, values: Mapping[str, str], steps: str, coefs: Mapping[str, str]
    ) -> dict[str, str]:
        """States of one level, by name, some steps later (numbers in lanes)."""
        gives = self.rule.gives(f"decay.{level}")
        moving = [n for n in values if n in gives]
        given = {**coefs, **{f"state:{n}": x for n, x in values.items()}, "event:steps": steps}
        found = self.write(v, f"decay.{level}", given, [f"state:{n}" for n in moving])
        return {**values, **{n: found[f"state:{n}"] for n in moving}}
