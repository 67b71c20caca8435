"""Each fault of the simulator at the whole program: exactly its alert within thirty seconds, or none where it recovers by itself."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import timedelta
from decimal import Decimal

import pytest
from PySide6.QtWidgets import QApplication

from qv_desktop.adapters.websocket.patience import Patience
from qv_desktop.domain.alert_rules import Level
from qv_desktop.domain.desk_alerts import Alert
from qv_desktop.domain.events import AlertsChanged, HealthMeasured
from qv_desktop.domain.market import Timeframe
from qv_desktop.domain.orders import OrderStatus
from qv_desktop.services.alert_rules import Key
from qv_desktop.simulator.faults import TARGETS
from tests.simulator.process import running
from tests.stories import fault_alerts as faults
from tests.stories.driver import Sitting, sitting
from tests.stories.fault_alerts import EVERY, FEEDS, Fault
from tests.stories.program import a_home

WITHIN = 30  # seconds, as the program's own beat counts them, in which a fault's alert is there
SURELY = 120.0  # seconds that a machine which is busy with others may take for these
FAR = Decimal("1.00")  # a limit that rests
MINUTE = Timeframe(1, "m")
OCCASION = 180.0  # seconds at most until what waits for a request, an order or a print has had one
CALM = 6.0  # seconds after which what recovers by itself has: the slowest of what is watched holds for five


class Watched:
    """What was raised at the terminal since the last step."""

    def __init__(self, person: Sitting) -> None:
        self.person, self.raised = person, Counter[Key]()
        self._active: dict[str, tuple[Level, int]] = {}
        self._beats = 0
        person.desk.services.bus.subscribe(AlertsChanged, self._hear)
        person.desk.services.bus.subscribe(HealthMeasured, self._beat)

    def _beat(self, event: HealthMeasured) -> None:
        self._beats += 1

    def _hear(self, event: AlertsChanged) -> None:
        now = {alert.id: (alert.level, alert.times) for alert in event.alerts}
        for alert in event.alerts:
            if self._active.get(alert.id, (Level.CLEAR, 0))[1] != alert.times:
                self.raised[_key(alert)] += 1
        self._active = now

    def stands(self, rule: str) -> bool:
        """Whether an alert of the rule is active."""
        return any(alert.rule == rule for alert in self.person.desk.services.alert_rules.active)

    @property
    def feeds(self) -> list[Alert]:
        """What is wrong with feeds now."""
        return [alert for alert in self.person.desk.services.alert_rules.active if alert.rule.startswith("feed_")]

    async def come(self, some: Sequence[Fault]) -> None:
        """Wait until all that these faults raise was raised."""
        surely = raised_by(one for one in some if not one.perhaps)
        began = self._beats
        await self.person.sees(lambda: self.raised >= surely, SURELY)
        assert self._beats - began <= WITHIN

    def nothing_but(self, some: Sequence[Fault] = ()) -> None:
        """What these faults raise was raised since the last step, and nothing else."""
        found, self.raised = self.raised, Counter()
        surely = raised_by(one for one in some if not one.perhaps)
        words = f"{found} instead of {surely}; {self.person.desk.services.alert_rules.active}"
        assert surely <= found <= raised_by(some), words

    def untaken(self) -> set[tuple[str, str]]:
        """Target and kind of the faults that have befallen nothing yet."""
        waiting = self.person.simulator.control("GET", "/sim/faults")["faults"]
        return {(fault["target"], fault["kind"]) for fault in waiting}

    async def befell(self, some: Sequence[Fault]) -> None:
        """Wait until all of these have happened: what never came about raises nothing, and that proves nothing."""
        never = {(fault.target, fault.kind) for fault in some if fault.why == faults.NEVER}
        try:
            await self.person.sees(lambda: self.untaken() == never, OCCASION)
        except AssertionError as error:
            raise AssertionError(f"{self.untaken() ^ never} befell nothing, or what never comes did") from error

    async def settled(self) -> None:
        """Every feed is well again and the next step begins."""
        await self.person.sees(lambda: not self.feeds)
        await self.person.sees(lambda: all(self.person.state(feed) in ("live", "quiet") for feed in FEEDS.values()))

    def begin(self) -> None:
        """The next step begins: nothing may have been raised since the last one was looked at."""
        assert not self.raised, (
            f"{self.raised} beside what was expected; {self.person.desk.services.alert_rules.active}"
        )


def _key(alert: Alert) -> Key:
    return alert.rule, "an order" if alert.rule == faults.UNRESOLVED else alert.subject


def raised_by(some: Iterable[Fault]) -> Counter[Key]:
    """What all of these raise together."""
    return Counter(key for fault in some for key in fault.expected)


@contextmanager
def hurried() -> Iterator[None]:
    """Sockets forget within a second who took their place or refused them, and do not wait longer and longer between faults."""
    make = Patience.__init__
    before, names = make.__defaults__ or (), [field.name for field in fields(Patience)]
    quick = {"evicted": 1.0, "refused": 1.0, "ceiling": 1.0, "window": 10.0}
    make.__defaults__ = tuple(quick.get(name, value) for name, value in zip(names, before, strict=True))  # type: ignore[attr-defined]
    try:
        yield
    finally:
        make.__defaults__ = before  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def watched(qapp: QApplication) -> Iterator[Watched]:
    """Somebody at the window, on a market that the test can break."""
    with hurried(), running("--seed", "5") as simulator, a_home() as home, sitting(qapp, simulator, home) as person:
        person.do(_ready(person))
        yield Watched(person)


async def _ready(person: Sitting) -> None:
    await person.ready()
    rules = person.desk.services.alert_rules
    await person.sees(lambda: rules.keeping.loaded)
    await person.sees(lambda: person.state("Alpaca prices") in ("live", "quiet"))


def befall(watched: Watched, some: Sequence[Fault]) -> None:
    """Let these happen at once; a connection that is to dial anew is cut."""
    watched.begin()
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
        await watched.come(some)
        await watched.settled()
        watched.nothing_but(some)

    watched.person.do(scenario())


@pytest.mark.parametrize("some", [faults.DIALLING, (*faults.REFUSALS, *faults.EVICTIONS)], ids=["limit", "error"])
def test_a_link_that_is_refused_or_taken_is_told_as_that(watched: Watched, some: Sequence[Fault]) -> None:
    async def scenario() -> None:
        befall(watched, some)
        await watched.come(some)
        watched.person.simulator.control("DELETE", "/sim/faults")
        await watched.settled()
        watched.nothing_but(some)

    watched.person.do(scenario())


def test_what_history_and_prints_suffer_raises_nothing_nor_does_an_account_in_strange_words(watched: Watched) -> None:
    some = (*faults.HISTORY, *faults.PRINTS, *faults.ACCOUNT)

    async def scenario() -> None:
        services, balances = watched.person.desk.services, watched.person.desk.panels.balances
        befall(watched, some)
        watched.person.desk.window.raise_panel("balances")
        asked = [*_bars(watched.person), services.account_history.curve(balances.curve.period, anew=True),
                 services.account_history.activities(balances.activities.wanted)]  # fmt: skip
        await asyncio.gather(*asked, return_exceptions=True)
        await watched.befell(some)
        await asyncio.sleep(CALM)
        watched.nothing_but()

    watched.person.do(scenario())


def _bars(person: Sitting) -> list[Awaitable[object]]:
    services = person.desk.services
    until = services.clock.market()
    return [services.history.newest(symbol, MINUTE, 50, until - timedelta(days=back)) for symbol in ("KO", "TSLA", "NVDA", "AAPL")
            for back in (1, 8)]  # fmt: skip


def test_what_befalls_orders_that_are_taken_raises_nothing(watched: Watched) -> None:
    person, book = watched.person, watched.person.desk.services.orders.book

    async def scenario() -> None:
        befall(watched, faults.QUIET_ORDERS)
        bought = await person.buys("SPY", 4)
        rests = await person.buys("SPY", 2, FAR)
        await person.sees(lambda: person.stands(bought, OrderStatus.FILLED))
        await person.sees(lambda: person.stands(rests, OrderStatus.WORKING))
        await person.desk.services.orders.cancel([rests])
        await watched.befell(faults.QUIET_ORDERS)
        await person.sees(lambda: book[rests].status is not OrderStatus.PENDING_CANCEL)
        await person.desk.services.reconcile.run("test", "after the faults")
        await asyncio.sleep(CALM)
        watched.nothing_but()

    person.do(scenario())


def test_three_rejected_orders_are_a_rate_of_rejects(watched: Watched) -> None:
    person = watched.person

    async def scenario() -> None:
        befall(watched, faults.REJECTED)
        sent = [await person.buys("SPY", quantity, FAR) for quantity in (11, 12, 13)]
        await person.sees(lambda: all(person.stands(order, OrderStatus.REJECTED) for order in sent))
        await watched.come(faults.REJECTED)
        watched.nothing_but(faults.REJECTED)

    person.do(scenario())


def test_orders_whose_fate_is_unknown_are_told_as_that_until_it_is_known(watched: Watched) -> None:
    person, waiting = watched.person, (OrderStatus.INTENT, OrderStatus.SUBMITTED, OrderStatus.UNRESOLVED)

    async def scenario() -> None:
        befall(watched, faults.ORDERS)
        sent = [await person.buys("SPY", 21 + place, FAR) for place in range(len(faults.ORDERS))]
        await watched.come(faults.ORDERS)
        await person.sees(lambda: all((found := person.order(one)) and found.status not in waiting for one in sent))
        await person.sees(lambda: not watched.stands(faults.UNRESOLVED))
        watched.nothing_but(faults.ORDERS)

    person.do(scenario())


def test_mute_links_and_a_broker_that_answers_nothing_are_told_as_that(watched: Watched) -> None:
    some = (*faults.MUTES, *faults.BROKER)

    async def scenario() -> None:
        befall(watched, some)
        await watched.come(some)
        watched.person.simulator.control("DELETE", "/sim/faults")
        await watched.person.sees(lambda: not watched.stands(faults.SILENT))
        await watched.settled()
        watched.nothing_but(some)

    watched.person.do(scenario())


def test_the_history_has_each_of_them_with_its_figures(watched: Watched) -> None:
    async def scenario() -> None:
        watched.begin()
        services = watched.person.desk.services
        now = services.clock.now()
        past = await services.alert_rules.history(now - timedelta(hours=1), now + timedelta(minutes=1))
        raised = {one.alert.rule for one in past if one.done.what == "raised"}
        assert raised == {rule for fault in EVERY for rule in fault.rules}
        rejects = next(one for one in past if one.alert.rule == faults.REJECTS and one.done.what == "raised")
        assert (rejects.done.value or 0) >= (rejects.done.threshold or 0) > 0
        assert {one.done.actor for one in past} == {services.login.actor.name}

    watched.person.do(scenario())
