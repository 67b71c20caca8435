"""How the fields of a backtest's form are read: each gives a value, or marks itself with one sentence that says what to do."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, time

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit

from qv_desktop.domain.backtest_checks import MOST_SYMBOLS, SYMBOL, symbols
from qv_desktop.domain.backtests import Sizing, SizingKind, Stops, TradingHours
from qv_desktop.domain.errors import BadInput
from qv_desktop.ui.models.number_field import NumberField

# title -> kind, what the amount is called, the least and the most that may be typed
SIZINGS: dict[str, tuple[SizingKind, str, float, float]] = {
    "% of equity": ("percent", "Size, %", 0.01, 100.0),
    "$ a trade": ("dollars", "Size, $", 1.0, 1e9),
    "Shares": ("shares", "Size, shares", 0.0001, 1e9),
    "% at risk": ("risk", "Risk, %", 0.01, 100.0),
    "Equal parts": ("equal", "Size, %", 0.01, 100.0),
}
SHARES_OF_EQUITY = frozenset({"percent", "risk", "equal"})
SESSIONS: dict[str, str] = {"Regular": "regular", "Extended": "extended", "Window": "window"}
DIRECTIONS: dict[str, str] = {"Long": "long", "Short": "short", "Both": "both"}
ADJUSTMENTS: dict[str, str] = {"Splits": "split", "Total return": "all", "As traded": "raw"}


def refuse(field: QLineEdit, sentence: str) -> BadInput:
    """Mark the field, put the keyboard into it, and give the sentence to raise."""
    mark(field, sentence)
    field.setFocus(Qt.FocusReason.OtherFocusReason)
    return BadInput(sentence)


def mark(field: QLineEdit, sentence: str) -> None:
    """Mark a field as unusable with the reason, or as usable again with nothing."""
    if isinstance(field, NumberField):
        field.complain(sentence)
        return
    if bool(field.property("bad")) != bool(sentence):
        field.setProperty("bad", bool(sentence))
        field.style().unpolish(field)
        field.style().polish(field)
    if sentence:
        field.setProperty("usual", field.property("usual") or field.toolTip())
    field.setToolTip(sentence or field.property("usual") or field.toolTip())


def read_number(field: NumberField, name: str, low: float, high: float, *, whole: bool = False) -> float:
    """A number within its range. Raises BadInput."""
    try:
        value = float(field.text().replace(",", "").replace("$", "").replace("%", "").strip())
    except ValueError:
        value = float("nan")
    if low <= value <= high and (not whole or value == int(value)):
        mark(field, "")
        return value
    kind = "a whole number" if whole else "a number"
    raise refuse(
        field,
        f"{name.partition(',')[0].replace('_', ' ').capitalize()} must be {kind} from {low:,.10g} to {high:,.10g}.",
    )


def read_fraction(field: NumberField, name: str) -> float | None:
    """A distance in percent as a fraction; empty is off. Raises BadInput."""
    if not field.text().strip().strip("—"):
        mark(field, "")
        return None
    return read_number(field, name, 0.01, 99.0) / 100


def read_day(field: NumberField) -> date:
    """A day. Raises BadInput."""
    try:
        day = date.fromisoformat(field.text().strip())
    except ValueError:
        raise refuse(field, f"“{field.text()}” is no day; type it as year-month-day, such as 2024-05-31.") from None
    mark(field, "")
    return day


def read_time(field: NumberField) -> time:
    """A time of day in New York. Raises BadInput."""
    text = field.text().strip()
    if not re.fullmatch(r"\d{1,2}:\d{2}", text) or int(text.split(":")[0]) > 23 or int(text.split(":")[1]) > 59:
        raise refuse(field, f"“{text}” is no time of day; type it as hours:minutes in New York, such as 09:45.")
    mark(field, "")
    hours, minutes = map(int, text.split(":"))
    return time(hours, minutes)


def read_symbols(field: QLineEdit, lists: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Symbols by comma or blank, or those of the watchlist whose name is typed. Raises BadInput."""
    try:
        found = symbols(field.text(), lists)
    except BadInput as error:
        raise refuse(field, str(error)) from None
    if len(found) > MOST_SYMBOLS:
        raise refuse(field, f"A backtest takes at most {MOST_SYMBOLS} symbols, not {len(found):,}; choose fewer.")
    mark(field, "")
    return found


def read_symbol(field: QLineEdit, what: str) -> str:
    """One symbol or nothing. Raises BadInput."""
    text = field.text().strip().upper()
    if text and not SYMBOL.fullmatch(text):
        raise refuse(field, f"{what} must be one symbol, or empty; “{text[:40]}” is none.")
    mark(field, "")
    return text


def read_sizing(kind: str, field: NumberField, stops: Stops) -> Sizing:
    """The sizing by its title. Raises BadInput; risk needs a stop to be measured by."""
    found, name, low, high = SIZINGS[kind]
    amount = read_number(field, name, low, high)
    if found == "risk" and stops.stop is None:
        raise refuse(
            field, "Risk is measured to the stop: type a stop loss or a trailing stop, or choose another sizing."
        )
    return Sizing(found, amount / 100 if found in SHARES_OF_EQUITY else amount)


def read_stops(loss: NumberField, profit: NumberField, trailing: NumberField) -> Stops:
    """The stops. Raises BadInput; a loss and a trailing one exclude each other."""
    found = Stops(
        read_fraction(loss, "Stop loss"), read_fraction(profit, "Target"), read_fraction(trailing, "Trailing stop")
    )
    if found.loss is not None and found.trailing is not None:
        raise refuse(trailing, "A run has a stop loss or a trailing stop, not both; empty one of them.")
    return found


def read_hours(kind: str, first: NumberField, last: NumberField) -> TradingHours:
    """Which bars of a day count. Raises BadInput."""
    if SESSIONS[kind] == "window":
        begin, end = read_time(first), read_time(last)
        if begin >= end:
            raise refuse(last, "The window must end after it begins.")
        return TradingHours("window", begin, end)
    return TradingHours("extended" if SESSIONS[kind] == "extended" else "regular")
