"""Corporate actions: cash dividends each quarter and the splits that were asked for, and prices adjusted for dividends."""

import base64
import binascii
import uuid
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice
from math import prod

from aiohttp import web

from qv_desktop.simulator import listings, sessions
from qv_desktop.simulator.alpaca_data_frames import DAY, NEW_YORK, nanoseconds
from qv_desktop.simulator.alpaca_data_query import choice, refusal, symbols_asked, whole
from qv_desktop.simulator.alpaca_data_words import Words
from qv_desktop.simulator.market import Market
from qv_desktop.simulator.splits import Split
from qv_desktop.simulator.ticks import DAY_SECONDS, SECOND, Bar

QUARTER_MONTHS = (2, 5, 8, 11)
PAYABLE_AFTER = timedelta(days=21)
TYPES = {  # as they are asked for; each is answered in a list named by its plural
    "reverse_split", "forward_split", "unit_split", "cash_dividend", "stock_dividend", "spin_off", "cash_merger",
    "stock_merger", "stock_and_cash_merger", "redemption", "name_change", "worthless_removal", "rights_distribution",
    "partial_call", "reorganization",
}  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class Dividend:
    """`rate` dollars for each share held before `ex`."""

    ex: date
    symbol: str
    rate: float
    asset_id: str

    @property
    def kind(self) -> str:
        """The name of the list that it is answered in."""
        return "cash_dividends"

    @property
    def processed(self) -> date:
        """The day by which it is found."""
        return self.ex + PAYABLE_AFTER

    @property
    def id(self) -> str:
        """The same dividend always has the same id."""
        return str(uuid.uuid5(uuid.UUID(self.asset_id), self.ex.isoformat()))

    @property
    def cusip(self) -> str:
        """Nine characters that stand for the security."""
        return self.asset_id.replace("-", "")[:9].upper()

    def words(self) -> Words:
        """The dividend under Alpaca's names."""
        return {
            "id": self.id,
            "symbol": self.symbol,
            "cusip": self.cusip,
            "rate": self.rate,
            "special": False,
            "foreign": False,
            "process_date": (self.ex + PAYABLE_AFTER).isoformat(),
            "ex_date": self.ex.isoformat(),
            "record_date": self.ex.isoformat(),
            "payable_date": (self.ex + PAYABLE_AFTER).isoformat(),
        }


@dataclass(frozen=True, slots=True)
class ShareSplit:
    """A split of the security `asset_id`."""

    split: Split
    asset_id: str

    @property
    def kind(self) -> str:
        """The name of the list that it is answered in."""
        return "forward_splits" if self.split.ratio > 1 else "reverse_splits"

    @property
    def symbol(self) -> str:
        """What it is a split of."""
        return self.split.symbol

    @property
    def processed(self) -> date:
        """The day by which it is found."""
        return self.split.ex

    @property
    def id(self) -> str:
        """The same split always has the same id."""
        return self.split.id

    @property
    def cusip(self) -> str:
        """Nine characters that stand for the security."""
        return self.asset_id.replace("-", "")[:9].upper()

    def words(self) -> Words:
        """The split under Alpaca's names."""
        cusips = {"cusip": self.cusip}
        if self.split.ratio < 1:
            cusips = {"old_cusip": self.cusip, "new_cusip": self.cusip}
        dates = dict.fromkeys(("process_date", "ex_date", "record_date", "payable_date"), self.split.ex.isoformat())
        rates = {"new_rate": self.split.new, "old_rate": self.split.old}
        return {"id": self.id, "symbol": self.symbol, **cusips, **rates, **dates}


def answers(market: Market) -> dict[str, Callable[[web.Request], Awaitable[web.StreamResponse]]]:
    """path -> handler."""

    async def actions(request: web.Request) -> web.Response:
        return web.json_response(_page(market, request.query))

    return dict.fromkeys(
        ("/v1/corporate-actions", "/v1beta1/corporate-actions"), actions
    )  # the older client asks the second


def dividends(market: Market, symbol: str, first: date, last: date) -> Iterator[Dividend]:
    """The dividends of a symbol with `first` <= ex-date <= `last`: those that were paid on request, then the company's, ascending."""
    yield from (one for one in market.declared if one.symbol == symbol and first <= one.ex <= last)
    stock, listing = listings.stocks().get(symbol), market.listing(symbol)
    if stock is None or listing is None or not stock.dividend:
        return
    rate = round(stock.dividend / 4, 4)
    for year in range(first.year, last.year + 1):
        for month in QUARTER_MONTHS:
            ex = _ex_date(market, listing.asset_id, year, month)
            if first <= ex <= last:
                then = round(rate * market.splits.ratio(symbol, sessions.midnight(ex)), 4)
                yield Dividend(ex, symbol, then, listing.asset_id)


def adjusted(market: Market, bars: Iterable[Bar], symbol: str) -> list[Bar]:
    """The bars of one symbol, ascending, scaled by each later dividend so that going ex leaves no gap."""
    given = list(bars)
    if not given:
        return []
    factors = list(_factors(market, symbol, given[0].t))
    return [_scaled(bar, prod(factor for ex, factor in factors if ex > bar.t)) for bar in given]


def _ex_date(market: Market, asset_id: str, year: int, month: int) -> date:
    """Each security goes ex on a day of its own in the middle month of the quarter."""
    wanted = date(year, month, 1 + int(asset_id[:4], 16) % 21)
    return market.sessions(wanted, wanted + timedelta(days=6))[0].day


def _factors(market: Market, symbol: str, start: int) -> Iterator[tuple[int, float]]:
    """(ns of the ex-date's midnight, factor for all before it), for the dividends since `start`."""
    first, today = (datetime.fromtimestamp(t // SECOND, NEW_YORK).date() for t in (start, market.now()))
    for dividend in dividends(market, symbol, first, today):
        ex = nanoseconds(datetime(dividend.ex.year, dividend.ex.month, dividend.ex.day, tzinfo=NEW_YORK))
        before = market.bars(symbol, DAY_SECONDS, ex - 7 * DAY, ex)
        if before:
            yield ex, 1 - dividend.rate / market.splits.ratio(symbol, ex) / before[-1].close


def _scaled(bar: Bar, factor: float) -> Bar:
    return replace(
        bar,
        open=round(bar.open * factor, 4),
        high=round(bar.high * factor, 4),
        low=round(bar.low * factor, 4),
        close=round(bar.close * factor, 4),
        vwap=round(bar.vwap * factor, 4),
    )


def _page(market: Market, query: Mapping[str, str]) -> Words:
    found = sorted(_wanted(market, query), key=lambda one: (one.processed, one.symbol))
    if choice(query, "sort", ("asc", "desc")) == "desc":
        found.reverse()
    limit, place = whole(query, "limit", default=100, highest=1000), _place(query.get("page_token"))
    given = list(islice(found, place, place + limit))
    more = place + limit < len(found)
    token = base64.urlsafe_b64encode(f"{place + limit}|{given[-1].id}".encode()).decode() if more else None
    listed: dict[str, list[Words]] = {}
    for one in given:
        listed.setdefault(one.kind, []).append(one.words())
    return {"corporate_actions": listed, "next_page_token": token}


def _wanted(market: Market, query: Mapping[str, str]) -> "Iterator[Dividend | ShareSplit]":
    kinds = {name for name in query.get("types", "").split(",") if name} or TYPES
    if kinds - TYPES:
        raise refusal(400, f"invalid types: {', '.join(sorted(kinds - TYPES))}")
    today = datetime.fromtimestamp(market.now() // SECOND, NEW_YORK).date()
    first, last = _day(query, "start", today), _day(query, "end", today)
    symbols = symbols_asked(query) if query.get("symbols") else [listing.symbol for listing in market.listings()]
    ids, cusips = (set(query.get(name, "").split(",")) - {""} for name in ("ids", "cusips"))
    if ids:  # an id is looked for in all the years that the market knows
        first, last = date(today.year - 20, 1, 1), date(today.year + 1, 12, 31)
    for symbol in symbols:
        paid = dividends(market, symbol, first - PAYABLE_AFTER, last - PAYABLE_AFTER)
        found: list[Dividend | ShareSplit] = [*paid, *_splits(market, symbol, first, last)]
        for one in found:
            if one.kind[:-1] in kinds and (not ids or one.id in ids) and (not cusips or one.cusip in cusips):
                yield one


def _splits(market: Market, symbol: str, first: date, last: date) -> Iterator[ShareSplit]:
    listing = market.listing(symbol)
    for split in market.splits.of(symbol) if listing else ():
        if listing and first <= split.ex <= last:
            yield ShareSplit(split, listing.asset_id)


def _day(query: Mapping[str, str], name: str, default: date) -> date:
    text = query.get(name)
    try:
        return date.fromisoformat(text[:10]) if text else default
    except ValueError:
        raise refusal(400, f"invalid {name}: {text}") from None


def _place(token: str | None) -> int:
    try:
        return int(base64.urlsafe_b64decode(token).decode().split("|")[0]) if token else 0
    except (ValueError, binascii.Error):
        raise refusal(400, f"invalid page_token: {token}") from None
