"""Alpaca's historical answers, translated: pages of bars and prints by symbol, splits and dividends."""

from collections.abc import Callable
from datetime import date

from qv_desktop.adapters.alpaca.fields import Raw, nanoseconds, number, rows, text
from qv_desktop.domain.errors import FeedDown
from qv_desktop.domain.market import Action, Trade

# list of Alpaca's corporate actions -> the new shares for each old one, as its reference names them
SPLITS: dict[str, Callable[[Raw], float]] = {
    "forward_splits": lambda raw: _float(raw, "new_rate") / _float(raw, "old_rate"),
    "reverse_splits": lambda raw: _float(raw, "new_rate") / _float(raw, "old_rate"),
    "unit_splits": lambda raw: _float(raw, "new_rate") / _float(raw, "old_rate"),
    "stock_dividends": lambda raw: 1 + _float(raw, "rate"),
}
NONSENSE = (KeyError, TypeError, ValueError, ZeroDivisionError)


def of_symbols[Value](kind: str, answer: Raw, value: Callable[[str, Raw], Value]) -> dict[str, list[Value]]:
    """The values under ``kind`` by symbol, in their order; null stands for none. Raises FeedDown."""
    by_symbol = answer.get(kind)
    try:
        found = by_symbol.items() if isinstance(by_symbol, dict) else ()
        return {symbol: [value(symbol, raw) for raw in raws or []] for symbol, raws in found}
    except NONSENSE as nonsense:
        raise _unreadable(kind) from nonsense


def trade(symbol: str, raw: Raw) -> Trade:
    """A print under the words that the stream uses for it, so that both are known to be the same one."""
    conditions = raw.get("c")
    codes = " ".join(map(str, conditions)) if isinstance(conditions, list) else ""
    return Trade(symbol, nanoseconds(text(raw, "t")), _float(raw, "p"), _float(raw, "s"), str(raw.get("i") or 0),
                 text(raw, "x"), text(raw, "z"), codes)  # fmt: skip


def actions(symbol: str, answer: Raw) -> list[Action]:
    """The splits and cash dividends of ``symbol`` on a page. Raises FeedDown."""
    listed = answer.get("corporate_actions")
    try:
        return _actions(symbol, listed) if isinstance(listed, dict) else []
    except NONSENSE as nonsense:
        raise _unreadable("splits and dividends") from nonsense


def _actions(symbol: str, listed: Raw) -> list[Action]:
    found = [Action(symbol, _day(raw), "split", amount(raw)) for kind, amount in SPLITS.items()
             for raw in rows(listed.get(kind) or []) if _whose(raw) == symbol]  # fmt: skip
    paid = (raw for raw in rows(listed.get("cash_dividends") or []) if _whose(raw) == symbol)
    return found + [Action(symbol, _day(raw), "dividend", _float(raw, "rate")) for raw in paid]


def _whose(raw: Raw) -> str:
    return text(raw, "symbol") or text(raw, "new_symbol") or text(raw, "old_symbol")


def _day(raw: Raw) -> date:
    """The first day without the right to it; a unit split has only the day on which it takes effect."""
    return date.fromisoformat(text(raw, "ex_date") or text(raw, "effective_date"))


def _float(raw: Raw, key: str) -> float:
    found = number(raw, key)
    if found is None:
        raise KeyError(key)
    return float(found)


def _unreadable(what: str) -> FeedDown:
    return FeedDown(f"Alpaca's {what} could not be read; try again, or choose another price source.")
