"""`event_of`: one event of a learning rule as a function of numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from spikeloom.compile.learning import bind_rule, compile_rule, rule_numbers
from spikeloom.compile.learning_program import LEVELS
from spikeloom.compile.numeric import run_block
from spikeloom.equations.learning import LearningRule
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import ms
from spikeloom.errors import ParameterError, suggest

Array = np.ndarray[Any, np.dtype[Any]]


def event_of(
    rule: LearningRule, event: str, dt: Quantity = 1 * ms
) -> Callable[..., dict[str, Array]]:
    """What an event changes, as a function; for models of rates, for plots and for tests.

    Arguments:
        rule: The rule with its values.
        event: ``"on_pre"``, ``"on_post"``, ``"on_tick"`` or ``"on_reward"``.
        dt: Time step, for rules that ask for it.

    Returns:
        A function of plain numbers or arrays by name, in the units that the rule declares: the
        weight ``w``, traces, states of the target, ``reward``. What is not given is 0. It gives
        back the new value of everything that the event changes.

    Raises:
        ParameterError: The rule has no such event.

    >>> from spikeloom import Hz, Oja
    >>> tick = event_of(Oja(eta=10 * Hz), "on_tick")
    >>> tick(w=0.5, x=2.0, y=1.0)
    {'w': array(0.515)}
    """
    program = compile_rule(rule)
    coefs, _ = bind_rule(program, rule_numbers(rule), float(np.asarray(dt.to(_time(rule)))))
    blocks = {n: b for n, b in program.blocks.items() if n.startswith(f"{event}.")}
    if not blocks:
        known = {n.partition(".")[0] for n in program.blocks if n.startswith("on_")}
        raise ParameterError(f"{program.rule} has no {event!r}.", hint=suggest(event, known))
    own = [n for level in LEVELS for n in program.states(level)]

    def function(**values: Any) -> dict[str, Array]:
        for name in values:
            if name not in (*own, *program.reads, "reward"):
                raise ParameterError(
                    f"{program.rule}.{event} knows no {name!r}.",
                    hint=suggest(name, (*own, *program.reads)),
                )
        leaves: dict[str, Any] = {f"coef:{n}": x for n, x in coefs.items()}
        leaves |= {f"{kind}:{n}": values.get(n, 0.0) for n in own for kind in ("state", "own")}
        leaves |= {f"post:{n}": values.get(n, 0.0) for n in program.reads}
        leaves["event:reward"] = values.get("reward", 0.0)
        made: dict[str, Array] = {}
        for block in blocks.values():
            given = run_block(block, leaves)
            made |= {n.removeprefix("state:"): x for n, x in given.items()}
        return made

    return function


def _time(rule: LearningRule) -> Any:
    return rule.definition.scales.time
