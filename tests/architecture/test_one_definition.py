"""A model's right-hand side stands once in the package: engines derive, they do not repeat."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "spikeloom"
NEURONS = sorted(p for p in (PACKAGE / "models/neurons").glob("*.py") if p.stem != "__init__")


class _Bare(ast.NodeTransformer):
    """`self.v`, `after.v`, `p["v"]` and `v` are the same letter of a formula."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        return ast.Name(id=node.attr, ctx=ast.Load())

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            return ast.Name(id=node.slice.value, ctx=ast.Load())
        return self.generic_visit(node)


def bare(node: ast.expr) -> str:
    """One text for all spellings of a formula."""
    return ast.dump(_Bare().visit(ast.parse(ast.unparse(node), mode="eval").body))


def formulas(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.BinOp):
            yield bare(node)


def rates(path: Path) -> list[ast.expr]:
    """The right-hand sides in the `flow` methods of a file, those long enough to be somebody's."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [
        statement.value
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name == "flow"
        for statement in ast.walk(node)
        if isinstance(statement, ast.Assign)
    ]
    return [v for v in found if sum(isinstance(n, ast.Attribute) for n in ast.walk(v)) >= 4]


@pytest.mark.parametrize("path", NEURONS, ids=lambda path: path.stem)
def test_the_equations_of_a_model_stand_in_its_file_alone(path: Path) -> None:
    others = [p for p in PACKAGE.rglob("*.py") if PACKAGE / "models" not in p.parents]
    mine = {bare(value): ast.unparse(value) for value in rates(path)}
    copies = {
        f"{other.relative_to(ROOT)}: {mine[text]}"
        for other in others
        for text in formulas(other)
        if text in mine
    }
    assert not copies


@pytest.mark.parametrize("path", NEURONS, ids=lambda path: path.stem)
def test_a_model_is_one_class(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    flows = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == "flow"]
    assert len(flows) <= 1


def test_a_copy_would_be_found(tmp_path: Path) -> None:
    """The search itself: another spelling of one formula is recognised, another formula is not."""
    model, copy, other = tmp_path / "m.py", tmp_path / "c.py", tmp_path / "o.py"
    model.write_text(
        "def flow(self, d):\n    d.v = (self.E - self.v + self.R * self.I) / self.tau\n"
    )
    other.write_text("x = (E - v + R * I) * tau\n")
    copy.write_text("x = (p['E'] - v + p['R'] * I) / p.tau\n")
    (rate,) = rates(model)
    assert bare(rate) not in set(formulas(other))
    assert bare(rate) in set(formulas(copy))
