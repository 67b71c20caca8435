"""A loss ladder over a real database, with a broker, prices and a clock that the test moves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.counters import CounterStore
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.orders import OrderJournal
from qv_desktop.adapters.db.risk import RiskStore
from qv_desktop.adapters.db.spool import Spool
from qv_desktop.app.building import late
from qv_desktop.domain.access import Role, User
from qv_desktop.domain.audit import SYSTEM, Draft, Entry
from qv_desktop.domain.events import Event, LadderChanged
from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.limits import Limits, Scope
from qv_desktop.domain.market import Batch, Quote, Trade, ns
from qv_desktop.domain.orders import Fill, OrderRequest, OrderStatus, Report, ReportKind, Side
from qv_desktop.domain.positions import Position
from qv_desktop.services.account import Account
from qv_desktop.services.clock import Clock
from qv_desktop.services.counters import CounterBook
from qv_desktop.services.limits import strategy_of
from qv_desktop.services.login import Login
from qv_desktop.services.loss_ladder import LossLadder
from qv_desktop.services.market_data import MarketData
from qv_desktop.services.marks import Marks
from qv_desktop.services.noting import noting
from qv_desktop.services.positions import Positions
from qv_desktop.services.risk import Risk
from tests.builders import NOW, a_request, a_session, an_account, an_order
from tests.fakes import Broker, Journal, Users

LIMITS = Limits(daily_loss=Decimal(2_000), consecutive_losses=2, cooldown_seconds=Decimal(900))


@dataclass
class Room:
    """Everything around the ladder."""

    account_id: str
    risk: Risk
    ladder: LossLadder
    book: CounterBook
    account: Account
    positions: Positions
    market: MarketData
    users: Users
    login: Login
    journal: OrderJournal
    store: RiskStore
    spool: Spool
    trail: AuditTrail
    moment: list[datetime]
    recorded: list[Entry]
    events: list[Event] = field(default_factory=list)
    told: list[tuple[Any, ...]] = field(default_factory=list)
    scoped: dict[tuple[Scope, str], dict[str, Any]] = field(default_factory=dict)
    fills: dict[str, Fill] = field(default_factory=dict)

    def price(self, price: float, symbol: str = "AAPL") -> None:
        """Trades and quotes are there now."""
        at = ns(self.moment[0])
        self.market.hear(Batch([Trade(symbol, at, price, 10, f"t{at}{price}")],
                               [Quote(symbol, at, price - 0.01, 100, price + 0.01, 100)]))  # fmt: skip

    def broker_tells(self, equity: str, **rest: object) -> None:
        """The account, with the day begun at 100,000."""
        told = replace(an_account(equity, last_equity=Decimal(100_000), **rest), id=self.account_id)
        self.account.balances = told
        self.ladder.told(told)

    async def trades(self, shares: int, price: str, name: str, user: str = "demo", source: str = "Ticket", symbol: str = "AAPL",
                     *, heard: bool = True) -> Fill:  # fmt: skip
        """An order that fills at once, in the journal; ``heard`` by the program, too, or it died before."""
        side = Side.BUY if shares > 0 else Side.SELL
        request = a_request(abs(shares), side, symbol, f"{self.account_id}-{name}", source=source)
        order = replace(
            an_order(request, OrderStatus.FILLED), account=self.account_id, user=user, submitted=self.moment[0]
        )
        fill = Fill(f"{self.account_id}-x{name}", order.id, symbol, side, abs(request.quantity), Decimal(price), self.moment[0],
                    source=source)  # fmt: skip
        await self.journal.intend(order, Draft(SYSTEM, "order.submit", "order", order.id))
        report = Report(order.id, ReportKind.FILL, self.moment[0], execution_id=fill.execution_id, quantity=fill.quantity,
                        price=fill.price)  # fmt: skip
        await self.journal.record((order, report, fill, None))
        if heard:
            self.hears(fill)
        return fill

    def hears(self, fill: Fill) -> None:
        """The program hears of an execution."""
        self.fills[fill.execution_id] = fill
        self.positions.fill(fill)
        self.ladder.filled(fill)

    def later(self, seconds: float) -> None:
        self.moment[0] += timedelta(seconds=seconds)

    def becomes(self, role: Role) -> None:
        """Another role, from the next question on."""
        self.users.user = User("u1", "demo", role, role_version=2)
        self.later(5)

    async def written(self) -> None:
        """Until everything that was begun is in the database or its spool."""
        while jobs := [*self.risk._writing, *self.ladder._jobs.values()]:
            await asyncio.wait(jobs)

    def judged(self, request: OrderRequest) -> dict[str, str]:
        """Code of each refusal with its sentence."""
        return {check.code: check.message for check in self.risk.judge(request, {}).refusals}

    @property
    def shown(self) -> Any:
        """The newest picture."""
        return [event.ladder for event in self.events if isinstance(event, LadderChanged)][-1]


@asynccontextmanager
async def a_room(database: Database, account: str, folder: Path, *, role: Role = Role.TRADER, at: datetime = NOW,
                 positions: tuple[Position, ...] = (), limits: Limits = LIMITS, begin: bool = True) -> AsyncIterator[Room]:  # fmt: skip
    """The ladder of one start of the program; another one with the same ``account`` and ``folder`` is the next start."""
    moment, events, recorded, told = [at], [], [], []  # type: ignore[var-annotated]
    now = lambda: moment[0]  # noqa: E731
    trail = AuditTrail(database, f"chain-{account}", "1.0", now, recorded.append)
    users = Users(User("u1", "demo", role), a_session(role))
    login = Login(users, trail, now, "host", lambda: (now() - NOW).total_seconds())
    await login.sign_in("demo", "right")
    market = MarketData(
        Clock(wall_ns=lambda: ns(moment[0])), events.append, lambda trades: None, lambda frame, bars: None
    )
    desk, broker = Positions(events.append), Account(Broker(), Journal(), events.append)
    broker.balances = replace(an_account(), id=account)
    store = RiskStore(database, trail)
    spool = Spool(folder / f"{account}.jsonl", late(trail, store), now)
    risk = Risk(store, market, desk, broker, login, events.append, now, spool)
    risk.know([Instrument("AAPL", "Apple Inc", "NASDAQ")])
    fills: dict[str, Fill] = {}
    scoped: dict[tuple[Scope, str], dict[str, Any]] = {}
    journal = OrderJournal(database, trail)
    counters = CounterStore(database, trail)
    book = CounterBook(counters, now, lambda fill: "demo", strategy_of)
    ladder = LossLadder(risk, book, counters, broker, desk, Marks(market), login, events.append, now, noting(trail, spool),
                        lambda *what, **more: told.append(what), limits=lambda: limits, recent=lambda: fills.values(),
                        set_for=lambda scope, of: scoped.get((scope, of), {}))  # fmt: skip
    risk.standings = ladder.standings
    room = Room(account, risk, ladder, book, broker, desk, market, users, login, journal, store, spool, trail, moment, recorded, events,
                told, scoped, fills)  # fmt: skip
    room.price(100)
    desk.restore(positions)
    if begin:
        await risk.load_state()
        await ladder.start()
    yield room
    await room.written()
