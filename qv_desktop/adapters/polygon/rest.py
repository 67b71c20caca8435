"""Polygon's history over REST: bars of any timeframe, and snapshots."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from itertools import batched
from typing import Any, Literal

from qv_desktop.adapters.polygon.messages import LOT
from qv_desktop.domain.errors import FeedDown
from qv_desktop.domain.market import Bar, Quote, Snapshot, Timeframe, bar_start, merged, ns, utc

MILLI = 1_000_000  # ns
PAGE = 50_000  # base bars in one answer, Polygon's most
TOGETHER = 250  # symbols in one snapshot request, to keep its address short
SPANS = {"s": "second", "m": "minute", "h": "hour", "D": "day"}


class PolygonHistory:
    """Asks Polygon on threads of its own, so that neither its import nor its waiting holds up the loop."""

    name = "Polygon"

    def __init__(self, key: str, base_url: str = "https://api.polygon.io") -> None:
        self._key = key
        self._url = base_url
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="polygon")
        self._client: Any = None

    async def bars(self, symbol: str, frame: Timeframe, start: datetime, end: datetime) -> list[Bar]:
        """Bars from ``start`` up to ``end``, oldest first, adjusted for splits. Raises FeedDown."""
        return await self._on_thread(lambda client: _bars(client, symbol, frame, start, end))

    async def snapshots(self, symbols: Sequence[str]) -> list[Snapshot]:
        """The present state of each symbol that Polygon knows. Raises FeedDown."""
        return await self._on_thread(lambda client: _snapshots(client, symbols)) if symbols else []

    def close(self) -> None:
        """Let the threads go; a question still under way ends by its own time limit."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _on_thread[Answer](self, ask: Callable[[Any], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._asked, ask)

    def _asked[Answer](self, ask: Callable[[Any], Answer]) -> Answer:
        from polygon.exceptions import BadResponse

        from qv_desktop.adapters.polygon.client import rest_client

        self._client = self._client or rest_client(self._key, self._url)
        try:
            return ask(self._client)
        except BadResponse as refusal:
            raise FeedDown(f"Polygon did not understand the request: {str(refusal)[:200]}") from refusal
        except (AttributeError, KeyError, TypeError, ValueError) as nonsense:
            raise FeedDown(
                "Polygon's answer could not be read; try again, or choose another price source."
            ) from nonsense


def source(frame: Timeframe) -> Timeframe:
    """The timeframe to ask for: Polygon aligns odd lengths, weeks and months otherwise than we do, so those are merged here."""
    if frame.unit in ("s", "m") and 60 % frame.count == 0:
        return frame
    unit: Literal["s", "m", "h", "D"] = frame.unit if frame.unit in ("s", "m", "h") else "D"
    return Timeframe(1, unit)


def _bars(client: Any, symbol: str, frame: Timeframe, start: datetime, end: datetime) -> list[Bar]:
    asked = source(frame)
    since = utc(bar_start(ns(start), frame))
    rows = client.list_aggs(symbol, asked.count, SPANS[asked.unit], since, end, adjusted=True, sort="asc", limit=PAGE)
    bars = list(_read(symbol, rows))
    whole = bars if asked == frame else merged(bars, frame)
    return [bar for bar in whole if ns(start) <= bar.start < ns(end)]


def _read(symbol: str, rows: Iterable[Any]) -> Iterable[Bar]:
    for row in rows:
        if row.close is not None:
            yield Bar(symbol, row.timestamp * MILLI, row.open, row.high, row.low, row.close, float(row.volume or 0),
                      row.transactions or 0, row.vwap)  # fmt: skip


def _snapshots(client: Any, symbols: Sequence[str]) -> list[Snapshot]:
    found: list[Snapshot] = []
    for some in batched(symbols, TOGETHER):
        found += [snapshot(row) for row in client.get_snapshot_all("stocks", list(some)) if row.ticker]
    return found


def snapshot(row: Any) -> Snapshot:
    """What Polygon's ``TickerSnapshot`` says; its zeros before the first trade of a day mean unknown."""
    day, trade, quote, before = row.day, row.last_trade, row.last_quote, row.prev_day
    found = Snapshot(row.ticker, source="Polygon")
    if day is not None:
        found = replace(found, day_open=day.open or None, day_high=day.high or None, day_low=day.low or None,
                        day_volume=day.volume)  # fmt: skip
    if trade is not None and trade.price:
        found = replace(found, last=trade.price, last_at=trade.sip_timestamp)
    if before is not None:
        found = replace(found, previous_close=before.close or None)
    if quote is not None and quote.sip_timestamp:
        found = replace(found, quote=_quote(row.ticker, quote))
    return found


def _quote(symbol: str, quote: Any) -> Quote:
    """The quote with its sizes in shares; Polygon counts round lots."""
    return Quote(symbol, quote.sip_timestamp, quote.bid_price or 0.0, float(quote.bid_size or 0) * LOT,
                 quote.ask_price or 0.0, float(quote.ask_size or 0) * LOT)  # fmt: skip
