"""One side of a benchmark, seen from the parent: a process that is asked and answers."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from spikeloom.errors import BenchmarkError

SCRIPTS = Path(__file__).parent / "workers"


class Worker:
    """A script of `workers/` in a process of its own, asked over its standard input.

    Arguments:
        script: File name in `workers/`, or a path.
        config: What the script is told at its start; plain values only.
        python: The interpreter; None takes the one that runs us.
        env: Environment variables on top of ours.
        timeout: Seconds that one answer may take.

    Raises:
        BenchmarkError: The process ends, is silent for too long, or reports a fault.
    """

    def __init__(
        self,
        script: str | Path,
        config: Mapping[str, Any],
        *,
        python: Path | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float = 1800.0,
    ) -> None:
        self.name = str(config.get("side", Path(script).stem))
        self.timeout = timeout
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  (lives as long as the process)
        self._rest = b""
        self._process = subprocess.Popen(
            [str(python or sys.executable), str(SCRIPTS / script), json.dumps(dict(config))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**os.environ, **(env or {})},
        )

    def ask(self, do: str, **values: Any) -> Any:
        """Send one request and wait for its answer."""
        stdin = self._process.stdin
        try:
            if stdin is None:
                raise BrokenPipeError
            stdin.write(json.dumps({"do": do, **values}).encode() + b"\n")
            stdin.flush()
        except (BrokenPipeError, ValueError):
            raise self._fault(f"ended before it was asked for {do!r}") from None
        answer = json.loads(self._line(do))
        if "error" in answer:
            raise self._fault(f"could not do {do!r}: {answer['error']}")
        return answer["value"]

    def close(self) -> None:
        """End the process; it may be called twice."""
        if self._process.poll() is None and self._process.stdin:
            self._process.stdin.close()
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        self._log.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _line(self, do: str) -> bytes:
        pipe = self._process.stdout
        if pipe is None:
            raise self._fault("has no output")
        with selectors.DefaultSelector() as ready:
            ready.register(pipe, selectors.EVENT_READ)
            while b"\n" not in self._rest:
                if not ready.select(self.timeout):
                    self._process.kill()
                    raise self._fault(f"was silent for {self.timeout:g} s when asked for {do!r}")
                chunk = os.read(pipe.fileno(), 1 << 16)
                if not chunk:
                    raise self._fault(f"ended when asked for {do!r}")
                self._rest += chunk
        line, self._rest = self._rest.split(b"\n", 1)
        return line

    def _fault(self, what: str) -> BenchmarkError:
        self._log.seek(0)
        tail = self._log.read().decode(errors="replace").strip().splitlines()[-5:]
        said = "".join(f"\n    {line}" for line in tail)
        return BenchmarkError(
            f"benchmark side {self.name!r} {what}.{said}",
            hint="run `make bench-peers` again if a peer's environment is broken",
        )
