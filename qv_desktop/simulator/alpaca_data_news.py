"""News about the simulated market: what the opening and the close of each session were like, told as articles."""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from aiohttp import web

from qv_desktop.simulator.alpaca_data_frames import DAY, midnight
from qv_desktop.simulator.alpaca_data_query import choice, moment, refusal, symbols_asked, whole
from qv_desktop.simulator.alpaca_data_words import Stamp, Words, rfc3339
from qv_desktop.simulator.market import Market
from qv_desktop.simulator.ticks import MINUTE, SECOND, Listing, Session

GAP, MOVE = 0.004, 0.01  # smaller gaps and daily moves are no news
AFTER_OPEN, AFTER_CLOSE = MINUTE, 5 * MINUTE
OPENING, CLOSING = 0, 1


@dataclass(frozen=True, slots=True)
class Article:
    """One article about one symbol; `t` is when it appeared (ns UTC)."""

    id: int
    t: int
    symbol: str
    headline: str
    summary: str

    def words(self, stamp: Stamp = rfc3339) -> Words:
        """The article under Alpaca's names."""
        return {
            "id": self.id,
            "headline": self.headline,
            "summary": self.summary,
            "author": "Market Desk",
            "created_at": stamp(self.t),
            "updated_at": stamp(self.t),
            "url": None,
            "content": f"<p>{self.summary}</p>",
            "symbols": [self.symbol],
            "source": "simulation",
        }

    def message(self, stamp: Stamp) -> Words:
        """The article as the news stream sends it."""
        return {"T": "n", **self.words(stamp)}


async def answer(market: Market, request: web.Request) -> web.Response:
    """A page of news, newest first unless asked otherwise."""
    query = request.query
    symbols = symbols_asked(query) if query.get("symbols") else ()
    start, end = moment(query, "start", midnight(market.now())), moment(query, "end", market.now())
    descending = choice(query, "sort", ("desc", "asc")) == "desc"
    limit = whole(query, "limit", default=10, highest=50)
    found = _articles(market, set(symbols), start, min(end, market.now()), descending)
    given = list(islice(_rest(found, query.get("page_token")), limit + 1))
    token = _token(given[limit - 1]) if len(given) > limit else None
    given_words = [_sized(article, query.get("include_content") == "true") for article in given[:limit]]
    return web.json_response({"news": given_words, "next_page_token": token})


def published(market: Market, after: int, until: int) -> list[Article]:
    """What appeared in (after, until], oldest first."""
    return list(_articles(market, set(), after + 1, until, descending=False))


def _articles(market: Market, symbols: set[str], start: int, end: int, descending: bool) -> Iterator[Article]:
    listings = [listing for listing in market.listings() if not symbols or listing.symbol in symbols]
    first, last = (datetime.fromtimestamp(t // SECOND, UTC).date() for t in (start - DAY, end))
    sessions = market.sessions(first, last)
    for session in reversed(sessions) if descending else sessions:
        if session.open <= end and session.close + AFTER_CLOSE >= start:
            told = [article for article in _session(market, session, listings) if start <= article.t <= end]
            yield from reversed(told) if descending else told


def _session(market: Market, session: Session, listings: list[Listing]) -> Iterator[Article]:
    """The articles of one session in order of time; a close is told only when it has been."""
    for edition, t in ((OPENING, session.open + AFTER_OPEN), (CLOSING, session.close + AFTER_CLOSE)):
        if t <= market.now():
            for index, listing in enumerate(listings):
                yield from _told(market, session, listing, edition, t + index * SECOND // 10)


def _told(market: Market, session: Session, listing: Listing, edition: int, t: int) -> Iterator[Article]:
    day = midnight(session.open)
    bars = market.bars(listing.symbol, 86_400, day - 7 * DAY, day + 1)
    if len(bars) < 2 or bars[-1].t != day:
        return
    before, price = bars[-2].close, bars[-1].open if edition == OPENING else bars[-1].close
    move = price / before - 1
    if abs(move) < (GAP if edition == OPENING else MOVE):
        return
    did = ("opens", "closes")[edition]
    name = listing.name.removesuffix(" Common Stock")
    headline = f"{name} {did} {abs(move):.1%} {'higher' if move > 0 else 'lower'}"
    summary = f"{listing.symbol} {did} at ${price:,.2f} on {session.day}, after ${before:,.2f} at the previous close."
    yield Article(_id(session, listing, edition), t, listing.symbol, headline, summary)


def _id(session: Session, listing: Listing, edition: int) -> int:
    """The same article always has the same number."""
    return session.day.toordinal() << 33 | int(listing.asset_id[:8], 16) << 1 | edition


def _sized(article: Article, content: bool) -> Words:
    """As REST gives it: with images (there are none), and without the text unless it was asked for."""
    return article.words() | {"images": []} | ({} if content else {"content": ""})


def _rest(articles: Iterator[Article], token: str | None) -> Iterator[Article]:
    """What follows the article that the token names."""
    if token:
        wanted = _named(token)
        for article in articles:
            if article.id == wanted:
                break
    yield from articles


def _token(article: Article) -> str:
    return base64.urlsafe_b64encode(f"{article.t}|{article.id}".encode()).decode()


def _named(token: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(token).decode().split("|")[1])
    except (ValueError, IndexError, binascii.Error):
        raise refusal(400, f"invalid page_token: {token}") from None
