"""What a person's own rules look at: prices that are not silent, profits, and studies over closed bars."""

import asyncio
import math
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
import talib

from qv_desktop.domain.accounts import Account
from qv_desktop.domain.alert_terms import Comparison, Quantity, read
from qv_desktop.domain.errors import BadInput, FeedDown
from qv_desktop.domain.market import SECOND, Bar, Batch, Timeframe, bar_start, ns, utc
from qv_desktop.domain.positions import Position
from qv_desktop.services.clock import Clock
from qv_desktop.services.market_data import MarketData
from qv_desktop.services.own_alert_measures import OWNER, OwnAlertMeasures, computed, study_of
from tests.builders import an_account
from tests.services.a_market import T0, a_trade

FIVE = Timeframe(5, "m")
START = bar_start(T0, FIVE)


def quantity(text: str) -> Quantity:
    condition = read(f"{text} > 0")
    assert isinstance(condition, Comparison)
    return condition.quantity


def bars(count: int, until: int = START) -> list[Bar]:
    """Five-minute bars, the last of which is under way at ``until``."""
    closes = 100 + 5 * np.sin(np.arange(count) / 3)
    return [Bar("AAPL", until - (count - 1 - n) * 300 * SECOND, close, close + 1, close - 1, close, 1_000.0) for n, close in
            enumerate(map(float, closes))]  # fmt: skip


class Desk:
    """Quantities over a market and a history that the test sets."""

    def __init__(self) -> None:
        self.now, self.down, self.asked_for = utc(START + 100 * SECOND), False, 0
        self.held: dict[str, Position] = {}
        self.account: Account | None = None
        self.strategies: dict[str, Decimal | None] = {"cross": Decimal(-120), "my cross": None}
        self.bars = bars(200)
        self.market = MarketData(
            Clock(wall_ns=lambda: T0), lambda event: None, lambda trades: None, lambda frame, some: None
        )
        self.own = OwnAlertMeasures(self.market, self._newest, lambda: self.held, lambda: self.account, lambda: self.strategies,
                                    {"AAPL", "KO"}.__contains__, lambda: self.now, lambda: self.now.timestamp())  # fmt: skip

    async def _newest(self, symbol: str, frame: Timeframe, count: int, until: datetime) -> list[Bar]:
        self.asked_for += 1
        if self.down:
            raise FeedDown("No vendor answers.")
        return self.bars[-count:]

    def look(self, *texts: str) -> list[float | None]:
        """The values after one look of the studies."""
        quantities = [quantity(text) for text in texts]
        self.own.follow(quantities)

        async def once() -> None:
            for one in self.own._due():
                await self.own._refresh(one)

        asyncio.run(once())
        return [self.own.value(one) for one in quantities]


def test_an_indicator_is_that_of_the_last_closed_bar() -> None:
    desk = Desk()
    closed = np.array([bar.close for bar in desk.bars[:-1]])  # the last one is under way
    (found,) = desk.look("AAPL rsi(14) 5m")
    assert found == pytest.approx(float(talib.RSI(closed, 14)[-1]))
    assert desk.own.value(quantity("KO rsi(14) 5m")) is None


def test_other_outputs_and_settings_are_those_of_the_charts() -> None:
    closed = bars(200)
    macd, signal, _ = talib.MACD(np.array([bar.close for bar in closed]), 12, 26, 9)
    assert computed(quantity("AAPL macd.signal(12,26,9) 5m"), closed) == pytest.approx(float(signal[-1]))
    assert computed(quantity("AAPL macd 5m"), closed) == pytest.approx(float(macd[-1]))
    assert computed(quantity("AAPL sma(50) 5m"), closed) == pytest.approx(
        float(np.mean([bar.close for bar in closed[-50:]]))
    )
    assert math.isnan(computed(quantity("AAPL sma(50) 5m"), closed[:20]))
    assert math.isnan(computed(quantity("AAPL sma(50) 5m"), []))


def test_a_long_indicator_has_bars_enough_to_be_known_at_all() -> None:
    desk = Desk()
    desk.bars = bars(1_300)
    closed = [bar.close for bar in desk.bars[:-1]]
    assert desk.look("AAPL sma(500) 5m") == [pytest.approx(float(np.mean(closed[-500:])))]


def test_it_is_made_anew_once_a_bar_has_closed_and_not_before() -> None:
    desk = Desk()
    first = desk.look("AAPL rsi 5m")
    assert (desk.look("AAPL rsi 5m"), desk.asked_for) == (first, 1)
    desk.now += timedelta(minutes=5)
    desk.bars = bars(201, START + 300 * SECOND)
    assert desk.look("AAPL rsi 5m") != first
    assert desk.asked_for == 2


def test_it_is_unknown_while_no_bars_are_known_and_asked_for_again_later() -> None:
    desk = Desk()
    desk.down = True
    assert desk.look("AAPL rsi 5m") == [None]
    desk.down = False
    assert (desk.look("AAPL rsi 5m"), desk.asked_for) == ([None], 1)
    desk.now += timedelta(seconds=20)
    assert desk.look("AAPL rsi 5m")[0] is not None


def test_a_price_is_the_last_one_and_its_symbol_is_watched() -> None:
    desk = Desk()
    assert desk.look("AAPL price") == [None]
    desk.market.hear(Batch([a_trade(231.5, 0)], events=1))
    assert desk.look("AAPL price") == [231.5]
    assert "AAPL" in desk.market.wanted
    desk.look("day profit")
    assert desk.market.wanted == ()
    assert OWNER != "alerts"  # as which price alerts watch


def test_within_the_day_an_indicator_of_a_symbol_that_is_silent_though_it_should_not_be_is_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk()
    assert None not in desk.look("AAPL rsi 5m", "AAPL rsi 1D")
    silent = replace(desk.market.snapshot("AAPL"), stale=True)
    monkeypatch.setattr(desk.market, "snapshot", lambda symbol: silent)
    assert desk.own.value(quantity("AAPL rsi 5m")) is None
    assert desk.own.value(quantity("AAPL rsi 1D")) is not None  # that of yesterday is not older for it


def test_profits_are_those_of_today() -> None:
    desk = Desk()
    desk.market.hear(Batch([a_trade(110.0, 0)], events=1))
    desk.held = {
        "AAPL": Position("AAPL", Decimal(10), Decimal(100), Decimal(-30)),
        "KO": Position("KO", Decimal(5), Decimal(50), Decimal(0)),
    }
    desk.account = an_account("99500", last_equity=Decimal(100_000))
    texts = ("AAPL profit", "KO profit", "day profit", "strategy cross profit", 'strategy "my cross" profit')
    assert desk.look(*texts) == [70.0, None, -500.0, -120.0, None]
    desk.held, desk.account = {}, None
    assert desk.look("AAPL profit", "day profit") == [0.0, None]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("NONE price", "does not list"), ("strategy other profit", "No strategy “other” is deployed"), ("AAPL magic 5m", "no indicator"),
        ("AAPL rsi(14, 3) 5m", "1 numbers at most"), ("AAPL rsi(0) 5m", "goes from"), ("AAPL macd.line 5m", "use macd.macd"),
        ("AAPL vwap_anchored 5m", "no indicator"), ("AAPL volume_profile 5m", "no indicator"), ("AAPL macd(26, 12) 5m", "below the slow"),
    ],
)  # fmt: skip
def test_what_there_is_not_is_one_sentence(text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        Desk().own.checked([quantity(text)])


def test_a_known_study_has_its_settings_and_output() -> None:
    assert study_of(quantity("AAPL bollinger.lower(20, 2) 1h"))[1:] == ({"period": 20.0, "width": 2.0}, 2)
    assert ns(Desk().now) > START
