"""What in a strategy's source looks as if it would be refused where it runs, or as if it saw the future: cautions, never verdicts."""

import ast
import re
import unicodedata
from collections.abc import Iterator

from qv_desktop.domain.strategy_source import Problem, read

# what a worker has for a strategy; of everything else a caution is given
COMPUTING = frozenset({
    "__future__", "bisect", "cmath", "collections", "dataclasses", "datetime", "decimal", "enum", "fractions", "functools", "heapq",
    "itertools", "math", "numba", "numbers", "numpy", "operator", "pandas", "scipy", "statistics", "talib", "typing",
})  # fmt: skip
OURS = ("qv_desktop.strategies.bars", "qv_desktop.domain.strategies", "qv_desktop.analytics")
UNSEEN = frozenset(
    {"Cf", "Cc", "Co", "Cn", "Zl", "Zp"}
)  # Unicode's categories: format, control, private, unassigned, separators
BROADEST = 200  # characters of a line
REACHES = frozenset(
    {"open", "exec", "eval", "compile", "__import__", "input", "breakpoint", "globals", "vars", "delattr"}
)
OUTSIDE = "a strategy only computes, and where it runs this is refused as far as the system can"


def cautions(tree: ast.Module) -> tuple[Problem, ...]:
    """In order of lines; each name once a line."""
    found = {(problem.line, problem.sentence): problem for node in ast.walk(tree) for problem in _of(node)}
    return tuple(sorted(found.values(), key=lambda problem: (problem.line, problem.column)))


def cautions_in(source: str) -> tuple[Problem, ...]:
    """The same of a text, and what in it does not show as it is; of one that is no Python, that alone."""
    tree = read(source).tree
    return (*hidden(source), *(cautions(tree) if tree is not None else ()))


def hidden(source: str) -> tuple[Problem, ...]:
    """Lines that read other than they run: with characters that do not show or turn the text round, or that go far out of sight."""
    found = []
    for number, line in enumerate(re.split(r"\r\n|\r|\n", source), 1):
        odd = next(
            (place for place, each in enumerate(line, 1) if unicodedata.category(each) in UNSEEN and each != "\t"), 0
        )
        if odd:
            words = f"There is a character that does not show (U+{ord(line[odd - 1]):04X}): the line can read other than it runs."
            found.append(Problem(number, words, grave=False, column=odd))
        if len(line) > BROADEST:
            found.append(Problem(number, f"The line has {len(line):,} characters: read it to its end.", grave=False))
    return tuple(found)


def _of(node: ast.AST) -> Iterator[Problem]:
    if isinstance(node, ast.Import):
        yield from (_imported(node, alias.name) for alias in node.names if not _computes(alias.name))
    elif isinstance(node, ast.ImportFrom):
        name = "." * node.level + (node.module or "")
        if not _computes(name):
            yield _imported(node, name)
    elif isinstance(node, ast.Name) and node.id in REACHES:
        yield _caution(node, f"“{node.id}” reaches outside a computation; {OUTSIDE}.")
    elif isinstance(node, ast.Attribute) and node.attr.startswith("__") and node.attr.endswith("__"):
        yield _caution(node, f"“{node.attr}” reaches into Python itself; a computation does without.")
    elif isinstance(node, ast.Call):
        yield from _ahead(node)


def _imported(node: ast.stmt, name: str) -> Problem:
    return Problem(
        node.lineno, f"“{name}” is no part of computing; {OUTSIDE}.", grave=False, column=node.col_offset + 1
    )


def _computes(name: str) -> bool:
    return name.partition(".")[0] in COMPUTING or any(name == ours or name.startswith(f"{ours}.") for ours in OURS)


def _ahead(node: ast.Call) -> Iterator[Problem]:
    """Shifts to the past's place: ``shift(-1)`` and ``roll(x, -1)`` put the next bar's value on this one."""
    called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    place = {"shift": 0, "roll": 1}.get(called)
    if place is None:
        return
    values = [*node.args[place : place + 1], *(k.value for k in node.keywords if k.arg in ("periods", "shift"))]
    if any(_negative(value) for value in values):
        yield _caution(node, f"A negative {called} puts later bars where earlier ones were: it looks ahead.")
    elif called == "roll":
        yield _caution(
            node, "roll brings the last bars to the front: set those that came round to NaN, or it looks ahead."
        )


def _negative(value: ast.expr) -> bool:
    return isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub)


def _caution(node: ast.expr, sentence: str) -> Problem:
    return Problem(node.lineno, sentence, grave=False, column=node.col_offset + 1)
