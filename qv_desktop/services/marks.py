"""Marks: the price that each holding is worth now, held within a young quote so that one odd print halts nobody."""

from collections.abc import Iterable
from decimal import Decimal
from math import isfinite

from qv_desktop.domain.market import money
from qv_desktop.services.market_data import MarketData

YOUNG = 5.0  # seconds that a quote counts


class Marks:
    """The last known marks; a symbol keeps its own while its feed says nothing."""

    def __init__(self, market: MarketData) -> None:
        self._market = market
        self._known: dict[str, Decimal] = {}

    def of(self, symbols: Iterable[str]) -> dict[str, Decimal]:
        """Of those that ever had a price in this sitting."""
        for symbol in symbols:
            snapshot = self._market.snapshot(symbol)
            last, quote = snapshot.last, snapshot.quote
            age = self._market.quote_age(symbol)
            if (
                quote is not None
                and age is not None
                and age <= YOUNG
                and 0 < quote.bid <= quote.ask
                and isfinite(quote.ask)
            ):
                last = (quote.bid + quote.ask) / 2 if last is None else min(max(last, quote.bid), quote.ask)
            if last is not None and isfinite(last) and last > 0:
                self._known[symbol] = money(last)
        return self._known

    def closes(self, symbols: Iterable[str]) -> dict[str, Decimal]:
        """Previous closes, of those that are known."""
        found = {symbol: self._market.snapshot(symbol).previous_close for symbol in symbols}
        return {symbol: money(close) for symbol, close in found.items() if close is not None and close > 0}

    def oldest(self, symbols: Iterable[str]) -> float | None:
        """Seconds since the quote of the symbol that was silent longest; None where one has none, 0 without symbols."""
        ages = [self._market.quote_age(symbol) for symbol in symbols]
        return None if any(age is None for age in ages) else max((age for age in ages if age is not None), default=0.0)
