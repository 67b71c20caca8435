"""What services ask of the outside: each has a real maker in adapters and a plain one in tests.

All methods are called on the one loop; makers hand blocking work to threads of their own. Every maker of a table writes its audit
row in the same transaction as what it records.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

from qv_desktop.domain.access import Session, User
from qv_desktop.domain.access import SignIn as SignIn  # made by adapters, so it lives below them; heard of here
from qv_desktop.domain.accounts import Account
from qv_desktop.domain.audit import Draft, Entry, Verification
from qv_desktop.domain.backtests import BacktestResult, BacktestSpec
from qv_desktop.domain.events import Event
from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.market import Bar, Gap, Snapshot, Timeframe, Trade
from qv_desktop.domain.orders import Fill, Order, OrderRequest, Report
from qv_desktop.domain.positions import Position
from qv_desktop.domain.reconciliation import Reconciliation
from qv_desktop.domain.risk import Limits, TradingState, Verdict
from qv_desktop.domain.sessions import MarketSession
from qv_desktop.domain.strategies import Strategy

type Publish = Callable[[Event], None]
type Now = Callable[[], datetime]  # aware UTC


class Broker(Protocol):
    """The broker's REST face. Questions raise BrokerDown when nothing is known; orders never raise, they report."""

    async def submit(self, order: Order, verdict: Verdict) -> Report:
        """Post once. ACKNOWLEDGED, REJECTED with the broker's words, or UNCERTAIN when the outcome is unknown."""

    async def cancel(self, order: Order) -> Report:
        """Ask once. CANCEL_ASKED, CANCEL_REFUSED, or UNCERTAIN."""

    async def replace(self, order: Order, replacement: OrderRequest, verdict: Verdict) -> Report:
        """Ask once for new terms. REPLACED with ``replaced_by`` (the new broker id), REPLACE_REFUSED, or UNCERTAIN."""

    async def find(self, client_order_id: str) -> Order | None:
        """The order as the broker has it, or None when it provably has none."""

    async def account(self) -> Account:
        """Balances now."""

    async def positions(self) -> dict[str, Position]:
        """Every open position by symbol."""

    async def open_orders(self) -> list[Order]:
        """Every order that can still trade."""

    async def fills(self, since: datetime) -> list[Fill]:
        """Every execution from ``since`` on, oldest first."""

    async def instruments(self) -> list[Instrument]:
        """Every active US equity."""

    async def sessions(self, first: date, last: date) -> list[MarketSession]:
        """The broker's calendar, both days included."""


class OrderJournal(Protocol):
    """Orders, their events and fills. Raises DatabaseDown when nothing was written."""

    async def intend(self, order: Order, draft: Draft) -> None:
        """Commit a new intent (or a refused order) before a byte leaves."""

    async def record(self, order: Order, report: Report, fill: Fill | None, draft: Draft | None) -> None:
        """Commit an order's new state with the report that brought it, and its fill once by execution id."""

    async def adopt(self, order: Order, draft: Draft) -> None:
        """Commit an order that was made elsewhere."""

    async def orders_since(self, account: str, since: datetime) -> list[Order]:
        """Orders of the account made since then, and every one still open, oldest first."""

    async def fills_since(self, account: str, since: datetime) -> list[Fill]:
        """Executions of the account since then, oldest first."""

    async def save_positions(self, account: str, positions: Sequence[Position]) -> None:
        """Keep the positions as they stand."""

    async def save_account(self, account: Account) -> None:
        """Append a snapshot of the account."""


class Trail(Protocol):
    """The append-only audit trail."""

    async def append(self, draft: Draft) -> Entry:
        """Commit one row at the chain's head."""

    async def page(self, *, before: int | None = None, limit: int = 500, actor: str = "", action: str = "", outcome: str = "",
                   text: str = "") -> list[Entry]:  # fmt: skip
        """Rows newest first; ``action`` may end with * for a prefix."""

    async def verify(self) -> Verification:
        """Check the whole chain."""


class Spool(Protocol):
    """Audit rows that wait on this machine until the database is back."""

    def keep(self, draft: Draft) -> None:
        """Append one row. Raises DatabaseDown when it can be kept nowhere."""

    async def drain(self) -> None:
        """Write what waits, in order; what cannot be written stays."""


class Users(Protocol):
    """Users and their sessions."""

    async def any(self) -> bool:
        """Whether a first user exists."""

    async def create(self, name: str, password: str, role: str, by: Draft) -> User:
        """Create a user. Raises BadInput when the name is taken or the password too weak."""

    async def sign_in(self, name: str, password: str, host: str) -> SignIn:
        """Verify a password; five failures lock the name for 15 minutes."""

    async def resume(self, refresh_token: str, host: str) -> SignIn:
        """Trade a refresh token for a session and the next token; a reused token ends its family."""

    async def sign_out(self, session: Session) -> None:
        """End the session and its tokens."""

    async def standing(self, session: Session) -> User | None:
        """The session's user as stored now, or None when the session or the user has ended."""


class BarStore(Protocol):
    """Stored bars."""

    async def bars(self, symbol: str, frame: Timeframe, start: datetime, end: datetime) -> list[Bar]:
        """Stored bars from ``start`` up to ``end``, oldest first."""

    async def save(self, frame: Timeframe, bars: Sequence[Bar], source: str) -> int:
        """Insert or amend by symbol, timeframe and start; the number of rows touched."""


class TickStore(Protocol):
    """Stored trades, and holes in them."""

    async def save(self, trades: Sequence[Trade]) -> int:
        """Insert; replays insert nothing twice. The number of new rows."""

    async def save_gap(self, gap: Gap) -> None:
        """Keep a hole, or mark it as filled."""


class History(Protocol):
    """A vendor's bars and snapshots over REST. Raises FeedDown with what to do."""

    name: str

    async def bars(self, symbol: str, frame: Timeframe, start: datetime, end: datetime) -> list[Bar]:
        """Bars from ``start`` up to ``end``, oldest first, adjusted for splits."""

    async def snapshots(self, symbols: Sequence[str]) -> list[Snapshot]:
        """The present state of each symbol that the vendor knows."""


class Stream(Protocol):
    """A vendor's live socket; runs until stopped and reconnects by itself."""

    name: str

    def want(self, symbols: frozenset[str]) -> None:
        """Replace the set of symbols to hear of; applied at once and after every reconnect."""

    async def run(self) -> None:
        """Connect, listen, reconnect; returns after ``stop``."""

    async def stop(self) -> None:
        """Close and return within a second."""


class BacktestEngine(Protocol):
    """Runs backtests in a process of its own."""

    async def run(self, run: str, spec: BacktestSpec, strategy: Strategy, bars: Sequence[Bar], user: str,
                  progress: Callable[[float, str], None]) -> BacktestResult:  # fmt: skip
        """The result. Raises BadInput when the run cannot be made, CancelledError when cancelled."""

    async def cancel(self, run: str) -> None:
        """End the run within half a second."""


class BacktestStore(Protocol):
    """Stored backtests."""

    async def save(self, result: BacktestResult, draft: Draft) -> None:
        """Commit a result."""

    async def latest(self, limit: int = 50) -> list[BacktestResult]:
        """Newest first."""


class StrategyStore(Protocol):
    """Stored strategies and their versions."""

    async def keep(self, strategy: Strategy, draft: Draft) -> Strategy:
        """Commit a version when its hash is new, and return the stored one with its version number."""

    async def all(self) -> list[Strategy]:
        """The newest version of each."""


class RiskStore(Protocol):
    """Limits, the trading state and risk events."""

    async def limits(self, account: str) -> Limits:
        """The account's limits, or the defaults."""

    async def save_limits(self, account: str, limits: Limits, draft: Draft) -> None:
        """Commit a new version of the limits."""

    async def state(self, account: str) -> TradingState:
        """The last trading state; ACTIVE when none was ever set."""

    async def save_state(self, account: str, state: TradingState, draft: Draft) -> None:
        """Commit a change of trading state."""


class ReconciliationStore(Protocol):
    """Runs and their breaks."""

    async def save(self, run: Reconciliation, draft: Draft) -> None:
        """Commit a run with its breaks."""

    async def latest(self, limit: int = 20) -> list[Reconciliation]:
        """Newest first."""


class Preferences(Protocol):
    """What a user keeps between sessions: watchlists, workspaces and settings."""

    async def watchlist(self, user: str, name: str) -> tuple[str, ...] | None:
        """Symbols in order, or None when there is no such list."""

    async def save_watchlist(self, user: str, name: str, symbols: Sequence[str]) -> None:
        """Keep the list."""

    async def workspace(self, user: str, name: str) -> bytes | None:
        """The window's saved layout."""

    async def save_workspace(self, user: str, name: str, layout: bytes) -> None:
        """Keep the layout."""

    async def setting(self, user: str, key: str) -> str | None:
        """One setting's text."""

    async def save_setting(self, user: str, key: str, value: str) -> None:
        """Keep one setting."""


class Reports(Protocol):
    """Writes a reconciliation's report files."""

    async def write(self, run: Reconciliation, folder: Path, formats: Collection[str]) -> tuple[Path, ...]:
        """The asked ones of csv, json and html under ``folder``; raises BadInput when they cannot be written there."""


class Tables(Protocol):
    """Writes a table as a file."""

    async def write(self, name: str, head: Sequence[str], rows: Sequence[Sequence[object]], folder: Path) -> Path:
        """CSV under ``folder``; raises BadInput when it cannot be written there."""
