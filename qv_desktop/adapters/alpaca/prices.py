"""Alpaca's bars and snapshots of the REST interface, translated. Shapes follow Alpaca's stock data reference."""

from qv_desktop.adapters.alpaca.fields import Raw, moment, nanoseconds, number, text
from qv_desktop.domain.market import NEW_YORK, Bar, Quote, Snapshot, ns


def bar(symbol: str, raw: Raw) -> Bar:
    """One bar of a history answer. Raises ValueError, TypeError or KeyError when it lacks a price or its time."""
    opened, high, low, close, volume = (float(str(raw[key])) for key in ("o", "h", "l", "c", "v"))
    return Bar(symbol, nanoseconds(text(raw, "t")), opened, high, low, close, volume, int(str(raw.get("n") or 0)),
               _float(raw, "vw"))  # fmt: skip


def snapshot(symbol: str, raw: Raw) -> Snapshot:
    """What the snapshot says; anything missing stays unknown."""
    trade, quote, day, before = (_part(raw, key) for key in ("latestTrade", "latestQuote", "dailyBar", "prevDailyBar"))
    if _is_over(day, trade):
        day, before = {}, day
    return Snapshot(symbol, last=_float(trade, "p"), last_at=_stamp(trade), previous_close=_float(before, "c"),
                    quote=_quote(symbol, quote), day_open=_float(day, "o"), day_high=_float(day, "h"),
                    day_low=_float(day, "l"), day_volume=_float(day, "v"), source="Alpaca")  # fmt: skip


def _is_over(day: Raw, trade: Raw) -> bool:
    """Whether the daily bar is an earlier day's than the last trade: before the open there is no bar of today yet."""
    begun, traded = moment(day, "t"), moment(trade, "t")
    if begun is None or traded is None:
        return False
    return begun.astimezone(NEW_YORK).date() < traded.astimezone(NEW_YORK).date()


def _quote(symbol: str, raw: Raw) -> Quote | None:
    at = _stamp(raw)
    if at is None:
        return None
    return Quote(symbol, at, *(_float(raw, key) or 0.0 for key in ("bp", "bs", "ap", "as")))


def _part(raw: Raw, key: str) -> Raw:
    found = raw.get(key)
    return found if isinstance(found, dict) else {}


def _float(raw: Raw, key: str) -> float | None:
    found = number(raw, key)
    return None if found is None else float(found)


def _stamp(raw: Raw) -> int | None:
    at = moment(raw, "t")
    return None if at is None else ns(at)
