"""Every price that becomes the last one of a few symbols, in the order they came: a frame keeps only the newest."""

from collections.abc import Iterable, Sequence

from qv_desktop.domain.market import Trade
from qv_desktop.domain.price_alerts import Print
from qv_desktop.services.tickers import Tickers


class LastPrints:
    """Looks at a batch before and after ``Tickers`` takes it. Costs nothing while ``symbols`` is empty."""

    def __init__(self, tickers: Tickers) -> None:
        self._tickers = tickers
        self.symbols: frozenset[str] = frozenset()
        self._last: dict[str, float] = {}  # symbol -> the price that was told last, or was the last one when followed

    def follow(self, symbols: Iterable[str]) -> None:
        """Look at these symbols and no others."""
        self.symbols = frozenset(symbols)
        known = self._tickers.known
        self._last = {s: last for s in self.symbols if s in known and (last := known[s].last) is not None}

    def among(self, trades: Sequence[Trade]) -> list[Trade]:
        """The trades of a batch that are worth a look."""
        symbols = self.symbols
        return [trade for trade in trades if trade[0] in symbols]  # by place: half the time of a name

    def stamps(self, symbols: Iterable[str]) -> dict[str, tuple[int, int]]:
        """Of each symbol the start of its minute and the stamp of its last trade (ns), zeros before it is heard."""
        known = self._tickers.known
        return {s: (known[s].start, known[s].last_at) if s in known else (0, 0) for s in symbols}

    def printed(self, trades: Iterable[Trade], before: dict[str, tuple[int, int]]) -> tuple[Print, ...]:
        """What became the last price, once the batch is taken; ``before`` is what ``stamps`` said until then.

        A trade counts as it does for ``Tickers``: unless it belongs to a minute that is over or is older than the last one.
        """
        newest = {symbol: self._floor(symbol, *stamps) for symbol, stamps in before.items()}
        prints: list[Print] = []
        for trade in trades:
            if trade.at >= newest[trade.symbol]:
                newest[trade.symbol] = trade.at
                prints.append(self._print(trade.symbol, trade.price))
        return tuple(prints)

    def seeded(self, before: dict[str, tuple[int, int]]) -> tuple[Print, ...]:
        """The last prices that a vendor's REST told and that are newer than what was known."""
        prints: list[Print] = []
        for symbol, (_, at) in before.items():
            ticker = self._tickers.of(symbol)
            if ticker.last is not None and ticker.last_at > at:
                prints.append(self._print(symbol, ticker.last))
        return tuple(prints)

    def _floor(self, symbol: str, start: int, last_at: int) -> int:
        """The stamp from which a trade counts; when the market's clock was set back, that of the minute that began anew."""
        now = self._tickers.of(symbol).start
        return now if now < start else max(start, last_at)

    def _print(self, symbol: str, price: float) -> Print:
        before = self._last.get(symbol)
        self._last[symbol] = price
        return Print(symbol, before, price)
