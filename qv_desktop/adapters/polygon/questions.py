"""What is asked of Polygon's REST client on a thread, and its answers in our words: bars, prints, whole days, splits and dividends.

Stamps follow Polygon's reference: aggregates in ms, prints in ns. Unlike its stream's, a print's stamp here has its nanoseconds.
"""

import asyncio
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Literal

from qv_desktop.adapters.polygon.tables import CONDITIONS, EXCHANGES, TAPES
from qv_desktop.adapters.rate_limit import Progress, RateLimit, waiting
from qv_desktop.domain.market import NEW_YORK, Action, Bar, Timeframe, Trade, bar_start, merged, ns, utc
from qv_desktop.domain.sectors import Listed

MILLI = 1_000_000  # ns
PAGE = 50_000  # base bars, or prints, in one answer, Polygon's most
MOST = 1_000  # splits or dividends in one answer
TOLD = 2_000  # rows between two words of progress
SPANS = {"s": "second", "m": "minute", "h": "hour", "D": "day"}
DAY = Timeframe(1, "D")


class Question:
    """One question, between the loop that asked it and the thread that works on it."""

    def __init__(self, progress: Progress | None, limit: RateLimit) -> None:
        self._loop = asyncio.get_running_loop()
        self._progress, self._limit = progress, limit
        self._fraction = 0.0
        self.cancelled = threading.Event()

    def done(self, fraction: float) -> None:
        """So much of it is answered, from 0 to 1. On any thread."""
        self._fraction = min(1.0, max(self._fraction, fraction))
        self._tell("")

    def waits(self, seconds: float) -> None:
        """The plan's limit holds it up. On any thread."""
        self._tell(waiting("Polygon", self._limit.per_minute, seconds))

    def _tell(self, detail: str) -> None:
        if self._progress is None or self.cancelled.is_set():
            return
        try:
            self._loop.call_soon_threadsafe(self._progress, self._fraction, detail)
        except RuntimeError:
            return  # the program ends


def source(frame: Timeframe) -> Timeframe:
    """The timeframe to ask for: Polygon aligns odd lengths, weeks and months otherwise than we do, so those are merged here."""
    if frame.unit in ("s", "m") and 60 % frame.count == 0:
        return frame
    unit: Literal["s", "m", "h", "D"] = frame.unit if frame.unit in ("s", "m", "h") else "D"
    return Timeframe(1, unit)


def bars(
    client: Any, symbol: str, frame: Timeframe, start: datetime, end: datetime, question: Question | None = None
) -> list[Bar]:
    """Bars from ``start`` up to ``end`` as they traded, oldest first."""
    asked = source(frame)
    since = utc(bar_start(ns(start), frame))
    rows = client.list_aggs(symbol, asked.count, SPANS[asked.unit], since, end, adjusted=False, sort="asc", limit=PAGE)
    found = [bar for row in _told(rows, ns(start), ns(end), MILLI, "timestamp", question) if (bar := _bar(symbol, row))]
    whole = found if asked == frame else merged(found, frame)
    return [bar for bar in whole if ns(start) <= bar.start < ns(end)]


def trades(client: Any, symbol: str, start: datetime, end: datetime, question: Question) -> list[Trade]:
    """Prints from ``start`` up to ``end``, oldest first."""
    rows = client.list_trades(
        symbol, timestamp_gte=ns(start), timestamp_lt=ns(end), order="asc", sort="timestamp", limit=PAGE
    )
    told = _told(rows, ns(start), ns(end), 1, "sip_timestamp", question)
    return [trade(symbol, row) for row in told if row.price and row.size is not None]


def daily(
    client: Any, symbols: Sequence[str], start: datetime, end: datetime, question: Question
) -> dict[str, list[Bar]]:
    """Daily bars, by whichever takes fewer questions: each symbol's own, or everybody's day by day."""
    days = weekdays(start, end)
    if len(symbols) <= len(days):
        each = ((symbol, bars(client, symbol, DAY, start, end)) for symbol in symbols)
        found = {symbol: some for symbol, some in _counted(each, len(symbols), question) if some}
    else:
        wanted, found = frozenset(symbols), {}
        asked = ([row for row in _grouped(client, day) if row.ticker in wanted] for day in days)
        for rows in _counted(asked, len(days), question):
            for row in rows:
                if bar := _bar(row.ticker, row):
                    found.setdefault(row.ticker, []).append(replace(bar, start=bar_start(bar.start, DAY)))
    return found


def actions(client: Any, symbol: str) -> list[Action]:
    """Splits and cash dividends in dollars, oldest first."""
    splits = [Action(symbol, date.fromisoformat(row.execution_date), "split", row.split_to / row.split_from)
              for row in client.list_splits(symbol, limit=MOST) if row.split_from and row.split_to]  # fmt: skip
    paid = [Action(symbol, date.fromisoformat(row.ex_dividend_date), "dividend", float(row.cash_amount))
            for row in client.list_dividends(symbol, limit=MOST) if row.cash_amount and (row.currency or "USD") == "USD"]  # fmt: skip
    return sorted(splits + paid, key=lambda one: one.day)


def listing(client: Any, symbol: str, at: datetime) -> Listed | None:
    """Polygon's ticker details: the SIC code that the company states to the SEC, and the kind of security."""
    from polygon.exceptions import BadResponse

    try:
        row = client.get_ticker_details(symbol)
    except BadResponse as refusal:
        if "NOT_FOUND" in str(refusal):
            return None
        raise
    code = str(row.sic_code or "").strip()
    return Listed(symbol, int(code) if code.isdecimal() and len(code) <= 4 else None, row.sic_description or "", row.type or "", at,
                  "Polygon")  # fmt: skip


def trade(symbol: str, row: Any) -> Trade:
    """A print under the words that the stream uses for it, so that both are known to be the same one."""
    return Trade(symbol, row.sip_timestamp, row.price, float(row.size), row.id or "", EXCHANGES[row.exchange or 0],
                 TAPES.get(row.tape or 0, ""), CONDITIONS[tuple(row.conditions or ())])  # fmt: skip


def weekdays(start: datetime, end: datetime) -> list[date]:
    """The days on which the exchange may have been open, New York's, up to ``end``."""
    day, last = start.astimezone(NEW_YORK).date(), end.astimezone(NEW_YORK)
    found: list[date] = []
    while datetime(day.year, day.month, day.day, tzinfo=NEW_YORK) < last:
        if day.weekday() < 5:
            found.append(day)
        day += timedelta(days=1)
    return found


def _grouped(client: Any, day: date) -> list[Any]:
    return list(client.get_grouped_daily_aggs(day.isoformat(), adjusted=False) or [])


def _bar(symbol: str, row: Any) -> Bar | None:
    """The bar, or None for a row without a price. A day's bar may be stamped anywhere in its day."""
    if row.close is None:
        return None
    return Bar(symbol, row.timestamp * MILLI, row.open, row.high, row.low, row.close, float(row.volume or 0),
               row.transactions or 0, row.vwap)  # fmt: skip


def _told(rows: Iterable[Any], start: int, end: int, unit: int, stamp: str, question: Question | None) -> Iterator[Any]:
    """The rows, while the question hears how much of the time they cover."""
    for number, row in enumerate(rows):
        if question is not None and number % TOLD == TOLD - 1:
            question.done((getattr(row, stamp) * unit - start) / max(1, end - start))
        yield row


def _counted[Part](parts: Iterable[Part], count: int, question: Question) -> Iterator[Part]:
    for number, part in enumerate(parts, 1):
        question.done(number / count)
        yield part
