from __future__ import annotations

import errno
import json
import os

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open

from spikeloom.errors import CheckpointError, StorageError
from spikeloom.train import bundle, storage
from spikeloom.train.bundle import read_bundle, write_bundle
from spikeloom.train.storage import make_folder, write_atomic
from spikeloom.train.tree import flatten, unflatten

TENSORS = {
    "a": torch.arange(6.0).view(2, 3),
    "empty": torch.zeros(0, 3),
    "scalar": torch.tensor(7, dtype=torch.int64),
    "flags": torch.tensor([True, False]),
    "half": torch.ones(3, dtype=torch.bfloat16),
}
RECORD = {"epoch": 3, "text": "Grüße", "loss": 0.1, "none": None}


def write(path):
    write_bundle(path, "checkpoint", TENSORS, RECORD)


def test_what_goes_in_comes_out(tmp_path):
    path = tmp_path / "x.safetensors"
    write(path)
    tensors, record = read_bundle(path, "checkpoint")
    assert record == RECORD
    for name, value in TENSORS.items():
        assert tensors[name].dtype == value.dtype and torch.equal(tensors[name], value)
    with safe_open(path, "pt") as file:
        assert json.loads(file.metadata()["spikeloom"])["kind"] == "checkpoint"
    assert [p.name for p in tmp_path.iterdir()] == ["x.safetensors"]


def test_every_truncation_is_noticed(tmp_path):
    path = tmp_path / "x.safetensors"
    write(path)
    whole = path.read_bytes()
    for size in (0, 1, 7, 8, 9, 40, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(CheckpointError, match="damaged or cut short"):
            read_bundle(path, "checkpoint")


@given(place=st.integers(0, 2000), flip=st.integers(1, 255))
def test_every_changed_byte_is_noticed(tmp_path_factory, place, flip):
    path = tmp_path_factory.mktemp("bits") / "x.safetensors"
    write(path)
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= flip
    path.write_bytes(bytes(content))
    try:
        tensors, record = read_bundle(path, "checkpoint")
    except CheckpointError:
        return
    # A blank of the header may change without a change of meaning.
    assert record == RECORD and all(torch.equal(tensors[k], v) for k, v in TENSORS.items())


def test_other_versions_kinds_and_files(tmp_path, monkeypatch):
    path = tmp_path / "x.safetensors"
    monkeypatch.setattr(bundle, "FORMAT", 99)
    write(path)
    monkeypatch.undo()
    with pytest.raises(CheckpointError, match="format 99, this version reads 1"):
        read_bundle(path, "checkpoint")
    write(path)
    with pytest.raises(CheckpointError, match="no weights of spikeloom"):
        read_bundle(path, "weights")
    with pytest.raises(CheckpointError, match="cannot read"):
        read_bundle(tmp_path / "missing", "weights")
    with pytest.raises(CheckpointError, match="cannot read"):
        read_bundle(tmp_path, "weights")


def full_disk(*_args):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("call", ["replace", "fsync"])
def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch, call):
    path = tmp_path / "x"
    write_atomic(path, b"old")
    monkeypatch.setattr(storage.os, call, full_disk)
    with pytest.raises(StorageError, match="No space") as caught:
        write_atomic(path, b"new")
    monkeypatch.undo()
    assert "free some space" in str(caught.value)
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["x"], "no litter"


def test_things_in_the_way(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="file"):
        make_folder(tmp_path / "file" / "run")
    with pytest.raises(StorageError):
        make_folder(tmp_path / "file")
    with pytest.raises(StorageError):
        write_atomic(tmp_path / "nowhere" / "x", b"")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError):
        write_atomic(tmp_path / "folder", b"")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_no_permission(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StorageError, match="Permission denied"):
            write_atomic(tmp_path / "x", b"")
    finally:
        tmp_path.chmod(0o700)


def test_no_permission_by_error_code(tmp_path, monkeypatch):
    def refuse(*_args):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(storage.os, "replace", refuse)
    with pytest.raises(StorageError, match="Permission denied") as caught:
        write_atomic(tmp_path / "x", b"")
    assert "choose another folder" in str(caught.value)


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=3) | st.integers(0, 5), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(value=plain)
def test_trees_survive_json(value):
    box = {}
    text = json.dumps(flatten(value, "x", box))
    assert unflatten(json.loads(text), box) == value


def test_trees_refuse_code():
    with pytest.raises(CheckpointError, match=r"opt\.fn"):
        flatten({"fn": np.sum}, "opt", {})
    with pytest.raises(CheckpointError, match="missing"):
        unflatten({"tensor": "x"}, {})
    with pytest.raises(CheckpointError, match="unknown kind"):
        unflatten({"call": "x"}, {})
