"""Everything that can be drawn of the library, found by looking: one list for command and docs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from spikeloom.equations import Family, Neuron, family
from spikeloom.files import write_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from spikeloom.equations import Unit

DPI = 110
"""As wide as a column of the docs."""
COLOURS = 64
"""Enough for lines in six colours and their soft edges; a third of the bytes."""
FILMS = ("FitzHughNagumo", "HodgkinHuxley")
"""Models whose spike is shown in motion: one with a plane and one without."""


@dataclass(frozen=True)
class Piece:
    """One picture.

    Arguments:
        section: Under which heading it stands.
        title: What it shows.
        command: What a user types to get it, or the call.
        file: Name of its file.
        make: Draws it: a figure, or the bytes of a GIF.
        about: One sentence about its section.
    """

    section: str
    title: str
    command: str
    file: str
    make: Callable[[], Figure | bytes]
    about: str = ""


def pieces() -> list[Piece]:
    """Every model in its family, pattern sheets, films, and three neurons; nothing is drawn yet.

    >>> made = pieces()
    >>> [p.file for p in made if p.title == "HodgkinHuxley"]
    ['hodgkinhuxley.png', 'hodgkinhuxley.gif']
    """
    models = _models()
    homes = {name: family(model.definition) for name, model in models.items()}
    made = [
        _model(name, models[name], home)
        for home in Family
        for name, own in homes.items()
        if own is home
    ]
    return [*made, *_sheets(models), *_films(models), *_diagrams(), _axon(), _three()]


def build(
    folder: Path, wanted: list[Piece], progress: Callable[[str], None] = lambda _: None
) -> list[Path]:
    """Draw pieces into a folder, each as a small file.

    Arguments:
        folder: Where; it is made if it is missing.
        wanted: What to draw.
        progress: Is told the title of each.

    Raises:
        StorageError: It cannot be written.
    """
    made: list[Path] = []
    for piece in wanted:
        progress(piece.title)
        content = piece.make()
        content = content if isinstance(content, bytes) else small_png(content)
        made.append(write_file(folder / piece.file, content))
    return made


def small_png(figure: Figure) -> bytes:
    """A figure in few bytes: as wide as a page of the docs, in 64 colours.

    >>> from matplotlib.figure import Figure
    >>> small_png(Figure())[1:4]
    b'PNG'
    """
    from matplotlib.collections import QuadMesh
    from PIL import Image

    from spikeloom.show.style import styled

    full, target = BytesIO(), BytesIO()
    with styled():
        figure.savefig(full, format="png", dpi=DPI)
    picture = Image.open(full).convert("RGB")
    # The palette holds the extremes: a thin line keeps its colour however few its points are.
    method = Image.Quantize.MAXCOVERAGE
    shaded = any(at.get_array() is not None for at in figure.findobj(QuadMesh))
    picture = picture.quantize(256 if shaded else COLOURS, method=method, dither=Image.Dither.NONE)
    picture.save(target, format="PNG", optimize=True)
    return target.getvalue()


def page(made: list[Piece]) -> str:
    """An HTML page that shows the files of a folder, section by section."""
    from html import escape

    parts = ["<!doctype html><meta charset='utf-8'><title>Spikeloom: gallery</title>",
             "<style>body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;color:#1c2430}"
             "img{max-width:100%}code{color:#5d6879}</style><h1>Gallery</h1>"]  # fmt: skip
    section = ""
    for piece in made:
        if piece.section != section:
            section = piece.section
            parts.append(f"<h2>{escape(section)}</h2><p>{escape(piece.about)}</p>")
        parts.append(
            f"<h3 id='{piece.file}'>{escape(piece.title)}</h3><p><code>{escape(piece.command)}"
            f"</code></p><img loading='lazy' src='{piece.file}' alt='{escape(piece.title)}'>"
        )
    return "\n".join(parts) + "\n"


def _models() -> dict[str, type[Neuron]]:
    import spikeloom.models as shelf

    found = {name: getattr(shelf, name) for name in sorted(dir(shelf), key=str.lower)}
    return {n: m for n, m in found.items() if isinstance(m, type) and issubclass(m, Neuron)}


def _model(name: str, model: type[Neuron], home: Family) -> Piece:
    def draw() -> Figure:
        from spikeloom.show.model import model as figure

        return figure(model())

    about = f"{home.value[0].upper()}{home.value[1:]}."
    return Piece(home.title, name, f"spikeloom show {name}", f"{name.lower()}.png", draw, about)


def _sheets(models: dict[str, type[Neuron]]) -> list[Piece]:
    from spikeloom.show.pattern_sheet import patterns, sheets

    made: list[Piece] = []
    for name, model in models.items():
        for which in sheets(model):
            more = "" if which == next(iter(sheets(model))) else f" --which {which}"

            def draw(model: type[Neuron] = model, which: str = which) -> Figure:
                return patterns(model, which)

            made.append(
                Piece("Patterns", f"{name}: {which}", f"spikeloom patterns {name}{more}",
                      f"{name.lower()}-{which}.png", draw,
                      "Ways of firing that have names, with the parameters that make them.")
            )  # fmt: skip
    return made


def _films(models: dict[str, type[Neuron]]) -> list[Piece]:
    def draw(model: type[Neuron]) -> bytes:
        from spikeloom.show.animation import animation
        from spikeloom.show.model import watch
        from spikeloom.show.trial import trial

        found = trial(model())
        near = found.around_first(watch(model(), found).spikes)
        return animation(watch(model(), near), frames=48)

    return [
        Piece("In motion", name, f"spikeloom show {name} --save {name.lower()}.gif",
              f"{name.lower()}.gif", lambda name=name: draw(models[name]),
              "A spike in slow motion.")
        for name in FILMS
    ]  # fmt: skip


def _diagrams() -> list[Piece]:
    """How rest and firing change with the input, where the points of change are known."""
    from spikeloom.equations.units import cm2, one, uA
    from spikeloom.models import FitzHughNagumo, HodgkinHuxley, MorrisLecar

    def draw(neuron: Neuron, low: float, high: float, unit: Unit) -> Figure:
        from spikeloom.lab import bifurcation
        from spikeloom.show.bifurcation import bifurcation as figure

        return figure(bifurcation(neuron, "I", (low, high) * unit, sweeps=False, cycles=True))

    about = (
        "Where it rests and between which ends it swings: solid where that is stable, dashed where "
        "it is not; and how every interval between spikes goes from order to chaos."
    )
    flow, shown = (
        uA / cm2,
        "sl.show.bifurcation(sl.lab.bifurcation(model, 'I', range, cycles=True))",
    )
    return [
        *(Piece("Bifurcations", title, shown, f"{file}-bifurcation.png", make, about)
          for title, file, make in (
              ("HodgkinHuxley over its input", "hodgkinhuxley",
               lambda: draw(HodgkinHuxley(), 0.0, 170.0, flow)),
              ("HodgkinHuxley where it rests or fires", "hodgkinhuxley-bistable",
               lambda: draw(HodgkinHuxley(), 5.5, 11.0, flow)),
              ("FitzHughNagumo over its input", "fitzhughnagumo",
               lambda: draw(FitzHughNagumo(), 0.0, 2.0, one)),
              ("MorrisLecar, class I, over its input", "morrislecar",
               lambda: draw(MorrisLecar.class_one(), -20.0, 130.0, flow)),
              ("MorrisLecar, class II, over its input", "morrislecar-class-two",
               lambda: draw(MorrisLecar(), 60.0, 240.0, flow)),
          )),
        _bursts(about),
    ]  # fmt: skip


def _bursts(about: str) -> Piece:
    def draw() -> Figure:
        from spikeloom.equations.units import one
        from spikeloom.lab import chaos
        from spikeloom.models import HindmarshRose
        from spikeloom.show.chaos import chaos as figure

        return figure(chaos(HindmarshRose(), "I", (2.6, 3.6) * one))

    return Piece(
        "Bifurcations", "HindmarshRose from bursts to chaos to tonic firing",
        "sl.show.chaos(sl.lab.chaos(model, 'I', range))", "hindmarshrose-chaos.png", draw, about,
    )  # fmt: skip


def _axon() -> Piece:
    def draw() -> Figure:
        from spikeloom.cable import Cable, Morphology
        from spikeloom.equations.units import Ohm, cm, ms, nA, um
        from spikeloom.models import HodgkinHuxley
        from spikeloom.network import Step
        from spikeloom.show.cable import space_time

        axon = Cable(Morphology.cylinder(2 * cm, 100 * um), HodgkinHuxley(), Ri=35.4 * Ohm * cm,
                     compartments=200)  # fmt: skip
        return space_time(axon.run(12 * ms, inject={("cable", 0): Step(500 * nA, stop=1 * ms)}))

    return Piece(
        "Cables", "An action potential on its way", "sl.show.space_time(axon.run(...))",
        "axon.png", draw, "The squid axon as a cable; see the page on cables.",
    )  # fmt: skip


def _three() -> Piece:
    def draw() -> Figure:
        from spikeloom.show.causal_chain import causal_chain
        from spikeloom.show.three_neurons import three_neurons

        return causal_chain(*three_neurons())

    return Piece(
        "Networks", "Three neurons", "sl.show.causal_chain(*sl.show.three_neurons())",
        "three-neurons.png", draw, "From each spike to what it does elsewhere.",
    )  # fmt: skip
