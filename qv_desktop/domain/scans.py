"""Scans: which symbols stand out now, by a person's rule, and why."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.scan_fields import FIELDS, FLAGS, figure, figures
from qv_desktop.domain.scan_parsing import RuleError, parse
from qv_desktop.domain.scan_rows import Row
from qv_desktop.domain.scan_rules import And, Condition, Or, Rule, explain, fields_of

__all__ = ["FIELDS", "FLAGS", "PRESETS", "Match", "RuleError", "Scan", "checked", "found", "parse", "placing"]

MOST, LONGEST_NAME = 500, 60  # matches, characters

type Place = tuple[bool, float, str]


@dataclass(frozen=True, slots=True)
class Scan:
    """A saved scan: a rule in words such as ``gap% > 3 and (rvol >= 2 or volume > 1M)`` over a universe of symbols.

    ``universe`` is a watchlist's name, or empty for every symbol that is known; ``alert`` tells a person of newcomers.
    """

    name: str
    rule: str
    universe: str = ""
    sort: str = ""  # a field, with a leading minus for the largest first
    limit: int = 50
    alert: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """A symbol that a scan found; ``values`` are its figures by field, ``reasons`` says in words why it matched."""

    symbol: str
    values: dict[str, float | None]
    reasons: tuple[str, ...]


PRESETS: tuple[Scan, ...] = (
    Scan("Gappers", "(gap% >= 2 or gap% <= -2) and price >= 1", sort="-gap%"),
    Scan("Momentum", "change% > 2 and rvol >= 1.5 and from high% > -1", sort="-change%"),
    Scan("Unusual volume", "rvol >= 2.5 and price >= 1", sort="-rvol"),
    Scan("New highs", "new high", sort="-change%"),
    Scan("New lows", "new low", sort="change%"),
    Scan("Wide spreads", "spread > 20 and not halted", sort="-spread"),
    Scan("Range expansion", "range atr >= 1.5", sort="-range atr"),
)


def checked(scan: Scan) -> Scan:
    """``scan`` without stray blanks. Raises BadInput (RuleError for the rule) when it cannot run."""
    tidy = replace(scan, name=scan.name.strip(), rule=scan.rule.strip(), sort=scan.sort.strip().lower())
    if not 0 < len(tidy.name) <= LONGEST_NAME or not tidy.name.isprintable():
        raise BadInput(f"Give the scan a name of up to {LONGEST_NAME} characters.")
    if tidy.sort and tidy.sort.removeprefix("-") not in FIELDS:
        raise BadInput(f"“{scan.sort}” is no field to sort by; choose one of {', '.join(FIELDS)}.")
    if not 0 < tidy.limit <= MOST:
        raise BadInput(f"A scan shows between 1 and {MOST} symbols; {scan.limit} is not possible.")
    parse(tidy.rule)
    return tidy


def order_of(scan: Scan) -> tuple[str, bool]:
    """The field that ranks the matches, and whether its largest value comes first; without a choice, the rule's first field."""
    if scan.sort:
        return scan.sort.removeprefix("-"), scan.sort.startswith("-")
    rule = parse(scan.rule)
    first = next(iter(fields_of(rule)), "change%")
    return first, not _seeks_small(rule, first)


def _seeks_small(rule: Rule, field: str) -> bool:
    match rule:
        case Condition(name, comparison):
            return name == field and comparison in ("<", "<=")
        case And(rules) | Or(rules):
            return next((_seeks_small(part, field) for part in rules if field in fields_of(part)), False)
    return False


def placing(scan: Scan) -> Callable[[Row], Place]:
    """How the scan's matches are ordered, smallest place first: by figure, unknown figures last, equal ones by symbol."""
    field, largest = order_of(scan)

    def place(row: Row) -> Place:
        value = figure(row, field)
        return value is None, 0.0 if value is None else -value if largest else value, row.snapshot.symbol

    return place


def found(scan: Scan, row: Row) -> Match:
    """``row`` as a match, with its figures and reasons."""
    return Match(row.snapshot.symbol, figures(row), explain(parse(scan.rule), row)[1])
