"""Each fault of the simulator at the whole program: exactly its alert within thirty seconds, or none where it recovers by itself."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from PySide6.QtWidgets import QApplication

from qv_desktop.domain.alert_rules import Level
from qv_desktop.domain.desk_alerts import Alert
from qv_desktop.domain.events import AlertsChanged
from qv_desktop.domain.market import Timeframe
from qv_desktop.domain.orders import OrderStatus
from qv_desktop.services.alert_rules import Key
from qv_desktop.simulator.faults import TARGETS
from tests.simulator.process import running
from tests.stories import fault_alerts as faults
from tests.stories.driver import Sitting, sitting
from tests.stories.fault_alerts import EVERY, FEEDS, Fault
from tests.stories.program import a_home

WITHIN = 30.0  # seconds in which a fault's alert is there
FAR = Decimal("1.00")  # a limit that rests
MINUTE = Timeframe(1, "m")
CALM = 6.0  # seconds after which what recovers by itself has: the slowest of what is watched holds for five


class Watched:
    """What was raised at the terminal since the last step."""

    def __init__(self, person: Sitting) -> None:
        self.person, self.raised = person, Counter[Key]()
        self._active: dict[str, tuple[Level, int]] = {}
        person.desk.services.bus.subscribe(AlertsChanged, self._hear)

    def _hear(self, event: AlertsChanged) -> None:
        now = {alert.id: (alert.level, alert.times) for alert in event.alerts}
        for alert in event.alerts:
            if self._active.get(alert.id, (Level.CLEAR, 0))[1] != alert.times:
                self.raised[_key(alert)] += 1
        self._active = now

    @property
    def feeds(self) -> list[Alert]:
        """What is wrong with feeds now."""
        return [alert for alert in self.person.desk.services.alert_rules.active if alert.rule.startswith("feed_")]

    async def only(self, wanted: Counter[Key]) -> None:
        """Wait until all that is wanted was raised; nothing else may have been."""
        began = time.monotonic()
        await self.person.sees(lambda: self.raised >= wanted, WITHIN)
        took = time.monotonic() - began
        assert self.raised == wanted, f"after {took:.1f} s: {self.raised} instead of {wanted}; {self.person.shown()}"

    async def settled(self) -> None:
        """Every feed is well again and the next step begins."""
        await self.person.sees(lambda: not self.feeds)
        await self.person.sees(lambda: all(self.person.state(feed) in ("live", "quiet") for feed in FEEDS.values()))
        self.raised.clear()


def _key(alert: Alert) -> Key:
    return alert.rule, "an order" if alert.rule == faults.UNRESOLVED else alert.subject


def wanted(some: Sequence[Fault]) -> Counter[Key]:
    """What all of these raise together."""
    return Counter(key for fault in some for key in fault.expected)


@pytest.fixture(scope="module")
def watched(qapp: QApplication) -> Iterator[Watched]:
    """Somebody at the window, on a market that the test can break; sockets forget within a second who took their place."""
    with running("--seed", "5") as simulator, a_home() as home, sitting(qapp, simulator, home) as person:
        person.do(_ready(person))
        yield Watched(person)


async def _ready(person: Sitting) -> None:
    await person.ready()
    engine, rules = person.session._engine, person.desk.services.alert_rules
    assert engine is not None
    for stream in (*engine.side.prices, engine.updates):
        stream._socket._patience = replace(stream._socket._patience, evicted=1.0, refused=1.0)
    await person.sees(lambda: rules.keeping.loaded)
    await person.sees(lambda: person.state("Alpaca prices") in ("live", "quiet"))


def befall(watched: Watched, some: Sequence[Fault]) -> None:
    """Let these happen at once; a connection that is to dial anew is cut."""
    for fault in some:
        watched.person.break_(fault.kind, fault.target, fault.count, **fault.params)
        if fault.dialling:
            watched.person.break_("abort", fault.target)


def by_kind(some: Sequence[Fault]) -> list[tuple[str, list[Fault]]]:
    """Faults of one kind at different feeds tell apart by their feed, so they happen together."""
    kinds = dict.fromkeys(fault.kind for fault in some)
    return [(kind, [fault for fault in some if fault.kind == kind]) for kind in kinds]


def test_the_table_names_every_fault_of_the_simulator() -> None:
    named = {(fault.target, fault.kind) for fault in EVERY}
    assert named == {(target, kind) for target, kinds in TARGETS.items() for kind in kinds}
    assert all(bool(fault.rules) != bool(fault.why) for fault in EVERY)


@pytest.mark.parametrize("kind", ["abort", "close", "slow_client", "upgrade_429"])
def test_a_link_that_breaks_is_a_lost_feed_and_nothing_else(watched: Watched, kind: str) -> None:
    some = [fault for fault in faults.LINKS if fault.kind == kind]

    async def scenario() -> None:
        befall(watched, some)
        await watched.only(wanted(some))
        await watched.settled()

    watched.person.do(scenario())


@pytest.mark.parametrize("some", [faults.DIALLING, faults.REFUSALS, faults.EVICTIONS], ids=["limit", "error", "evicted"])
def test_a_link_that_is_refused_or_taken_is_told_as_that(watched: Watched, some: Sequence[Fault]) -> None:
    async def scenario() -> None:
        befall(watched, some)
        await watched.only(wanted(some))
        watched.person.simulator.control("DELETE", "/sim/faults")
        await watched.settled()

    watched.person.do(scenario())


def test_what_history_and_prints_suffer_raises_nothing_nor_do_words_that_nobody_knows(watched: Watched) -> None:
    some = (*faults.HISTORY, *faults.WORDS, *faults.PRINTS, *faults.ACCOUNT)

    async def scenario() -> None:
        services = watched.person.desk.services
        befall(watched, some)
        until = services.clock.market()
        asked = [services.history.newest(symbol, MINUTE, 50, until - timedelta(days=1)) for symbol in ("KO", "TSLA", "NVDA")]
        await asyncio.gather(*asked, return_exceptions=True)
        watched.person.desk.window.raise_panel("balances")
        await asyncio.sleep(CALM)
        watched.person.simulator.control("DELETE", "/sim/faults")
        await watched.only(Counter())
        await watched.settled()

    watched.person.do(scenario())


def test_what_befalls_orders_that_are_taken_raises_nothing(watched: Watched) -> None:
    person, book = watched.person, watched.person.desk.services.orders.book

    async def scenario() -> None:
        befall(watched, faults.QUIET_ORDERS)
        bought = await person.buys("SPY", 4)
        rests = await person.buys("SPY", 2, FAR)
        await person.sees(lambda: person.stands(bought, OrderStatus.FILLED))
        await person.sees(lambda: person.stands(rests, OrderStatus.WORKING))
        await person.desk.services.orders.cancel(rests)
        await person.sees(lambda: book[rests].reason or not book[rests].open)
        person.simulator.control("DELETE", "/sim/faults")
        await person.desk.services.reconcile.run("test", "after the faults")
        await asyncio.sleep(CALM)
        await watched.only(Counter())

    person.do(scenario())


def test_three_rejected_orders_are_a_rate_of_rejects(watched: Watched) -> None:
    async def scenario() -> None:
        befall(watched, faults.REJECTED)
        for quantity in (1, 2, 3):
            await watched.person.buys("SPY", quantity, FAR)
        await watched.only(wanted(faults.REJECTED))
        watched.raised.clear()

    watched.person.do(scenario())


@pytest.mark.parametrize("fault", faults.ORDERS, ids=lambda fault: fault.kind)
def test_an_order_whose_fate_is_unknown_is_told_as_that(watched: Watched, fault: Fault) -> None:
    person = watched.person

    async def scenario() -> None:
        befall(watched, [fault])
        order = await person.buys("SPY", 1, FAR)
        await watched.only(wanted([fault]))
        await person.sees(lambda: (found := person.order(order)) is not None and found.status not in
                          (OrderStatus.INTENT, OrderStatus.SUBMITTED, OrderStatus.UNRESOLVED))  # fmt: skip
        await person.sees(lambda: not any(one.rule == faults.UNRESOLVED for one in person.desk.services.alert_rules.active))
        watched.raised.clear()

    person.do(scenario())


def test_a_broker_that_answers_nothing_is_silent(watched: Watched) -> None:
    def silent() -> bool:
        return any(one.rule == faults.SILENT for one in watched.person.desk.services.alert_rules.active)

    async def scenario() -> None:
        befall(watched, faults.BROKER)
        await watched.only(wanted(faults.BROKER))
        watched.person.simulator.control("DELETE", "/sim/faults")
        await watched.person.sees(lambda: not silent())
        await watched.settled()

    watched.person.do(scenario())


def test_mute_links_are_told_as_that_though_two_of_them_have_nothing_to_say(watched: Watched) -> None:
    async def scenario() -> None:
        befall(watched, faults.MUTES)
        await watched.only(wanted(faults.MUTES))
        await watched.settled()

    watched.person.do(scenario())


def test_the_history_has_each_of_them_with_its_figures(watched: Watched) -> None:
    async def scenario() -> None:
        services = watched.person.desk.services
        now = services.clock.now()
        past = await services.alert_rules.history(now - timedelta(hours=1), now + timedelta(minutes=1))
        raised = {one.alert.rule for one in past if one.done.what == "raised"}
        assert raised == {rule for fault in EVERY for rule in fault.rules}
        rejects = next(one for one in past if one.alert.rule == faults.REJECTS and one.done.what == "raised")
        assert (rejects.done.value or 0) >= (rejects.done.threshold or 0) > 0
        assert {one.done.actor for one in past} == {services.login.actor.name}

    watched.person.do(scenario())


