# pyright: reportMissingImports=false
"""How long one import takes in a fresh process."""

from __future__ import annotations

import importlib

import loop

SPEC = loop.config()
TOOK = loop.seconds(lambda: importlib.import_module(SPEC["module"]))

if __name__ == "__main__":
    loop.serve({"time": lambda: TOOK})
