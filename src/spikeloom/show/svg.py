"""A figure as bytes: PNG for slides, or SVG that takes its colours from the page around it."""

from __future__ import annotations

import re
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING

from spikeloom.show.style import ROLES, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def png(figure: Figure) -> bytes:
    """The figure as PNG, 200 dots per inch, on white; the same figure gives the same bytes."""
    with styled():
        target = BytesIO()
        figure.savefig(target, format="png", metadata={"Software": None})
        return target.getvalue()


def inline_svg(figure: Figure, name: str, description: str) -> str:
    """The figure as an ``<svg>`` element to be placed inside a page.

    Its colours become CSS variables (``--ink``, ``--spiking``, …) and its background goes, so
    one drawing serves a light and a dark page. Identifiers get `name` in front: two figures on one
    page must not share any.

    Arguments:
        figure: The figure.
        name: Unique on the page; letters, digits and dashes.
        description: What a screen reader says.
    """
    with styled():
        target = BytesIO()
        figure.savefig(
            target,
            format="svg",
            transparent=True,
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )
    text = target.getvalue().decode()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    for role, colour in ROLES.items():
        text = text.replace(colour, f"var(--{role})")
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'((?:xlink:)?href="|url\()#', rf"\1#{name}-", text)
    opening = f'<svg role="img" aria-label="{escape(description, quote=True)}" class="figure" '
    return text.replace("<svg ", opening, 1)
