"""Polygon's history over REST: bars of any timeframe, prints, splits and dividends, all as they traded, and snapshots."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from itertools import batched
from typing import Any

from qv_desktop.adapters.polygon import questions
from qv_desktop.adapters.polygon.messages import LOT
from qv_desktop.adapters.polygon.questions import Question
from qv_desktop.adapters.rate_limit import Cancelled, Progress, RateLimit
from qv_desktop.domain.errors import FeedDown
from qv_desktop.domain.market import Action, Bar, Quote, Snapshot, Timeframe, Trade
from qv_desktop.domain.sectors import Listed

TOGETHER = 250  # symbols in one snapshot request, to keep its address short
PER_MINUTE = 5  # requests of the free plan


class PolygonHistory:
    """Asks Polygon on threads of its own, so that neither its import nor its waiting holds up the loop."""

    name = "Polygon"

    def __init__(self, key: str, base_url: str = "https://api.polygon.io", limit: RateLimit | None = None) -> None:
        self._key = key
        self._url = base_url
        self._limit = limit or RateLimit(PER_MINUTE)
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="polygon")
        self._open: set[Question] = set()
        self._client: Any = None

    async def bars(
        self, symbol: str, frame: Timeframe, start: datetime, end: datetime, progress: Progress | None = None
    ) -> list[Bar]:
        """Bars from ``start`` up to ``end``, oldest first, unadjusted. Raises FeedDown."""
        return await self._on_thread(
            lambda client, one: questions.bars(client, symbol, frame, start, end, one), progress
        )

    async def trades(
        self, symbol: str, start: datetime, end: datetime, progress: Progress | None = None
    ) -> list[Trade]:
        """Prints from ``start`` up to ``end``, oldest first, with the stream's ids. Raises FeedDown."""
        return await self._on_thread(lambda client, one: questions.trades(client, symbol, start, end, one), progress)

    async def daily(self, symbols: Sequence[str], start: datetime, end: datetime,
                    progress: Progress | None = None) -> dict[str, list[Bar]]:  # fmt: skip
        """Daily bars of many symbols in few questions, unadjusted. Raises FeedDown."""
        return await self._on_thread(lambda client, one: questions.daily(client, symbols, start, end, one), progress)

    async def actions(self, symbol: str) -> list[Action]:
        """Every split and dividend that Polygon knows, oldest first. Raises FeedDown."""
        return await self._on_thread(lambda client, _: questions.actions(client, symbol))

    async def listing(self, symbol: str, at: datetime) -> Listed | None:
        """What Polygon's reference says of the symbol's business, asked ``at``; None when it does not know it. Raises FeedDown."""
        return await self._on_thread(lambda client, _: questions.listing(client, symbol, at))

    async def snapshots(self, symbols: Sequence[str]) -> list[Snapshot]:
        """The present state of each symbol that Polygon knows. Raises FeedDown."""
        return await self._on_thread(lambda client, _: _snapshots(client, symbols)) if symbols else []

    def close(self) -> None:
        """Let the threads go; a question still under way asks for no further page and ends by its own time limit."""
        for question in self._open:
            question.cancelled.set()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _on_thread[Answer](
        self, ask: Callable[[Any, Question], Answer], progress: Progress | None = None
    ) -> Answer:
        question = Question(progress, self._limit)
        try:
            work = asyncio.get_running_loop().run_in_executor(self._threads, self._asked, ask, question)
        except RuntimeError as closed:
            raise FeedDown("The connection to Polygon's history is closed; start the program again.") from closed
        self._open.add(question)
        try:
            return await work
        finally:
            question.cancelled.set()  # a thread that is not done asks for no further page
            self._open.discard(question)

    def _asked[Answer](self, ask: Callable[[Any, Question], Answer], question: Question) -> Answer:
        from polygon.exceptions import BadResponse

        from qv_desktop.adapters.polygon.client import rest_client

        self._client = self._client or rest_client(self._key, self._url, self._limit)
        asking = self._client.client.asking
        asking.cancelled, asking.told = question.cancelled, question.waits
        try:
            return ask(self._client, question)
        except BadResponse as refusal:
            raise FeedDown(f"Polygon did not understand the request: {str(refusal)[:200]}") from refusal
        except (AttributeError, KeyError, TypeError, ValueError) as nonsense:
            raise FeedDown(
                "Polygon's answer could not be read; try again, or choose another price source."
            ) from nonsense
        except Cancelled as gone:
            raise FeedDown("The question to Polygon was cancelled.") from gone


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
