"""The words of a scan's rule: fields with their units and formulas, and flags that are true, false or unknown."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from qv_desktop.domain.norms import Norms
from qv_desktop.domain.scan_rows import Row, age

type Kind = Literal["$", "%", "shares", "×", "bps", "s"]


@dataclass(frozen=True, slots=True)
class Field:
    """A figure of a row. ``label`` names it in reasons, ``help`` says what it is; ``aliases`` are other ways to write it."""

    name: str
    label: str
    unit: Kind
    help: str
    of: Callable[[Row], float | None]
    aliases: tuple[str, ...] = ()
    signed: bool = False


@dataclass(frozen=True, slots=True)
class FlagWord:
    """Something that is so, or not, or unknown (None)."""

    name: str
    help: str
    of: Callable[[Row], bool | None]
    aliases: tuple[str, ...] = ()


def previous_close(row: Row) -> float | None:
    """Dollars of today's shares, of the session before the newest one.

    On its day that is the newest daily bar's, splits divided out: before the open some vendors' snapshots still name the close
    before. At night and on weekends, when the newest daily bar is the newest session's own, it is the snapshot's.
    """
    close = row.norms.previous_close
    return close if row.moment.today and close is not None else row.snapshot.previous_close


def _parts(part: float | None, whole: float | None, times: float) -> float | None:
    return None if part is None or not whole or whole < 0 else part / whole * times


def _percent_over(value: float | None, base: float | None) -> float | None:
    return None if value is None or not base or base < 0 else (value - base) / base * 100


def _change(row: Row) -> float | None:
    last, close = row.snapshot.last, previous_close(row)
    return None if last is None or close is None else last - close


def _gap(row: Row) -> float | None:
    return _percent_over(
        _pre_market(row) if row.moment.phase == "pre-market" else row.snapshot.day_open, previous_close(row)
    )


def _pre_market(row: Row) -> float | None:
    """The last price, when it is of today's pre-market and not left from yesterday."""
    at, began = row.snapshot.last_at, row.moment.began
    return row.snapshot.last if at is not None and began is not None and at >= began else None


def _rvol(row: Row) -> float | None:
    usual, share = row.norms.volume20, row.moment.share
    return _parts(row.snapshot.day_volume, None if usual is None or share is None else usual * share, 1)


def _turnover(row: Row) -> float | None:
    last, volume = row.snapshot.last, row.snapshot.day_volume
    return None if last is None or volume is None else last * volume


def _span(row: Row) -> float | None:
    high, low = row.snapshot.day_high, row.snapshot.day_low
    return None if high is None or low is None else high - low


def _spread(row: Row) -> float | None:
    """Dollars between bid and ask; a side without a price leaves it unknown."""
    quote = row.snapshot.quote
    return None if quote is None or quote.bid <= 0 or quote.ask <= 0 else quote.ask - quote.bid


def _spread_bps(row: Row) -> float | None:
    quote = row.snapshot.quote
    return None if quote is None else _parts(_spread(row), quote.mid, 10_000)


def _bid(row: Row) -> float | None:
    quote = row.snapshot.quote
    return None if quote is None or quote.bid <= 0 else quote.bid


def _ask(row: Row) -> float | None:
    quote = row.snapshot.quote
    return None if quote is None or quote.ask <= 0 else quote.ask


def _above(of: Callable[[Norms], float | None]) -> Callable[[Row], bool | None]:
    def told(row: Row) -> bool | None:
        high, before = row.snapshot.day_high, of(row.norms)
        return None if high is None or before is None else high > before

    return told


def _below(of: Callable[[Norms], float | None]) -> Callable[[Row], bool | None]:
    def told(row: Row) -> bool | None:
        low, before = row.snapshot.day_low, of(row.norms)
        return None if low is None or before is None else low < before

    return told


_FIELDS = (
    Field("price", "price", "$", "last price", lambda row: row.snapshot.last, ("last",)),
    Field("change%", "change", "%", "last price against the previous close",
          lambda row: _percent_over(row.snapshot.last, previous_close(row)), ("chg%", "percent change"), signed=True),
    Field("change$", "change", "$", "last price less the previous close", _change, ("chg$",), signed=True),
    Field("gap%", "gap", "%", "today's open, or in pre-market the last price, against the previous close", _gap, ("gap",), signed=True),
    Field("volume", "volume", "shares", "shares traded today", lambda row: row.snapshot.day_volume, ("vol",)),
    Field("average volume", "average volume", "shares", "shares a day over the last 20 sessions",
          lambda row: row.norms.volume20, ("avg volume", "avg vol")),
    Field("rvol", "relative volume", "×", "today's volume against what 20 sessions usually had by this time",
          _rvol, ("relative volume", "rel volume", "rel vol")),
    Field("dollar volume", "dollar volume", "$", "today's volume times the last price", _turnover, ("turnover",)),
    Field("range%", "range", "%", "today's high less its low against the previous close",
          lambda row: _parts(_span(row), previous_close(row), 100), ("range",)),
    Field("range atr", "range in ATRs", "×", "today's high less its low, in average true ranges",
          lambda row: _parts(_span(row), row.norms.atr14, 1), ("expansion",)),
    Field("from high%", "from the high", "%", "last price against today's high; zero or below",
          lambda row: _percent_over(row.snapshot.last, row.snapshot.day_high), ("from high",), signed=True),
    Field("from low%", "from the low", "%", "last price against today's low; zero or above",
          lambda row: _percent_over(row.snapshot.last, row.snapshot.day_low), ("from low",), signed=True),
    Field("spread", "spread", "bps", "ask less bid in hundredths of a percent of their middle", _spread_bps, ("spread bps",)),
    Field("spread$", "spread", "$", "ask less bid", _spread),
    Field("bid", "bid", "$", "best bid", _bid),
    Field("ask", "ask", "$", "best offer", _ask),
    Field("age", "quote age", "s", "seconds since the last quote", age, ("quote age",)),
    Field("atr%", "ATR", "%", "average true range of 14 days against the previous close",
          lambda row: _parts(row.norms.atr14, previous_close(row), 100), ("atr",)),
)  # fmt: skip

_FLAGS = (
    FlagWord("new high", "the day's high was made within the last 60 seconds", lambda row: row.new_high),
    FlagWord("new low", "the day's low was made within the last 60 seconds", lambda row: row.new_low),
    FlagWord("20-day high", "today is above every high of the last 20 sessions", _above(lambda norms: norms.high20)),
    FlagWord("20-day low", "today is below every low of the last 20 sessions", _below(lambda norms: norms.low20)),
    FlagWord("52-week high", "today is above every high of the last 252 sessions", _above(lambda norms: norms.high52)),
    FlagWord("52-week low", "today is below every low of the last 252 sessions", _below(lambda norms: norms.low52)),
    FlagWord("halted", "the exchange has halted trading", lambda row: row.snapshot.halted),
    FlagWord("stale", "silent for too long for its habits, while the market is open", lambda row: row.snapshot.stale),
    FlagWord("pre-market", "the session's part before the open", lambda row: _in(row, "pre-market")),
    FlagWord("regular hours", "between the open and the close", lambda row: _in(row, "open"), ("market open",)),
    FlagWord(
        "post-market", "the session's part after the close", lambda row: _in(row, "post-market"), ("after hours",)
    ),
)


def _in(row: Row, phase: str) -> bool | None:
    return None if row.moment.began is None else row.moment.phase == phase


FIELDS: dict[str, Field] = {
    field.name: field for field in _FIELDS
}  # name -> field, in the order in which they are offered
FLAGS: dict[str, FlagWord] = {flag.name: flag for flag in _FLAGS}  # name -> flag


def figure(row: Row, name: str) -> float | None:
    """The row's value of a field, in its unit; None while unknown."""
    value = FIELDS[name].of(row)
    return value if value is not None and math.isfinite(value) else None


def figures(row: Row) -> dict[str, float | None]:
    """Every field's value by name."""
    return {name: figure(row, name) for name in FIELDS}


def shown(value: float, field: Field) -> str:
    """``value`` with its unit for a person, such as +4.12 % or 1.25M."""
    sign = "−" if value < 0 else "+" if field.signed else ""
    size = abs(value)
    if field.unit in ("shares", "$") and size >= 100_000:
        text = _short(size)
    elif field.unit == "shares":
        text = f"{size:,.0f}"
    else:
        text = f"{size:,.{_DIGITS[field.unit]}f}"
    return f"{sign}{'$' if field.unit == '$' else ''}{text}{_AFTER.get(field.unit, '')}"


_DIGITS = {"$": 2, "%": 2, "×": 1, "bps": 1, "s": 1}  # after the point
_AFTER = {"%": " %", "bps": " bps", "s": " s"}


def _short(size: float) -> str:
    for unit, letter in ((1e9, "B"), (1e6, "M")):
        if size >= unit:
            return f"{size / unit:,.2f}{letter}"
    return f"{size / 1e3:,.0f}K"
