"""Arithmetic in the shape that costs least: scales gathered, sums as chains of multiply-adds.

What a model's author writes for the eye, ``(a (b v - u)) / C`` in each stage of a Runge–Kutta step,
costs more instructions than it must. Here

- a factor that parameters and dt alone decide travels outwards, from a product into whatever uses
  it, and meets other such factors there: all of them become one coefficient of the prologue;
- sums within sums become one sum, its terms ordered so that each costs one fused multiply-add;
- a factor that terms share is taken out where that saves work: ``c v² + b v`` is ``v (c v + b)``.

Two things stay as written, because rounding cares. A product is never spread over a sum:
``g (E - v)`` is exactly 0 at rest. And in a sum with a state as it is, such as ``v + dt k``, the
state comes last, so that all that is small has been added up before it is rounded at the state's
size. Decision 54 has the measurements.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from spikeloom.compile.graph import Graph, Node, is_const, reach
from spikeloom.compile.hoist import varying


@dataclass(frozen=True, slots=True)
class Scale:
    """A number times something that parameters and dt decide; None stands for 1."""

    number: float = 1.0
    symbol: Node | None = None

    @property
    def plain(self) -> bool:
        """Whether it is 1 or -1."""
        return self.symbol is None and abs(self.number) == 1


@dataclass(frozen=True, slots=True)
class Term:
    """A scale times factors that vary, oldest first; without factors, what does not vary."""

    scale: Scale
    factors: tuple[Node, ...] = ()

    @property
    def key(self) -> tuple[int, ...]:
        """The same for terms that differ in their scale alone."""
        return tuple(f.index for f in self.factors)

    @property
    def cost(self) -> int:
        """Instructions that adding it takes."""
        return max(1, len(self.factors) - 1 + (not self.scale.plain))


def arrange(graph: Graph, roots: Mapping[str, Node]) -> dict[str, Node]:
    """The same values with fewer instructions.

    Arguments:
        graph: Where the nodes live.
        roots: Name → node.
    """
    return _Arranger(graph, roots).run()


class _Arranger:
    """Bottom-up over the graph; each node ends as terms to take over or a node to refer to."""

    def __init__(self, graph: Graph, roots: Mapping[str, Node]) -> None:
        self.graph, self.roots = graph, roots
        self.nodes = reach(roots.values())
        self.varying = varying(self.nodes)
        self.once = self._used_once()
        self.sums: dict[int, list[Term]] = {}
        """Node that is a sum → its terms; the sum may be scaled, see `scales`."""
        self.products: dict[int, Term] = {}
        self.scales: dict[int, Scale] = {}
        """Node → what it is multiplied with beyond its core."""
        self.cores: dict[int, Node] = {}
        self.heights: dict[int, int] = {}

    def run(self) -> dict[str, Node]:
        for node in self.nodes:
            if node.index in self.varying:
                self._take(node)
        return {name: self._value(node) for name, node in self.roots.items()}

    def _used_once(self) -> set[int]:
        """Nodes that one place alone uses, scalings in between left out."""
        uses: dict[int, int] = dict.fromkeys((n.index for n in self.nodes), 0)
        for root in self.roots.values():
            uses[root.index] += 1
        for node in reversed(self.nodes):
            passed = uses[node.index] if self._scaled(node) is not None else 1
            for arg in node.args:
                uses[arg.index] += passed
        return {index for index, count in uses.items() if count == 1}

    def _scaled(self, node: Node) -> tuple[Node, Scale] | None:
        """What a node scales and by how much, if it does nothing else."""
        g = self.graph
        if node.op == "neg":
            return node.args[0], Scale(-1.0)
        if node.op == "mul":
            for inner, factor in (node.args, node.args[::-1]):
                if factor.index not in self.varying:
                    return inner, _scale(factor)
        if node.op == "div" and node.args[1].index not in self.varying:
            return node.args[0], Scale(1.0, g.div(g.const(1), node.args[1]))
        return None

    def _take(self, node: Node) -> None:
        index = node.index
        scaled = self._scaled(node)
        if scaled is not None:
            inner, factor = scaled
            if inner.index in self.sums:
                self.sums[index] = self.sums[inner.index]
            if inner.index in self.products:
                self.products[index] = self.products[inner.index]
            if inner.index in self.cores:
                self.cores[index] = self.cores[inner.index]
            self.scales[index] = self._times(factor, self.scales[inner.index])
        elif node.op == "mul":
            parts = [self._factors(a) for a in node.args]
            factors = sorted((f for p in parts for f in p.factors), key=self._age)
            self._product(index, Term(self._times(*(p.scale for p in parts)), tuple(factors)))
        elif node.op in ("add", "sub"):
            left, right = (self._terms(a) for a in node.args)
            if node.op == "sub":
                right = [Term(self._times(Scale(-1.0), t.scale), t.factors) for t in right]
            self._sum(index, [*left, *right])
        else:
            args = [self._value(a) for a in node.args]
            same = all(new is old for new, old in zip(args, node.args, strict=True))
            self.cores[index] = node if same else self.graph.apply(node.op, *args)
            self.scales[index] = Scale()

    def _product(self, index: int, term: Term) -> None:
        self.scales[index] = term.scale
        self.products[index] = Term(Scale(), term.factors)

    def _sum(self, index: int, terms: Iterable[Term]) -> None:
        scale, kept = self._gathered(terms)
        ages = [(tuple(self._age(f) for f in t.factors), t) for t in kept if t.factors]
        oldest = min(ages, key=lambda pair: pair[0])[1] if ages else None
        if oldest is not None and oldest.scale.number < 0:
            # One sign for a sum and its opposite: ``E - v`` is the ``v - E`` of another place.
            scale = self._times(Scale(-1.0), scale)
            kept = [Term(self._times(Scale(-1.0), t.scale), t.factors) for t in kept]
        self.scales[index] = scale
        if len(kept) == 1 and kept[0].factors:
            self._product(index, Term(self._times(scale, kept[0].scale), kept[0].factors))
        else:
            self.sums[index] = kept

    def _factors(self, node: Node) -> Term:
        """A node as factors of a product."""
        if node.index in self.products and node.index in self.once:
            return Term(self.scales[node.index], self.products[node.index].factors)
        return Term(self.scales[node.index], (self._core(node),))

    def _terms(self, node: Node) -> list[Term]:
        """A node as terms of a sum."""
        if node.index not in self.varying:
            return [Term(_scale(node))]
        scale = self.scales[node.index]
        if node.index in self.sums and node.index in self.once and scale.plain:
            return [Term(self._times(scale, t.scale), t.factors) for t in self.sums[node.index]]
        return [self._factors(node)]

    def _core(self, node: Node) -> Node:
        """A node without its scale."""
        index = node.index
        if index not in self.cores:
            if index in self.sums:
                self.cores[index] = self._written(self.sums[index])
            else:
                self.cores[index] = self._multiplied(self.products[index].factors)
        return self.cores[index]

    def _value(self, node: Node) -> Node:
        if node.index not in self.varying:
            return node
        return self._scaled_by(self.scales[node.index], self._core(node))

    # Scales -------------------------------------------------------------------------------------

    def _times(self, a: Scale, b: Scale) -> Scale:
        if a.symbol is None or b.symbol is None:
            return Scale(a.number * b.number, a.symbol or b.symbol)
        product = _scale(self.graph.mul(a.symbol, b.symbol))
        return Scale(a.number * b.number * product.number, product.symbol)

    def _node(self, scale: Scale) -> Node:
        number = self.graph.const(scale.number)
        return number if scale.symbol is None else self.graph.mul(number, scale.symbol)

    def _scaled_by(self, scale: Scale, node: Node) -> Node:
        if scale.number == -1 and scale.symbol is None:
            return self.graph.neg(node)
        return self.graph.mul(self._node(scale), node)

    # Sums and products --------------------------------------------------------------------------

    def _gathered(self, terms: Iterable[Term]) -> tuple[Scale, list[Term]]:
        """Terms of the same factors together, and the scale that all of them share."""
        g = self.graph
        fixed: list[Node] = []
        kept: dict[tuple[tuple[int, ...], bool], Term] = {}
        for term in terms:
            if not term.factors:
                fixed.append(self._node(term.scale))
                continue
            # x + c x stays: 1 + c would forget the last digits of a small c.
            key = (term.key, term.scale.plain)
            if key in kept:
                both = g.add(self._node(kept[key].scale), self._node(term.scale))
                term = Term(_scale(both), term.factors)
            kept[key] = term
        varied = [t for t in kept.values() if t.scale.number != 0]
        constant = g.sum(fixed)
        if not is_const(constant, 0):
            return Scale(), [Term(_scale(constant)), *varied]
        if not varied:
            return Scale(), [Term(_scale(constant))]
        first = varied[0].scale
        if all(t.scale.symbol is first.symbol for t in varied) and not any(
            t.scale.plain for t in varied
        ):
            number = min((t.scale.number for t in varied), key=abs)
            same = [Term(Scale(t.scale.number / number), t.factors) for t in varied]
            return Scale(number, first.symbol), same
        return Scale(), varied

    def _written(self, terms: Sequence[Term]) -> Node:
        """A sum as a chain: what is fixed or an input, what is scaled, states as they are."""
        g = self.graph
        total: Node | None = None
        for term in sorted(self._factored(terms), key=self._order):
            scale = term.scale
            node = self._node(Scale(abs(scale.number), scale.symbol))
            if term.factors:
                node = g.mul(node, self._multiplied(term.factors))
            if scale.number < 0:
                total = g.neg(node) if total is None else g.sub(total, node)
            else:
                total = node if total is None else g.add(total, node)
        return g.const(0) if total is None else total

    def _factored(self, terms: Sequence[Term]) -> list[Term]:
        """A shared factor taken out, as long as that saves instructions."""
        left = list(terms)
        while True:
            counted: dict[int, list[Term]] = {}
            scaled = {t.key for t in left if not t.scale.plain}
            for term in left:
                if term.scale.plain and term.key in scaled:
                    continue  # again x + c x
                for factor in {f.index: f for f in term.factors}.values():
                    counted.setdefault(factor.index, []).append(term)
            best = max(counted.values(), key=len, default=list[Term]())
            if len(best) < 2:
                return left
            factor = next(f for f in best[0].factors if all(f in other.factors for other in best))
            inner = [Term(t.scale, _without(t.factors, factor)) for t in best]
            scale, kept = self._gathered(inner)
            cost = sum(t.cost for t in kept) - 1 + (1 if scale.plain else 2)
            if cost >= sum(t.cost for t in best):
                return left
            whole = Term(scale, (factor, self._written(kept)))
            left = [t for t in left if not any(t is b for b in best)] + [whole]

    def _multiplied(self, factors: Sequence[Node]) -> Node:
        product = factors[0]
        for factor in factors[1:]:
            product = self.graph.mul(product, factor)
        return product

    def _age(self, node: Node) -> tuple[int, str, int]:
        """Where a node stands among others: by how much goes before it, then by name.

        What else is in the graph has no say, so that one expression is arranged alike everywhere.
        """
        todo = [node]
        while todo:
            one = todo[-1]
            missing = [a for a in one.args if a.index not in self.heights]
            if missing:
                todo += missing
                continue
            below = [self.heights[a.index] for a in one.args]
            self.heights[one.index] = 1 + max(below, default=-1)
            todo.pop()
        return self.heights[node.index], node.name or "", node.index

    def _order(self, term: Term) -> tuple[int, int, tuple[int, str, int]]:
        """Fixed, then inputs, which often are; old before new; a state as it is comes last."""
        names = [f.name or "" if f.op == "leaf" else "" for f in term.factors]
        age = max((self._age(f) for f in term.factors), default=(0, "", 0))
        if all(name.startswith("input:") for name in names):
            return (0, len(names), age)
        state = term.scale.plain and len(names) == 1 and names[0].startswith("state:")
        return (2 if state else 1, 0, age)


def _scale(node: Node) -> Scale:
    """What does not vary, as a number times the rest."""
    if node.op == "const":
        return Scale(float(node.value or 0.0))
    if node.op == "neg":
        inner = _scale(node.args[0])
        return Scale(-inner.number, inner.symbol)
    if node.op == "mul" and node.args[0].op == "const":
        return Scale(float(node.args[0].value or 0.0), node.args[1])
    if node.op == "mul" and node.args[1].op == "const":
        return Scale(float(node.args[1].value or 0.0), node.args[0])
    return Scale(1.0, node)


def _without(factors: Sequence[Node], factor: Node) -> tuple[Node, ...]:
    place = next(i for i, f in enumerate(factors) if f is factor)
    return (*factors[:place], *factors[place + 1 :])
