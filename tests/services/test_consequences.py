"""Everything of consequence leaves its row: the services over a real database, deed by deed, against one table.

Each line says who did it, what, to what, how it ended, whether the row tells before and after, and whose story it belongs to.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest

from qv_desktop.adapters.db.actions import ActionStore
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.backtests import BacktestStore
from qv_desktop.adapters.db.bars import BarStore
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.limits import LimitStore
from qv_desktop.adapters.db.orders import OrderJournal
from qv_desktop.adapters.db.preferences import Preferences
from qv_desktop.adapters.db.reconciliation import ReconciliationStore
from qv_desktop.adapters.db.risk import RiskStore
from qv_desktop.adapters.db.strategies import StrategyStore
from qv_desktop.adapters.db.strategy_notes import StrategyConsents, StrategyDrafts
from qv_desktop.adapters.db.ticks import TickStore
from qv_desktop.adapters.db.users import Users
from qv_desktop.adapters.files.reading import MarketFiles
from qv_desktop.adapters.reports.audit_rows import AuditFiles
from qv_desktop.adapters.reports.reconciliation import ReconciliationReports
from qv_desktop.adapters.reports.tables import TableReports
from qv_desktop.domain.access import Action, Permission, Resource, Role
from qv_desktop.domain.audit import Actor, Draft, Entry
from qv_desktop.domain.audit_query import AuditQuery
from qv_desktop.domain.backtests import BacktestResult, BacktestSpec
from qv_desktop.domain.connections import Connection, Known
from qv_desktop.domain.errors import BadInput, FeedDown, NotPermitted
from qv_desktop.domain.imports import Reading
from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.limits import Scope
from qv_desktop.domain.market import Bar, Batch, Timeframe, Trade, ns
from qv_desktop.domain.orders import OrderStatus, Report, ReportKind
from qv_desktop.domain.reconciliation import Break
from qv_desktop.domain.strategies import Strategy, digest
from qv_desktop.domain.strategy_template import template
from qv_desktop.domain.ticket_presets import STANDARD
from qv_desktop.services import reconcile
from qv_desktop.services.account import Account
from qv_desktop.services.acknowledging import Acknowledging
from qv_desktop.services.audit import Audit
from qv_desktop.services.audit_exports import AuditExports
from qv_desktop.services.authoring import Authoring
from qv_desktop.services.backtests import Backtests
from qv_desktop.services.clock import Clock
from qv_desktop.services.connections import Connections
from qv_desktop.services.exports import Exports
from qv_desktop.services.imports import Imports
from qv_desktop.services.kill_switch import KillSwitch
from qv_desktop.services.limits import RAISE, RiskLimits
from qv_desktop.services.login import Login
from qv_desktop.services.market_data import MarketData
from qv_desktop.services.notices import Notices
from qv_desktop.services.noting import noting
from qv_desktop.services.orders import Orders
from qv_desktop.services.positions import Positions
from qv_desktop.services.reconcile import Reconcile
from qv_desktop.services.retention import Retention
from qv_desktop.services.risk import Risk
from qv_desktop.services.strategies import Strategies
from qv_desktop.services.ticket_presets import TicketPresets
from qv_desktop.services.trading_states import Forgetful
from tests import fakes
from tests.builders import NOW, a_limit, a_position, a_quote, a_request, a_session
from tests.services.test_connections import Store, Vault, probe

PASSWORD = "correct horse battery staple 9"
HOST = "WS-14"
SPEC = BacktestSpec("sma_cross", 1, ("AAPL",), "1D", NOW.date() - timedelta(days=90), NOW.date(), ())


class Quiet:
    """A history that has nothing, an engine that can be told to stop, and a store that drops three rows of each kind."""

    async def between(self, *asked: object) -> list[Bar]:
        raise FeedDown("No vendor answers.")

    async def read(self, *asked: object) -> None:
        raise FeedDown("No vendor answers.")

    async def cancel(self, run: str) -> None:
        return None

    async def keep_since(self, kind: str, oldest: object) -> int:
        return 3


@dataclass
class Desk:
    """The services of one signed-in Admin over one database."""

    database: Database
    folder: Path
    rows: list[Entry] = field(default_factory=list)
    by_deed: dict[str, list[Entry]] = field(default_factory=dict)

    def build(self) -> None:
        events: list[object] = []
        publish, now = events.append, lambda: NOW
        self.trail = AuditTrail(self.database, f"chain-{uuid4().hex[:8]}", "1.0", now, self.rows.append)
        self.users = Users(self.database, self.trail, now)
        self.login = Login(self.users, self.trail, now, HOST)
        vera = a_session(Role.VIEWER, "vera")
        self.viewer = Login(fakes.Users(vera.user, vera), self.trail, now, HOST)
        self.viewer.session = vera
        self.broker, journal = fakes.Broker(), OrderJournal(self.database, self.trail)
        market = MarketData(Clock(wall_ns=lambda: ns(NOW)), publish, lambda trades: None, lambda frame, bars: None)
        market.hear(Batch([Trade("AAPL", ns(NOW), 100.0, 10, "1")], [a_quote()]))
        self.positions, self.account = Positions(publish), Account(self.broker, journal, publish)
        self.risk = Risk(
            RiskStore(self.database, self.trail), market, self.positions, self.account, self.login, publish, now
        )
        self.limits = RiskLimits(
            LimitStore(self.database, self.trail),
            self.login,
            publish,
            lambda: NOW,
            lambda: self.account.id,
            self.trail.append,
        )
        self.risk.know([Instrument("AAPL", "Apple Inc", "NASDAQ")])
        self.orders = Orders(
            self.broker, journal, self.risk, self.positions, self.login, publish, now, lambda: self.account.id
        )
        note = noting(self.trail, Forgetful())
        self.kill = KillSwitch(
            self.risk,
            self.orders,
            self.broker,
            self.login,
            note,
            lambda: self.account.id,
            publish,
            now,
            pause=lambda seconds: asyncio.sleep(0),
        )
        self.reconcile = Reconcile(
            self.broker, ReconciliationStore(self.database, self.trail), ReconciliationReports(), self.orders,
            self.positions, self.account, self.login, publish, now, now, self.folder, self.trail,
        )  # fmt: skip
        self.exports = Exports(TableReports(), self.login, self.trail, now, self.folder)
        self.audit = Audit(self.trail, self.login)
        self.audit_exports = AuditExports(self.trail, AuditFiles(), self.login, now, self.folder)
        self.strategies = Strategies(StrategyStore(self.database, self.trail), self.login,
                                     StrategyConsents(self.database, self.trail), publish, note, now)  # fmt: skip
        self.authoring = Authoring(StrategyStore(self.database, self.trail), StrategyDrafts(self.database), self.strategies,
                                   self.login, self.trail, now)  # fmt: skip
        self.backtests = Backtests(Quiet(), BacktestStore(self.database, self.trail), self.strategies, Quiet(), self.login,  # type: ignore[arg-type]
                                   publish, note, now)  # fmt: skip
        self.imports = Imports(MarketFiles(), BarStore(self.database), TickStore(self.database), ActionStore(self.database), now,
                               self.trail, self.login)  # fmt: skip
        self.connections = Connections(Store(Known()), Vault(), probe, self.login, self.trail)
        self.presets = TicketPresets(Preferences(self.database, self.trail), lambda: "u1", lambda: self.login.actor)
        self.notices = Notices(publish, now)
        self.acknowledging = Acknowledging(self.notices, self.login, note)
        self.retention = Retention(Quiet(), {"trades": 30}, now, self.trail.append)

    async def overridden(self) -> None:
        """Shares that came without an execution, and a person who knows why."""
        self.broker.held = {"TSLA": a_position(7, symbol="TSLA")}
        await self.reconcile.run("system", "every 30 s")
        await self.reconcile.open_over("known transfer")

    async def tightened(self) -> None:
        await self.limits.load()
        firm = self.limits.book.version(Scope.FIRM, "")
        await self.limits.change(Scope.FIRM, "", {**firm.values, "daily_loss": Decimal(1)}, "a calm week")

    async def proposed(self) -> None:
        firm = self.limits.book.version(Scope.FIRM, "")
        assert await self.login.confirm(PASSWORD, RAISE) == ""
        await self.limits.change(Scope.FIRM, "", {**firm.values, "daily_loss": Decimal(2)}, "a wild week")

    async def approved_alone(self) -> None:
        with pytest.raises(NotPermitted, match="second person"):
            await self.limits.approve(self.limits.book.proposals[-1].id)

    async def told(self) -> None:
        """Do every deed, and keep the rows that each left."""
        self.build()
        await self.account.refresh()
        writing = asyncio.ensure_future(self.orders.records.run())
        for name, (deed, *_) in DEEDS.items():
            before = len(self.rows)
            await deed(self)
            await self.orders.records.written(5)
            await asyncio.sleep(0)
            while self.risk._writing:
                await asyncio.gather(*self.risk._writing)
            self.by_deed[name] = self.rows[before:]
        writing.cancel()

    # ---- deeds that take more than a line

    async def submit(self, id_: str, answer: ReportKind = ReportKind.ACKNOWLEDGED, quantity: int = 0) -> None:
        """Each of another size, for two alike within seconds are one too many."""
        self.broker.answer = answer
        await self.orders.submit(a_limit("99", quantity or 10 + int(id_[-1]), id=id_))

    async def report(self, id_: str, kind: ReportKind, **rest: object) -> None:
        known = self.orders.book[id_].broker_id if id_ in self.orders.book else None
        self.orders.hear(Report(id_, kind, NOW, known or f"b-{id_}", **rest))  # type: ignore[arg-type]

    async def refused(self) -> None:
        with pytest.raises(NotPermitted):
            await self.viewer.require(Permission(Resource.TRADING, Action.CREATE))

    async def killed(self) -> None:
        await self.risk.resume("go on")
        await self.submit("qv-9")
        self.broker.known["qv-9"] = self.orders.book["qv-9"]
        await self.kill.kill("button")

    async def failing_backtest(self) -> None:
        with pytest.raises(FeedDown):
            await self.backtests.run(replace(SPEC, version=self.strategies.named(SPEC.strategy).version))

    async def judged_backtest(self) -> None:
        store = BacktestStore(self.database, self.trail)
        run = BacktestResult(
            "judged", SPEC, "maria", NOW, 1.0, (1,), (1.0,), (1.0,), (0.0,), (), (), 1, "c", "d", "s", "e"
        )
        await store.save(run, Draft(self.login.actor, "backtest.run", "backtest", run.id, after="{}"))
        await self.backtests.annotate(run.id, True, "to be tried on other years")
        await self.backtests.delete(run.id)

    async def failing_export(self) -> None:
        target = self.folder / "blocked"
        target.write_text("a file where a folder is wanted", encoding="utf-8")
        exports = Exports(TableReports(), self.login, self.trail, lambda: NOW, target)
        with pytest.raises(BadInput):
            await exports.table("orders", Permission(Resource.TRADING, Action.EXPORT), ["a"], [["1"]])

    async def imported(self) -> None:
        file = self.folder / "AAPL_1D.csv"
        file.write_text(
            "date,open,high,low,close,volume\n2026-11-18,1,2,1,2,10\n2026-11-19,2,3,2,3,10\n", encoding="utf-8"
        )
        found = await self.imports.understood(file, Reading("AAPL", Timeframe(1, "D")))
        await self.imports.store(found)

    async def authored(self) -> None:
        made = await self.authoring.create("mine", template())
        saved = await self.authoring.save(made, template() + "# two\n", "why")
        cloned = await self.authoring.clone(saved, "mine_2")
        await self.strategies.decline(saved)
        await self.strategies.consent(saved)
        await self.authoring.archive(cloned)
        await self.authoring.unarchive(cloned)

    async def connected(self) -> None:
        made = await self.connections.add(Connection("", "Paper two"), {"key": "PKONE", "secret": "s1"})
        await self.connections.change(replace(made, name="Paper three"), {})
        await self.connections.switch(made.id)
        other = await self.connections.add(Connection("", "Paper four"), {"key": "PKTWO", "secret": "s2"})
        await self.connections.remove(other.id)

    async def kept_preset(self) -> None:
        self.presets.keep("scalp", STANDARD)
        assert await self.presets.sync()

    async def acknowledged(self) -> None:
        self.notices.tell("critical", "Trading halted", "by hand", "halt")
        await self.acknowledging.acknowledge_all()


def a_strategy() -> Strategy:
    from qv_desktop.strategies.built_in import built_in

    return built_in(NOW)[0]


def another_source() -> Strategy:
    source = a_strategy().source + "# changed\n"
    return replace(a_strategy(), source=source, code_hash=digest(source))


@dataclass(frozen=True)
class Row:
    """What a row must say. ``by`` is human (the signed-in Admin), another person's name, system or broker."""

    action: str
    object_type: str
    outcome: str = "ok"
    by: str = "anna"
    before: bool = False
    after: bool = True
    story: str = ""  # correlation, or the beginning of it before a *
    cause: str = ""
    role: bool = True  # whether it is known as whom
    session: bool = True  # and in which session


type Deed = Callable[[Desk], Awaitable[object]]


def _broker(action: str, story: str, outcome: str = "ok", by: str = "broker") -> Row:
    return Row(action, "order", outcome, by, before=True, story=story)


BY_HERSELF = Draft(Actor("anna", "human", "Admin", host=HOST), "user.create", "user", "anna")

MISSING = Break("positions", "TSLA", "missing here", "high", "—", "7", "+7", Decimal(700), "book BUY 7 @ 100.00")

DEEDS: dict[str, tuple[Deed, *tuple[Row, ...]]] = {
    "a user is made": (lambda d: d.users.create("anna", PASSWORD, "Admin", BY_HERSELF),
                       Row("user.create", "user", after=False, session=False)),
    "a wrong password": (lambda d: d.login.sign_in("anna", "wrong"),
                         Row("session.start", "user", "refused", after=False, role=False, session=False)),
    "a log-in": (lambda d: d.login.sign_in("anna", PASSWORD), Row("session.start", "session", after=False)),
    "a refusal": (lambda d: d.refused(), Row("permission.refuse", "permission", "refused", "vera", after=False)),
    "an order": (lambda d: d.submit("qv-1"), Row("order.submit", "order", story="qv-1"), _broker("order.acknowledge", "qv-1")),
    "a fill": (lambda d: d.report("qv-1", ReportKind.FILL, execution_id="x1", quantity=Decimal(4), price=Decimal(99)),
               _broker("fill.book", "qv-1")),
    "a cancel": (lambda d: d.orders.cancel(["qv-1"], "by hand"), Row("order.cancel", "order", story="qv-1")),
    "a cancel that the broker confirms": (lambda d: d.report("qv-1", ReportKind.CANCELED), _broker("order.canceled", "qv-1")),
    "an order that the rules refuse": (lambda d: d.submit("qv-2", quantity=90_000), Row("order.submit", "order", "refused", story="qv-2")),
    "an order that the broker rejects": (lambda d: d.submit("qv-3", ReportKind.REJECTED), Row("order.submit", "order", story="qv-3"),
                                         _broker("order.reject", "qv-3", "rejected")),
    "an order whose outcome is unknown": (lambda d: d.submit("qv-4", ReportKind.UNCERTAIN), Row("order.submit", "order", story="qv-4"),
                                          _broker("order.unresolved", "qv-4", "unresolved", "system")),
    "an order that the broker holds": (lambda d: d.submit("qv-5"), Row("order.submit", "order", story="qv-5"),
                                       _broker("order.acknowledge", "qv-5")),
    "held": (lambda d: d.report("qv-5", ReportKind.HELD), _broker("order.held", "qv-5")),
    "new terms": (lambda d: d.orders.replace("qv-5", a_limit("98", 10, id="qv-6")),
                  Row("order.replace", "order", before=True, story="qv-6", cause="qv-5"),
                  _broker("order.acknowledge", "qv-6")),
    "new terms that the broker confirms": (lambda d: d.report("qv-5", ReportKind.REPLACED), _broker("order.replaced", "qv-5")),
    "new limits": (lambda d: d.tightened(), Row("risk.limits", "limits", before=True)),
    "wider limits": (lambda d: d.proposed(), Row("risk.limits_proposed", "limits", before=True)),
    "one's own proposal": (lambda d: d.approved_alone(),
                           Row("risk.limits_approved", "limits", "refused", before=True, cause="proposal *")),
    "a proposal taken back": (lambda d: d.limits.withdraw(d.limits.book.proposals[-1].id),
                              Row("risk.limits_withdrawn", "limits", before=True, cause="proposal *")),
    "a restricted symbol": (lambda d: d.limits.restrict("KO", "", "merger talks"), Row("risk.restricted", "symbol", story="firm")),
    "reduce": (lambda d: d.risk.reduce("fast market"), Row("risk.reducing", "account", before=True)),
    "halt": (lambda d: d.risk.halt("news"), Row("risk.halted", "account", before=True)),
    "resume": (lambda d: d.risk.resume("over"), Row("risk.active", "account", before=True)),
    "a halt by the program": (lambda d: _sync(d.risk.trip("the books cannot be", "qv-1")),
                              Row("risk.halted", "account", by="system", before=True, story="qv-1")),
    "an outcome that becomes known": (lambda d: d.report("qv-4", ReportKind.REJECTED), _broker("order.reject", "qv-4", "rejected")),
    "an order that ends": (lambda d: d.report("qv-6", ReportKind.EXPIRED), _broker("order.expired", "qv-6")),
    "a kill": (lambda d: d.killed(), Row("risk.active", "account", before=True),
               Row("order.submit", "order", story="qv-9"), _broker("order.acknowledge", "qv-9"),
               Row("order.cancel", "order", story="qv-9", cause="kill-*"),
               Row("kill.press", "account", story="kill-*"), Row("risk.halted", "account", before=True, cause="kill-*"),
               Row("kill.switch", "account", story="kill-*"), _broker("order.canceled", "qv-9")),
    "a reconciliation": (lambda d: d.reconcile.asked(), Row("reconciliation.run", "reconciliation", "failed", story="*")),
    "trading opened over breaks": (lambda d: d.overridden(), Row("reconciliation.run", "reconciliation", "failed", by="system", story="*"),
                                   Row("reconciliation.override", "reconciliation", story="*")),
    "an entry booked by hand": (lambda d: d.reconcile.book(MISSING, "came from the old broker"),
                                Row("reconciliation.book", "position", before=True, story="*")),
    "a reconciliation's report": (lambda d: d.reconcile.export(), Row("export.reconciliation", "reconciliation", story="*")),
    "a table as a file": (lambda d: d.exports.table("orders", Permission(Resource.TRADING, Action.EXPORT), ["a"], [["1"]]),
                          Row("export.table", "orders")),
    "a table that could not be written": (lambda d: d.failing_export(), Row("export.table", "orders"),
                                          Row("export.table", "orders", "failed")),
    "bars as a file": (lambda d: d.exports.bars("AAPL", Timeframe(1, "D"), [Bar("AAPL", ns(NOW), 1, 2, 1, 2, 10)]),
                       Row("export.bars", "AAPL")),
    "a picture": (lambda d: d.exports.picture("AAPL 1D", b"png"), Row("export.picture", "AAPL 1D")),
    "a verification": (lambda d: d.audit.verify(), Row("audit.verify", "audit")),
    "audit rows as a file": (lambda d: d.audit_exports.rows(AuditQuery(action="order.*"), "csv"), Row("export.audit", "audit")),
    "a strategy": (lambda d: d.strategies.load([a_strategy()]), Row("strategy.keep", "strategy", by="system")),
    "a strategy whose source changed": (lambda d: d.strategies.load([another_source()]),
                                        Row("strategy.keep", "strategy", by="system", before=True)),
    "a strategy of one's own": (
        lambda d: d.authored(), Row("strategy.create", "strategy"), Row("strategy.create", "strategy"),
        Row("strategy.save", "strategy", before=True), Row("strategy.allow", "strategy", "refused"), Row("strategy.allow", "strategy"),
        Row("strategy.archive", "strategy", before=True), Row("strategy.unarchive", "strategy", before=True)),
    "a backtest that fails": (lambda d: d.failing_backtest(), Row("backtest.run", "backtest", "failed")),
    "a backtest that is cancelled": (lambda d: d.backtests.cancel("run-1"), Row("backtest.cancel", "backtest", after=False)),
    "a backtest that is judged": (
        lambda d: d.judged_backtest(), Row("backtest.run", "backtest"), Row("backtest.annotate", "backtest"),
        Row("backtest.delete", "backtest", before=True, after=False)),
    "an import": (lambda d: d.imported(), Row("data.imported", "bars")),
    "accounts": (lambda d: d.connected(), Row("connection.add", "connection", story="*"),
                 Row("connection.change", "connection", story="*", before=True),
                 Row("connection.switch", "connection", story="*"), Row("connection.add", "connection", story="*"),
                 Row("connection.remove", "connection", story="*", before=True, after=False)),
    "a ticket preset": (lambda d: d.kept_preset(), Row("settings.presets", "settings", before=True)),
    "an acknowledgement": (lambda d: d.acknowledged(), Row("notice.acknowledge", "notice", after=False)),
    "old data that is dropped": (lambda d: d.retention.drop(), Row("data.drop", "data", by="system")),
    "a log-out": (lambda d: d.login.sign_out(), Row("session.end", "session", after=False)),
}  # fmt: skip


async def _sync(_: None) -> None:
    """A deed that waits for nothing."""


@pytest.fixture(scope="module")
def told(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk on which every deed was done."""
    patched = pytest.MonkeyPatch()
    patched.setattr(reconcile, "SETTLE", 0.01)
    database = Database(postgres_url)
    desk = Desk(database, tmp_path_factory.mktemp("exports"))
    asyncio.run(asyncio.wait_for(desk.told(), 20))
    yield desk
    database.close()
    patched.undo()


@pytest.mark.parametrize("name", DEEDS)
def test_everything_of_consequence_leaves_its_row(told: Desk, name: str) -> None:
    expected = sorted(DEEDS[name][1:], key=lambda one: (one.action, one.outcome))
    # what waits for nothing has no order; what a comparison does to the break queue is looked at by the queue's own tests
    done = [row for row in told.by_deed[name] if not row.draft.action.startswith("break.")]
    rows = sorted(done, key=lambda row: (row.draft.action, row.draft.outcome))
    assert [(row.draft.action, row.draft.outcome) for row in rows] == [(one.action, one.outcome) for one in expected]
    for row, one in zip(rows, expected, strict=True):
        assert_says(told, row, one)


def assert_says(desk: Desk, row: Entry, one: Row) -> None:
    draft, actor = row.draft, row.draft.actor
    assert draft.object_type == one.object_type
    assert actor.name == one.by
    if one.by in ("anna", "vera"):
        role = "Viewer" if one.by == "vera" else "Admin" if one.role else ""
        assert (actor.type, actor.host, actor.role, actor.session != "") == ("human", HOST, role, one.session)
    else:
        assert actor.type == one.by
    for text, told_ in ((draft.before, one.before), (draft.after, one.after)):
        assert (text != "") == told_, (draft.action, text)
        if text:
            json.loads(text)
    assert fits(draft.correlation, one.story)
    assert fits(draft.causation, one.cause)


def fits(value: str, wanted: str) -> bool:
    return value.startswith(wanted[:-1]) and value != "" if wanted.endswith("*") else value == wanted


def test_the_story_of_a_kill_leads_to_what_it_halted(told: Desk) -> None:
    pressed = next(row for row in told.by_deed["a kill"] if row.draft.action == "kill.press")
    database = Database(told.database.url.render_as_string(hide_password=False))
    trail = AuditTrail(database, pressed.chain, "1.0", lambda: NOW, lambda entry: None)
    story = asyncio.run(trail.found(AuditQuery(correlation=pressed.draft.correlation)))
    database.close()
    assert {row.draft.action for row in story} == {"kill.press", "risk.halted", "order.cancel", "kill.switch"}


def test_what_is_recorded_is_one_unbroken_chain(told: Desk) -> None:
    found = asyncio.run(told.trail.verify())
    assert (found.whole, found.rows) == (True, len(told.rows))
    assert {order.status for order in told.orders.book.values()} >= {OrderStatus.REFUSED, OrderStatus.REJECTED}
    assert a_request().client_order_id in told.orders.book
