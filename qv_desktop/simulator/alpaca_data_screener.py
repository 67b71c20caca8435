"""Alpaca's screener: the most active stocks and the biggest movers of the day, ranked from the market itself."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from operator import itemgetter

from aiohttp import web

from qv_desktop.simulator.alpaca_data_query import choice, whole
from qv_desktop.simulator.alpaca_data_words import Words, rfc3339
from qv_desktop.simulator.market import Market


def answers(market: Market) -> dict[str, Callable[[web.Request], Awaitable[web.StreamResponse]]]:
    """path -> handler."""
    screener = Screener(market)
    return {
        "/v1beta1/screener/stocks/most-actives": screener.most_actives,
        "/v1beta1/screener/{market_type:stocks|crypto}/movers": screener.movers,
    }


@dataclass(frozen=True, slots=True)
class Screener:
    """Ranks all listings."""

    market: Market

    async def most_actives(self, request: web.Request) -> web.Response:
        """The stocks with the largest volume or trade count of the current day."""
        by = choice(request.query, "by", ("volume", "trades"))
        top = whole(request.query, "top", default=10, highest=100)
        bars = [bar for listing in self.market.listings() if (bar := self.market.day_bar(listing.symbol))]
        bars.sort(key=lambda bar: bar.volume if by == "volume" else bar.count, reverse=True)
        active = [{"symbol": bar.symbol, "volume": bar.volume, "trade_count": bar.count} for bar in bars[:top]]
        return web.json_response({"most_actives": active, "last_updated": rfc3339(self.market.now())})

    async def movers(self, request: web.Request) -> web.Response:
        """The biggest gains and losses in percent since the previous close; this market has no crypto."""
        top = whole(request.query, "top", default=10, highest=50)
        kind = request.match_info["market_type"]
        moved = self._moved() if kind == "stocks" else []
        gainers = [mover for mover, percent in reversed(moved) if percent > 0]
        losers = [mover for mover, percent in moved if percent < 0]
        updated = rfc3339(self.market.now())
        body = {"gainers": gainers[:top], "losers": losers[:top], "market_type": kind, "last_updated": updated}
        return web.json_response(body)

    def _moved(self) -> list[tuple[Words, float]]:
        """(mover, percent), the biggest loss first."""
        found: list[tuple[Words, float]] = []
        for listing in self.market.listings():
            last = self.market.last(listing.symbol)
            previous = self.market.previous_day_bar(listing.symbol)
            close = previous.close if previous else listing.previous_close
            if last and close:
                found.append(_mover(listing.symbol, last.price, close))
        return sorted(found, key=itemgetter(1))


def _mover(symbol: str, price: float, close: float) -> tuple[Words, float]:
    percent = (price / close - 1) * 100
    change = round(price - close, 4)
    return {"symbol": symbol, "percent_change": round(percent, 2), "change": change, "price": price}, percent
