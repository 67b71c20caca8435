"""The prices at which the broker values positions and orders, as exact decimals."""

from decimal import Decimal
from typing import TYPE_CHECKING

from qv_desktop.simulator.alpaca_format import price_of

if TYPE_CHECKING:
    from qv_desktop.simulator.market import Market


class Pricing:
    """Reads the market; every symbol asked for must be listed."""

    def __init__(self, market: "Market") -> None:
        self._market = market

    def last(self, symbol: str) -> Decimal:
        """The last trade's price, or the previous close before the first trade, in dollars."""
        trade = self._market.last(symbol)
        return price_of(trade.price) if trade is not None else self.previous_close(symbol)

    def ask_and_last(self, symbol: str) -> tuple[Decimal, Decimal]:
        """The offer (the last price when there is none) and the last price."""
        quote, last = self._market.quote(symbol), self.last(symbol)
        return (price_of(quote.ask) if quote is not None and quote.ask > 0 else last), last

    def previous_close(self, symbol: str) -> Decimal:
        """The close of the session before today's."""
        bar = self._market.previous_day_bar(symbol)
        if bar is not None:
            return price_of(bar.close)
        listing = self._market.listing(symbol)
        if listing is None:
            raise LookupError(f"{symbol} is not listed in the simulated market")
        return price_of(listing.previous_close)
