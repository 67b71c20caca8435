"""The opening and closing auctions of each session, as Alpaca lists them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from qv_desktop.simulator.alpaca_data_frames import DAY, NEW_YORK
from qv_desktop.simulator.alpaca_data_history import Source
from qv_desktop.simulator.alpaca_data_query import Asked
from qv_desktop.simulator.alpaca_data_words import Words, rfc3339
from qv_desktop.simulator.market import Market
from qv_desktop.simulator.ticks import MINUTE, SECOND, Session

EXCHANGE_CODES = {"NASDAQ": "Q", "NYSE": "N", "ARCA": "P", "NYSEARCA": "P", "AMEX": "A", "BATS": "Z"}
CROSS_DELAY = 120_000_000  # ns after the bell: the cross prints a moment later


@dataclass(frozen=True, slots=True)
class Auction:
    """One auction print; condition O opens, 6 closes, Q and M are the official prices of the day."""

    t: int
    price: float
    condition: str
    exchange: str

    def words(self) -> Words:
        """The print under Alpaca's names."""
        return {"t": rfc3339(self.t), "x": self.exchange, "p": self.price, "c": self.condition}


@dataclass(frozen=True, slots=True)
class AuctionDay:
    """The auctions of one session; `t` is its opening (ns UTC)."""

    t: int
    day: str
    opening: tuple[Auction, ...]
    closing: tuple[Auction, ...]

    def words(self) -> Words:
        """The day under Alpaca's names."""
        return {
            "d": self.day,
            "o": [auction.words() for auction in self.opening],
            "c": [auction.words() for auction in self.closing],
        }


def auctions_of(market: Market) -> Source[AuctionDay]:
    """The sessions whose opening lies in the asked range and whose opening auction has printed."""

    def points(symbol: str, asked: Asked, most: int) -> Iterator[AuctionDay]:
        del most  # one session at a time, so nothing is wasted
        listing = market.listing(symbol)
        if listing is None:
            return
        exchange = EXCHANGE_CODES.get(listing.exchange, "N")
        first, last = (datetime.fromtimestamp(t // SECOND, UTC) for t in (asked.start - DAY, asked.end))
        sessions = market.sessions(first.date(), last.astimezone(NEW_YORK).date())
        for session in reversed(sessions) if asked.descending else sessions:
            if asked.start <= session.open <= asked.end:
                yield from _day(market, symbol, exchange, session)

    return points


def _day(market: Market, symbol: str, exchange: str, session: Session) -> Iterator[AuctionDay]:
    first = market.bars(symbol, 60, session.open, session.open + MINUTE)
    last = market.bars(symbol, 60, session.close - MINUTE, session.close) if market.now() >= session.close else []
    if first:
        opening = _pair(session.open, first[0].open, "O", "Q", exchange)
        closing = _pair(session.close, last[0].close, "6", "M", exchange) if last else ()
        yield AuctionDay(session.open, session.day.isoformat(), opening, closing)


def _pair(bell: int, price: float, print_code: str, official_code: str, exchange: str) -> tuple[Auction, ...]:
    printed = bell + CROSS_DELAY
    return (Auction(printed, price, print_code, exchange), Auction(printed + 1000, price, official_code, exchange))
