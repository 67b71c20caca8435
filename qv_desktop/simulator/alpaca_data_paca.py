"""FAKEPACA, the symbol of Alpaca's test stream, which trades at all hours whatever the market does."""

import random

from qv_desktop.simulator.ticks import SECOND, Bar, Event, Quote, Trade

SYMBOL = "FAKEPACA"
MIDDLE = 150.0
CATCH_UP = 120 * SECOND  # a fast clock does not make it send hours at once


def events(after: int, until: int) -> list[Event]:
    """What happens in (after, until], ns UTC: a quote and a trade each second, a bar each minute."""
    after = max(after, until - CATCH_UP)
    found: list[Event] = []
    for second in range(after // SECOND + 1, until // SECOND + 1):
        found += _second(second)
        if second % 60 == 0:
            found.append(_minute(second - 60))
    return found


def _second(second: int) -> tuple[Quote, Trade]:
    """The same second always trades at the same price."""
    draw = random.Random(second)
    price, size = round(MIDDLE + draw.uniform(-5, 5), 2), draw.randint(1, 400)
    t = second * SECOND
    quote = Quote(SYMBOL, t, round(price - 0.01, 2), draw.randint(1, 900), round(price + 0.01, 2), draw.randint(1, 900))
    return quote, Trade(SYMBOL, t, price, size, second % 1_000_000)


def _minute(start: int) -> Bar:
    trades = [_second(second)[1] for second in range(start, start + 60)]
    prices = [trade.price for trade in trades]
    volume = sum(trade.size for trade in trades)
    value = sum(trade.price * trade.size for trade in trades)
    high, low = max(prices), min(prices)
    return Bar(SYMBOL, start * SECOND, prices[0], high, low, prices[-1], volume, len(trades), value / volume)
