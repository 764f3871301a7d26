"""The page of models, made from the models themselves."""

from __future__ import annotations

import inspect
import re
from textwrap import dedent
from typing import Any


def catalogue() -> str:
    """Every model of the library as Markdown, kind by kind."""
    from spikeloom import models
    from spikeloom.equations import LearningRule, Neuron, Surrogate, Synapse

    found = (getattr(models, name) for name in sorted(dir(models)))
    values = [value for value in found if inspect.isclass(value)]
    parts = ["## Neurons", "", *(_neuron(v) for v in values if issubclass(v, Neuron))]
    for title, kind in (
        ("Synapses", Synapse),
        ("Learning rules", LearningRule),
        ("Surrogate gradients", Surrogate),
    ):
        parts += [f"## {title}", "", *(_text(v) for v in values if issubclass(v, kind))]
    return "\n".join(parts)


def _neuron(model: Any) -> str:
    definition = model.definition
    return "\n".join(
        [
            f"### {model.__name__}\n",
            f"{_words(definition.doc)}\n",
            f"{_formulas(model().equations.latex())}\n",
            _table(definition.params),
        ]
    )


def _text(model: Any) -> str:
    definition = model.definition
    text = dedent(str(model()).partition("\n")[2])
    return "\n".join(
        [
            f"### {model.__name__}\n",
            f"{_words(definition.doc)}\n",
            f"```text\n{text}\n```\n",
            _table(definition.params),
            *_sets(model),
        ]
    )


def _sets(model: Any) -> list[str]:
    """Other sets of parameters that a class offers."""
    made = [n for n, x in vars(model).items() if isinstance(x, classmethod) and n[0] != "_"]
    rows = [f"- `{model.__name__}.{n}`: {getattr(model, n).__doc__}" for n in made]
    return [*rows, ""] if rows else []


def _formulas(latex: str) -> str:
    """One formula a line; the converter to MathML knows no aligned environment."""
    inner = latex.replace("\\begin{aligned}", "").replace("\\end{aligned}", "").replace("&", "")
    rows = [rf"\(\displaystyle {row.strip()}\)" for row in re.split(r"\\\\(?:\n|$)", inner.strip())]
    return "\n".join(['<div class="equations" markdown>', "", "<br>\n".join(rows), "", "</div>"])


def _words(doc: str) -> str:
    """The docstring without its example."""
    return doc.partition(">>> ")[0].strip().replace("Source:", "*Source:*")


def _table(params: Any) -> str:
    rows = [f"| `{p.name}` | {p.default!s} | {p.doc} |" for p in params]
    return "\n".join(["| parameter | default | |", "| --- | --- | --- |", *rows, ""])
