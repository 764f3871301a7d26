"""The RuleProgram: a learning rule as straight-line blocks, ready for any engine.

A RuleProgram holds no arrays and no units. Every block computes for one synapse, one neuron or one
connection; an engine runs it for all that an event concerns. Blocks read these leaves:

==================  ==================================================================
``state:NAME``      a trace, or ``w``, just before the event
``own:NAME``        only in ``on_pre.synapse``, for a state of the synapse that the block
                    gives: its value after `on_post`, where the target's event reached the
                    synapse in this very step, and otherwise the same as ``state:NAME``
``post:NAME``       a state of the target neuron
``after:NAME``      only in ``sends``: what `on_pre` has given, or else the value before
``event:steps``     only in ``decay``: how many steps pass (a whole number, at least 0)
``event:reward``    only in ``on_reward``: the reward
``coef:NAME``       a coefficient: one number of the connection
==================  ==================================================================

and give ``state:NAME``: new values of the states that they change, and of no others. ``sends``
gives ``out``, in the unit of the channel; ``post_event`` gives ``out``, 1 where the target has an
event. The prologue reads ``dt`` and ``param:NAME``, ``param:scale`` among them, and gives
``coef:NAME`` and ``start:NAME`` of every trace that is not driven.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property

from spikeloom.compile.program import Block

LEVELS = ("pre", "post", "synapse", "shared")
SCALE = "scale"
"""Parameter: units of the channel in one unit of w."""


@dataclass(frozen=True, repr=False)
class RuleProgram:
    """A compiled learning rule.

    Arguments:
        rule: Its name.
        time_unit: Unit of ``dt`` and of all times.
        params: Parameters that the prologue reads.
        coefs: Coefficients.
        pre, post, synapse, shared: States of each level; ``w`` comes first among the synapse's.
            Driven traces are not here: they are states of the target.
        reads: States of the target, by the rule's own names.
        prologue: Parameters to coefficients and starts, once.
        blocks: By name, those that there are: ``decay.LEVEL``, ``on_pre.synapse``,
            ``on_pre.pre``, ``on_post.synapse``, ``on_post.post``, ``on_tick.LEVEL``,
            ``on_reward.LEVEL``, ``post_event``; and always ``sends``.

    >>> from spikeloom.models import PairSTDP
    >>> from spikeloom.compile import compile_rule
    >>> compile_rule(PairSTDP())
    RuleProgram: PairSTDP, blocks decay.pre, decay.post, on_pre.pre, on_pre.synapse, \
on_post.post, on_post.synapse, sends
    """

    rule: str
    time_unit: str
    params: tuple[str, ...]
    coefs: tuple[str, ...]
    pre: tuple[str, ...]
    post: tuple[str, ...]
    synapse: tuple[str, ...]
    shared: tuple[str, ...]
    reads: tuple[str, ...]
    prologue: Block
    blocks: Mapping[str, Block]

    def states(self, level: str) -> tuple[str, ...]:
        """The states of one level."""
        return {
            "pre": self.pre, "post": self.post, "synapse": self.synapse, "shared": self.shared
        }[level]  # fmt: skip

    def gives(self, block: str) -> tuple[str, ...]:
        """The states that a block changes; nothing for a block that is not there."""
        found = self.blocks.get(block)
        names = () if found is None else found.names
        return tuple(n.removeprefix("state:") for n in names if n.startswith("state:"))

    @cached_property
    def key(self) -> str:
        """Content hash: the same text gives the same key on every machine."""
        said = {**asdict(self), "blocks": {name: asdict(b) for name, b in self.blocks.items()}}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:32]

    def __repr__(self) -> str:
        return f"RuleProgram: {self.rule}, blocks {', '.join(self.blocks)}"
