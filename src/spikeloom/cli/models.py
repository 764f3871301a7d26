"""`spikeloom models`: the library as a table, and one model in full."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spikeloom.cli.shelf import Kind, find_any, known

if TYPE_CHECKING:
    from rich.console import Console

MOST_LINES = 3
"""Equations of one model in the list; of more the number is told."""
MOST_ROWS = 2
"""Rows that one equation may take; what does not fit then ends in an ellipsis."""
INDENT = 2


def models(
    name: Annotated[
        str | None, typer.Argument(help="One model in full: equations, parameters, source.")
    ] = None,
    kind: Annotated[Kind, typer.Option(help="What to list.")] = Kind.neurons,
) -> None:
    """List the models that come with spikeloom: name, equations, source.

    Neurons stand in families, which are read from their equations.

    Example: `spikeloom models`

    Example: `spikeloom models adex`, then `spikeloom show adex` for a picture of it.

    Example: `spikeloom models --kind rules`
    """
    from rich.console import Console

    console = Console(highlight=False)
    if name is not None:
        _one(console, *find_any(name))
    else:
        _list(console, kind)


def _list(console: Console, kind: Kind) -> None:
    from rich.text import Text

    found = known(kind)
    for title, told, names in _groups(kind, found):
        console.print(Text.assemble((title, "bold"), (f": {told}" if told else "", "dim")))
        for name in names:
            _entry(console, name, found[name])
        console.print()
    others = ", ".join(f"{k.value} ({len(known(k))})" for k in Kind if k is not kind)
    console.print(Text(f"{len(found)} {kind.value}; --kind lists {others}.", "dim"))
    example = "AdEx" if kind is Kind.neurons else next(iter(found))
    console.print(Text(f"One of them in full: spikeloom models {example}", "dim"))


def _groups(kind: Kind, found: dict[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    """Heading, what it means, and the names under it."""
    if kind is not Kind.neurons:
        yield (kind.value.capitalize(), "", list(found))
        return
    from spikeloom.equations import Family, family

    homes = {name: family(model.definition) for name, model in found.items()}
    for home in Family:
        names = [name for name, own in homes.items() if own is home]
        if names:
            yield home.title, home.value, names


def _entry(console: Console, name: str, model: Any) -> None:
    """Name and source in one row, what the model says below."""
    from rich.text import Text

    source, edge = short_source(model), " " * INDENT
    gap = max(console.width - len(edge) - len(name) - len(source), 2)
    head = Text.assemble((edge + name, "bold cyan"), " " * gap, (source, "dim"))
    console.print(head, no_wrap=True, overflow="ellipsis")
    lines = _equations(model)
    if len(lines) > MOST_LINES:
        rest = len(lines) - MOST_LINES + 1
        lines = [*lines[: MOST_LINES - 1], f"… and {rest} more"]
    for line in (*lines, *_spike(model)):
        for row in folded(line, max(console.width - 2 * INDENT, 20)):
            console.print(Text(2 * edge + row), no_wrap=True, overflow="ellipsis")


def folded(line: str, width: int) -> list[str]:
    """An equation in at most two rows, broken before a sign, the second one further in.

    >>> folded("dv/dt = (E - v + R*I)/tau", 20)
    ['dv/dt = (E - v', '    + R*I)/tau']
    """
    rows, left = [], line
    while len(left) > width and len(rows) < MOST_ROWS - 1:
        signs, others = (
            [m.start() for m in re.finditer(at, left) if width / 3 < m.start() <= width]
            for at in (r" (?=[+-] |and |or )|(?<=:) ", r"(?<=[*,]) ?")
        )
        cut = max(signs or others, default=0)
        if not cut:
            break
        rows.append(left[:cut])
        left = 2 * " " * INDENT + left[cut:].lstrip()
    rows.append(left if len(left) <= width else left[: width - 1] + "…")
    return rows


def _spike(model: Any) -> list[str]:
    """When it fires and what happens then, in one line; nothing of what never does."""
    body = [line.strip() for line in str(model()).splitlines()[1:]]
    when = [line.removeprefix("spike when: ") for line in body if line.startswith("spike when: ")]
    after = [line.partition(": ")[2] for line in body if line.startswith("after a spike: ")]
    return [f"spike when {each}" + (": " if after else "") + ", ".join(after) for each in when]


def _equations(model: Any) -> list[str]:
    """What a model says, its essence first and without what only a computer needs."""
    body = [line.strip() for line in str(model()).splitlines()[1:]]
    change = re.compile(r"d\w+/dt = ")
    rates = [line.rpartition(" : ")[0] or line for line in body if change.match(line)]
    acts = ("spike of", "tick", "reward", "sends", "gives", "kicks", "spike ≈")
    done = [line for line in body if line.startswith(acts)]
    ticks = [line.removeprefix("each tick: ") for line in body if line.startswith("each tick")]
    rates += [re.sub(r" : \w+( \(\w+\))?$", "", line) for line in ticks]
    return done + rates if hasattr(model.definition, "on_pre") else rates + done


def short_source(model: Any) -> str:
    """Who and when, of the first paper.

    >>> from spikeloom.models import LIF, AdEx
    >>> short_source(LIF), short_source(AdEx)
    ('Gerstner et al. 2014', 'Brette & Gerstner 2005')
    """
    source = model.definition.source
    found = re.match(r"(.*?)\s*\b((?:18|19|20)\d\d)\b", source)
    if found is None:
        return source.partition(",")[0]
    names = [each.strip() for each in re.split(r",|&", found[1]) if each.strip()]
    who = " & ".join(names) if len(names) <= 2 else f"{names[0]} et al."
    return f"{who} {found[2]}"


def _one(console: Console, kind: Kind, model: Any) -> None:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    told, value = model.definition, model()
    words = re.split(r"\n\s*(?=Source:|>>>)", told.doc)[0].strip()
    paragraphs = [" ".join(part.split()) for part in words.split("\n\n")]
    home = kind.value.rstrip("s") if kind is not Kind.rules else "learning rule"
    if kind is Kind.neurons:
        from spikeloom.equations import family

        home = f"{home} · {family(told).title}"
    console.print(Text.assemble((told.name, "bold cyan"), (f"  {home}", "dim")))
    for paragraph in paragraphs:
        console.print(Padding(Text(paragraph), (0, 0, 0, INDENT)))
    equations = str(value).splitlines()[1:]
    if told.params:
        equations = equations[:-1]  # the values, which have a table of their own below
    console.print(Padding(Text("\n".join(line.strip() for line in equations)), (1, INDENT)))
    if told.params:
        table = Table.grid(padding=(0, 2))
        for p in told.params:
            doc = " ".join(p.doc.split())
            table.add_row(Text(p.name, "bold"), Text(str(p.default)), Text(doc, "dim"))
        console.print(Padding(table, (0, 0, 1, INDENT)))
    console.print(Padding(Text.assemble(("Source: ", "bold"), told.source), (0, 0, 1, INDENT)))
    if kind is Kind.neurons:
        console.print(
            Text(f"A picture: spikeloom show {told.name}   Its code: spikeloom explain {told.name}",
                 "dim")
        )  # fmt: skip
