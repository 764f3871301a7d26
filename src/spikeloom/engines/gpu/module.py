"""From the text of kernels to kernels."""

from __future__ import annotations

import hashlib
import linecache
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=256)
def kernel(text: str, name: str) -> Any:
    """A kernel out of source that this engine has written.

    Triton reads the source of a function again when it compiles it, so it is kept where tracebacks
    find it too. It stays in memory: a file could be changed by others. The machine code that Triton
    makes of it lies in Triton's own cache.

    Arguments:
        text: Python source with the import of Triton, of nothing but what `emit` and `advance`
            have written: names of a model occur in comments only, numbers as literals.
        name: Which of its functions.
    """
    file = f"<spikeloom gpu {hashlib.sha256(text.encode()).hexdigest()[:16]}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    names: dict[str, Any] = {"__name__": file.strip("<>").replace(" ", "_")}
    exec(compile(text, file, "exec"), names)  # noqa: S102 - no text from outside gets here
    return names[name]
