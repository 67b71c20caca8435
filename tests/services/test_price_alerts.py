"""Price alerts over a market: what fires, what is told and stored, and who may set them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qv_desktop.domain.access import Role, Session, User
from qv_desktop.domain.alerts import Notice
from qv_desktop.domain.errors import BadInput, DatabaseDown, NotPermitted
from qv_desktop.domain.events import Event, Noticed, PriceAlertsChanged, PricesPrinted
from qv_desktop.domain.market import Batch, Correction, Snapshot, Trade
from qv_desktop.domain.price_alerts import MOST, PriceAlert
from qv_desktop.services.bus import Bus
from qv_desktop.services.clock import Clock
from qv_desktop.services.login import Login
from qv_desktop.services.market_data import MarketData
from qv_desktop.services.notices import Notices
from qv_desktop.services.price_alerts import OWNER, PriceAlerts
from tests.builders import NOW
from tests.fakes import Trail, Users
from tests.services.a_market import T0, a_trade


@dataclass
class Store:
    """Rows of one person; ``down`` fails like a database, ``while_saving`` happens while a row is written."""

    rows: dict[str, PriceAlert] = field(default_factory=dict)  # id -> alert
    down: bool = False
    while_saving: Callable[[], None] = lambda: None

    async def all(self, user: str) -> list[PriceAlert]:
        self._reached()
        return list(self.rows.values())

    async def save(self, user: str, alert: PriceAlert) -> None:
        self._reached()
        await asyncio.sleep(0)
        self.while_saving()
        self.rows[alert.id] = alert

    async def delete(self, user: str, id_: str) -> None:
        self._reached()
        del self.rows[id_]

    def _reached(self) -> None:
        if self.down:
            raise DatabaseDown("The database is away; nothing was written.")


class Desk:
    """A market and the alerts of a Trader over it, with a clock that the test turns."""

    def __init__(self, store: Store | None = None, role: Role = Role.TRADER) -> None:
        self.store, self.now = store or Store(), NOW
        self.bus, self.notices, self.changes = Bus(), list[Notice](), list[PriceAlertsChanged]()
        self.bus.subscribe(Noticed, lambda event: self.notices.append(event.notice))
        self.bus.subscribe(PriceAlertsChanged, self.changes.append)
        session = Session("s1", User("u1", "maria", role), "host", NOW, NOW)
        self.login = Login(Users(session.user, session), Trail(), self.time, "host")
        self.login.session = session
        clock = Clock(wall_ns=lambda: T0)
        self.market = MarketData(clock, self.bus.publish, lambda trades: None, lambda frame, bars: None)
        self.alerts = PriceAlerts(self.store, self.login, self.market, Notices(self.bus.publish, self.time), self.bus.publish,
                                  self.time, {"AAPL", "MSFT"}.__contains__)  # fmt: skip
        self.bus.subscribe(PricesPrinted, self.alerts.hear)

    def time(self) -> datetime:
        return self.now

    def hear(self, *prices: float, second: float = 0, symbol: str = "AAPL") -> None:
        """Prints a millisecond apart, in one batch."""
        self.heard([a_trade(price, second + n / 1000, symbol) for n, price in enumerate(prices)])

    def heard(self, trades: list[Trade]) -> None:
        self.market.hear(Batch(trades, events=len(trades)))

    @property
    def words(self) -> list[str]:
        return [notice.text for notice in self.notices]


async def until(true: Callable[[], bool]) -> None:
    """Wait for it, a minute at most."""
    for _ in range(6_000):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("It did not come true.")


def told(story: Callable[[Desk], Awaitable[object]], desk: Desk | None = None) -> Desk:
    """The desk after the story, its alerts loaded before."""
    there = desk or Desk()

    async def whole() -> None:
        await there.alerts.load()
        await story(there)

    asyncio.run(whole())
    assert there.bus.failures == 0
    return there


def test_a_spike_between_two_frames_fires_once_with_its_own_price() -> None:
    async def story(desk: Desk) -> None:
        desk.hear(231.0)
        await desk.alerts.add("aapl ", 231.4, note="take profit")
        desk.market.flush()
        desk.hear(231.1, 231.42, 231.0, second=1)
        desk.market.flush()
        desk.hear(231.5, second=2)
        await desk.alerts.flush()

    desk = told(story)
    (notice,) = desk.notices
    assert (notice.urgency, notice.title) == ("warning", "Price alert: AAPL")
    assert notice.text == "AAPL crossed 231.40 upwards, last 231.42 · take profit"
    (alert,) = desk.alerts.all
    assert (alert.state, alert.fired_at, alert.direction) == ("fired", NOW, "up")
    assert desk.store.rows == {alert.id: alert}


@pytest.mark.parametrize(("price", "way"), [(232.0, "up"), (230.0, "down"), (231.0, "either"), (231.00004, "either")])
def test_the_direction_is_that_in_which_the_price_lies(price: float, way: str) -> None:
    async def story(desk: Desk) -> None:
        desk.hear(231.0)
        await desk.alerts.add("AAPL", price)

    desk = told(story)
    assert [alert.direction for alert in desk.alerts.all] == [way]


def test_one_set_at_the_very_price_fires_on_touch() -> None:
    async def story(desk: Desk) -> None:
        desk.hear(231.0)
        await desk.alerts.add("AAPL", 231.0)
        desk.hear(231.0, second=1)

    assert told(story).words == ["AAPL stands at 231.00, last 231.00"]


def test_other_symbols_cost_no_look_and_fire_nothing() -> None:
    async def story(desk: Desk) -> None:
        looked: list[Event] = []
        desk.bus.subscribe(PricesPrinted, looked.append)
        desk.hear(10.0)
        assert not looked
        await desk.alerts.add("AAPL", 20.0)
        desk.hear(30.0, symbol="MSFT")
        assert not looked
        desk.hear(11.0, second=1)
        assert len(looked) == 1
        await desk.alerts.remove(desk.alerts.all[0].id)
        desk.hear(30.0, second=2)
        assert len(looked) == 1

    assert told(story).notices == []


def test_prints_that_do_not_become_the_last_price_fire_nothing() -> None:
    async def story(desk: Desk) -> None:
        desk.hear(231.0, second=61)
        await desk.alerts.add("AAPL", 235.0)
        desk.heard([a_trade(236.0, 30)])  # of the minute before: told late
        desk.heard([a_trade(236.0, 60.5)])  # older than the last one
        assert desk.market.snapshot("AAPL").last == 231.0

    assert told(story).notices == []


def test_a_feed_that_comes_back_beyond_the_price_fires() -> None:
    async def story(desk: Desk) -> None:
        desk.hear(231.0)
        await desk.alerts.add("AAPL", 235.0)
        desk.market.interrupt()
        desk.hear(240.0, second=600)

    assert told(story).words == ["AAPL crossed 235.00 upwards, last 240.00"]


def test_a_snapshot_that_is_newer_than_the_last_print_fires_and_the_print_after_it_does_not_again() -> None:
    async def story(desk: Desk) -> None:
        desk.hear(231.0)
        await desk.alerts.add("AAPL", 235.0)
        desk.market.seed([Snapshot("AAPL", 250.0, T0 - 1)])  # older than what was heard
        assert not desk.notices
        desk.market.seed([Snapshot("AAPL", 240.0, T0 + 10**9), Snapshot("MSFT", 5.0, T0)])
        desk.hear(241.0, second=2)

    assert told(story).words == ["AAPL crossed 235.00 upwards, last 240.00"]


def test_a_print_that_is_taken_back_does_not_unfire() -> None:
    async def story(desk: Desk) -> None:
        desk.hear(231.0)
        await desk.alerts.add("AAPL", 235.0)
        wrong = a_trade(240.0, 1, name="wrong")
        desk.heard([wrong])
        desk.market.hear(Batch(corrections=[Correction("AAPL", wrong.at, "wrong", wrong.exchange, wrong.tape, None)]))
        assert desk.market.snapshot("AAPL").last == 231.0

    desk = told(story)
    assert [alert.state for alert in desk.alerts.all] == ["fired"]


def test_one_that_repeats_fires_at_each_crossing_and_once_a_minute_at_most() -> None:
    async def story(desk: Desk) -> None:
        desk.hear(231.0)
        await desk.alerts.add("AAPL", 235.0, repeats=True)
        desk.hear(236.0, 234.0, 236.0, second=1)
        desk.now += timedelta(seconds=61)
        desk.hear(237.0, second=2)
        assert len(desk.notices) == 1
        desk.hear(234.0, 235.0, second=3)

    desk = told(story)
    assert desk.words == ["AAPL crossed 235.00 upwards, last 236.00", "AAPL crossed 235.00 upwards, last 235.00"]
    (alert,) = desk.alerts.all
    assert (alert.state, alert.fired_at) == ("armed", NOW + timedelta(seconds=61))


def test_what_was_passed_while_the_program_was_away_fires_at_the_next_start() -> None:
    kept = PriceAlert("a1", "AAPL", 235.0, "up", "", False, "armed", NOW)
    known, unknown = Desk(Store({"a1": kept})), Desk(Store({"a1": kept}))
    known.hear(240.0)

    async def nothing(desk: Desk) -> None: ...

    async def first_print(desk: Desk) -> None:
        assert not desk.notices
        desk.hear(241.0)

    assert told(nothing, known).words == ["AAPL is above 235.00 since it was last watched, last 240.00"]
    assert told(first_print, unknown).words == ["AAPL is above 235.00 since it was last watched, last 241.00"]


def test_a_price_that_goes_past_while_the_alert_is_being_stored_fires() -> None:
    async def story(desk: Desk) -> None:
        desk.hear(231.0)
        desk.store.while_saving = lambda: desk.hear(236.0, second=1)
        alert = await desk.alerts.add("AAPL", 235.0)
        assert alert.state == "armed"

    desk = told(story)
    assert desk.words == ["AAPL crossed 235.00 upwards, last 236.00"]
    assert [alert.state for alert in desk.alerts.all] == ["fired"]


def test_moving_and_arming_again_look_from_the_last_price() -> None:
    async def story(desk: Desk) -> None:
        desk.hear(231.0)
        alert = await desk.alerts.add("AAPL", 235.0)
        desk.hear(236.0, second=1)
        again = await desk.alerts.rearm(alert.id)
        assert (again.direction, again.state, again.fired_at) == ("down", "armed", None)
        desk.hear(237.0, second=2)
        moved = await desk.alerts.move(alert.id, 239.0)
        assert moved.direction == "up"
        desk.now += timedelta(seconds=1)
        desk.hear(235.0, second=3)
        desk.hear(239.0, second=4)

    assert told(story).words == ["AAPL crossed 235.00 upwards, last 236.00", "AAPL crossed 239.00 upwards, last 239.00"]


def test_symbols_are_watched_while_something_of_theirs_is_armed() -> None:
    async def story(desk: Desk) -> None:
        desk.market.watch("watchlist", ["SPY"])
        first = await desk.alerts.add("MSFT", 5.0, "up")
        await desk.alerts.add("AAPL", 5.0, "up")
        assert desk.market.wanted == ("MSFT", "AAPL", "SPY")
        await desk.alerts.remove(first.id)
        assert desk.market.wanted == ("AAPL", "SPY")
        desk.hear(6.0)
        assert desk.market.wanted == ("SPY",)

    assert told(story).changes[-1].alerts[0].state == "fired"
    assert OWNER == "alerts"


def test_what_fires_while_the_database_is_away_is_told_and_stored_once_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("qv_desktop.services.price_alerts.TRY_AGAIN", 0.01)

    async def story(desk: Desk) -> None:
        running = asyncio.create_task(desk.alerts.run())
        desk.hear(231.0)
        alert = await desk.alerts.add("AAPL", 235.0)
        desk.store.down = True
        desk.hear(236.0, second=1)
        await until(lambda: len(desk.notices) == 2)
        assert desk.store.rows[alert.id].state == "armed"
        desk.store.down = False
        await until(lambda: desk.store.rows[alert.id].state == "fired")
        running.cancel()

    assert told(story).words == ["AAPL crossed 235.00 upwards, last 236.00", "What fired is stored once it is back."]


def test_alerts_that_could_not_be_read_at_the_start_are_read_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qv_desktop.services.price_alerts.TRY_AGAIN", 0.01)
    desk = Desk(Store({"a1": PriceAlert("a1", "AAPL", 235.0, "up", "", False, "armed", NOW)}, down=True))

    async def story() -> None:
        running = asyncio.create_task(desk.alerts.run())
        await until(lambda: bool(desk.notices))
        with pytest.raises(DatabaseDown, match="could not be read yet"):
            await desk.alerts.add("MSFT", 5.0)
        desk.store.down = False
        await until(lambda: bool(desk.alerts.all))
        running.cancel()

    asyncio.run(story())
    assert desk.words == ["They are read, and watched, once it is back."]
    assert desk.market.wanted == ("AAPL",)


def test_a_database_that_is_away_keeps_nothing_that_a_person_asks_for() -> None:
    async def story(desk: Desk) -> None:
        desk.store.down = True
        with pytest.raises(DatabaseDown):
            await desk.alerts.add("AAPL", 5.0)

    assert told(story).alerts.all == ()


@pytest.mark.parametrize(
    ("symbol", "price", "words"),
    [("AAPL", 0.0, "above zero"), ("AAPL", float("nan"), "above zero"), ("NONE", 5.0, "does not list “NONE”")],
)
def test_what_cannot_be_an_alert_is_refused_in_a_sentence(symbol: str, price: float, words: str) -> None:
    async def story(desk: Desk) -> None:
        with pytest.raises(BadInput, match=words):
            await desk.alerts.add(symbol, price)

    assert told(story).store.rows == {}


def test_the_two_hundred_and_first_is_refused() -> None:
    one = PriceAlert("", "AAPL", 5.0, "up", "", False, "fired", NOW)
    desk = Desk(Store({str(n): replace(one, id=str(n)) for n in range(MOST)}))

    async def story(desk: Desk) -> None:
        with pytest.raises(BadInput, match="200 price alerts"):
            await desk.alerts.add("AAPL", 5.0)

    told(story, desk)


def test_an_alert_that_is_gone_is_said_to_be() -> None:
    async def story(desk: Desk) -> None:
        for ask in (desk.alerts.move("x", 5.0), desk.alerts.remove("x"), desk.alerts.rearm("x")):
            with pytest.raises(BadInput, match="gone"):
                await ask

    told(story)


def test_a_viewer_sets_and_removes_nothing_and_hears_what_was_set() -> None:
    desk = Desk(Store({"a1": PriceAlert("a1", "AAPL", 235.0, "up", "", False, "armed", NOW)}), Role.VIEWER)

    async def story(desk: Desk) -> None:
        for ask in (desk.alerts.add("AAPL", 5.0), desk.alerts.move("a1", 5.0), desk.alerts.remove("a1")):
            with pytest.raises(NotPermitted, match="market data: change"):
                await ask
        desk.hear(236.0)

    assert told(story, desk).words == ["AAPL is above 235.00 since it was last watched, last 236.00"]
    assert list(desk.store.rows) == ["a1"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(1, 20), min_size=1, max_size=6), min_size=1, max_size=8), st.integers(1, 20))
def test_however_prints_fall_into_batches_an_alert_fires_when_its_price_is_reached(
    batches: list[list[int]], price: int
) -> None:
    async def story(desk: Desk) -> None:
        desk.hear(10.0)
        await desk.alerts.add("AAPL", float(price))
        for second, prices in enumerate(batches, 1):
            desk.hear(*map(float, prices), second=second)

    walk = [p for prices in batches for p in prices]
    reached = any(p >= price for p in walk) if price > 10 else any(p <= price for p in walk)
    if price == 10:  # set at the last price: on touch, or when it comes back over it
        steps = list(zip([10, *walk], walk, strict=False))
        reached = any(b == 10 or a < 10 < b or a > 10 > b for a, b in steps)
    assert len(told(story).notices) == int(reached)
