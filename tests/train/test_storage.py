from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save

from spikeloom.errors import CheckpointError
from spikeloom.train.store import bundle
from spikeloom.train.store.bundle import read_bundle, write_bundle
from spikeloom.train.store.tree import flatten, unflatten

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
        with pytest.raises(CheckpointError, match="file is damaged or cut short"):
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
    with pytest.raises(CheckpointError, match="no weights file of spikeloom"):
        read_bundle(path, "weights")
    with pytest.raises(CheckpointError, match="cannot read"):
        read_bundle(tmp_path / "missing", "weights")
    with pytest.raises(CheckpointError, match="cannot read"):
        read_bundle(tmp_path, "weights")


def test_json_without_end(tmp_path):
    path = tmp_path / "x.safetensors"
    path.write_bytes(save({"a": torch.zeros(1)}, {"spikeloom": "[" * 100_000}))
    with pytest.raises(CheckpointError, match="damaged"):
        read_bundle(path, "weights")


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
