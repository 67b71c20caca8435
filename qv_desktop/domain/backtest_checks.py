"""What a backtest's terms must be before anything is run, and what a person types for several symbols."""

import math
import re
from collections.abc import Mapping, Sequence

from qv_desktop.domain.backtests import BacktestSpec
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import timeframe
from qv_desktop.domain.strategies import Strategy

MOST_SYMBOLS = 200
SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9./-]{0,14}")
MOST_COST = 1000.0  # basis points
FRACTIONS = ("percent", "risk", "equal")


def checked(spec: BacktestSpec) -> BacktestSpec:
    """``spec``, its symbols each once. Raises BadInput with the first thing that cannot be run, and what to do."""
    for wrong, sentence in _faults(spec):
        if wrong:
            raise BadInput(sentence)
    timeframe(spec.timeframe)
    _check_hours(spec)
    return spec


def fitting(strategy: Strategy, spec: BacktestSpec) -> None:
    """Raises BadInput when the terms name a parameter that the strategy lacks, or a value outside its range."""
    known = {parameter.name: parameter for parameter in strategy.parameters}
    for name, value in spec.parameters:
        if name not in known:
            offered = ", ".join(known) or "none"
            raise BadInput(f"“{strategy.name}” has no parameter “{name}”; it has {offered}.")
        one = known[name]
        if not one.low <= value <= one.high or (one.whole and value != int(value)):
            kind = "a whole number" if one.whole else "a number"
            raise BadInput(f"{name} must be {kind} from {one.low:g} to {one.high:g}, not {value:g}.")


def symbols(text: str, lists: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The symbols that ``text`` names, each once: a watchlist by its name, or symbols with commas or blanks between them.

    Raises BadInput when it names none, or something that is neither.
    """
    named = {name.casefold(): held for name, held in lists.items()}
    if (held := named.get(text.strip().casefold())) is not None:
        if not held:
            raise BadInput(f"The list “{text.strip()}” is empty; put symbols into it.")
        return tuple(dict.fromkeys(held))
    found = tuple(dict.fromkeys(word.upper() for word in re.split(r"[,;\s]+", text.strip()) if word))
    if not found:
        raise BadInput("Type a symbol, several with commas between them, or the name of a watchlist.")
    for word in found:
        if not SYMBOL.fullmatch(word):
            raise BadInput(
                f"“{word}” is neither a symbol nor a watchlist; type symbols with commas, or a watchlist's name."
            )
    return found


def _faults(spec: BacktestSpec) -> list[tuple[bool, str]]:
    sizing, stops, count = spec.sizing, spec.stops, len(spec.symbols)
    given = [stop for stop in (stops.loss, stops.profit, stops.trailing) if stop is not None]
    numbers = (
        spec.fees,
        spec.slippage,
        spec.fees_per_share,
        spec.cash,
        sizing.amount,
        *given,
        *(v for _, v in spec.parameters),
    )
    fraction = sizing.kind in FRACTIONS
    return [
        (not all(map(math.isfinite, numbers)), "Every term must be a finite number."),
        (not count, "Choose a symbol."),
        (count > MOST_SYMBOLS, f"A backtest takes at most {MOST_SYMBOLS} symbols, not {count:,}; choose fewer."),
        (len(set(spec.symbols)) < count, "A symbol is named twice; name each once."),
        (spec.first >= spec.last, "The backtest ends before it begins; choose a first day before the last."),
        (not 0 <= spec.fees <= MOST_COST, f"Fees must be from 0 to {MOST_COST:g} basis points."),
        (not 0 <= spec.slippage <= MOST_COST, f"Slippage must be from 0 to {MOST_COST:g} basis points."),
        (not 0 <= spec.fees_per_share <= 1, "Fees per share must be from $0 to $1."),
        (not 1 <= spec.cash <= 1e12, "Cash must be from $1 to $1,000,000,000,000."),
        (fraction and not 0 < sizing.amount <= 1, "The size must be more than 0% and at most 100% of equity; there is no margin."),
        (not fraction and sizing.amount <= 0, "The size must be more than nothing."),
        (sizing.kind == "risk" and stops.stop is None, "Sizing by the risk to the stop takes a stop loss or a trailing stop."),
        (stops.loss is not None and stops.trailing is not None, "Choose a stop loss or a trailing stop, not both."),
        (any(not 0 < stop < 10 for stop in given), "A stop must be more than 0% away, and a stop loss less than 100%."),
        ((stops.stop or 0) >= 1, "A stop loss or trailing stop must be less than 100% away."),
        (not 0 <= spec.seed < 2**32, "The seed must be a whole number from 0 to 4,294,967,295."),
    ]  # fmt: skip


def _check_hours(spec: BacktestSpec) -> None:
    hours = spec.hours
    if hours.kind != "window":
        return
    if hours.first is None or hours.last is None or hours.first >= hours.last:
        raise BadInput("A window of the day takes a first and a later last time, such as 10:00 to 15:30 New York time.")
