"""A liquid state machine: a column of neurons whose activity remembers what it was given."""

from __future__ import annotations
