"""A TickProgram as text that a person can check: one tick, and how wide its numbers get."""

from __future__ import annotations

from spikeloom.compile.explain import render
from spikeloom.compile.tick_program import TickProgram
from spikeloom.equations.span import Span


def explain_ticks(program: TickProgram) -> str:
    """The update of one tick, what it draws, and the proof that it fits.

    >>> from spikeloom.compile import compile_ticks
    >>> from spikeloom.models import LoihiNeuron
    >>> print(explain_ticks(compile_ticks(LoihiNeuron())).splitlines()[0])
    LoihiNeuron in whole numbers: exact, the same bits in every engine
    """
    widest = max((s for s in program.spans if s is not None), key=_reach)
    lines = [f"{program.model} in whole numbers: exact, the same bits in every engine", ""]
    lines += ["what comes in:"]
    lines += [f"  {name.partition(':')[2]} in {span}" for name, span in program.leaf_spans.items()]
    drawn = "" if not program.draws else ", with new random numbers for every neuron and tick"
    lines += ["", f"each tick{drawn}:", *[f"  {line}" for line in render(program.forward)]]
    lines += ["", f"No result leaves {widest.low} to {widest.high}, so nothing overflows in "
              f"{widest.bits + (widest.low >= 0)} bits."]  # fmt: skip
    return "\n".join(lines)


def _reach(span: Span) -> int:
    return max(-span.low, span.high)
