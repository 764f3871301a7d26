"""A download that goes on where it was cut off, for pooch."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PIECE = 1 << 13
"""Bytes at a time; of a cut connection the last incomplete piece is lost."""
TIMEOUT_S = (10.0, 30.0)
"""To connect, and between two pieces."""


@dataclass(frozen=True)
class Resume:
    """Fetch a file over HTTP into a part that outlives a cut connection and this process.

    What has arrived is kept beside the target; the next attempt, now or in another run, asks for
    the rest only (a Range request), and starts anew where a server cannot do that. Whether the
    whole is right is for the checksum to say.

    Arguments:
        part: Where the part is kept.
        tries: Attempts in a row that bring nothing new before it gives up.
        wait_s: Seconds before the second attempt; doubled each time.
        sleep: How to wait.
    Source: RFC 9110, section 14 (range requests).

    >>> Resume(Path("digits.gz.part"), tries=2).part.name
    'digits.gz.part'
    """

    part: Path
    tries: int = 3
    wait_s: float = 0.5
    sleep: Callable[[float], None] = time.sleep

    def __call__(self, url: str, output_file: str, pooch: Any, check_only: bool = False) -> None:
        """Called by pooch: bring what stands at `url` to `output_file`."""
        from requests.exceptions import RequestException

        del pooch, check_only
        idle, before = 0, self._size()
        while True:
            try:
                self._go_on(url)
                os.replace(self.part, output_file)
                return
            except RequestException as fault:
                status = getattr(fault.response, "status_code", None)
                if status is not None and 400 <= status < 500:
                    raise  # asking again does not help
                now = self._size()
                idle = 0 if now > before else idle + 1
                before = now
                if idle >= self.tries:
                    raise
                self.sleep(self.wait_s * 2**idle)

    def _go_on(self, url: str) -> None:
        """One attempt: ask for what is missing, and add it."""
        import requests

        have = self._size()
        # Packed on its way, a file would have other lengths than the ranges speak of.
        headers = {"Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as answer:
            if answer.status_code == requests.codes.requested_range_not_satisfiable and have:
                if answer.headers.get("Content-Range", "").rpartition("/")[2] == str(have):
                    return  # there is nothing missing
                self.part.unlink()
                raise requests.exceptions.ConnectionError(f"{url}: the part here is too long")
            answer.raise_for_status()
            goes_on = answer.status_code == requests.codes.partial_content
            if goes_on and not answer.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
                self.part.unlink(missing_ok=True)
                raise requests.exceptions.ConnectionError(f"{url}: it sent another range")
            with self.part.open("ab" if goes_on else "wb") as file:
                for piece in answer.iter_content(PIECE):
                    file.write(piece)

    def _size(self) -> int:
        return self.part.stat().st_size if self.part.is_file() else 0
