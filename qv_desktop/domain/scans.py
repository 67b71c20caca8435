"""Scans: which symbols stand out now, by a person's rule, and why."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scan:
    """A saved scan: a rule in words such as ``gap% > 3 and (rvol >= 2 or volume > 1000000)`` over a universe of symbols.

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
