"""Marks: the price that each holding is worth now, held within a young quote so that one odd print halts nobody."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from math import isfinite

from qv_desktop.domain.market import Quote, money
from qv_desktop.services.market_data import MarketData

YOUNG = 5.0  # seconds that a quote counts


class Marks:
    """``now`` are the last known marks and ``closes`` the previous closes; a symbol keeps its own while its feed says nothing."""

    def __init__(self, market: MarketData) -> None:
        self._market = market
        self._made: dict[str, float] = {}  # symbol -> what its mark was made of
        self._made_closes: dict[str, float] = {}
        self._fresh: set[str] = set()  # symbols that were looked at since the last ``of``
        self.now: dict[str, Decimal] = {}
        self.closes: dict[str, Decimal] = {}

    def of(self, symbols: Iterable[str]) -> Mapping[str, Decimal]:
        """``now``, once these symbols were looked at anew."""
        self._fresh.clear()
        return self.beside(symbols)

    def beside(self, symbols: Iterable[str]) -> Mapping[str, Decimal]:
        """``now``, once those of these symbols were looked at that were not since the last ``of``."""
        missing = [symbol for symbol in symbols if symbol not in self._fresh]
        self._fresh.update(missing)
        young = self._market.since(YOUNG)
        for symbol, last, quote, close in self._market.marked(missing):
            price = _within(last, quote, young)
            if price is not None and price != self._made.get(symbol):
                self._made[symbol], self.now[symbol] = price, money(price)
            self._close(symbol, close)
        return self.now

    def _close(self, symbol: str, close: float | None) -> None:
        """Another day makes it unknown until a vendor tells it."""
        if close is None or close <= 0:
            self.closes.pop(symbol, None)
        elif close != self._made_closes.get(symbol) or symbol not in self.closes:
            self._made_closes[symbol], self.closes[symbol] = close, money(close)

    def oldest(self, symbols: Iterable[str]) -> float | None:
        """Seconds since the quote of the symbol that was silent longest; None where one has none, 0 without symbols."""
        ages = [self._market.quote_age(symbol) for symbol in symbols]
        return None if any(age is None for age in ages) else max((age for age in ages if age is not None), default=0.0)


def _within(last: float | None, quote: Quote | None, young: int) -> float | None:
    """The last price, no further than the edges of a quote that is young; None where there is none above zero."""
    if quote is not None and quote.at >= young and 0 < quote.bid <= quote.ask and isfinite(quote.ask):
        return (quote.bid + quote.ask) / 2 if last is None else min(max(last, quote.bid), quote.ask)
    return last if last is not None and isfinite(last) and last > 0 else None
