"""Price alerts fire on every trade that reaches them, once, and are not lost while the database is away."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.access import Role
from qv_desktop.domain.errors import BadInput, DatabaseDown, NotPermitted
from qv_desktop.domain.events import Event, HaltsChanged, PriceAlertsChanged
from qv_desktop.domain.market import SECOND, Batch, Halt, Trade
from qv_desktop.domain.price_alerts import PriceAlert, crossed
from qv_desktop.services.clock import Clock
from qv_desktop.services.halts import Halts, HaltSpan
from qv_desktop.services.login import Login
from qv_desktop.services.market_data import MarketData
from qv_desktop.services.price_alerts import PriceAlerts
from tests.builders import NOW, a_session
from tests.fakes import Trail, Users


@dataclass
class Store:
    """Alerts in memory; ``down`` makes it fail."""

    rows: dict[str, PriceAlert] = field(default_factory=dict)
    down: bool = False

    async def all(self, user: str) -> list[PriceAlert]:
        self._fail()
        return list(self.rows.values())

    async def save(self, user: str, alert: PriceAlert) -> None:
        self._fail()
        self.rows[alert.id] = alert

    async def delete(self, user: str, id: str) -> None:
        self._fail()
        self.rows.pop(id, None)

    def _fail(self) -> None:
        if self.down:
            raise DatabaseDown("The database is away.")


class Desk:
    """The service with everything around it."""

    def __init__(self, role: Role = Role.TRADER) -> None:
        self.store, self.events, self.told = Store(), list[Event](), list[str]()
        self.watched: tuple[str, ...] = ()
        self.now = NOW
        self.users = Users(a_session(role).user, a_session(role))
        self.login = Login(self.users, Trail(), lambda: self.now, "host")
        self.login.session = a_session(role)
        self.alerts = PriceAlerts(self.store, self.login, lambda *words: self.told.append(words[1]), self.events.append, lambda: self.now,
                                  self._watch, lambda symbol: {"AAPL": 100.0}.get(symbol))  # fmt: skip

    def _watch(self, symbols: Sequence[str]) -> None:
        self.watched = tuple(symbols)

    def trade(self, *prices: float, symbol: str = "AAPL") -> None:
        self.alerts.heard([Trade(symbol, 1, price, 1.0, str(price)) for price in prices])

    def add(self, price: float, **rest: object) -> PriceAlert:
        return asyncio.run(self.alerts.add("AAPL", price, **rest))  # type: ignore[arg-type]


def test_a_trade_that_reaches_it_fires_once_and_is_stored() -> None:
    desk = Desk()
    alert = desk.add(101.0, note=" breakout ")
    assert (alert.direction, alert.note, desk.watched) == ("up", "breakout", ("AAPL",))
    desk.trade(100.5, 100.99)
    assert desk.told == []
    desk.trade(101.0)
    desk.trade(102.0, 100.0, 103.0)
    assert desk.told == ["AAPL rose to 101.00"]
    asyncio.run(desk.alerts.flush())
    assert desk.store.rows[alert.id].state == "fired"
    assert desk.watched == ()


def test_a_spike_within_one_batch_fires() -> None:
    desk = Desk()
    desk.add(105.0)
    desk.trade(100.0, 105.2, 100.1)
    assert len(desk.told) == 1


def test_a_price_below_the_market_waits_for_a_fall() -> None:
    desk = Desk()
    assert desk.add(99.0).direction == "down"
    desk.trade(100.0, 103.0)
    assert desk.told == []
    desk.trade(98.5)
    assert desk.told == ["AAPL fell to 99.00"]


def test_other_symbols_do_not_matter() -> None:
    desk = Desk()
    desk.add(101.0)
    desk.trade(150.0, symbol="MSFT")
    assert desk.told == []


def test_one_that_repeats_needs_the_price_to_have_gone_back_and_a_minute() -> None:
    desk = Desk()
    desk.add(101.0, repeats=True)
    desk.trade(100.0, 101.5)
    desk.trade(102.0)
    assert len(desk.told) == 1
    desk.trade(100.0)
    desk.trade(101.5)
    assert len(desk.told) == 1  # within the minute
    desk.now += timedelta(minutes=2)
    desk.trade(100.0)
    desk.trade(101.5)
    assert len(desk.told) == 2


def test_moving_arms_it_again_from_the_side_where_the_price_is() -> None:
    desk = Desk()
    alert = desk.add(101.0)
    desk.trade(101.0)
    moved = asyncio.run(desk.alerts.move(alert.id, 95.0))
    assert (moved.state, moved.direction) == ("armed", "down")
    again = asyncio.run(desk.alerts.rearm(alert.id))
    assert again.price == 95.0


def test_it_fires_while_the_database_is_away_and_is_stored_when_it_is_back() -> None:
    desk = Desk()
    alert = desk.add(101.0)
    desk.store.down = True
    desk.trade(101.0)
    asyncio.run(desk.alerts.flush())
    assert len(desk.told) == 1
    desk.store.down = False
    asyncio.run(desk.alerts.flush())
    assert desk.store.rows[alert.id].state == "fired"


def test_what_is_stored_is_armed_after_a_restart_and_a_removed_one_is_gone() -> None:
    desk = Desk()
    alert = desk.add(101.0)
    other = Desk()
    other.store.rows = desk.store.rows
    asyncio.run(other.alerts.load())
    assert other.watched == ("AAPL",)
    asyncio.run(other.alerts.remove(alert.id))
    other.trade(200.0)
    assert other.told == []
    assert [event.alerts for event in other.events if isinstance(event, PriceAlertsChanged)][-1] == ()
    with pytest.raises(BadInput, match="gone"):
        asyncio.run(other.alerts.remove(alert.id))


@pytest.mark.parametrize("price", [0.0, -1.0, float("nan"), float("inf")])
def test_a_price_that_cannot_be_reached_is_told_in_a_sentence(price: float) -> None:
    with pytest.raises(BadInput, match="price above zero"):
        Desk().add(price)


def test_a_viewer_sets_none_and_two_hundred_are_enough() -> None:
    with pytest.raises(NotPermitted):
        Desk(Role.VIEWER).add(101.0)
    desk = Desk()
    for place in range(200):
        desk.add(101.0 + place)
    with pytest.raises(BadInput, match="200 alerts"):
        desk.add(400.0)


prices = st.floats(1, 200)


@given(before=prices, path=st.lists(prices, min_size=1, max_size=20), price=prices)
def test_crossing_is_what_a_look_at_every_step_says(before: float, path: list[float], price: float) -> None:
    alert = PriceAlert("a", "AAPL", price, "either", "", False, "armed", NOW)
    steps = [before, *path]
    walked = any(min(a, b) <= price <= max(a, b) for a, b in zip(steps, path, strict=False))
    assert crossed(alert, before, min(path), max(path)) is walked
    assert crossed(replace(alert, direction="up"), before, min(path), max(path)) is (max(path) >= price)
    assert crossed(replace(alert, direction="down"), before, min(path), max(path)) is (min(path) <= price)


def test_every_trade_and_halt_in_force_is_heard_shown_or_not() -> None:
    trades: list[Trade] = []
    told: list[Event] = []
    halts = Halts(told.append)
    market = MarketData(Clock(), lambda event: None, lambda trades: None, lambda frame, bars: None, trades_shown=trades.extend,
                        halts_shown=halts.heard)  # fmt: skip
    batch = Batch(
        [Trade("AAPL", SECOND, 1.0, 1.0, "1")],
        halts=[Halt("AAPL", SECOND, True, "LULD"), Halt("AAPL", 2 * SECOND, True, "LULD")],
    )
    market.hear(batch)
    market.show(Batch(halts=[Halt("AAPL", 5 * SECOND, False, "")]))
    market.keep(Batch([Trade("AAPL", 9 * SECOND, 2.0, 1.0, "2")]))
    assert [trade.id for trade in trades] == ["1"]
    assert halts.of("AAPL") == (HaltSpan(SECOND, 5 * SECOND, "LULD"),)
    assert told == [HaltsChanged("AAPL"), HaltsChanged("AAPL")]
