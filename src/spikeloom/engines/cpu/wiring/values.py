"""Kernel: one random value for each synapse."""

from __future__ import annotations

from spikeloom.engines.cpu.text import Writer
from spikeloom.engines.cpu.wiring.lanes import BATCH, LANES, Dice, Lanes, Memory, Slots
from spikeloom.engines.wiring.draw import NUMBERS, Draw

SLOTS = ("low", "high", "ptr numbers", "ptr out")


def write_values(kind: str, dtype: str, step: str = "") -> str:
    """The module with ``values``: groups of 16 synapses, begin to end; ``step``: with rounding."""
    w = Writer()
    o, m = Lanes(w), Memory(w)
    with w.function("values", "ptr noalias %slots, i64 %begin, i64 %end, ptr noalias %scratch"):
        given = Slots(w, SLOTS)
        dice = Dice(o, given["low"], given["high"])
        numbers = {
            name: o.splat(m.load(given["numbers"], str(k), "double"), "double")
            for k, name in enumerate(NUMBERS)
        }
        draw = Draw(kind, *(0.0,) * 6, step=float(bool(step)))
        with w.loop("%begin", "%end") as group:
            first = w.let(f"mul i64 {group.index}, {BATCH}")
            for part, word in enumerate(dice.words("0", first)):
                value = draw.formula(o, word, numbers)
                match dtype:
                    case "float32":
                        value = o.cast("fptrunc", value, "float")
                    case "uint16":
                        value = o.cast("fptoui", o.rint(value), "i16")
                place = w.let(f"add i64 {first}, {part * LANES}")
                m.store_lanes(value, m.at(given["out"], place, value.kind))
    return w.text()
