"""Alpaca's history over REST: bars from a minute up, prints, splits and dividends, all as they traded, and snapshots."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from itertools import batched
from typing import Any

from qv_desktop.adapters.alpaca import answers, prices
from qv_desktop.adapters.alpaca.fields import Raw, Unreadable, record
from qv_desktop.adapters.alpaca.lanes import Lane
from qv_desktop.adapters.alpaca.outcomes import Refusal, Unanswered
from qv_desktop.adapters.rate_limit import LOOK, PATIENCE, Progress, RateLimit, TooLong, too_long, waiting
from qv_desktop.domain.errors import FeedDown, NotInPlan
from qv_desktop.domain.market import Action, Bar, Snapshot, Timeframe, Trade, bar_start, merged, ns, utc

READ = 10.0  # seconds
PAGE = 10_000  # bars or prints in one answer, Alpaca's most
MOST = 1_000  # splits or dividends in one answer
TOGETHER = 200  # symbols in one request, to keep its address short
THREADS = 2
PER_MINUTE = 200  # requests of the free plan
SPANS = {"m": "Min", "h": "Hour", "D": "Day"}
DAY = Timeframe(1, "D")
OLDEST = "2010-01-01"  # Alpaca's bars begin in 2016: earlier actions change nothing that it has
KINDS = "forward_split,reverse_split,unit_split,stock_dividend,cash_dividend"


class AlpacaHistory:
    """Asks ``base_url`` on threads of its own; ``feed`` is sip, iex or delayed_sip, as the plan allows."""

    name = "Alpaca"

    def __init__(self, key: str, secret: str, base_url: str = "https://data.alpaca.markets", feed: str = "iex",
                 limit: RateLimit | None = None, token: str = "") -> None:  # fmt: skip
        self._feed = feed
        self._limit = limit or RateLimit(PER_MINUTE)
        self._room = asyncio.Semaphore(THREADS)  # a request that the limit lets go must leave at once
        heard = self._limit.heard
        who = (key, secret, token)
        self._lane = Lane("alpaca-history", THREADS, lambda: _client("data_client", who, base_url, heard), READ)
        self._actions = Lane("alpaca-actions", 1, lambda: _client("actions_client", who, base_url, heard), READ)

    async def bars(
        self, symbol: str, frame: Timeframe, start: datetime, end: datetime, progress: Progress | None = None
    ) -> list[Bar]:
        """Bars from ``start`` up to ``end``, oldest first, unadjusted. Raises FeedDown."""
        asked = source(frame)
        since = utc(bar_start(ns(start), frame))
        query = {"timeframe": f"{asked.count}{SPANS[asked.unit]}", "adjustment": "raw"}
        found: list[Bar] = []
        async for answer in self._pages("/stocks/bars", (symbol,), since, end, query, progress):
            found += (await asyncio.to_thread(answers.of_symbols, "bars", answer, prices.bar)).get(symbol, [])
            _told(progress, found[-1].start if found else 0, since, end)
        whole = found if asked == frame else await asyncio.to_thread(merged, found, frame)
        return [bar for bar in whole if ns(start) <= bar.start < ns(end)]

    async def trades(
        self, symbol: str, start: datetime, end: datetime, progress: Progress | None = None
    ) -> list[Trade]:
        """Prints from ``start`` up to ``end``, oldest first, with the stream's ids. Raises FeedDown."""
        found: list[Trade] = []
        async for answer in self._pages("/stocks/trades", (symbol,), start, end, {}, progress):
            found += (await asyncio.to_thread(answers.of_symbols, "trades", answer, answers.trade)).get(symbol, [])
            _told(progress, found[-1].at if found else 0, start, end)
        return [trade for trade in found if ns(start) <= trade.at < ns(end)]

    async def daily(self, symbols: Sequence[str], start: datetime, end: datetime,
                    progress: Progress | None = None) -> dict[str, list[Bar]]:  # fmt: skip
        """Daily bars of many symbols in few questions, unadjusted. Raises FeedDown."""
        found: dict[str, list[Bar]] = {}
        groups = list(batched(symbols, TOGETHER))
        for number, some in enumerate(groups):
            query = {"timeframe": "1Day", "adjustment": "raw"}
            async for answer in self._pages("/stocks/bars", some, utc(bar_start(ns(start), DAY)), end, query, progress):
                page = await asyncio.to_thread(answers.of_symbols, "bars", answer, prices.bar)
                for symbol, bars in page.items():
                    found.setdefault(symbol, []).extend(bar for bar in bars if ns(start) <= bar.start < ns(end))
            if progress is not None:
                progress((number + 1) / len(groups), "")
        return {symbol: bars for symbol, bars in found.items() if bars}

    async def actions(self, symbol: str) -> list[Action]:
        """Every split and dividend that Alpaca knows, oldest first. Raises FeedDown."""
        query: dict[str, object] = {"symbols": symbol, "types": KINDS, "start": OLDEST, "limit": MOST, "sort": "asc"}
        found: list[Action] = []
        while True:
            answer = await self._asked(self._actions, "/corporate-actions", query)
            found += answers.actions(symbol, answer)
            if not answer.get("next_page_token"):
                return sorted(found, key=lambda one: one.day)
            query["page_token"] = answer["next_page_token"]

    async def snapshots(self, symbols: Sequence[str]) -> list[Snapshot]:
        """The present state of each symbol that Alpaca knows. Raises FeedDown."""
        found: list[Snapshot] = []
        for some in batched(symbols, TOGETHER):
            query: dict[str, object] = {"symbols": ",".join(some), "feed": self._feed}
            answer = await self._asked(self._lane, "/stocks/snapshots", query)
            found += [prices.snapshot(symbol, raw) for symbol, raw in answer.items() if isinstance(raw, dict)]
        return found

    def close(self) -> None:
        """Let the threads go."""
        self._lane.close()
        self._actions.close()

    async def _pages(self, path: str, symbols: Sequence[str], start: datetime, end: datetime, more: dict[str, str],
                     progress: Progress | None) -> AsyncIterator[Raw]:  # fmt: skip
        query: dict[str, object] = {"symbols": ",".join(symbols), "start": _stamp(start), "end": _stamp(end), "limit": PAGE,
                                    "sort": "asc", "feed": self._feed, **more}  # fmt: skip
        while True:
            answer = await self._asked(self._lane, path, query, progress)
            yield answer
            if not answer.get("next_page_token"):
                return
            query["page_token"] = answer["next_page_token"]

    async def _asked(self, lane: Lane, path: str, query: dict[str, object], progress: Progress | None = None) -> Raw:
        for patience in reversed(range(PATIENCE + 1)):
            try:
                async with self._room:
                    await self._allowed(progress)
                    return record(await lane.ask("get", path, query))
            except Refusal as refusal:
                if refusal.status != 429 or not patience:
                    raise (NotInPlan if refusal.status == 403 else FeedDown)(_sentence(refusal)) from refusal
            except Unreadable as nonsense:
                raise FeedDown(
                    "Alpaca's prices could not be read; try again, or choose another price source."
                ) from nonsense
            except Unanswered as silence:
                raise FeedDown(f"Alpaca's history cannot be reached ({silence}); check the network.") from silence
        raise AssertionError  # the last refusal was raised

    async def _allowed(self, progress: Progress | None) -> None:
        """Wait until the plan allows one more request."""
        try:
            while seconds := self._limit.take():
                if progress is not None:
                    progress(0.0, waiting(self.name, self._limit.per_minute, seconds))
                await asyncio.sleep(min(seconds, LOOK))
        except TooLong as long:
            raise FeedDown(too_long(self.name, long.seconds)) from long


def source(frame: Timeframe) -> Timeframe:
    """The timeframe to ask for: odd lengths, weeks and months are merged here, as live bars are. Raises FeedDown below a minute."""
    if frame.unit == "s":
        raise FeedDown("Alpaca has no bars shorter than a minute; choose 1m or longer, or Polygon as the price source.")
    if frame.unit == "m":
        return frame if 60 % frame.count == 0 and frame.count < 60 else Timeframe(1, "m")
    return Timeframe(1, "h") if frame.unit == "h" else Timeframe(1, "D")


def _told(progress: Progress | None, at: int, start: datetime, end: datetime) -> None:
    if progress is not None:
        progress((at - ns(start)) / max(1, ns(end) - ns(start)), "")


def _sentence(refusal: Refusal) -> str:
    if refusal.status == 403:
        return f"Your Alpaca plan does not include this data ({refusal.message}); choose the IEX feed or Polygon in the settings."
    if refusal.status == 429:
        return "Alpaca's limit of requests per minute is reached; wait a minute."
    return refusal.message if refusal.status == 401 else f"Alpaca refuses the request: {refusal.message}"


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _client(kind: str, who: tuple[str, str, str], url: str, heard: Any) -> Any:
    from qv_desktop.adapters.alpaca import client

    key, secret, token = who
    return getattr(client, kind)(key, secret, url, READ, heard, token)
