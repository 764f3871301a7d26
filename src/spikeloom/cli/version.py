"""`spikeloom version`."""

from __future__ import annotations

import typer


def version() -> None:
    """Print the versions of spikeloom and of the packages that its results depend on."""
    for name, text in versions().items():
        typer.echo(f"{name} {text}")


def versions() -> dict[str, str]:
    """Package to installed version, without importing any of them."""
    import platform
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    found = {}
    for name in ("spikeloom", "numpy", "llvmlite", "torch"):
        try:
            found[name] = installed(name)
        except PackageNotFoundError:
            continue
    return {**found, "python": platform.python_version()}
