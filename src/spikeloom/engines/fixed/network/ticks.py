"""A population of whole numbers in a native network: what `Neurons` is for real ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from spikeloom.compile.tick_fold import fold, switches
from spikeloom.compile.tick_numeric import whole
from spikeloom.compile.tick_program import TickProgram
from spikeloom.engines.cpu.build import Native
from spikeloom.engines.cpu.draws import signed
from spikeloom.engines.cpu.host import this_host
from spikeloom.engines.cpu.library import load
from spikeloom.engines.cpu.network.parts import AHEAD, IN_CACHE, Neurons
from spikeloom.engines.cpu.network.variant import Stepping, step_slots
from spikeloom.engines.fixed.engine import filled, version
from spikeloom.engines.fixed.network.advance import (
    NEVER,
    lanes_of,
    more_slots,
    write_ticks_of_network,
)
from spikeloom.engines.inputs import DrivePlan
from spikeloom.engines.network_plan import NetworkPlan, PopulationPlan
from spikeloom.errors import NumericsError, ParameterError

Array = np.ndarray[Any, np.dtype[Any]]


class Ticks(Neurons):
    """States and parameters of neurons of whole numbers; what is on its way to them is float64.

    Arguments:
        plan: The network, in float64.
        place: Place of the population in it.
        threads: How many.
        drives: Those of the plan.
        program: Its program.

    Raises:
        ParameterError: A parameter or state is no whole number of its width.
    """

    def __init__(
        self, plan: NetworkPlan, place: int, threads: int, drives: Sequence[DrivePlan],
        program: TickProgram,
    ) -> None:  # fmt: skip
        p, spans = plan.populations[place], dict(program.params_in)
        given = {n: whole(f"{program.model}.{n}", p.coefs[n], span) for n, span in spans.items()}
        self.program, self._given = program, given
        super().__init__(plan, place, threads, drives)
        single = {n: int(x) for n, x in given.items() if x.ndim == 0}
        self.program = fold(program, switches(program, single))
        self.set_states(p.start)
        self.states[:, self.size :] = self.states[:, max(self.size - 1, 0) : self.size]
        self._params = {n: filled(x, self.padded, spans[n]) for n, x in given.items()}
        inputs, groups = len(program.inputs), self.padded // lanes_of(this_host())
        self._fault_ticks = np.full((inputs, groups), NEVER, np.int64)
        self._fault_values = np.zeros((inputs, self.padded))
        self._draws = {f"key:{n}": signed(k) for n, k in p.chance(plan.seed).keys.items()}

    def coefficients(self, p: PopulationPlan, dtype: str) -> tuple[Array, dict[str, Array]]:
        """Nothing: parameters of whole numbers keep their widths."""
        return np.empty(0, dtype), {}

    def ordered(self, stride: int, ring_bytes: int) -> Stepping:
        """Some groups go through time together, because each waits for its own results."""
        return replace(
            self.variant,
            columns=tuple(n for n, x in self._given.items() if x.ndim),
            random=(),
            unroll=2 if stride == 1 else 4,
            ahead=AHEAD if stride > 1 and ring_bytes > IN_CACHE else 0,
        )

    def set_states(self, values: Array) -> None:
        """Replace the states (S, N).

        Raises:
            ParameterError: One is no whole number of its width.
        """
        for row, new, (name, span) in zip(self.states, values, self.program.states_in, strict=True):
            row[: self.size] = whole(f"{self.program.model}: state {name!r}", new, span)

    def kernel(self, record: tuple[str, ...]) -> tuple[Native, Stepping]:
        """The kernel that keeps some states."""
        variant = replace(self.variant, record=record)
        return _kernel(self.program, variant), variant

    def trial(self) -> tuple[Native, Stepping]:
        """Nothing is tried: no current flows through gap junctions into whole numbers."""
        return self.kernel(())

    def slots(self, variant: Stepping) -> tuple[str, ...]:
        """Names of the words of the kernel."""
        return (*step_slots(variant), *more_slots(self.program))

    def more(self) -> dict[str, int]:
        """Words beside those of `Neurons`."""
        return {
            "key:width": self.size,
            "fault_ticks": self._fault_ticks.ctypes.data,
            "fault_values": self._fault_values.ctypes.data,
            **{f"param:{n}": x.ctypes.data for n, x in self._params.items()},
            **self._draws,
        }

    @property
    def fault(self) -> int:
        """The first tick in which an input was no whole number of its width, or `NEVER`."""
        return int(self._fault_ticks.min(initial=NEVER))

    def forget(self) -> None:
        """No input was wrong so far."""
        self._fault_ticks[:] = NEVER

    def blame(self) -> None:
        """Raise for the first such tick, as the reference does.

        Raises:
            NumericsError: Naming population, tick and input.
        """
        tick, lanes = self.fault, lanes_of(this_host())
        for (name, span), ticks, values in zip(
            self.program.inputs_in, self._fault_ticks, self._fault_values, strict=True
        ):
            then = np.repeat(ticks == tick, lanes)[: self.size]
            instead = min(max(0, span.low), span.high)
            try:
                whole(f"input {name!r}", np.where(then, values[: self.size], instead), span)
            except ParameterError as error:
                raise NumericsError(
                    f"network: {self.plan.entity}, tick {tick}: {error.message}", hint=error.hint
                ) from error


@lru_cache(maxsize=256)
def _kernel(program: TickProgram, variant: Stepping) -> Native:
    host = this_host()
    text = f"fixed network|{variant.text}|{version()}"
    return load(
        "advance", program.key, text, lambda: write_ticks_of_network(program, variant, host), host
    )
