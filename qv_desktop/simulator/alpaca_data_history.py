"""History as pages: points of each symbol produced as they are needed, cut by the limit, continued by a token."""

import asyncio
import base64
import binascii
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from typing import Protocol

from qv_desktop.simulator.alpaca_data_actions import adjusted
from qv_desktop.simulator.alpaca_data_frames import DAY, folded, midnight
from qv_desktop.simulator.alpaca_data_query import Asked, refusal
from qv_desktop.simulator.alpaca_data_words import rfc3339
from qv_desktop.simulator.market import Market
from qv_desktop.simulator.ticks import MINUTE, Bar, Quote, Trade

WINDOW_DAYS = 5  # of minute bars folded at a time: a page seldom needs more
EVERYTHING = 1_000_000
LONGEST_SEARCH = 0.01  # seconds that a search may hold up everything else


class Point(Protocol):
    """Anything at a moment of history."""

    @property
    def t(self) -> int:
        """ns UTC."""


# (symbol, range, most points needed) -> its points in the range's order
type Source[P: Point] = Callable[[str, Asked, int], Iterable[P]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: `seen` points of `symbol` at moment `t` were given."""

    symbol: str
    t: int
    seen: int


@dataclass(frozen=True, slots=True)
class Page[P: Point]:
    """Points by symbol, in the order asked for, and the token of the next page."""

    points: dict[str, list[P]]
    token: str | None


async def page[P: Point](source: Source[P], asked: Asked) -> Page[P]:
    """One page of what `source` has for `asked`, over all its symbols; a long search lets the market step in between."""
    place = _place(asked.token) if asked.token else None
    given: list[tuple[str, P]] = []
    breath = time.monotonic()
    for found in islice(_onward(source, asked, place), asked.limit + 1):
        given.append(found)
        if time.monotonic() - breath > LONGEST_SEARCH:
            await asyncio.sleep(0)
            breath = time.monotonic()
    points: dict[str, list[P]] = {}
    for symbol, point in given[: asked.limit]:
        points.setdefault(symbol, []).append(point)
    if len(given) <= asked.limit:
        return Page(points, None)
    return Page(points, _token(_reached(points, place)))


def _onward[P: Point](source: Source[P], asked: Asked, place: Place | None) -> Iterator[tuple[str, P]]:
    for symbol in asked.symbols:
        if place is None or symbol > place.symbol:
            yield from ((symbol, point) for point in source(symbol, asked, asked.limit + 1))
        elif symbol == place.symbol:
            yield from ((symbol, point) for point in _after(source, asked, place))


def _after[P: Point](source: Source[P], asked: Asked, place: Place) -> Iterator[P]:
    rest = replace(asked, end=place.t) if asked.descending else replace(asked, start=place.t)
    seen = 0
    for point in source(place.symbol, rest, asked.limit + 1 + place.seen):
        seen += point.t == place.t
        if point.t != place.t or seen > place.seen:
            yield point


def _reached[P: Point](points: dict[str, list[P]], before: Place | None) -> Place:
    symbol, given = next(reversed(points.items()))
    t = given[-1].t
    seen = sum(point.t == t for point in given)
    if before and (before.symbol, before.t) == (symbol, t):
        seen += before.seen
    return Place(symbol, t, seen)


def _token(place: Place) -> str:
    text = f"{place.symbol}|{rfc3339(place.t)}|{place.t}|{place.seen}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def _place(token: str) -> Place:
    try:
        symbol, _, t, seen = base64.urlsafe_b64decode(token).decode().split("|")
        return Place(symbol, int(t), int(seen))
    except (ValueError, binascii.Error):
        raise refusal(400, f"invalid page_token: {token}") from None


def bars_of(market: Market) -> Source[Bar]:
    """Bars of the asked timeframe whose start lies in the asked range."""

    def points(symbol: str, asked: Asked, most: int) -> Iterable[Bar]:
        del most  # folding goes window by window, so nothing is wasted
        return (bar for bar in _bars(market, symbol, asked) if asked.start <= bar.t <= asked.end)

    return points


def _bars(market: Market, symbol: str, asked: Asked) -> Iterator[Bar]:
    frame = asked.frame
    first, last = frame.start_of(asked.start), asked.end + frame.reach
    spans = [(first, last)] if frame.seconds > 60 else windows(first, last, asked.descending)
    for start, end in spans:
        plain = market.bars(symbol, frame.seconds, start, end)
        paid = adjusted(market, plain, symbol) if asked.for_dividends else plain
        bars = list(
            folded(market.splits.as_adjusted(paid) if asked.for_splits else market.splits.as_traded(paid), frame)
        )
        yield from reversed(bars) if asked.descending else bars


def windows(start: int, end: int, descending: bool) -> Iterator[tuple[int, int]]:
    """[start, end) cut at New York midnights every few days, latest first when descending."""
    cuts = [start]
    while cuts[-1] < end:
        cuts.append(min(end, midnight(midnight(cuts[-1]) + WINDOW_DAYS * DAY + 2 * 60 * MINUTE)))
    pairs = list(pairwise(cuts))
    yield from reversed(pairs) if descending else pairs


def trades_of(market: Market) -> Source[Trade]:
    """Trades in the asked range."""
    return _ticks_of(lambda *asked: market.splits.as_traded(market.trades(*asked)))


def quotes_of(market: Market) -> Source[Quote]:
    """Quotes in the asked range."""
    return _ticks_of(lambda *asked: market.splits.as_traded(market.quotes(*asked)))


def _ticks_of[P: Point](recorded: Callable[[str, int, int, int], list[P]]) -> Source[P]:
    def points(symbol: str, asked: Asked, most: int) -> Iterable[P]:
        if asked.descending:
            return _backwards(recorded, symbol, asked)
        return recorded(symbol, asked.start, asked.end + 1, most)

    return points


def _backwards[P: Point](recorded: Callable[[str, int, int, int], list[P]], symbol: str, asked: Asked) -> Iterator[P]:
    """The market gives history forwards only: read it in spans that double, from the end."""
    end, span = asked.end + 1, MINUTE
    while end > asked.start:
        start = max(asked.start, end - span)
        yield from reversed(recorded(symbol, start, end, EVERYTHING))
        end, span = start, min(span * 2, 7 * DAY)
