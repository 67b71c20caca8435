"""A scan's rule as a frozen tree: whether it holds for a row, why, and its text.

Three-valued: a figure that is unknown makes its condition unknown, never true, and “not” of unknown is unknown too (Kleene).
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from math import isfinite
from operator import eq, ge, gt, le, lt, ne
from typing import Literal

from qv_desktop.domain.scan_fields import FIELDS, FLAGS, figure, shown
from qv_desktop.domain.scan_rows import Row

type Comparison = Literal["<", "<=", ">", ">=", "=", "!="]
type Figure = Callable[[Row], float | None]
type Judge = Callable[[Row], bool | None]
type Rule = Condition | Between | Flag | Not | And | Or

OPPOSITE: dict[Comparison, Comparison] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!=", "!=": "="}
_COMPARED: dict[Comparison, Callable[[float, float], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge, "=": eq, "!=": ne}
_SIGNS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "=": "=", "!=": "≠"}


@dataclass(frozen=True, slots=True)
class Condition:
    """A field against a number, in the field's unit."""

    field: str
    comparison: Comparison
    value: float


@dataclass(frozen=True, slots=True)
class Between:
    """A field from ``low`` to ``high``, both included."""

    field: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag that is set."""

    name: str


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of ``rule``."""

    rule: Rule


@dataclass(frozen=True, slots=True)
class And:
    """Every one of two rules or more."""

    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of two rules or more."""

    rules: tuple[Rule, ...]


def truth(rule: Rule, row: Row) -> bool | None:
    """Whether ``rule`` holds for ``row``; None when what is unknown could decide either way."""
    return judge(rule)(row)


@lru_cache(maxsize=4096)
def judge(rule: Rule) -> Judge:
    """``truth`` of one rule, made ready to be asked of thousands of rows in a second."""
    match rule:
        case Condition(field, comparison, value):
            return _comparing(FIELDS[field].of, _COMPARED[comparison], value)
        case Between(field, low, high):
            return _bounded(FIELDS[field].of, low, high)
        case Flag(name):
            return FLAGS[name].of
        case Not(inner):
            return _opposite(judge(inner))
        case And(rules):
            return _decided([judge(part) for part in rules], by=False)
        case Or(rules):
            return _decided([judge(part) for part in rules], by=True)


def _comparing(of: Figure, compared: Callable[[float, float], bool], value: float) -> Judge:
    def told(row: Row) -> bool | None:
        found = of(row)
        return None if found is None or not isfinite(found) else compared(found, value)

    return told


def _bounded(of: Figure, low: float, high: float) -> Judge:
    def told(row: Row) -> bool | None:
        found = of(row)
        return None if found is None or not isfinite(found) else low <= found <= high

    return told


def _opposite(inner: Judge) -> Judge:
    def told(row: Row) -> bool | None:
        so = inner(row)
        return None if so is None else not so

    return told


def _decided(parts: list[Judge], by: bool) -> Judge:
    """One part that is ``by`` decides; else one unknown part leaves it unknown."""

    def told(row: Row) -> bool | None:
        unknown = False
        for part in parts:
            so = part(row)
            if so is by:
                return by
            unknown = unknown or so is None
        return None if unknown else not by

    return told


def explain(rule: Rule, row: Row) -> tuple[bool, tuple[str, ...]]:
    """Whether ``row`` matches, and the conditions that made it so, with their numbers; no reasons when it does not."""
    if truth(rule, row) is not True:
        return False, ()
    return True, tuple(dict.fromkeys(_reasons(rule, row, True)))


def _reasons(rule: Rule, row: Row, held: bool) -> list[str]:
    """Why ``rule`` is ``held``: of a conjunction all parts when it holds and the failing ones when not; of the rest in kind."""
    match rule:
        case Not(inner):
            return _reasons(inner, row, not held)
        case And(rules) | Or(rules):
            return [reason for part in rules if truth(part, row) is held for reason in _reasons(part, row, held)]
        case Flag(name):
            return [name if held else f"not {name}"]
        case Condition(field, comparison, value):
            return [_said(row, field, f"{_SIGNS[comparison if held else OPPOSITE[comparison]]} {_bound(value, field)}")]
        case Between(field, low, high):
            return [
                _said(row, field, f"{'within' if held else 'outside'} {_bound(low, field)} to {_bound(high, field)}")
            ]


def _said(row: Row, name: str, against: str) -> str:
    field, found = FIELDS[name], figure(row, name)
    return f"{field.label} {'unknown' if found is None else shown(found, field)} {against}"


def _bound(value: float, name: str) -> str:
    unit = FIELDS[name].unit
    return f"{'$' if unit == '$' else ''}{number(value)}{f' {unit}' if unit in ('%', 'bps', 's') else ''}"


def text(rule: Rule) -> str:
    """The rule as it would be typed; reading it gives the same tree."""
    match rule:
        case Condition(field, comparison, value):
            return f"{field} {comparison} {number(value)}"
        case Between(field, low, high):
            return f"{field} between {number(low)} and {number(high)}"
        case Flag(name):
            return name
        case Not(inner):
            return f"not {_inner(inner)}"
        case And(rules):
            return " and ".join(_inner(part) for part in rules)
        case Or(rules):
            return " or ".join(_inner(part) for part in rules)


def _inner(rule: Rule) -> str:
    """A part of a larger rule: conjunctions are always in parentheses, so that nobody needs to know which binds first."""
    return f"({text(rule)})" if isinstance(rule, And | Or) else text(rule)


def number(value: float) -> str:
    """A number as it is typed, exactly: 5, 0.25, 50K, 1.25M, 3B."""
    exact = Decimal(repr(value))
    for size, letter in ((9, "B"), (6, "M"), (4, "K")):
        least = Decimal(10) ** size
        if abs(exact) >= least and exact % (least / 100 if letter != "K" else 1000) == 0:
            return _plain(exact.scaleb(-3 if letter == "K" else -size)) + letter
    return _plain(exact)


def _plain(exact: Decimal) -> str:
    digits = f"{exact:f}"
    shortened = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return "0" if shortened in ("-0", "") else shortened


def fields_of(rule: Rule) -> list[str]:
    """The fields that a rule asks for, in order of appearance, each once."""
    match rule:
        case Condition(field) | Between(field):
            return [field]
        case Flag():
            return []
        case Not(inner):
            return fields_of(inner)
        case And(rules) | Or(rules):
            return list(dict.fromkeys(name for part in rules for name in fields_of(part)))
