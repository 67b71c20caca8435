"""A backtest's terms as they are typed on a command line."""

import re
from collections.abc import Sequence
from datetime import time

from qv_desktop.domain.backtests import HoursKind, Sizing, SizingKind, TradingHours
from qv_desktop.domain.errors import BadInput

SIZES = "“95%” of equity, “$5000”, “100sh” for shares, “risk 1%” to the stop, or “equal 100%”"
_SIZE = re.compile(r"(?:(?P<kind>risk|equal)\s+)?(?P<dollars>\$)?(?P<number>\d+(?:\.\d+)?)(?P<unit>%|sh)?")


def sizing(text: str) -> Sizing:
    """How large an entry is. Raises BadInput."""
    found = _SIZE.fullmatch(text.strip().casefold().replace(",", ""))
    if found is None or bool(found["dollars"]) == bool(found["unit"]) or (found["kind"] and found["unit"] != "%"):
        raise BadInput(f"“{text}” is no size; type {SIZES}.")
    number = float(found["number"])
    if found["unit"] == "%":
        kinds: dict[str | None, SizingKind] = {"risk": "risk", "equal": "equal", None: "percent"}
        return Sizing(kinds[found["kind"]], number / 100)
    return Sizing("dollars" if found["dollars"] else "shares", number)


def fraction(text: str, what: str) -> float:
    """A distance such as 5% as a fraction. Raises BadInput."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)%?", text.strip())
    if found is None:
        raise BadInput(f"“{text}” is no {what}; type per cent, such as 5%.")
    return float(found[1]) / 100


def hours(text: str) -> TradingHours:
    """Which bars within a day count. Raises BadInput."""
    word = text.strip().casefold()
    kinds: dict[str, HoursKind] = {"regular": "regular", "extended": "extended"}
    if word in kinds:
        return TradingHours(kinds[word])
    found = re.fullmatch(r"(\d\d?:\d\d)\s*-\s*(\d\d?:\d\d)", word)
    try:
        if found is not None:
            return TradingHours("window", *(time.fromisoformat(one.zfill(5)) for one in found.groups()))
    except ValueError:
        pass  # such as 25:00; the sentence below says so
    raise BadInput(
        f"“{text}” names no hours; type regular, extended, or a window of New York time such as 10:00-15:30."
    )


def parameters(pairs: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """Values of a strategy's parameters from texts such as fast=10. Raises BadInput."""
    found: dict[str, float] = {}
    for pair in pairs:
        match = re.fullmatch(r"\s*(\w+)\s*=\s*(-?\d+(?:\.\d+)?)\s*", pair)
        if match is None or match[1] in found:
            raise BadInput(f"“{pair}” sets no parameter; type each once as NAME=NUMBER, such as fast=10.")
        found[match[1]] = float(match[2])
    return tuple(found.items())
