"""The page of pictures, from the list that the command draws; nothing is drawn here."""

from __future__ import annotations

from pathlib import Path

FOLDER = "img/gallery"


def gallery(docs: Path) -> str:
    """Every picture under its heading; of one that is not drawn yet, the command that draws it."""
    from spikeloom.show.gallery import pieces

    parts: list[str] = []
    section = ""
    for piece in pieces():
        if piece.section != section:
            section = piece.section
            parts += [f"## {section}", "", piece.about, ""]
        place = f"{FOLDER}/{piece.file}"
        shown = f"![{piece.title}]({place}){{ loading=lazy }}" if (docs / place).exists() else ""
        parts += [f"### {piece.title}", "", f"`{piece.command}`", "", shown, ""]
    return "\n".join(parts)
