"""One expression of text, read through Python's `ast` with a whitelist; nothing is ever executed.

What is allowed: numbers, known names, ``+ - * / **``, comparisons, ``and or not & | ~`` and calls
of the functions in `FUNCTIONS`; on whole numbers also ``// % << >> & | ^ ~ ==``, ``wrap``,
``saturate`` and ``hits``. Everything else is refused with a caret under it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import inf, isfinite
from typing import Any, NoReturn

from spikeloom.equations.expr import Condition, Expr, condition, lift, located, make
from spikeloom.equations.functions import FUNCTIONS
from spikeloom.equations.integers import bounded
from spikeloom.equations.quantity import NAMED, Quantity, Unit
from spikeloom.equations.randomness import CHANCES, random_condition
from spikeloom.equations.span import MOST_SHIFT, Span
from spikeloom.equations.where import Where
from spikeloom.errors import ModelError, SpikeloomError, UnitError, suggest

LONGEST, DEEPEST = 4000, 100
WIDTH = re.compile(r"(u?)int(\d{1,2})")
ALIASES = {"ohm": "Ohm", "kohm": "kOhm", "Mohm": "MOhm", "Gohm": "GOhm", "meter": "metre"}
UNITS: dict[str, Unit] = {**NAMED, **{name: NAMED[to] for name, to in ALIASES.items()}}
NOT_YET = {
    "xi": "white noise acts in rates; a random event is chance(p) or escapes(rate)",
    "t": "time is not part of the language: give what changes in time as an input",
    "dt": "equations do not depend on the time step",
    "rand": "a random event is chance(p), or escapes(rate) where it has a rate",
    "randn": "noise in a rate is xi; a value of each neuron is a Param: normal(…), uniform(…)",
    "not_refractory": "wrap the neuron instead: Refractory(neuron, 2 * ms)",
    "int": "use where(condition, 1, 0)",
}
_BINARY: dict[type[ast.AST], str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow",
    ast.BitAnd: "and", ast.BitOr: "or", ast.And: "and", ast.Or: "or",
    ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge", ast.Eq: "eq",
    ast.FloorDiv: "floordiv", ast.Mod: "mod", ast.LShift: "shl", ast.RShift: "shr",
    ast.BitXor: "bitxor",
}  # fmt: skip
WHOLE = ("floordiv", "mod", "shl", "shr", "bitxor")
BITS = {"and": "bitand", "or": "bitor"}
_PLAIN: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
}
_REFUSED = {
    "Attribute": "attribute access", "Subscript": "indexing", "Lambda": "a lambda",
    "ListComp": "a comprehension", "SetComp": "a comprehension", "DictComp": "a comprehension",
    "GeneratorExp": "a comprehension", "NamedExpr": "an assignment", "JoinedStr": "a string",
    "IfExp": "if … else", "Await": "await", "Yield": "yield", "Starred": "a star",
    "List": "a list", "Tuple": "a tuple", "Dict": "a dict", "Set": "a set",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of a line of text, and where it begins."""

    text: str
    label: str
    line: int
    column: int
    whole: str

    def where(self, node: ast.expr | None = None) -> Where:
        """The place of a node, or of the whole piece."""
        if node is None:
            start, stop = 0, len(self.text)
        else:
            # Columns are counted in bytes of the text in its bracket; see `parse`.
            raw = f"({self.text})".encode()
            start = len(raw[: node.col_offset].decode(errors="replace")) - 1
            stop = len(raw[: node.end_col_offset or node.col_offset].decode(errors="replace")) - 1
        column = self.column
        return Where(self.label, self.line, self.line, column + start, column + stop, self.whole)

    def error(
        self, message: str, node: ast.expr | None = None, hint: str | None = None
    ) -> SpikeloomError:
        """An error with a caret under the node."""
        return located(ModelError, message, self.where(node), hint)


def parse(piece: Snippet) -> ast.expr:
    """The syntax tree of a piece of text.

    Raises:
        ModelError: It is no expression.
    """
    if not piece.text.strip():
        raise piece.error("an expression is missing.")
    if len(piece.text) > LONGEST:
        raise piece.error(f"the expression is longer than {LONGEST} characters.")
    try:
        return ast.parse(f"({piece.text})", mode="eval").body  # brackets: leading blanks are fine
    except SyntaxError as error:
        column = max((error.offset or 1) - 2, 0)
        place = replace(
            piece.where(), column=piece.column + column, end_column=piece.column + column + 1
        )
        hint = "powers are written **" if "^" in piece.text else None
        raise located(ModelError, f"this is no expression: {error.msg}.", place, hint) from None
    except (RecursionError, MemoryError, ValueError):
        raise piece.error("the expression is nested too deeply or holds no text.") from None


def evaluate(
    piece: Snippet, names: Callable[[str, Where], Any | None], known: Mapping[str, object]
) -> Any:
    """The value of a piece of text: an Expr, a Condition, a Quantity, a Unit or a number.

    Arguments:
        piece: The text.
        names: Looks up a name of the model; None where there is none.
        known: Names to suggest from.

    Raises:
        ModelError: Something in it is not allowed; nothing has been executed.
        UnitError: Two units in it do not fit.
    """
    return _Reader(piece, names, known).visit(parse(piece), 0)


@dataclass(frozen=True, slots=True)
class _Reader:
    piece: Snippet
    names: Callable[[str, Where], Any | None]
    known: Mapping[str, object]

    def visit(self, node: ast.expr, depth: int) -> Any:
        if depth > DEEPEST:
            raise self.piece.error(f"the expression is nested more than {DEEPEST} deep.")
        match node:
            case ast.Constant():
                return self._number(node)
            case ast.Name():
                return self._name(node)
            case ast.UnaryOp():
                return self._unary(node, self.visit(node.operand, depth + 1))
            case ast.BinOp():
                left, right = self.visit(node.left, depth + 1), self.visit(node.right, depth + 1)
                return self._binary(node, _BINARY.get(type(node.op)), left, right)
            case ast.BoolOp():
                first, *rest = (self.visit(v, depth + 1) for v in node.values)
                for value in rest:
                    first = self._binary(node, _BINARY[type(node.op)], first, value)
                return first
            case ast.Compare():
                return self._compare(node, depth)
            case ast.Call():
                return self._call(node, depth)
            case _:
                what = _REFUSED.get(type(node).__name__, type(node).__name__)
                hint = "use where(condition, a, b)" if what.startswith("if") else None
                self._refuse(node, f"{what} is not allowed in equations.", hint)

    def _number(self, node: ast.Constant) -> float:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self._refuse(node, f"{value!r:.40} is no number.")
        try:
            number = float(value)
        except OverflowError:
            number = inf
        if not isfinite(number):
            self._refuse(node, "this number is too large.")
        if isinstance(value, int) and value != number:
            self._refuse(node, "this whole number has more than 53 bits.",
                         "shift a smaller one, 1 << k; or write a real number: 1e23")  # fmt: skip
        return number

    def _name(self, node: ast.Name) -> Any:
        where = self.piece.where(node)
        found = self.names(node.id, where)
        if found is None:
            found = UNITS.get(node.id)
        if found is None and node.id == "pi":
            found = 3.141592653589793
        if found is None:
            near = suggest(node.id, [*self.known, *FUNCTIONS, *UNITS])
            if not near.startswith("did"):
                near = suggest(node.id, self.known)  # a list of all units helps nobody
            hint = NOT_YET.get(node.id, near)
            self._refuse(node, f"the name {node.id!r} is not known.", hint)
        return found

    def _unary(self, node: ast.UnaryOp, value: Any) -> Any:
        where = self.piece.where(node)
        if isinstance(node.op, ast.Invert) and _whole(value):
            return make("invert", (value,), where)
        if isinstance(node.op, (ast.Not, ast.Invert)):
            return condition("not", (value,), where)
        if isinstance(value, Condition):
            value = lift(value, where)
        if isinstance(node.op, ast.UAdd):
            return value
        if isinstance(value, Expr):
            return make("neg", (value,), where)
        return -value if not isinstance(value, Unit) else Quantity(-1.0, value)

    def _binary(self, node: ast.expr, op: str | None, a: Any, b: Any) -> Any:
        where = self.piece.where(node)
        bits = isinstance(node, ast.BinOp) and op in BITS and (_whole(a) or _whole(b))
        if op is not None and bits and not isinstance(a, Condition):
            return make(BITS[op], (lift(a, where), lift(b, where)), where)
        if op in WHOLE and not _whole(a) and not _whole(b):
            value = _folded(op, a, b)
            if value is not None:
                return value
            op = None
        if op is None:
            hint = "powers are written **" if "^" in self.piece.text else None
            self._refuse(node, "this operator is not allowed in equations.", hint)
        if op in ("and", "or"):
            return condition(op, (a, b), where)
        if isinstance(a, (Expr, Condition)) or isinstance(b, (Expr, Condition)):
            return make(op, (lift(a, where), lift(b, where)), where)
        try:
            value = _PLAIN[op](a, b)
        except UnitError as error:
            raise located(UnitError, error.message, where, error.hint) from None
        except (ArithmeticError, TypeError, ValueError):
            self._refuse(node, "this cannot be computed.")
        if isinstance(value, complex):
            self._refuse(node, "this is not a real number.")
        return value

    def _compare(self, node: ast.Compare, depth: int) -> Condition:
        if len(node.ops) != 1:
            self._refuse(node, "two comparisons in one.", "write (a < x) & (x < b)")
        op = _BINARY.get(type(node.ops[0]))
        where = self.piece.where(node)
        left = self.visit(node.left, depth + 1)
        right = self.visit(node.comparators[0], depth + 1)
        if op is None or (op == "eq" and not _whole(left) and not _whole(right)):
            self._refuse(node, "only < <= > >= compare in equations.")
        return condition(op, (lift(left, where), lift(right, where)), where)

    def _call(self, node: ast.Call, depth: int) -> Any:
        if not isinstance(node.func, ast.Name):
            self._refuse(node.func, "only the functions of the language can be called.")
        name = node.func.id
        if name in ("wrap", "saturate", "hits") and not node.keywords:
            return self._whole_call(node, name, depth)
        op = FUNCTIONS.get(name)
        if op is None:
            hint = NOT_YET.get(name) or suggest(name, FUNCTIONS)
            self._refuse(node.func, f"there is no function {name!r}.", hint)
        if node.keywords:
            self._refuse(node, f"{name} takes no keywords.")
        count = {"min": 2, "max": 2, "rises": 2, "select": 3}.get(op, 1)
        if len(node.args) != count:
            self._refuse(node, f"{name} takes {count} argument{'s' if count > 1 else ''}, "
                         f"got {len(node.args)}.")  # fmt: skip
        where = self.piece.where(node)
        args = [self.visit(a, depth + 1) for a in node.args]
        if op == "select":
            if not isinstance(args[0], Condition):
                self._refuse(node.args[0], "where needs a condition first.")
            return make(op, (args[0], lift(args[1], where), lift(args[2], where)), where)
        if op in CHANCES:
            return random_condition(op, args[0], where)
        numbers = tuple(lift(a, where) for a in args)
        return condition(op, numbers, where) if op == "rises" else make(op, numbers, where)

    def _whole_call(self, node: ast.Call, name: str, depth: int) -> Expr:
        """The functions of whole numbers: ``wrap(x, int20)``, ``hits(rho, n, limit)``."""
        where, count = self.piece.where(node), 3 if name == "hits" else 2
        if len(node.args) != count:
            self._refuse(node, f"{name} takes {count} arguments, got {len(node.args)}.")
        if name == "hits":
            first, *numbers = [self.visit(a, depth + 1) for a in node.args]
            if getattr(first, "kind", None) != "draw":
                self._refuse(node.args[0], "hits draws from a declared stream.",
                             "rho : uint8 (draw), then hits(rho, n, limit)")  # fmt: skip
            return make("hits", (first, *(lift(x, where) for x in numbers)), where)
        width = WIDTH.fullmatch(ast.unparse(node.args[1]))
        if width is None or not 1 <= int(width[2]) <= 54:
            self._refuse(node.args[1], f"{name} needs a width of 1 to 54 bits.",
                         f"for example {name}(x, int20) or {name}(x, uint8)")  # fmt: skip
        span = Span.of(int(width[2]), signed=not width[1])
        return bounded(name, lift(self.visit(node.args[0], depth + 1), where), span, where)

    def _refuse(self, node: ast.expr, message: str, hint: str | None = None) -> NoReturn:
        raise self.piece.error(message, node, hint)


def _folded(op: str | None, a: Any, b: Any) -> float | None:
    """A shift, quotient or remainder of two literals; None where there is none."""
    if not isinstance(a, float) or not isinstance(b, float) or a % 1 or b % 1:
        return None
    if op in ("shl", "shr") and 0 <= b <= MOST_SHIFT:
        value = int(a) << int(b) if op == "shl" else int(a) >> int(b)
        return float(value) if abs(value) <= 1 << 53 else None
    if op in ("floordiv", "mod") and b:
        return float(a // b if op == "floordiv" else a % b)
    return None


def _whole(value: Any) -> bool:
    """Whether this is a whole number of the model."""
    return isinstance(value, Expr) and value.span is not None
