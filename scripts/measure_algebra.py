"""Prints the figures of docs/decisions/0003-own-algebra.md: what SymPy costs, and what ours does.

Imports are timed in fresh processes (processor time, median), with and without Python's compiled
files. Then the same work is done twice: the step of Hodgkin and Huxley's model, its adjoint with
respect to all states and the input, and common subexpressions shared; by our compiler, and by
SymPy's diff, cse and lambdify. Usage: python scripts/measure_algebra.py [seconds SymPy may take]
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from statistics import median
from typing import Any

IMPORTS = ("numpy", "sympy", "spikeloom", "spikeloom.compile", "spikeloom.models")
METHODS = ("Euler", "ExponentialEuler", "RK4")


def import_s(module: str, *, warm: bool, runs: int = 7) -> float:
    """Processor seconds of one import; cold compiles every file of Python anew."""
    code = f"import time; a = time.process_time(); import {module}; print(time.process_time() - a)"
    times = []
    for _ in range(runs if warm else 3):
        with tempfile.TemporaryDirectory() as place:
            env = dict(os.environ) if warm else {**os.environ, "PYTHONPYCACHEPREFIX": place}
            done = subprocess.run(
                [sys.executable, "-c", code], env=env, check=True, capture_output=True, text=True
            )
        times.append(float(done.stdout))
    return median(times)


def ours_s(method: str) -> float:
    """Seconds of our compiler: step, adjoint, simplification, verification."""
    from spikeloom import compile as compiler
    from spikeloom.models import ATan, HodgkinHuxley

    start = time.perf_counter()
    compiler.compile_neuron(HodgkinHuxley(), getattr(compiler, method)(), surrogate=ATan())
    return time.perf_counter() - start


def sympy_s(method: str, answer: Any) -> None:
    """Seconds of SymPy for the same work, the import not counted."""
    import sympy

    from spikeloom import compile as compiler
    from spikeloom.models import HodgkinHuxley

    program = compiler.compile_neuron(HodgkinHuxley(), compiler.Euler())
    h = sympy.Symbol("h_step")
    states = {name: sympy.Symbol(name) for name in program.states}
    known = {f"input:{name}": sympy.Symbol(name) for name in program.inputs}
    prologue = compiler.bind(program, _parameters(), 1.0).coefs
    known |= {f"coef:{name}": sympy.Float(float(value)) for name, value in prologue.items()}

    def rates(at: dict[str, Any]) -> dict[str, Any]:
        # An Euler step of length 1 is x + f(x).
        given = _run(program.forward, known | {f"state:{n}": x for n, x in at.items()}, sympy)
        return {name: given[f"state:{name}"] - at[name] for name in at}

    start = time.perf_counter()
    after = _step(method, rates, states, h, sympy)
    upstream = {name: sympy.Symbol(f"grad_{name}") for name in states}
    total = sum(upstream[name] * after[name] for name in states)
    inputs = [known[f"input:{name}"] for name in program.inputs]
    gradients = [sympy.diff(total, x) for x in (*states.values(), *inputs)]
    derived = time.perf_counter()
    results = [*after.values(), *gradients]
    sympy.cse(results)
    shared = time.perf_counter()
    sympy.lambdify([*states.values(), *upstream.values(), *inputs, h], results, "numpy", cse=True)
    end = time.perf_counter()
    answer.put((derived - start, shared - derived, end - shared))


def _parameters() -> dict[str, float]:
    from spikeloom.models import HodgkinHuxley

    neuron = HodgkinHuxley()
    plain = {p.name: neuron.values[p.name] for p in neuron.definition.params}
    return {
        p.name: float(plain[p.name].to(p.unit) if hasattr(plain[p.name], "to") else plain[p.name])
        for p in neuron.definition.params
    }


def _step(method: str, rates: Any, x: dict[str, Any], h: Any, sympy: Any) -> dict[str, Any]:
    if method == "ExponentialEuler":
        found = rates(x)
        slopes = {name: sympy.diff(found[name], x[name]) for name in x}
        return {n: x[n] + found[n] * (sympy.exp(h * slopes[n]) - 1) / slopes[n] for n in x}
    k1 = rates(x)
    if method == "Euler":
        return {name: x[name] + h * k1[name] for name in x}
    k2 = rates({name: x[name] + h / 2 * k1[name] for name in x})
    k3 = rates({name: x[name] + h / 2 * k2[name] for name in x})
    k4 = rates({name: x[name] + h * k3[name] for name in x})
    return {n: x[n] + h / 6 * (k1[n] + 2 * k2[n] + 2 * k3[n] + k4[n]) for n in x}


def _run(block: Any, leaves: dict[str, Any], sympy: Any) -> dict[str, Any]:
    """The instructions of a block on SymPy's expressions; those of the spike are not needed."""
    ops = {
        "add": lambda a, b: a + b,
        "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b,
        "div": lambda a, b: a / b,
        "neg": lambda a: -a,
        "pow": lambda a, b: a**b,
        "exp": sympy.exp,
        "expm1": lambda a: sympy.exp(a) - 1,
        "exprel": lambda a: (sympy.exp(a) - 1) / a,
        "sigmoid": lambda a: 1 / (1 + sympy.exp(-a)),
    }
    done: list[Any] = []
    for instr in block.instrs:
        if instr.op == "const":
            done.append(sympy.Float(instr.value))
        elif instr.op == "leaf":
            done.append(leaves.get(instr.name))
        elif instr.op in ops:
            done.append(ops[instr.op](*(done[k] for k in instr.args)))
        else:
            done.append(None)
    return {name: done[index] for name, index in block.outputs}


def main() -> None:
    limit = float(sys.argv[1]) if len(sys.argv) > 1 else 300.0
    print("import, ms of processor time      warm     cold   warm / numpy")
    numpy = import_s("numpy", warm=True)
    for module in IMPORTS:
        warm, cold = import_s(module, warm=True), import_s(module, warm=False)
        print(f"  {module:28s} {warm * 1e3:8.0f} {cold * 1e3:8.0f}   {warm / numpy:8.2f}")
    print("HH step with its adjoint, s       ours    SymPy   (derive + cse + lambdify)")
    ours_s("Euler")  # imports
    for method in METHODS:
        answer: Any = multiprocessing.Queue()
        worker = multiprocessing.Process(target=sympy_s, args=(method, answer))
        worker.start()
        worker.join(limit)
        if worker.is_alive():
            worker.kill()
            worker.join()
            theirs = f"over {limit:.0f}"
        else:
            parts = answer.get()
            theirs = f"{sum(parts):8.2f}   ({' + '.join(f'{p:.2f}' for p in parts)})"
        print(
            f"  {method:28s} {median(ours_s(method) for _ in range(5)):8.3f} {theirs}", flush=True
        )


if __name__ == "__main__":
    main()
