"""Alpaca's history over REST: bars of any timeframe from a minute up, and snapshots."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import batched
from typing import Any

from qv_desktop.adapters.alpaca import prices
from qv_desktop.adapters.alpaca.fields import Raw, Unreadable, record
from qv_desktop.adapters.alpaca.lanes import Lane
from qv_desktop.adapters.alpaca.outcomes import Refusal, Unanswered
from qv_desktop.domain.errors import FeedDown
from qv_desktop.domain.market import Bar, Snapshot, Timeframe, bar_start, merged, ns, utc

READ = 10.0  # seconds
PAGE = 10_000  # bars in one answer, Alpaca's most
TOGETHER = 200  # symbols in one snapshot request, to keep its address short
SPANS = {"m": "Min", "h": "Hour", "D": "Day"}


class AlpacaHistory:
    """Asks ``base_url`` on threads of its own; ``feed`` is sip, iex or delayed_sip, as the plan allows."""

    name = "Alpaca"

    def __init__(self, key: str, secret: str, base_url: str = "https://data.alpaca.markets", feed: str = "iex") -> None:
        self._feed = feed
        self._lane = Lane("alpaca-history", 2, lambda: _client(key, secret, base_url), READ)

    async def bars(self, symbol: str, frame: Timeframe, start: datetime, end: datetime) -> list[Bar]:
        """Bars from ``start`` up to ``end``, oldest first, adjusted for splits. Raises FeedDown."""
        asked = source(frame)
        query: dict[str, object] = {"symbols": symbol, "timeframe": f"{asked.count}{SPANS[asked.unit]}",
                                    "start": _stamp(utc(bar_start(ns(start), frame))), "end": _stamp(end),
                                    "limit": PAGE, "adjustment": "split", "sort": "asc", "feed": self._feed}  # fmt: skip
        found: list[Bar] = []
        while True:
            answer = await self._asked("/stocks/bars", query)
            found += _bars(symbol, answer)
            if not answer.get("next_page_token"):
                break
            query["page_token"] = answer["next_page_token"]
        whole = found if asked == frame else merged(found, frame)
        return [bar for bar in whole if ns(start) <= bar.start < ns(end)]

    async def snapshots(self, symbols: Sequence[str]) -> list[Snapshot]:
        """The present state of each symbol that Alpaca knows. Raises FeedDown."""
        found: list[Snapshot] = []
        for some in batched(symbols, TOGETHER):
            answer = await self._asked("/stocks/snapshots", {"symbols": ",".join(some), "feed": self._feed})
            found += [prices.snapshot(symbol, raw) for symbol, raw in answer.items() if isinstance(raw, dict)]
        return found

    def close(self) -> None:
        """Let the threads go."""
        self._lane.close()

    async def _asked(self, path: str, query: dict[str, object]) -> Raw:
        try:
            return record(await self._lane.ask("get", path, query))
        except Refusal as refusal:
            raise FeedDown(_sentence(refusal)) from refusal
        except Unreadable as nonsense:
            raise FeedDown(
                "Alpaca's prices could not be read; try again, or choose another price source."
            ) from nonsense
        except Unanswered as silence:
            raise FeedDown(f"Alpaca's history cannot be reached ({silence}); check the network.") from silence


def source(frame: Timeframe) -> Timeframe:
    """The timeframe to ask for: odd lengths, weeks and months are merged here, as live bars are. Raises FeedDown below a minute."""
    if frame.unit == "s":
        raise FeedDown("Alpaca has no bars shorter than a minute; choose 1m or longer, or Polygon as the price source.")
    if frame.unit == "m":
        return frame if 60 % frame.count == 0 and frame.count < 60 else Timeframe(1, "m")
    return Timeframe(1, "h") if frame.unit == "h" else Timeframe(1, "D")


def _bars(symbol: str, answer: Raw) -> list[Bar]:
    by_symbol = answer.get("bars")  # null when there are none
    raws = by_symbol.get(symbol) if isinstance(by_symbol, dict) else None
    try:
        return [prices.bar(symbol, raw) for raw in raws or []]
    except (KeyError, TypeError, ValueError) as nonsense:
        raise FeedDown("Alpaca's bars could not be read; try again, or choose another price source.") from nonsense


def _sentence(refusal: Refusal) -> str:
    if refusal.status == 403:
        return f"Your Alpaca plan does not include this data ({refusal.message}); choose the IEX feed or Polygon in the settings."
    if refusal.status == 429:
        return "Alpaca's limit of requests per minute is reached; wait a minute."
    return refusal.message if refusal.status == 401 else f"Alpaca refuses the request: {refusal.message}"


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _client(key: str, secret: str, url: str) -> Any:
    from qv_desktop.adapters.alpaca.client import data_client

    return data_client(key, secret, url, READ)
