r"""`Milstein`: noise that depends on the state, followed to strong order 1."""

from __future__ import annotations

from dataclasses import dataclass

from spikeloom.compile.graph import Node
from spikeloom.compile.methods import Flow, Point
from spikeloom.errors import CompileError


@dataclass(frozen=True)
class Milstein:
    r"""x ← x + f dt + Σ g_k ΔW_k + ½ Σ_kl L_k g_l (ΔW_k ΔW_l − δ_kl dt), in the sense of Itô.

    Strong and weak order 1, where noises that act on the same states commute; one alone always
    does. Without noise it is forward Euler.

    Source: Milstein, Theory Probab. Appl. 19:557 (1974); Kloeden & Platen 1992, eq. 10.3.16.
    """

    def step(self, flow: Flow, start: Point) -> dict[str, Node]:
        """One step from a point."""
        g, dt, noise = flow.graph, flow.dt, flow.noise
        if noise is None:
            return {n: g.add(start[n], g.mul(dt, r)) for n, r in flow.rates(start).items()}
        if not noise.commutes:
            raise CompileError(
                f"{flow.model}: Milstein() needs noises that commute; in these, the order matters"
                " in which they act.",
                hint="take EulerMaruyama(), or Heun() with strong order one half",
            )
        root = g.apply("sqrt", dt)
        drift = noise.in_calculus("ito")(start)
        after = {name: g.add(start[name], g.mul(dt, drift[name])) for name in flow.states}

        def add(name: str, size: Node, number: Node) -> None:
            after[name] = g.add(after[name], g.mul(size, number))

        names = list(noise.noises)
        for place, k in enumerate(names):
            number = noise.normal(k)
            for name, factor in noise.factors(start)[k].items():
                add(name, g.mul(factor, root), number)
            for name, term in noise.along(start, k, k).items():
                half = g.mul(term, g.mul(g.const(0.5), dt))
                add(name, half, g.sub(g.mul(number, number), g.const(1)))
            for l in names[:place]:
                for name, term in noise.along(start, k, l).items():
                    add(name, g.mul(term, dt), g.mul(number, noise.normal(l)))
        return after
