"""Records of PhysioNet's form: written here bit by bit, read back, and damaged in every way."""

from __future__ import annotations

import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from spikeloom.data import load_mitbih, mitbih
from spikeloom.data.mitbih_records import AAMI, ARCHIVE, BEATS, check_archive, read_records
from spikeloom.data.wfdb import SYMBOLS, read_record
from spikeloom.errors import DataError

CODES = {symbol: code for code, symbol in SYMBOLS.items()}


def annotations(beats: list[tuple[int, str]]) -> bytes:
    """Words of 6 + 10 bits; a long wait is told by SKIP, a note by AUX, a rhythm by no beat."""
    words: list[int] = [28 << 10 | 3, 63 << 10 | 3, 0x2828, 0x004E]  # a rhythm with the note "((N"
    now = 3
    for place, symbol in beats:
        since = place - now
        if since > 1023:
            words += [59 << 10, since >> 16, since & 0xFFFF]
            since = 0
        words += [CODES[symbol] << 10 | since, 60 << 10 | 5]  # NUM is not a beat either
        now = place
    return np.array([*words, 0], "<u2").tobytes()


def record(
    name: int, beats: list[tuple[int, str]], samples: int = 4000, leads: str = "MLII V5"
) -> tuple[dict[str, bytes], np.ndarray]:
    """The three files of a record, and its signals."""
    rng = np.random.default_rng(name)
    signals = rng.integers(-2048, 2048, (samples, 2))
    a, b = (signals & 4095).T
    body = np.stack([a & 255, a >> 8 | (b >> 8) << 4, b & 255], 1).astype(np.uint8).tobytes()
    head = [f"{name} 2 360 {samples}"]
    for lead, values in zip(leads.split(), signals.T, strict=True):
        total = (int(values.sum()) + (1 << 15)) % (1 << 16) - (1 << 15)
        head.append(f"{name}.dat 212 200 11 1024 {values[0]} {total} 0 {lead}")
    head.append("# a remark about the patient")
    texts = {"hea": "\r\n".join(head).encode(), "dat": body, "atr": annotations(beats)}
    return {f"{name}.{end}": text for end, text in texts.items()}, signals


BEATS_HERE = [(40, "N"), (111, "V"), (150, "/"), (3000, "A"), (3840, "N"), (3990, "N")]


def test_a_record_is_read_to_the_bit() -> None:
    files, signals = record(100, BEATS_HERE)
    read = read_record("100", files.__getitem__)
    assert (read.signals == signals).all() and read.rate == 360 and read.leads == ("MLII", "V5")
    assert list(zip(read.sample.tolist(), read.symbol.tolist(), strict=True)) == BEATS_HERE


@pytest.mark.parametrize(
    "end, damage, words",
    [
        ("hea", lambda text: b"", "not a header"),
        ("hea", lambda text: text.replace(b"212", b"16 "), "form 212"),
        ("hea", lambda text: text.replace(b"360", b"fast"), "not a header"),
        ("dat", lambda body: body[:-1], "cut short"),
        ("dat", lambda body: bytes([body[0] ^ 1]) + body[1:], "sum of signal MLII"),
        ("atr", lambda body: body[:-2], "no end mark"),
        ("atr", lambda body: b"", "no end mark"),
        ("atr", lambda body: (59 << 10).to_bytes(2, "little"), "no end mark"),
    ],
)
def test_damage_is_named(end: str, damage, words: str) -> None:
    files, _ = record(100, BEATS_HERE)
    files[f"100.{end}"] = damage(files[f"100.{end}"])
    with pytest.raises(DataError, match=words) as caught:
        read_record("100", files.__getitem__)
    assert f"100.{end}" in caught.value.message


def write(folder: Path, *names: int, packed: bool = False, leads: str = "MLII V5") -> Path:
    made = {}
    for name in names:
        made |= record(name, BEATS_HERE, leads=leads)[0]
    if packed:
        with zipfile.ZipFile(folder / ARCHIVE, "w") as archive:
            for name, body in made.items():
                archive.writestr(f"mit-bih-arrhythmia-database-1.0.0/{name}", body)
                archive.writestr(f"mit-bih-arrhythmia-database-1.0.0/other/{name}", b"older")
    else:
        for name, body in made.items():
            (folder / name).write_bytes(body)
    return folder


@pytest.mark.parametrize("packed", [False, True])
def test_beats_near_an_end_have_no_window(tmp_path: Path, packed: bool) -> None:
    found = read_records(write(tmp_path, 100, 101, packed=packed), (101, 100), whole=False)
    assert found["record"].tolist() == [100] * 4 + [101] * 4
    assert found["sample"].tolist() == [111, 150, 3000, 3840] * 2
    assert found["y"].tolist() == ["NSVFQ".index(kind) for kind in "VQSN"] * 2
    assert found["X"].shape == (8, 128) and found["X"].dtype == np.int16


def test_the_lead_is_mlii_wherever_it_stands(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first = read_records(write(tmp_path / "a", 100), (100,), whole=False)
    second = read_records(write(tmp_path / "b", 100, leads="V5 MLII"), (100,), whole=False)
    assert (first["X"] != second["X"]).any()


def test_a_slow_wave_keeps_its_height_and_its_place(tmp_path: Path) -> None:
    files, _ = record(100, [(2000, "N")])
    wave = (400 * np.exp(-(((np.arange(4000) - 2000) / 12) ** 2))).astype(int) + 1024
    a = wave & 4095
    body = np.stack([a & 255, a >> 8 | (a >> 8) << 4, a & 255], 1).astype(np.uint8).tobytes()
    total = (int(wave.sum()) + (1 << 15)) % (1 << 16) - (1 << 15)
    row = f"100.dat 212 200 11 1024 1024 {total} 0 "
    files |= {"100.dat": body, "100.hea": f"100 2 360 4000\n{row}MLII\n{row}V5\n".encode()}
    for name, text in files.items():
        (tmp_path / name).write_bytes(text)
    window = read_records(tmp_path, (100,), whole=False)["X"][0]
    assert window.argmax() == 50 and window.max() == pytest.approx(400, abs=8)
    assert np.abs(window[:20]).max() <= 1


def test_the_numbers_of_beats_must_be_those_of_the_database(tmp_path: Path) -> None:
    assert sum(BEATS.values()) == 109_494
    assert sorted("".join(AAMI.values())) == sorted(BEATS) == sorted(SYMBOLS.values())
    with pytest.raises(DataError, match="a file of the database is missing"):
        load_mitbih(write(tmp_path, 100))
    with pytest.raises(DataError, match="not the annotations of the database"):
        read_records(tmp_path, (100,))


def test_what_was_made_is_kept_where_we_may_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPIKELOOM_DATA", str(tmp_path))
    monkeypatch.setattr(mitbih, "DS1", (101,))
    monkeypatch.setattr(mitbih, "DS2", (100,))
    monkeypatch.setattr(mitbih, "PACED", ())
    monkeypatch.setattr(mitbih, "read_records", partial(read_records, whole=False))
    (tmp_path / "mitbih").mkdir()
    first = load_mitbih(write(tmp_path / "mitbih", 100, 101, packed=True))
    assert (tmp_path / "mitbih" / "beats.npz").is_file()
    (tmp_path / "mitbih" / ARCHIVE).unlink()
    again = load_mitbih()
    assert (first.test.inputs == again.test.inputs).all() and len(again.train) == 4
    (tmp_path / "theirs").mkdir()
    load_mitbih(write(tmp_path / "theirs", 100, 101))
    assert not (tmp_path / "theirs" / "beats.npz").exists()


def test_damaged_archives(tmp_path: Path) -> None:
    path = write(tmp_path, 100, packed=True) / ARCHIVE
    check_archive(path)
    whole = path.read_bytes()
    for body in (whole[:-40], whole[:500] + b"!!!!" + whole[504:]):
        path.write_bytes(body)
        with pytest.raises(DataError, match="damaged"):
            check_archive(path)
        with pytest.raises(DataError):
            read_records(tmp_path, (100,), whole=False)
    path.unlink()
    with pytest.raises(DataError, match=r"neither beats\.npz nor"):
        load_mitbih(tmp_path)
