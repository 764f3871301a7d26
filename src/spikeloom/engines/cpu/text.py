"""Writing LLVM IR as text: fresh names, blocks, counted loops.

Text rather than an object tree, because what is shown by ``explain()`` is then exactly what is
compiled, comments included, and because writing it costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager


class Loop:
    """The inside of a counted loop: its index, what it carries, and what it carries next."""

    def __init__(self, index: str, carried: tuple[str, ...]) -> None:
        self.index = index
        self.carried = carried
        self.next = carried
        """Set before the loop body ends: the carried values of the next turn."""
        self.results: tuple[str, ...] = ()
        """The carried values after the loop; set when it closes."""


class Writer:
    """One LLVM module in the making.

    >>> w = Writer()
    >>> with w.function("twice", "ptr %p"):
    ...     x = w.let("load float, ptr %p, align 4")
    ...     w.put(f"store float {w.let(f'fadd float {x}, {x}')}, ptr %p, align 4")
    >>> print(w.text())
    define void @twice(ptr %p) nounwind alignstack(64) {
    entry:
      %v1 = load float, ptr %p, align 4
      %v2 = fadd float %v1, %v1
      store float %v2, ptr %p, align 4
      ret void
    }
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._declared: dict[str, None] = {}
        self._marks: dict[str, None] = {}
        self._count = 0
        self.block = ""
        """Label of the block being written."""

    def text(self) -> str:
        """The module."""
        return "\n".join([*self._declared, *self._lines, *self._marks])

    def mark(self, name: str, text: str) -> None:
        """A note to the compiler, written once at the end of the module: ``!0 = text``."""
        self._marks.setdefault(f"!{name} = {text}")

    def table(self, name: str, numbers: Sequence[int | str], kind: str = "i64") -> str:
        """Numbers that the module holds, as LLVM writes them."""
        inside = ", ".join(f"{kind} {n}" for n in numbers)
        whole = f"[{len(numbers)} x {kind}]"
        self._declared.setdefault(f"@{name} = private constant {whole} [{inside}], align 64")
        return f"@{name}"

    def name(self, stem: str = "v") -> str:
        """A name not used before, without its ``%``."""
        self._count += 1
        return f"{stem}{self._count}"

    def put(self, line: str) -> None:
        """One instruction without a result."""
        self._lines.append(f"  {line}")

    def note(self, text: str) -> None:
        """A comment for the reader of the kernel."""
        self._lines.append(f"  ; {text}")

    def let(self, expression: str, stem: str = "v") -> str:
        """One instruction; gives the name of its result."""
        name = f"%{self.name(stem)}"
        self.put(f"{name} = {expression}")
        return name

    def call(self, result: str, function: str, arguments: str, types: str) -> str:
        """Call an intrinsic, declaring it on first use."""
        self._declared.setdefault(f"declare {result} @{function}({types})")
        text = f"call {result} @{function}({arguments})"
        if result == "void":
            self.put(text)
            return ""
        return self.let(text)

    def label(self, name: str) -> None:
        """Start a block."""
        self._lines.append(f"{name}:")
        self.block = name

    @contextmanager
    def function(self, name: str, parameters: str) -> Iterator[None]:
        """A void function; its body is written inside the ``with``.

        Its stack begins at a line of the cache: LLVM does not see to that by itself, and vectors
        put aside across two lines can make a kernel twice as slow, in one process and not in the
        next.
        """
        self._lines.append(f"define void @{name}({parameters}) nounwind alignstack(64) {{")
        self.label("entry")
        yield
        self.put("ret void")
        self._lines.append("}")

    @contextmanager
    def when(self, condition: str) -> Iterator[None]:
        """Code that runs only if the condition holds."""
        inside, after = self.name("then"), self.name("after")
        self.put(f"br i1 {condition}, label %{inside}, label %{after}")
        self.label(inside)
        yield
        self.put(f"br label %{after}")
        self.label(after)

    def either(
        self,
        condition: str,
        yes: Callable[[], Sequence[str]],
        no: Callable[[], Sequence[str]],
        kind: str,
        rare: bool = False,
    ) -> list[str]:
        """Write two branches; each pair of values they give becomes one value of the type.

        If the first is ``rare``, the compiler keeps registers for the second.
        """
        a, b, after = self.name("yes"), self.name("no"), self.name("after")
        seldom = ""
        if rare:
            self.mark("1", '!{!"branch_weights", i32 1, i32 100}')
            seldom = ", !prof !1"
        self.put(f"br i1 {condition}, label %{a}, label %{b}{seldom}")
        self.label(a)
        left, a = yes(), self.block
        self.put(f"br label %{after}")
        self.label(b)
        right, b = no(), self.block
        self.put(f"br label %{after}")
        self.label(after)
        return [
            self.let(f"phi {kind} [ {x}, %{a} ], [ {y}, %{b} ]")
            for x, y in zip(left, right, strict=True)
        ]

    def repeat(
        self,
        carried: Sequence[tuple[str, str]],
        test: Callable[[tuple[str, ...]], str],
        body: Callable[[tuple[str, ...]], Sequence[str]],
    ) -> tuple[str, ...]:
        """``while test(values): values = body(values)``; gives the last values.

        ``carried`` are (type, first value) pairs.
        """
        before, head, inside, after = (self.block, *map(self.name, ("while", "turn", "end")))
        names = tuple(f"%{self.name('c')}" for _ in carried)
        self.put(f"br label %{head}")
        self.label(head)
        place = len(self._lines)
        self._lines += [""] * len(carried)
        self.put(f"br i1 {test(names)}, label %{inside}, label %{after}")
        self.label(inside)
        following, last = body(names), self.block
        self.put(f"br label %{head}")
        for k, ((kind, first), name, value) in enumerate(
            zip(carried, names, following, strict=True)
        ):
            self._lines[place + k] = (
                f"  {name} = phi {kind} [ {first}, %{before} ], [ {value}, %{last} ]"
            )
        self.label(after)
        return names

    @contextmanager
    def loop(
        self,
        start: str,
        stop: str,
        step: int | str = 1,
        carried: Sequence[tuple[str, str]] = (),
        down: bool = False,
    ) -> Iterator[Loop]:
        """``for (i = start; i < stop; i += step)``, also downwards (``i = stop - 1 … start``).

        ``carried`` are (type, first value) pairs, for values that go from turn to turn.
        """
        before, body, after = self.block, self.name("loop"), self.name("done")
        first = self.let(f"sub i64 {stop}, 1") if down else start
        test = self.let(f"icmp slt i64 {start}, {stop}")
        self.put(f"br i1 {test}, label %{body}, label %{after}")
        self.label(body)
        index = f"%{self.name('i')}"
        names = tuple(f"%{self.name('c')}" for _ in carried)
        heads = len(self._lines)
        self._lines += [""] * (1 + len(carried))
        loop = Loop(index, names)
        yield loop
        if down:
            following = self.let(f"sub i64 {index}, {step}")
            test = self.let(f"icmp sge i64 {following}, {start}")
        else:
            following = self.let(f"add i64 {index}, {step}")
            test = self.let(f"icmp slt i64 {following}, {stop}")
        last = self.block
        self.put(f"br i1 {test}, label %{body}, label %{after}")
        self._lines[heads] = f"  {index} = phi i64 [ {first}, %{before} ], [ {following}, %{last} ]"
        for k, ((kind, initial), name, value) in enumerate(
            zip(carried, names, loop.next, strict=True)
        ):
            self._lines[heads + 1 + k] = (
                f"  {name} = phi {kind} [ {initial}, %{before} ], [ {value}, %{last} ]"
            )
        self.label(after)
        loop.results = tuple(
            self.let(f"phi {kind} [ {initial}, %{before} ], [ {value}, %{last} ]")
            for (kind, initial), value in zip(carried, loop.next, strict=True)
        )
