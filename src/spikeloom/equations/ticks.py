"""What a model of whole numbers must be made of, found when its class is made."""

from __future__ import annotations

from spikeloom.equations.definition import Definition
from spikeloom.equations.expr import located
from spikeloom.equations.randomness import CHANCES, walk
from spikeloom.equations.tracer import Tracer
from spikeloom.errors import ModelError

_WIDTHS = (
    "in a model with a tick every field is a whole number: integer(3, bits=8), state(bits=20); "
    "in text, k : int8 (parameter)"
)


def check_methods(tracer: Tracer) -> None:
    """A tick is all of a step: there is no flow beside it."""
    names = vars(tracer.cls)
    for other in ("flow", "receive"):
        if other in names:
            raise tracer.error(f"tick and {other} are both given.",
                               "tick(self, after) says all that a tick does; its inputs are read "
                               "there")  # fmt: skip
    if "otherwise" in names and "fires" not in names:
        raise tracer.error("otherwise is given, but fires is missing.",
                           "without spikes, tick says it all")  # fmt: skip
    body = tracer.body
    spans = {p.name: p.span for p in body.params} | {n: f.span for n, f in body.states.items()}
    spans |= {n: f.span for n, f in body.inputs.items()}
    for name, span in spans.items():
        if span is None:
            raise body.error(name, f"{name!r} has no width.", _WIDTHS)
    for name in body.noises:
        raise body.error(name, f"{name!r} is white noise, which needs continuous time.",
                         "a random whole number is declared with draw(bits=8)")  # fmt: skip


def check_no_integers(tracer: Tracer) -> None:
    """Whole numbers make steps of their own; rates are real."""
    body = tracer.body
    whole = [n for n, f in (body.states | body.inputs).items() if f.span is not None]
    whole += [p.name for p in body.params if p.span is not None]
    for name in [*whole, *body.draws]:
        raise body.error(name, f"{name!r} is a whole number, but the model has a flow.",
                         "a model of whole numbers has def tick(self, after) in its place",
                         )  # fmt: skip


def check_ticks(tracer: Tracer, definition: Definition) -> None:
    """Conditions compare whole numbers, and chance is a declared draw."""
    fires = [] if definition.fires is None else [definition.fires]
    for root in [*fires, *definition.reset.values()]:
        for node in walk(root):
            if node.op in CHANCES or node.op == "rises":
                raise located(
                    ModelError, f"{tracer.cls.__name__}: {node.op} has no place in a tick.",
                    node.where, "compare with a declared draw: rho: Draw = draw(bits=8), then "
                    "self.p >= self.rho",
                )  # fmt: skip
