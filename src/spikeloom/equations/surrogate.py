"""`Surrogate`: the smooth curve that stands in for the spike when gradients are taken."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar, dataclass_transform

from spikeloom.equations.body import read_body
from spikeloom.equations.definition import SurrogateDefinition
from spikeloom.equations.expr import Condition, Expr, lift, located
from spikeloom.equations.model_value import ModelValue
from spikeloom.equations.trace import Symbols, run
from spikeloom.errors import ModelError, UnitError


@dataclass_transform(kw_only_default=True)
class Surrogate(ModelValue):
    """A surrogate gradient, given by its smooth primitive.

    Subclass it and write ``soft(self, u)``: a smooth version of the step function, where `u` is
    the distance to threshold, a plain number. The derivative is computed, never typed.
    """

    definition: ClassVar[SurrogateDefinition]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        body = read_body(cls, Surrogate, ("soft",))
        for name in [*body.states, *body.inputs, *body.noises]:
            raise body.error(name, f"{name!r}: a surrogate has neither states nor inputs.",
                             "declare it as a Param")  # fmt: skip
        if "soft" not in vars(cls):
            raise located(
                ModelError, f"{cls.__name__}: the method soft is missing.", body.where,
                "def soft(self, u): returns the smooth step, for example sigmoid(self.slope * u)",
            )  # fmt: skip
        symbols = Symbols(cls, body.leaves(), {})
        argument = Expr("leaf", kind="argument", name="u")
        result = run(cls, "soft", symbols, argument)
        label = f"{cls.__name__}.soft"
        if result is None or isinstance(result, Condition):
            shown = "nothing" if result is None else f"the condition {result}"
            raise located(ModelError, f"{label} must return an expression in u; it returned "
                          f"{shown}.", body.where, "a smooth step has no comparison as its value",
                          )  # fmt: skip
        soft = lift(result)
        if not soft.unit.dimensionless:
            raise located(UnitError, f"{label} must be a plain number; it is a {soft.unit.kind} "
                          f"({soft.unit!s}).", soft.where, None)  # fmt: skip
        if argument not in leaves(soft):
            raise located(ModelError, f"{label} does not depend on u.", body.where, None)
        for param in body.params:
            if param.name not in symbols.__dict__["_used"]:
                raise body.error(param.name, f"{param.name!r} is declared but soft does not use "
                                 "it.", "use it or remove it")  # fmt: skip
        doc = inspect.getdoc(cls) or ""
        cls.definition = SurrogateDefinition(cls.__name__, doc, body.source, body.params, soft)
        cls._params = body.params

    def __str__(self) -> str:
        params = "  ".join(f"{n} {v}" for n, v in self.values.items())
        return f"{type(self).__name__}  {params}\n  spike ≈ {self.definition.soft}"


def leaves(node: Expr | Condition) -> set[Expr]:
    """Every leaf of an expression."""
    if isinstance(node, Expr) and node.op == "leaf":
        return {node}
    return {leaf for a in node.args for leaf in leaves(a)}
