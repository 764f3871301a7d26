"""Records of PhysioNet's WFDB form: a header, a signal of 12-bit numbers, annotations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spikeloom.data.wav import AGAIN
from spikeloom.errors import DataError

SYMBOLS = {
    1: "N", 2: "L", 3: "R", 4: "a", 5: "V", 6: "F", 7: "J", 8: "A", 9: "S", 10: "E", 11: "j",
    12: "/", 13: "Q", 34: "e", 38: "f",
}  # fmt: skip
"""Codes of the annotations that are beats."""
SKIP, NUM, SUB, CHN, AUX = 59, 60, 61, 62, 63


@dataclass(frozen=True, eq=False)
class Record:
    """One record.

    Arguments:
        name: Its number.
        rate: Samples per second.
        leads: Name of each signal.
        signals: int16 (samples, leads).
        baselines: Number that stands for 0 mV in each.
        sample: Place of each beat.
        symbol: What kind of beat it is, one letter each.
    """

    name: str
    rate: int
    leads: tuple[str, ...]
    signals: np.ndarray
    baselines: tuple[int, ...]
    sample: np.ndarray
    symbol: np.ndarray


def read_record(name: str, read: Callable[[str], bytes]) -> Record:
    """Read one record; the header's sums of the signals must come out.

    Arguments:
        name: Its number, as its files are called.
        read: Content of a file by its name, such as ``100.dat``.
    Raises:
        DataError: The header is not understood, or a file is cut short or altered.
    Source: PhysioNet, WFDB Applications Guide: header(5), signal(5), annot(5).
    """
    lines = [line for line in read(f"{name}.hea").decode("latin-1").splitlines() if line[:1] != "#"]
    try:
        head, rows = lines[0].split(), [line.split() for line in lines[1:] if line.strip()]
        count, rate, samples = int(head[1]), int(float(head[2])), int(head[3])
        if len(rows) != count or count != 2 or any(row[1] != "212" for row in rows):
            raise DataError(
                f"{name}.hea: only two signals of form 212 are understood.", hint="is it MIT-BIH?"
            )
        zeros = tuple(int(row[4]) for row in rows)
        sums = [int(row[6]) for row in rows]
        leads = tuple(row[8] for row in rows)
    except (IndexError, ValueError) as fault:
        if isinstance(fault, DataError):
            raise
        raise DataError(f"{name}.hea: not a header of a record ({fault}).", hint=AGAIN) from fault
    signals = _form_212(name, read(f"{name}.dat"), samples)
    for lead, values, expected in zip(leads, signals.T, sums, strict=True):
        got = (int(values.sum(dtype=np.int64)) - expected) % (1 << 16)
        if got:
            raise DataError(
                f"{name}.dat: the sum of signal {lead} is not the one its header tells.", hint=AGAIN
            )
    sample, symbol = _beats(name, read(f"{name}.atr"))
    return Record(name, rate, leads, signals, zeros, sample, symbol)


def _form_212(name: str, body: bytes, samples: int) -> np.ndarray:
    """Pairs of 12-bit numbers, each pair in three bytes."""
    if len(body) < 3 * samples:
        raise DataError(
            f"{name}.dat: cut short: its header announces {3 * samples:,} bytes, "
            f"but only {len(body):,} are there.",
            hint=AGAIN,
        )
    triples = np.frombuffer(body, np.uint8, 3 * samples).reshape(-1, 3).astype(np.int16)
    first = triples[:, 0] | (triples[:, 1] & 15) << 8
    second = triples[:, 2] | (triples[:, 1] & 240) << 4
    both = np.stack([first, second], axis=1)
    return np.where(both > 2047, both - 4096, both).astype(np.int16)


def _beats(name: str, body: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Places and letters of the beats: words of 6 bits of code and 10 bits of time since."""
    words = np.frombuffer(body, "<u2", len(body) // 2)
    now, place = 0, 0
    samples: list[int] = []
    letters: list[str] = []
    while place < len(words):
        code, since = int(words[place]) >> 10, int(words[place]) & 1023
        place += 1
        if code == 0 and since == 0:
            return np.array(samples, np.int64), np.array(letters)
        if code == SKIP:
            if place + 2 > len(words):
                break
            far = int(words[place]) << 16 | int(words[place + 1])
            now += far - (1 << 32) if far >> 31 else far
            place += 2
        elif code == AUX:
            place += (since + 1) // 2
        elif code not in (NUM, SUB, CHN):
            now += since
            if code in SYMBOLS:
                samples.append(now)
                letters.append(SYMBOLS[code])
    raise DataError(f"{name}.atr: cut short: it has no end mark.", hint=AGAIN)
