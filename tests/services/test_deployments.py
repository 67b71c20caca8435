"""Deployments at work: two people for real money, one order for a signal, and every reason for which none is sent."""

import asyncio
import tempfile
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from qv_desktop.adapters.db.spool import Spool
from qv_desktop.domain.access import Role, Session, User, UserState
from qv_desktop.domain.accounts import Environment
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.deployments import MOVES, Bounds, Deployment, Stage, State, Step, Terms, Told
from qv_desktop.domain.errors import BadInput, DatabaseDown, NotPermitted
from qv_desktop.domain.events import Event, Filled, KillChanged, OrderChanged
from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.killing import Killing
from qv_desktop.domain.market import Action, Bar, Batch, Timeframe, Trade, bar_start, ns
from qv_desktop.domain.orders import Fill, Order, OrderStatus, Report, ReportKind, Side
from qv_desktop.domain.sessions import MarketSession
from qv_desktop.domain.signals import Fate, Flags, Kind, Raised, Signal
from qv_desktop.domain.strategies import Parameter, Strategy, digest
from qv_desktop.domain.targets import Weights
from qv_desktop.services.account import Account
from qv_desktop.services.clock import Clock
from qv_desktop.services.deployment_runs import DeploymentRuns, Market
from qv_desktop.services.deployments import APPROVING, LIVE, Deployments
from qv_desktop.services.history import Loaded
from qv_desktop.services.login import Login
from qv_desktop.services.market_data import MarketData
from qv_desktop.services.orders import Orders
from qv_desktop.services.positions import Positions
from qv_desktop.services.risk import Risk
from qv_desktop.services.signal_acting import SignalActing
from qv_desktop.services.signal_keeping import Around
from qv_desktop.services.signal_sending import until
from tests.builders import NOW, a_position, a_quote
from tests.fakes import Broker, Journal, RiskStore, Trail, Users

SOURCE = "def signals(bars, params): ..."
STRATEGY = Strategy("s", "cross", "Cross", 1, (Parameter("fast", 3, 1, 9),), SOURCE, digest(SOURCE), "ann", NOW)
SYMBOLS = ("AAPL", "MSFT", "NVDA")
TERMS = Terms("s", "cross", 1, ("AAPL",), "1m", (("fast", 3.0),), amount=Decimal(1_000),
              bounds=Bounds(orders=3, begins=time(9, 30), ends=time(15, 55)))  # fmt: skip


@dataclass
class Store:
    """In memory, with what the real one keeps; ``down`` fails like a database."""

    kept: dict[str, Deployment] = field(default_factory=dict)
    lines: list[Told] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    raised: dict[Any, Signal] = field(default_factory=dict)
    done: list[Fill] = field(default_factory=list)
    left: set[str] = field(default_factory=set)
    actions: list[Action] = field(default_factory=list)
    down: bool = False
    strategy: Strategy = STRATEGY
    leases: dict[str, str] = field(default_factory=dict)  # deployment -> desk
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="qv-deployments-")))

    def _up(self) -> None:
        if self.down:
            raise DatabaseDown("The database is away; nothing was written.")

    async def all(self, account: str) -> list[Deployment]:
        self._up()
        return [one for one in self.kept.values() if one.account == account or one.stage is Stage.APPROVED]

    async def add(self, deployment: Deployment, line: Told, draft: Draft) -> None:
        await self.change(deployment, deployment, line, draft)

    async def change(self, before: Deployment, after: Deployment, line: Told, draft: Draft) -> None:
        self._up()
        if self.kept.get(before.id, before).revision != before.revision:
            raise BadInput("Somebody else changed this deployment meanwhile; look at it again.")
        self.kept[after.id] = after
        self.lines.append(line)
        self.drafts.append(draft)

    async def remark(self, deployment: str, line: Told, draft: Draft) -> None:
        self._up()
        self.lines.append(line)
        self.drafts.append(draft)

    async def delete(self, deployment: Deployment, draft: Draft) -> None:
        del self.kept[deployment.id]

    async def story(self, deployment: str) -> list[Told]:
        return self.lines

    async def evaluated(self, deployment: str, until: int) -> None:
        self._up()

    async def raise_(self, signal: Signal, account: str, draft: Draft | None) -> bool:
        self._up()
        if draft is not None:
            self.drafts.append(draft)
        return self.raised.setdefault(signal.key, signal) is signal

    async def settle(self, signal: Signal) -> None:
        self._up()
        self.raised[signal.key] = signal

    async def signals(self, account: str, limit: int) -> list[Signal]:
        return list(self.raised.values())

    async def fills(self, account: str, source: str) -> list[Fill]:
        return self.done

    async def sent(self, account: str, source: str, since: datetime) -> set[str]:
        return self.left

    async def lease(self, deployment: str, desk: str, host: str, person: str) -> str | None:
        self._up()
        return None if self.leases.setdefault(deployment, desk) == desk else "other"

    async def release(self, deployment: str, desk: str) -> None:
        self._up()
        if self.leases.get(deployment) == desk:
            del self.leases[deployment]

    async def splits(self, symbol: str) -> list[Action]:
        return [one for one in self.actions if one.symbol == symbol]

    async def at(self, name: str, version: int) -> Strategy:
        return self.strategy

    async def require_consent(self, strategy: Strategy) -> None:
        return None


class Quiet:
    """No bars and no flags: the tests say themselves what is raised."""

    async def load(self, *_: Any, **__: Any) -> Loaded:
        return Loaded([], True, "")

    async def newest(self, symbol: str, frame: Timeframe, count: int, until: datetime) -> list[Bar]:
        return [Bar(symbol, bar_start(ns(until), frame), 100, 100, 100, 100, 1, 1, 100)]

    async def flags(self, *_: Any, **__: Any) -> Flags:
        return Flags(((), (), (), ()))

    async def weights(self, *_: Any, **__: Any) -> Weights:
        return Weights((), (), ())

    def warm(self) -> None:
        return None


@dataclass
class Desk:
    """Everything around deployments, with a clock, a session and a market that tests move."""

    service: Deployments
    runs: DeploymentRuns
    store: Store
    orders: Orders
    broker: Broker
    journal: Journal
    positions: Positions
    users: Users
    login: Login
    moment: list[datetime]
    open: list[bool]
    market: MarketData
    session: list[MarketSession | None]  # today's, where the calendar is known

    async def running(self, **bounds: Any) -> Deployment:
        """A deployment to paper that runs."""
        one = await self.service.create(replace(TERMS, bounds=replace(TERMS.bounds, **bounds)))
        return await self.service.start(one)

    async def says(self, *kinds: Kind, bar: int = 0, late: str = "", missed: bool = False) -> None:
        """The strategy says this of a bar."""
        (one,) = self.service.all()
        said = frozenset(kinds)
        await self.runs._raised(
            Raised(one.id, "AAPL", bar * 60_000_000_000, said, said, 100.0, self.moment[0], late, missed)
        )

    def fills(self, price: str = "100") -> None:
        """Whatever is open fills."""
        for order in [order for order in self.orders.book.values() if order.open]:
            left = order.request.quantity - order.filled
            self.orders.apply(
                Report(
                    order.id, ReportKind.FILL, self.moment[0], f"b-{order.id}", f"x-{order.id}", left, Decimal(price)
                )
            )

    def quotes(self) -> None:
        """Quotes of this moment."""
        self.market.hear(Batch([], [replace(a_quote(symbol=one), at=ns(self.moment[0])) for one in SYMBOLS]))

    def fates(self) -> list[Fate]:
        return [signal.fate for signal in self.service.signals()]

    def reasons(self) -> str:
        return " ".join(signal.reason for signal in self.service.signals())

    def sent(self) -> list[Order]:
        return [order for order in self.orders.book.values() if order.status is not OrderStatus.REFUSED]

    def signs_in(self, name: str, role: Role = Role.ADMIN) -> None:
        user = User(name, name, role)
        self.users.user = user
        self.login.session, self.login._asked = Session(f"s-{name}", user, "host", NOW, NOW), None


def at_a_desk(story: Callable[[Desk], Coroutine[Any, Any, None]], role: Role = Role.TRADER, environment: Environment = "PAPER",
              store: Store | None = None) -> None:  # fmt: skip
    asyncio.run(_sitting(story, role, environment, store or Store()))


async def _sitting(
    story: Callable[[Desk], Coroutine[Any, Any, None]], role: Role, environment: Environment, store: Store
) -> None:
    steps: list[str] = []
    session: list[MarketSession | None] = [None]
    broker, journal, moment, open_ = Broker(steps), Journal(steps), [NOW], [True]
    users = Users(User("ann", "ann", role))
    now = lambda: moment[0]  # noqa: E731
    login = Login(users, Trail(), now, "host", lambda: (now() - NOW).total_seconds())
    login.session = Session("s1", User("ann", "ann", role), "host", NOW, NOW)
    runs: DeploymentRuns

    def publish(event: Event) -> None:
        if isinstance(event, OrderChanged | Filled):
            runs.hear(event)

    clock = Clock(wall_ns=lambda: ns(moment[0]))
    market = MarketData(clock, publish, lambda trades: None, lambda frame, bars: None)
    market.hear(
        Batch([Trade(one, ns(NOW), 100.0, 10, "1") for one in SYMBOLS], [a_quote(symbol=one) for one in SYMBOLS])
    )
    positions, account = Positions(publish), Account(broker, journal, publish)
    await account.refresh()
    risk = Risk(RiskStore(), market, positions, account, login, publish, now)
    risk.know([Instrument(one, f"{one} Inc", "NASDAQ") for one in SYMBOLS])
    orders = Orders(
        broker, journal, risk, positions, login, publish, now, lambda: account.id, lambda: moment[0].timestamp()
    )
    around = Around(now, market.prices, lambda: Decimal(100_000), lambda: open_[0], lambda: account.id,
                    lambda symbol: positions[symbol].quantity, lambda one: runs.why_not(one), lambda: login.actor,
                    lambda one: runs.leases.unsure(one.id),
                    lambda symbol: market.snapshot(symbol).quote, lambda: session[0])  # fmt: skip
    sending = SignalActing(orders, store, around, lambda signal: runs.changed(signal),
                           lambda one, why: (runs.end(one.id), runs.stopped(one, State.PAUSED, why)), flat=0.3, quotes=0.1)  # fmt: skip
    quiet = Quiet()
    runs = DeploymentRuns(store, store, Market(market.watch, market.heard_since, quiet, quiet, store.splits), sending, around, login,
                          publish, environment, lambda *_: None)  # fmt: skip
    service = Deployments(store, runs, orders, login, publish, now, lambda: account.id, environment,
                          lambda write: Spool(store.folder / "waiting.jsonl", write, now, lambda draft: True))  # fmt: skip
    writer = asyncio.ensure_future(orders.records.run())
    try:
        await story(
            Desk(service, runs, store, orders, broker, journal, positions, users, login, moment, open_, market, session)
        )
    finally:
        await runs.close()
        writer.cancel()


# ---- orders


def test_an_entry_buys_once_however_often_its_bar_is_played() -> None:
    async def story(desk: Desk) -> None:
        one = await desk.running()
        await desk.says(Kind.ENTRY)
        await desk.says(Kind.ENTRY)
        (order,) = desk.sent()
        assert (order.request.side, order.request.quantity, order.request.source) == (
            Side.BUY,
            Decimal(10),
            f"strategy:{one.id}",
        )
        assert desk.fates() == [Fate.ORDER]
        assert order.id == desk.service.signals()[0].order
        raised = next(draft for draft in desk.store.drafts if draft.action == "signal.raise")
        assert (raised.correlation, raised.causation, raised.actor.type) == (order.id, one.id, "strategy")
        submitted = next(draft for draft in desk.journal.drafts if draft.action == "order.submit")
        assert (submitted.correlation, submitted.causation) == (order.id, raised.object_id)

    at_a_desk(story)


def test_an_exit_sells_what_is_its_own_and_not_what_somebody_else_holds() -> None:
    async def story(desk: Desk) -> None:
        desk.positions.adopt({"AAPL": a_position(50)})
        await desk.running()
        await desk.says(Kind.EXIT)
        assert desk.sent() == []
        await desk.says(Kind.ENTRY, bar=1)
        desk.fills()
        await desk.says(Kind.EXIT, bar=2)
        assert [order.request.quantity for order in desk.sent()] == [Decimal(10), Decimal(10)]
        desk.fills("103")
        (one,) = desk.service.all()
        figures = desk.service.figures(one)
        assert (figures.held, figures.realised, figures.orders, figures.slippage) == ((), Decimal(30), 2, Decimal(-30))
        assert desk.positions["AAPL"].quantity == 50

    at_a_desk(story)


def test_a_short_signal_closes_before_it_opens() -> None:
    async def story(desk: Desk) -> None:
        await desk.running(shorts=True, orders=9)
        await desk.says(Kind.ENTRY)
        desk.fills()
        turning = asyncio.ensure_future(desk.says(Kind.EXIT, Kind.SHORT, bar=1))
        await asyncio.sleep(0.02)
        assert len(desk.sent()) == 2
        desk.fills()
        desk.moment[0] += timedelta(seconds=5)
        desk.quotes()
        await turning
        assert [order.request.side for order in desk.sent()] == [Side.BUY, Side.SELL, Side.SELL]

    at_a_desk(story)


@pytest.mark.parametrize(("bounds", "before", "said"), [
    ({"begins": time(12)}, 0, "Entries are made from 12:00"), ({"orders": 1}, 1, "1 orders of the day"),
    ({"value": Decimal(50)}, 0, "does not fit into the largest position"), ({"loss": Decimal(5)}, 1, "loss of the day"),
])  # fmt: skip
def test_an_entry_beyond_a_bound_is_blocked_with_the_reason(bounds: dict[str, Any], before: int, said: str) -> None:
    async def story(desk: Desk) -> None:
        await desk.running(**bounds)
        for place in range(before):
            await desk.says(Kind.ENTRY, bar=place * 2)
            desk.fills("101")
            await desk.says(Kind.EXIT, bar=place * 2 + 1)
            desk.fills("100")
        count = len(desk.sent())
        await desk.says(Kind.ENTRY, bar=9)
        assert len(desk.sent()) == count
        assert desk.service.signals()[-1].fate is Fate.BLOCKED
        assert said in desk.reasons()

    at_a_desk(story)


def test_an_exit_goes_although_no_entry_may() -> None:
    async def story(desk: Desk) -> None:
        await desk.running(orders=1, ends=time(10, 31))
        await desk.says(Kind.ENTRY)
        desk.fills()
        desk.moment[0] += timedelta(hours=2)
        await desk.says(Kind.EXIT, bar=1)
        assert [order.request.side for order in desk.sent()] == [Side.BUY, Side.SELL]

    at_a_desk(story)


def test_an_exit_while_the_market_is_closed_waits_and_goes_when_it_opens() -> None:
    async def story(desk: Desk) -> None:
        await desk.running()
        await desk.says(Kind.ENTRY)
        desk.fills()
        desk.open[0] = False
        await desk.says(Kind.EXIT, bar=1)
        assert desk.fates() == [Fate.ORDER, Fate.WAITS]
        await desk.runs.look()
        assert len(desk.sent()) == 1
        desk.open[0] = True
        await desk.runs.look()
        assert desk.fates() == [Fate.ORDER, Fate.ORDER]
        assert len(desk.sent()) == 2

    at_a_desk(story)


def test_without_the_database_an_entry_is_lost_and_an_exit_waits() -> None:
    async def story(desk: Desk) -> None:
        await desk.running()
        desk.store.down = desk.journal.down = True
        await desk.says(Kind.ENTRY)
        assert desk.fates() == [Fate.BLOCKED]
        desk.store.down = desk.journal.down = False
        await desk.runs.look()
        assert desk.sent() == []
        assert [signal.fate for signal in desk.store.raised.values()] == [Fate.BLOCKED]
        await desk.says(Kind.ENTRY, bar=1)
        desk.fills()
        desk.store.down = True
        await desk.says(Kind.EXIT, bar=2)
        assert len(desk.sent()) == 1
        desk.store.down = False
        await desk.runs.look()
        assert len(desk.sent()) == 2

    at_a_desk(story)


def test_what_comes_late_trades_only_where_the_terms_say_so_and_what_was_missed_never() -> None:
    async def story(desk: Desk) -> None:
        await desk.running()
        await desk.says(Kind.ENTRY, late="after its time")
        assert desk.fates() == [Fate.LATE]
        assert desk.sent() == []

    async def willing(desk: Desk) -> None:
        await desk.running(trade_late=True)
        await desk.says(Kind.ENTRY, late="nobody was there", missed=True)
        assert desk.sent() == []
        await desk.says(Kind.ENTRY, bar=1, late="after its time")
        assert len(desk.sent()) == 1

    at_a_desk(story)
    at_a_desk(willing)


def test_what_the_rules_of_the_account_refuse_is_told_as_refused() -> None:
    async def story(desk: Desk) -> None:
        await desk.running()
        await desk.orders._risk.halt("enough")
        await desk.says(Kind.ENTRY)
        assert desk.fates() == [Fate.REFUSED]
        assert "halted" in desk.reasons()

    at_a_desk(story)


# ---- who is there


@pytest.mark.parametrize("change", [{"state": UserState.SUSPENDED}, {"role": Role.ANALYST.value}])
def test_who_may_trade_no_more_stops_it_at_the_next_look(change: dict[str, Any]) -> None:
    async def story(desk: Desk) -> None:
        one = await desk.running()
        desk.users.user = replace(User("ann", "ann", Role.TRADER), **change)
        await desk.runs.look()
        assert desk.runs.running == ()
        await desk.service.flush()
        assert desk.store.kept[one.id].state is State.PAUSED
        await desk.says(Kind.ENTRY)
        assert desk.sent() == []

    at_a_desk(story)


def test_nobody_or_somebody_else_at_the_desk_is_not_who_started_it() -> None:
    async def story(desk: Desk) -> None:
        one = await desk.running()
        desk.signs_in("bob")
        await desk.says(Kind.ENTRY)
        assert desk.sent() == []
        assert "ann started it and is not signed in" in desk.reasons()
        await desk.runs.look()
        await desk.service.flush()
        assert desk.store.kept[one.id].state is State.PAUSED

    at_a_desk(story)


def test_who_logs_out_leaves_it_to_go_on_at_the_next_log_in() -> None:
    store = Store()

    async def before(desk: Desk) -> None:
        one = await desk.running()
        desk.login.session = None
        await desk.says(Kind.ENTRY)
        assert desk.sent() == []
        await desk.runs.look()
        assert (desk.runs.running, store.kept[one.id].state) == ((), State.RUNNING)

    async def after(desk: Desk) -> None:
        await desk.service.load()
        assert len(desk.runs.running) == 1

    at_a_desk(before, store=store)
    at_a_desk(after, store=store)


def test_the_kill_switch_pauses_what_runs_once_for_each_press() -> None:
    async def story(desk: Desk) -> None:
        one = await desk.running()
        pressed = KillChanged(Killing(NOW, "ann", "cancelling", True))
        desk.runs.hear(pressed)
        await desk.service.flush()
        assert (desk.store.kept[one.id].state, desk.runs.running) == (State.PAUSED, ())
        await desk.service.start(desk.service.get(one.id))
        desk.runs.hear(pressed)  # how far it has come
        assert desk.runs.running == (one.id,)

    at_a_desk(story)


# ---- two people, and two kinds of money


def test_whoever_made_or_asked_for_it_cannot_approve_it_and_a_second_person_can() -> None:
    async def story(desk: Desk) -> None:
        one = await desk.service.ask(await desk.service.create(TERMS), "it did well")
        with pytest.raises(NotPermitted, match="somebody else has to approve"):
            await desk.service.approve(one, "fine")
        assert desk.store.drafts[-1].outcome == "refused"
        desk.signs_in("bob")
        with pytest.raises(NotPermitted, match="password"):
            await desk.service.approve(one, "fine")
        assert await desk.login.confirm("right", APPROVING) == ""
        done = await desk.service.approve(one, "fine")
        assert (done.stage, done.approved_by) == (Stage.APPROVED, "bob")
        other = await desk.service.change(done, replace(TERMS, amount=Decimal(9_000)))
        assert (other.stage, other.approved_by) == (Stage.PAPER, "")

    at_a_desk(story, Role.ADMIN)


def test_a_trader_cannot_approve() -> None:
    async def story(desk: Desk) -> None:
        one = await desk.service.ask(await desk.service.create(TERMS), "it did well")
        desk.signs_in("bob", Role.TRADER)
        with pytest.raises(NotPermitted, match="strategies: approve"):
            await desk.service.approve(one, "fine")

    at_a_desk(story)


def test_only_what_was_approved_goes_live_and_only_at_a_desk_with_real_money() -> None:
    store = Store()

    async def paper(desk: Desk) -> None:
        one = await desk.service.ask(await desk.service.create(TERMS), "it did well")
        with pytest.raises(BadInput, match="second person has to approve"):
            await desk.service.go_live(one)
        desk.signs_in("bob")
        await desk.login.confirm("right", APPROVING)
        done = await desk.service.approve(one, "fine")
        with pytest.raises(BadInput, match="LIVE account"):
            await desk.service.go_live(done)

    async def real(desk: Desk) -> None:
        with pytest.raises(BadInput, match="deployed to paper first"):
            await desk.service.create(TERMS)
        await desk.service.load()
        (one,) = desk.service.all()
        with pytest.raises(BadInput, match="deployed to paper, and this desk trades LIVE"):
            await desk.service.start(one)
        assert await desk.login.confirm("right", LIVE) == ""
        live = await desk.service.go_live(one)
        assert (live.stage, live.environment) == (Stage.LIVE, "LIVE")
        await desk.service.start(live)
        await desk.says(Kind.ENTRY)
        assert len(desk.sent()) == 1

    async def back(desk: Desk) -> None:
        await desk.service.load()
        (one,) = desk.service.all()
        with pytest.raises(BadInput, match="deployed to real money, and this desk trades PAPER"):
            await desk.service.start(replace(one, state=State.STOPPED))

    at_a_desk(paper, Role.ADMIN, "PAPER", store)
    at_a_desk(real, Role.ADMIN, "LIVE", store)
    at_a_desk(back, Role.ADMIN, "PAPER", store)


@pytest.mark.parametrize("role", [Role.ANALYST, Role.VIEWER])
def test_who_may_not_trade_starts_nothing(role: Role) -> None:
    async def story(desk: Desk) -> None:
        with pytest.raises(NotPermitted):
            await desk.running()
        assert desk.runs.running == ()

    at_a_desk(story, role)


# ---- pause, stop, restart


def test_a_restart_goes_on_with_its_counters_and_sends_nothing_twice() -> None:
    store = Store()

    async def before(desk: Desk) -> None:
        await desk.running()
        await desk.says(Kind.ENTRY)
        desk.fills()
        store.done, store.left = list(desk.orders.fills.values()), set(desk.orders.book)

    async def after(desk: Desk) -> None:
        desk.positions.adopt({"AAPL": a_position(10)})
        await desk.service.load()
        (one,) = desk.service.all()
        assert desk.runs.running == (one.id,)
        figures = desk.service.figures(one)
        assert (figures.held, figures.orders, figures.fills) == ((("AAPL", Decimal(10)),), 1, 1)
        await desk.says(Kind.ENTRY)
        assert desk.sent() == []
        await desk.says(Kind.EXIT, bar=1)
        assert len(desk.sent()) == 1

    at_a_desk(before, store=store)
    at_a_desk(after, store=store)


def test_what_does_not_fit_into_the_books_does_not_go_on() -> None:
    store = Store()

    async def before(desk: Desk) -> None:
        await desk.running()
        await desk.says(Kind.ENTRY)
        desk.fills()
        store.done = list(desk.orders.fills.values())

    async def after(desk: Desk) -> None:
        await desk.service.load()
        (one,) = desk.service.all()
        assert (one.state, desk.runs.running) == (State.PAUSED, ())
        assert "holds 10 AAPL, and the books hold 0" in one.reason
        with pytest.raises(BadInput, match="the books hold 0"):
            await desk.service.start(one)

    at_a_desk(before, store=store)
    at_a_desk(after, store=store)


def test_what_was_under_way_when_the_program_ended_is_never_sent_later() -> None:
    store = Store()

    async def before(desk: Desk) -> None:
        one = await desk.running()
        store.raised["x"] = Signal(one.id, "AAPL", 7, Side.BUY, Kind.ENTRY, Decimal(100), NOW, "cross v1", order="o-7")

    async def after(desk: Desk) -> None:
        await desk.service.load()
        assert desk.fates() == [Fate.LATE]
        assert "ended before it was sent" in desk.reasons()
        assert desk.sent() == []

    at_a_desk(before, store=store)
    at_a_desk(after, store=store)


def test_stopping_flat_closes_its_own_shares_and_leaves_the_others() -> None:
    async def story(desk: Desk) -> None:
        desk.positions.adopt({"AAPL": a_position(50)})
        one = await desk.running()
        await desk.says(Kind.ENTRY)
        desk.fills()
        shown = desk.service.closing(one)
        assert "sells 10 AAPL" in shown.words
        stopping = asyncio.ensure_future(desk.service.stop(desk.service.get(one.id), flatten=True, shown=shown))
        for _ in range(500):
            if len(desk.sent()) == 2:
                break
            await asyncio.sleep(0.01)
        desk.fills()
        done = await stopping
        assert done.state is State.STOPPED
        assert desk.service.figures(done).held == ()
        assert desk.positions["AAPL"].quantity == 50

    at_a_desk(story)


def test_stopping_flat_while_the_market_is_closed_leaves_no_order_lying_until_it_opens() -> None:
    async def story(desk: Desk) -> None:
        one = await desk.running()
        await desk.says(Kind.ENTRY)
        desk.fills()
        desk.open[0] = False
        assert "market is closed" in desk.service.closing(one).words
        with pytest.raises(BadInput, match="the market is closed: nothing was sent"):
            await desk.service.stop(one, flatten=True)
        assert len(desk.sent()) == 1
        assert desk.service.get(one.id).state is State.STOPPED
        desk.open[0] = True
        closing = asyncio.ensure_future(desk.service.close(desk.service.get(one.id)))
        assert await until(lambda: len(desk.sent()) == 2, 5.0)
        desk.fills()
        await closing
        assert desk.service.figures(one).held == ()

    at_a_desk(story)


def test_no_step_leads_round_the_second_person() -> None:
    to_live = {
        (stage, step)
        for (stage, _, step), (after, _) in MOVES.items()
        if after is Stage.LIVE and stage is not Stage.LIVE
    }
    assert to_live == {(Stage.APPROVED, Step.GO_LIVE)}
    to_approved = {
        (stage, step)
        for (stage, _, step), (after, _) in MOVES.items()
        if after is Stage.APPROVED and stage is not after
    }
    assert to_approved == {(Stage.ASKED, Step.APPROVE)}
    assert not any(step is Step.START for (stage, _, step) in MOVES if stage is Stage.DRAFT)
