"""Everything that is to be said about a source while it is written: what stops it, what pyflakes finds, and what looks out of place.

It reads the text and runs nothing of it. A source of the greatest length takes some tenths of a second: call it on a thread.
"""

from qv_desktop.domain.strategy_cautions import cautions, hidden
from qv_desktop.domain.strategy_source import Problem, read

MOST = 200  # problems that are told at once


def problems(source: str) -> tuple[Problem, ...]:
    """By line, what stops it first within a line."""
    reading = read(source)
    found = [*reading.faults, *hidden(source)]
    if reading.tree is not None:
        found += [*_flaws(source), *cautions(reading.tree)]
    return tuple(sorted(found, key=lambda problem: (problem.line, not problem.grave, problem.column))[:MOST])


def _flaws(source: str) -> list[Problem]:
    """What pyflakes says; a name that is nowhere is grave, for the run would end there."""
    import ast

    from pyflakes.checker import Checker
    from pyflakes.messages import UndefinedLocal, UndefinedName

    try:  # pyflakes writes on the tree, so it gets one of its own
        said = Checker(ast.parse(source), "<strategy>").messages
    except RecursionError:
        return []
    return [
        Problem(
            m.lineno, _sentence(m.message % m.message_args), isinstance(m, UndefinedName | UndefinedLocal), m.col + 1
        )
        for m in said
    ]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
