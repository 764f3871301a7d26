"""The native code of one learning rule: a module with all its functions."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from spikeloom.compile.learning_program import RuleProgram
from spikeloom.engines.cpu import cache
from spikeloom.engines.cpu.build import Loaded, Native, compile_text
from spikeloom.engines.cpu.host import Host, this_host
from spikeloom.engines.cpu.network.plastic.events import (
    write_close,
    write_hold,
    write_note,
    write_open,
)
from spikeloom.engines.cpu.network.plastic.everywhere import write_everywhere
from spikeloom.engines.cpu.network.plastic.formulas import EVERYWHERE, Formulas
from spikeloom.engines.cpu.network.plastic.history import (
    write_happens,
    write_reveal,
    write_some,
    write_sweep,
)
from spikeloom.engines.cpu.network.plastic.kernel import Kernel
from spikeloom.engines.cpu.network.plastic.replay import write_replay
from spikeloom.engines.cpu.network.plastic.variant import Learning
from spikeloom.engines.cpu.network.plastic.visit import write_visit
from spikeloom.engines.cpu.text import Writer


def write_module(rule: RuleProgram, kind: Learning, host: Host) -> str:
    """The module as text."""
    w, formulas = Writer(), Formulas(rule)
    k = Kernel(w, host, kind, formulas)
    if k.replays:
        write_replay(k)
    write_sweep(k)
    write_some(k)
    if formulas.happens:
        write_happens(k)
        if "post_event" not in rule.blocks:
            write_note(k)
    if k.shows:
        write_reveal(k)
    if k.shows or "post_event" in rule.blocks:
        write_open(k)
    write_visit(k)
    write_hold(k)
    for event in EVERYWHERE:
        if any(name.startswith(f"{event}.") for name in rule.blocks):
            write_everywhere(k, event)
    write_close(k)
    return f"; learning by {rule.rule}: {kind!r}\n{w.text()}\n"


def functions(rule: RuleProgram, kind: Learning) -> tuple[str, ...]:
    """Names of the functions that are called from outside of the module."""
    names = ["visit", "close", "hold", "sweep", "some"]
    if Formulas(rule).happens and "post_event" not in rule.blocks:
        names.append("note")
    if "post_event" in rule.blocks or (rule.post and not kind.delays):
        names.append("open")
    if any(name.startswith("on_reward.") for name in rule.blocks):
        names.append("on_reward")
    return tuple(names)


@dataclass(frozen=True, eq=False)
class Code:
    """The functions of a module.

    Arguments:
        functions: Name -> function. They share a signature of three more words after the first.
    """

    functions: Mapping[str, Native]

    def address(self, name: str) -> int:
        """Address of a function; 0 if the module has none of this name."""
        native = self.functions.get(name)
        return 0 if native is None else ctypes.cast(native, ctypes.c_void_p).value or 0  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, eq=False)
class _Keyed:
    rule: RuleProgram

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Keyed) and self.rule.key == other.rule.key

    def __hash__(self) -> int:
        return hash(self.rule.key)


@lru_cache(maxsize=64)
def _code(keyed: _Keyed, kind: Learning) -> Code:
    host, rule = this_host(), keyed.rule
    key = cache.key(rule.key, kind.text, host)
    made = cache.read(key)
    if made is None:
        made = compile_text(write_module(rule, kind, host), host)
        cache.write(key, made)
    loaded = Loaded(made, host)
    return Code({name: loaded.function(name) for name in functions(rule, kind)})


def code(rule: RuleProgram, kind: Learning) -> Code:
    """The functions of a rule: from memory, else from disk, else compiled."""
    return _code(_Keyed(rule), kind)
