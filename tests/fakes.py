"""Plain stand-ins for pure unit tests of services; each keeps what it was told, in order."""

import asyncio
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from qv_desktop.domain.access import Role, Session, SignIn, User
from qv_desktop.domain.accounts import Account
from qv_desktop.domain.audit import GENESIS, Draft, Entry, Verification, sealed, verified
from qv_desktop.domain.audit_query import AuditQuery, Installation
from qv_desktop.domain.desks import Intents, Overtaken, Turn
from qv_desktop.domain.errors import BrokerDown, DatabaseDown, TokenOutdated
from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.killing import Standing, Swept
from qv_desktop.domain.loss_ladder import Stand, stand_of
from qv_desktop.domain.market import Bar, Gap, Snapshot, Timeframe, Trade
from qv_desktop.domain.orders import Fill, Order, OrderRequest, OrderStatus, Report, ReportKind
from qv_desktop.domain.positions import Position
from qv_desktop.domain.risk import TradingState, Verdict
from qv_desktop.domain.sessions import MarketSession
from tests.builders import NOW, a_session, an_account


@dataclass
class Broker:
    """Answers what the test put in; ``steps`` shares its list with the journal so that their order shows."""

    steps: list[str] = field(default_factory=list)
    answer: ReportKind = ReportKind.ACKNOWLEDGED
    cancel_answer: ReportKind = ReportKind.CANCEL_ASKED
    replace_answer: ReportKind = ReportKind.REPLACED
    reason: str = ""
    known: dict[str, Order] = field(default_factory=dict)
    executions: list[Fill] = field(default_factory=list)
    held: dict[str, Position] = field(default_factory=dict)
    down: bool = False
    stubborn: set[str] = field(default_factory=set)  # ids that “cancel everything” leaves open

    async def submit(self, order: Order, verdict: Verdict) -> Report:
        assert verdict.passed
        self.steps.append(f"post {order.id}")
        known = f"b-{order.id}" if self.answer is ReportKind.ACKNOWLEDGED else None
        return Report(order.id, self.answer, NOW, broker_id=known, reason=self.reason)

    async def cancel(self, order: Order) -> Report:
        self.steps.append(f"cancel {order.id}")
        return Report(order.id, self.cancel_answer, NOW)

    async def replace(self, order: Order, replacement: OrderRequest, verdict: Verdict) -> Report:
        self.steps.append(f"replace {order.id}")
        return Report(
            order.id,
            self.replace_answer,
            NOW,
            replaced_by="b-new" if self.replace_answer is ReportKind.REPLACED else None,
        )

    async def cancel_everything(self) -> Swept:
        self.steps.append("cancel everything")
        if self.down:
            return Swept(answered=False, reason="no answer in time")
        open_ = [order for order in self.known.values() if order.open]
        self.known |= {o.id: replace(o, status=OrderStatus.CANCELED) for o in open_ if o.id not in self.stubborn}
        return Swept(frozenset(o.broker_id or f"b-{o.id}" for o in open_ if o.id not in self.stubborn),
                     tuple((o.broker_id or f"b-{o.id}", "not now") for o in open_ if o.id in self.stubborn))  # fmt: skip

    async def standing(self) -> list[Standing]:
        self._ask()
        return [Standing(o.broker_id or f"b-{o.id}", o.id, f"{o.request.side.upper()} {o.request.quantity} {o.request.symbol}")
                for o in self.known.values() if o.open]  # fmt: skip

    async def find(self, client_order_id: str) -> Order | None:
        self._ask()
        return self.known.get(client_order_id)

    async def account(self) -> Account:
        self._ask()
        return an_account()

    async def positions(self) -> dict[str, Position]:
        self._ask()
        return dict(self.held)

    async def open_orders(self) -> list[Order]:
        self._ask()
        return [order for order in self.known.values() if order.open]

    async def recent_orders(self, since: datetime) -> list[Order]:
        self._ask()
        return [order for order in self.known.values() if order.submitted >= since]

    async def fills(self, since: datetime) -> list[Fill]:
        self._ask()
        return list(self.executions)

    async def instruments(self) -> list[Instrument]:
        return [Instrument("AAPL", "Apple Inc", "NASDAQ")]

    async def sessions(self, first: date, last: date) -> list[MarketSession]:
        return []

    def _ask(self) -> None:
        if self.down:
            raise BrokerDown("The broker does not answer.")


@dataclass
class Journal:
    """Keeps everything; ``down`` makes every write fail."""

    steps: list[str] = field(default_factory=list)
    orders: dict[str, Order] = field(default_factory=dict)
    records: list[tuple[Order, Report, Fill | None, Draft | None]] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    theirs: Intents = field(default_factory=Intents)  # what other desks wrote down
    down: bool = False

    async def intend(self, order: Order, draft: Draft, turn: Turn | None = None) -> None:
        self._write()
        if turn is not None and turn.heard < self.theirs.newest:
            raise Overtaken(self.theirs)
        self.steps.append(f"intend {order.id}")
        self.orders[order.id] = order
        self.drafts.append(draft)

    async def record(self, *records: tuple[Order, Report, Fill | None, Draft | None]) -> None:
        self._write()
        self.orders |= {order.id: order for order, *_ in records}
        self.records += records

    async def newest(self, account: str) -> int:
        return self.theirs.newest

    async def intents(self, account: str, heard: int) -> Intents:
        self._write()
        return self.theirs

    async def standing(self, ids: Collection[str]) -> list[Order]:
        self._write()
        return [order for order in (*self.orders.values(), *self.theirs.orders) if order.id in ids]

    async def adopt(self, order: Order, draft: Draft) -> str:
        self._write()
        maker = self.orders.get(order.id, order).user
        self.orders[order.id] = replace(order, user=maker)
        return maker

    async def orders_since(self, account: str, since: datetime) -> list[Order]:
        return list(self.orders.values())

    async def fills_since(self, account: str, since: datetime) -> list[Fill]:
        return [fill for _, _, fill, _ in self.records if fill is not None]

    async def save_positions(self, account: str, positions: Sequence[Position], told: Mapping[str, datetime]) -> None:
        self._write()

    async def save_account(self, account: Account) -> None:
        self._write()
        self.accounts.append(account)

    def _write(self) -> None:
        if self.down:
            raise DatabaseDown("The database is away; nothing was written.")


@dataclass
class Trail:
    """A chain in a list; ``down`` makes every write fail."""

    rows: list[Entry] = field(default_factory=list)
    down: bool = False
    others: list[Installation] = field(default_factory=list)

    async def append(self, draft: Draft) -> Entry:
        if self.down:
            raise DatabaseDown("The database is away; nothing was written.")
        previous = self.rows[-1].hash if self.rows else GENESIS
        self.rows.append(sealed("test", len(self.rows) + 1, NOW, draft, "0", previous))
        return self.rows[-1]

    async def page(self, *, before: int | None = None, limit: int = 500, actor: str = "", action: str = "", outcome: str = "",
                   text: str = "") -> list[Entry]:  # fmt: skip
        return self.rows[::-1][:limit]

    async def found(self, query: AuditQuery, limit: int = 500) -> list[Entry]:
        rows = [row for row in self.rows if query.holds(row)]
        return rows[:limit][::-1] if query.after is not None else rows[::-1][:limit]

    async def count(self, query: AuditQuery) -> int:
        return sum(map(query.holds, self.rows))

    async def head(self, chain: str = "") -> int:
        return len(self.rows)

    async def installations(self) -> list[Installation]:
        return [("test", "host"), *self.others]

    async def of(self, correlation: str) -> list[Entry]:
        return [row for row in self.rows if row.draft.correlation == correlation]

    async def verify(
        self, *, since_checkpoint: bool = False, progress: Callable[[int, int], None] | None = None
    ) -> Verification:
        return verified(self.rows)


@dataclass
class Users:
    """One user; ``user`` is how it stands in the store now. ``down`` fails like a database, ``mute`` never answers.

    Tokens are what they are called; ``outdated`` are those that must be renewed, ``renewed`` what was asked for.
    """

    user: User | None = field(default_factory=lambda: a_session().user)
    session: Session = field(default_factory=a_session)
    asked: int = 0
    down: bool = False
    mute: bool = False
    outdated: set[str] = field(default_factory=set)
    renewed: list[tuple[str, str]] = field(default_factory=list)
    access_ends: datetime | None = None

    async def any(self) -> bool:
        return self.user is not None

    async def create_first(self, name: str, password: str, by: Draft) -> User:
        return await self.create(name, password, "Admin", by)

    async def create(self, name: str, password: str, role: str, by: Draft) -> User:
        self.user = User("u1", name, Role(role))
        return self.user

    async def sign_in(self, name: str, password: str, host: str) -> SignIn:
        good = self.user is not None and password == "right"
        return SignIn(self.session, refresh_token="token") if good else SignIn(None, "That is not right.")

    async def confirm(self, session: Session, password: str) -> str:
        if self.down:
            raise DatabaseDown("The database is away; nothing was read.")
        return "" if password == "right" else "That is not right."

    async def recall(self, session: Session, password: str) -> str:
        return "" if password == "right" else "The password is wrong."

    async def change_password(self, session: Session, old: str, new: str) -> str:
        return "" if old == "right" else "That is not right."

    async def redeem(self, name: str, code: str, password: str, host: str) -> SignIn:
        return SignIn(self.session, refresh_token="token") if code == "code" else SignIn(None, "That is not right.")

    async def resume(self, refresh_token: str, host: str, successor: str = "") -> SignIn:
        return await self.renew(refresh_token, successor or "next", host)

    async def renew(self, refresh_token: str, successor: str, host: str) -> SignIn:
        self.renewed.append((refresh_token, successor))
        if self.down:
            raise DatabaseDown("The database is away; nothing was read.")
        if self.user is None:
            return SignIn(None, "This session has ended; log in with your password.")
        access = f"access {len(self.renewed)}"
        return SignIn(self.session, refresh_token=successor, access_token=access, access_ends=self.access_ends)

    async def vouch(self, session: Session, access_token: str) -> User | None:
        if access_token in self.outdated:
            raise TokenOutdated("This token has run out.")
        return await self.standing(session)

    async def sign_out(self, session: Session) -> None:
        return None

    async def standing(self, session: Session) -> User | None:
        self.asked += 1
        if self.mute:
            await asyncio.Event().wait()
        if self.down:
            raise DatabaseDown("The database is away; nothing was read.")
        return self.user


@dataclass
class RiskStore:
    """The trading state in memory."""

    states: dict[str, TradingState] = field(default_factory=dict)  # account -> state
    stands: dict[str, Stand] = field(default_factory=dict)  # account -> with who brought it about
    drafts: list[Draft] = field(default_factory=list)  # of every state that was kept
    down: bool = False
    slow: float = 0.0  # seconds until a state is kept

    @property
    def kept(self) -> TradingState:
        """The state that was set last, whichever account's."""
        return list(self.states.values())[-1] if self.states else TradingState.ACTIVE

    async def state(self, account: str) -> TradingState:
        return self.states.get(account, TradingState.ACTIVE)

    async def save_state(self, account: str, state: TradingState, draft: Draft) -> None:
        await asyncio.sleep(self.slow)
        if self.down:
            raise DatabaseDown("The database is away; nothing was written.")
        self.states.pop(account, None)
        self.states[account] = state
        self.stands[account] = stand_of(draft.after or json.dumps({"state": state}), draft.actor.name, draft.reason)
        self.drafts.append(draft)

    async def stand(self, account: str) -> Stand:
        if self.down:
            raise DatabaseDown("The database is away; nothing was read.")
        return self.stands.get(account, Stand())


@dataclass
class Store:
    """Bars, trades and gaps in memory."""

    kept: dict[tuple[str, str, int], Bar] = field(default_factory=dict)
    trades: list[Trade] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    down: bool = False

    async def bars(self, symbol: str, frame: Timeframe, start: datetime, end: datetime) -> list[Bar]:
        found = [bar for (name, text, _), bar in self.kept.items() if (name, text) == (symbol, str(frame))]
        return sorted(found, key=lambda bar: bar.start)

    async def save(self, *what: object) -> int:
        if self.down:
            raise DatabaseDown("The database is away; nothing was written.")
        if len(what) == 1:
            self.trades.extend(what[0])  # type: ignore[arg-type]
            return len(what[0])  # type: ignore[arg-type]
        frame, bars, _ = what
        for bar in bars:  # type: ignore[attr-defined]
            self.kept[bar.symbol, str(frame), bar.start] = bar
        return len(bars)  # type: ignore[arg-type]

    async def save_gap(self, gap: Gap) -> None:
        self.gaps.append(gap)


@dataclass
class Vendor:
    """A history vendor that counts its questions."""

    name: str = "vendor"
    answer: list[Bar] = field(default_factory=list)
    error: Exception | None = None
    asked: int = 0

    async def bars(self, symbol: str, frame: Timeframe, start: datetime, end: datetime) -> list[Bar]:
        self.asked += 1
        if self.error:
            raise self.error
        return self.answer

    async def snapshots(self, symbols: Sequence[str]) -> list[Snapshot]:
        if self.error:
            raise self.error
        return [Snapshot(symbol, last=1.0) for symbol in symbols]
