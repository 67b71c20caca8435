"""What services ask of the outside: each has a real maker in adapters and a plain one in tests.

All methods are called on the one loop; makers hand blocking work to threads of their own. Every maker of a table writes its audit
row in the same transaction as what it records.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from qv_desktop.domain.access import Session, User
from qv_desktop.domain.access import SignIn as SignIn  # made by adapters, so it lives below them; heard of here
from qv_desktop.domain.account_history import Activity, Curve, Page, Period, Wanted
from qv_desktop.domain.account_standing import Configuration
from qv_desktop.domain.accounts import Account
from qv_desktop.domain.audit import Draft, Entry, Verification
from qv_desktop.domain.audit_query import AuditQuery, Installation
from qv_desktop.domain.backtests import BacktestResult, BacktestSpec, RunData
from qv_desktop.domain.counters import Key, Tally
from qv_desktop.domain.drawdown import Peak
from qv_desktop.domain.drawings import Drawing
from qv_desktop.domain.events import Event
from qv_desktop.domain.history import Span
from qv_desktop.domain.imports import Imported, Reading
from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.killing import Standing, Swept
from qv_desktop.domain.look_ahead import LookAhead
from qv_desktop.domain.loss_ladder import Stand
from qv_desktop.domain.margin import MarginTerms
from qv_desktop.domain.margin_log import MarginEvent
from qv_desktop.domain.market import Action, Bar, Correction, Gap, Snapshot, Timeframe, Trade
from qv_desktop.domain.orders import Fill, Order, OrderRequest, Report
from qv_desktop.domain.positions import Position
from qv_desktop.domain.price_alerts import PriceAlert
from qv_desktop.domain.reconciliation import Reconciliation
from qv_desktop.domain.risk import TradingState, Verdict
from qv_desktop.domain.risk_measures import MeasureSettings, RiskDay, Scenario
from qv_desktop.domain.scans import Scan
from qv_desktop.domain.sectors import Listed
from qv_desktop.domain.sessions import BrokerClock, MarketSession
from qv_desktop.domain.strategies import SourceDraft, Strategy
from qv_desktop.domain.sweeps import SweepResult, SweepRow, SweepSpec
from qv_desktop.domain.validation import Validation

type Publish = Callable[[Event], None]
type Now = Callable[[], datetime]  # aware UTC
type Progress = Callable[[float, str], None]  # from 0 to 1, and what it waits for; called on the loop


class Broker(Protocol):
    """The broker's REST face. Questions raise BrokerDown when nothing is known; orders never raise, they report."""

    async def submit(self, order: Order, verdict: Verdict) -> Report:
        """Post once. ACKNOWLEDGED, REJECTED with the broker's words, or UNCERTAIN when the outcome is unknown."""

    async def cancel(self, order: Order) -> Report:
        """Ask once. CANCEL_ASKED, CANCEL_REFUSED, or UNCERTAIN."""

    async def replace(self, order: Order, replacement: OrderRequest, verdict: Verdict) -> Report:
        """Ask once for new terms. REPLACED with ``replaced_by`` (the new broker id), REPLACE_REFUSED, or UNCERTAIN."""

    async def cancel_everything(self) -> Swept:
        """Ask once that every open order of the account be cancelled, whoever made it."""

    async def standing(self) -> list[Standing]:
        """Every order of the account that is still open, of any kind and whoever made it. Raises BrokerDown."""

    async def find(self, client_order_id: str) -> Order | None:
        """The order as the broker has it, or None when it provably has none."""

    async def account(self) -> Account:
        """Balances now."""

    async def positions(self) -> dict[str, Position]:
        """Every open position by symbol."""

    async def open_orders(self) -> list[Order]:
        """Every order that can still trade."""

    async def recent_orders(self, since: datetime) -> list[Order]:
        """Every order made from ``since`` on, whatever became of it. Raises BrokerDown; one that is missing here proves nothing."""

    async def fills(self, since: datetime) -> list[Fill]:
        """Every execution from ``since`` on, oldest first."""

    async def instruments(self) -> list[Instrument]:
        """Every active US equity."""

    async def sessions(self, first: date, last: date) -> list[MarketSession]:
        """The broker's calendar, both days included."""

    async def clock(self) -> BrokerClock:
        """What time it is for the broker, and whether the market is open."""


class AccountReads(Protocol):
    """What the broker tells about the account beside its balances. Raises BrokerDown."""

    async def configuration(self) -> Configuration:
        """The account's settings."""

    async def curve(self, period: Period, since: datetime | None) -> Curve:
        """The equity of ``period``; all of it begins at ``since``, when the account was made."""

    async def activities(self, wanted: Wanted, token: str = "") -> Page:
        """A page, newest first; ``token`` is that of the page before."""


class Movements(Protocol):
    """What the broker booked to the account besides executions."""

    async def movements(self, since: date) -> list[Activity]:
        """Every fee, interest, dividend, transfer and corporate action since that New York day. Raises BrokerDown, Incomplete."""


class CashMarks(Protocol):
    """Balances that were kept. Raises DatabaseDown."""

    async def save_account(self, account: Account) -> None:
        """Append a snapshot of the account; the same moment is kept once."""

    async def agreed(self, account: str, *, looked: bool) -> tuple[datetime, Decimal] | None:
        """When a comparison, at whichever terminal, last kept the account's balances, and its cash then; None when none ever did.

        ``looked``: also one that books nothing.
        """


class StoredBooks(Protocol):
    """What is written down of an account. Raises DatabaseDown."""

    async def orders_since(self, account: str, since: datetime) -> list[Order]:
        """Orders of the account made since then, and every one still open, oldest first."""

    async def fills_since(self, account: str, since: datetime) -> list[Fill]:
        """Executions of the account since then, oldest first."""

    async def positions(self, account: str) -> list[Position]:
        """The positions last kept, by symbol."""


class OrderJournal(Protocol):
    """Orders, their events and fills. Raises DatabaseDown when nothing was written."""

    async def intend(self, order: Order, draft: Draft) -> None:
        """Commit a new intent (or a refused order) before a byte leaves."""

    async def record(self, *records: tuple[Order, Report, Fill | None, Draft | None]) -> None:
        """Commit orders' new states with the reports that brought them, oldest first, and their fills once by execution id."""

    async def adopt(self, order: Order, draft: Draft) -> str:
        """Commit an order that was made elsewhere; who made it: another desk of ours has written that down before it was sent."""

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

    async def found(self, query: AuditQuery, limit: int = 500) -> list[Entry]:
        """The page that ``query`` asks for, newest first."""

    async def count(self, query: AuditQuery) -> int:
        """How many rows ``query`` asks for."""

    async def head(self, chain: str = "") -> int:
        """The newest row's number, of this chain or another; 0 of an empty one."""

    async def installations(self) -> list[Installation]:
        """Everybody who records to this database, this installation first."""

    async def of(self, correlation: str) -> list[Entry]:
        """Every row of one correlation, oldest first."""

    async def verify(
        self, *, since_checkpoint: bool = False, progress: Callable[[int, int], None] | None = None
    ) -> Verification:
        """Check the chain, whole or since the last signed checkpoint."""


class Bundles(Protocol):
    """Writes signed files of rows."""

    async def write(self, first: int | None, last: int | None, start: datetime | None, end: datetime | None, by: str,
                    progress: Callable[[int, int], None]) -> Path:  # fmt: skip
        """The file with the rows asked for, the checkpoints over them and a signature over all. Raises BadInput, DatabaseDown."""


class Spool(Protocol):
    """Audit rows that wait on this machine until the database takes them."""

    def keep(self, draft: Draft) -> None:
        """Append one row. Raises DatabaseDown when it can be kept nowhere."""

    async def drain(self) -> None:
        """Write what waits, in order; what cannot be written stays."""

    def held(self) -> list[Draft]:
        """The rows that wait, oldest first."""

    def set_aside(self, drafts: Collection[Draft], why: str) -> None:
        """Keep those rows in a file beside: they are not to be written any more."""


class Users(Protocol):
    """Users and their sessions."""

    async def any(self) -> bool:
        """Whether a first user exists."""

    async def create(self, name: str, password: str, role: str, by: Draft) -> User:
        """Create a user. Raises BadInput when the name is taken or the password too weak."""

    async def create_first(self, name: str, password: str, by: Draft) -> User:
        """Create the first Admin. Raises NotPermitted when there is any user by now."""

    async def sign_in(self, name: str, password: str, host: str) -> SignIn:
        """Verify a password; five failures lock the name for 15 minutes."""

    async def confirm(self, session: Session, password: str) -> str:
        """Empty once the session's person has given the password again, else why not; failures count as those of a log-in."""

    async def recall(self, session: Session, password: str) -> str:
        """Empty when this is the password as the database last knew it, while that is away; else why not."""

    async def change_password(self, session: Session, old: str, new: str) -> str:
        """Empty once the session's person has another password and their other sessions have ended, else why not."""

    async def redeem(self, name: str, code: str, password: str, host: str) -> SignIn:
        """Set a password with a reset code, and sign in. Raises BadInput when the password is too weak."""

    async def resume(self, refresh_token: str, host: str, successor: str = "") -> SignIn:
        """Trade a kept refresh token for a session and its tokens; a reused one ends its family."""

    async def renew(self, refresh_token: str, successor: str, host: str) -> SignIn:
        """The next tokens of a sitting; asked again with the same ``successor``, it is the same use."""

    async def vouch(self, session: Session, access_token: str) -> User | None:
        """The session's user as stored now, by its token, or None when either has ended.

        Raises TokenOutdated when the next token may do, NotPermitted for one that is not ours.
        """

    async def sign_out(self, session: Session) -> None:
        """End the session and its tokens."""

    async def standing(self, session: Session) -> User | None:
        """The session's user as stored now, or None when the session or the user has ended."""


class IdleTimes(Protocol):
    """After how many idle minutes desks lock. Raises DatabaseDown."""

    async def idle_times(self, user: str) -> tuple[int | None, int | None]:
        """The person's minutes and everybody's bound, None for what nobody has chosen."""

    async def save_idle_time(self, user: str, minutes: int) -> None:
        """Keep the person's choice."""

    async def save_idle_bound(self, minutes: int, by: Draft) -> None:
        """Keep the bound for everybody."""


class BarStore(Protocol):
    """Stored bars, as traded (raw), and what of them is known to be complete. Raises DatabaseDown."""

    async def bars(self, symbol: str, frame: Timeframe, start: datetime, end: datetime) -> list[Bar]:
        """Stored bars from ``start`` up to ``end``, oldest first."""

    async def of_many(
        self, symbols: Sequence[str], frame: Timeframe, start: datetime, end: datetime
    ) -> dict[str, list[Bar]]:
        """The same of many symbols in one question; symbols without a bar are left out."""

    async def save(self, frame: Timeframe, bars: Sequence[Bar], source: str) -> int:
        """Insert or amend by symbol, timeframe and start; the number of rows touched."""

    async def covered(self, symbol: str, frame: Timeframe) -> list[Span]:
        """The spans of which every bar is stored, oldest first; adjoining ones are one."""

    async def cover(self, symbol: str, frame: Timeframe, span: Span) -> None:
        """From now on ``span`` is known to be complete."""

    async def uncover(self, symbol: str, frames: Collection[Timeframe], span: Span) -> None:
        """``span`` is no longer known to be complete in these timeframes: something in it changed."""


class ActionStore(Protocol):
    """Stored splits and dividends. Raises DatabaseDown."""

    async def actions(self, symbol: str) -> tuple[datetime | None, list[Action]]:
        """When they were last asked for (None: never), and all of them, oldest first."""

    async def save_actions(self, symbol: str, actions: Sequence[Action], asked_at: datetime) -> None:
        """Replace the symbol's actions by what a vendor says now."""


class TickStore(Protocol):
    """Stored trades, and holes in them. Raises DatabaseDown."""

    async def save(self, trades: Sequence[Trade]) -> int:
        """Insert; replays insert nothing twice. The number of new rows."""

    async def trades(self, symbol: str, start: int, end: int, limit: int = 100_000) -> list[Trade]:
        """Stored trades from ``start`` up to ``end`` (ns), oldest first."""

    async def amend(self, corrections: Sequence[Correction]) -> int:
        """Correct or take away the prints that the exchange took back; the number of rows changed."""

    async def save_gap(self, gap: Gap) -> None:
        """Keep a hole, or mark it as filled; a hole is known by its feed, start and symbols."""

    async def gaps(self, limit: int = 200, unfilled: bool = False) -> list[Gap]:
        """Holes, newest first; all, or only those that nothing has filled yet."""


class TickSpool(Protocol):
    """Trades and bars that wait on this machine's disk while the database is away, drained in order. Methods block: use a thread."""

    @property
    def waiting(self) -> int:
        """Rows on the disk."""

    def keep(self, trades: Sequence[Trade], bars: Sequence[tuple[Timeframe, Bar]]) -> bool:
        """Append; False when there is no room left, and then nothing was kept."""

    def first(self) -> tuple[list[Trade], list[tuple[Timeframe, Bar]]] | None:
        """The oldest portion, or None when nothing waits; it stays until ``drop_first``."""

    def drop_first(self) -> None:
        """Forget the oldest portion, which is in the database now."""


class Retention(Protocol):
    """Drops what is older than the policy says. Raises DatabaseDown."""

    async def keep_since(self, kind: str, oldest: datetime) -> int:
        """Drop whole partitions of ``kind`` (trades, or a timeframe's bars such as 1s) before ``oldest``; how many rows or partitions."""


class History(Protocol):
    """A vendor's history over REST, as traded (raw). Raises FeedDown with what to do. Cancelling the task ends the question, also
    while it waits for the vendor's rate limit."""

    name: str

    async def bars(
        self, symbol: str, frame: Timeframe, start: datetime, end: datetime, progress: Progress | None = None
    ) -> list[Bar]:
        """Bars from ``start`` up to ``end``, oldest first, unadjusted."""

    async def trades(
        self, symbol: str, start: datetime, end: datetime, progress: Progress | None = None
    ) -> list[Trade]:
        """Prints from ``start`` up to ``end``, oldest first, with the ids that the vendor's stream gives them."""

    async def daily(
        self, symbols: Sequence[str], start: datetime, end: datetime, progress: Progress | None = None
    ) -> dict[str, list[Bar]]:
        """Daily bars of many symbols in few questions, unadjusted."""

    async def actions(self, symbol: str) -> list[Action]:
        """Every split and dividend that the vendor knows, oldest first."""

    async def snapshots(self, symbols: Sequence[str]) -> list[Snapshot]:
        """The present state of each symbol that the vendor knows."""


class Calendar(Protocol):
    """The exchange's own calendar, without a vendor."""

    async def sessions(self, first: date, last: date) -> list[MarketSession]:
        """Every session from ``first`` to ``last``, both days included."""


class Stream(Protocol):
    """A vendor's live socket; runs until stopped and reconnects by itself."""

    name: str
    most: int | None  # symbols that the plan allows; None is any number

    def want(self, symbols: Sequence[str]) -> None:
        """Replace the symbols to hear of, most wanted first; applied at once and after every reconnect. Beyond ``most``: not heard."""

    async def run(self) -> None:
        """Connect, listen, reconnect; returns after ``stop``."""

    async def stop(self) -> None:
        """Close and return within a second."""


class BacktestEngine(Protocol):
    """Runs backtests in a process of its own."""

    async def run(self, run: str, spec: BacktestSpec, strategy: Strategy, data: RunData, user: str,
                  progress: Callable[[float, str], None]) -> BacktestResult:  # fmt: skip
        """The result. Raises BadInput when the run cannot be made, CancelledError when cancelled."""

    async def cancel(self, run: str) -> None:
        """End the run within half a second."""


class BacktestStore(Protocol):
    """Stored backtests."""

    async def save(self, result: BacktestResult, draft: Draft) -> None:
        """Commit a result."""

    async def latest(self, limit: int = 50, before: datetime | None = None) -> list[BacktestResult]:
        """Newest first, without curves and trades; those started before ``before``."""

    async def read(self, run: str) -> BacktestResult:
        """All of one. Raises BadInput when it is not there."""

    async def delete(self, run: str, draft: Draft) -> None:
        """Forget one. Raises BadInput when it is not there."""

    async def annotate(self, run: str, starred: bool, remark: str, by: str, at: datetime, draft: Draft) -> None:
        """Keep a mark and a remark. Raises BadInput when the run is not there."""


class SweepEngine(Protocol):
    """Runs one strategy at many parameters, in processes of its own."""

    async def run(self, run: str, spec: SweepSpec, strategy: Strategy, data: RunData, user: str,
                  combos: Sequence[tuple[float, ...]], show: Callable[[int, tuple[SweepRow, ...]], None], workers: int = 0,
                  megabytes: int = 0) -> SweepResult:  # fmt: skip
        """The rows of ``combos`` in their order; ``show`` hears of each part (index of its first row, rows) as it comes.

        At most ``workers`` processes of ``megabytes`` each, 0 for the usual. Raises BadInput when the sweep cannot be made or was
        cancelled.
        """

    async def cancel(self, run: str) -> None:
        """End the sweep within half a second."""


class SweepStore(Protocol):
    """Stored sweeps."""

    async def save(self, result: SweepResult, draft: Draft) -> None:
        """Commit a result."""

    async def latest(self, limit: int = 50) -> list[SweepResult]:
        """Newest first, without their rows."""

    async def read(self, run: str) -> SweepResult | None:
        """The whole of one."""


class ValidationStore(Protocol):
    """What tests of sweeps told."""

    async def save(self, found: Validation, draft: Draft) -> None:
        """Commit one."""

    async def of(self, sweeps: Sequence[str]) -> list[Validation]:
        """The newest of each kind and combination of these sweeps."""


class LookAheadEngine(Protocol):
    """Checks strategies' code for looking ahead, in a process of its own."""

    async def check(
        self, job: str, spec: BacktestSpec, strategy: Strategy, bars: Mapping[str, Sequence[Bar]]
    ) -> LookAhead:
        """What the check told. Raises BadInput when the worker is gone or the code takes too long."""


class LookAheadStore(Protocol):
    """What look-ahead checks told."""

    async def save(self, check: LookAhead, draft: Draft) -> None:
        """Commit one; one that is known already stays as it is."""

    async def of(self, code_hashes: Sequence[str]) -> list[LookAhead]:
        """Every check of these codes, newest first."""


class StrategyStore(Protocol):
    """Stored strategies and their versions."""

    async def keep(self, strategy: Strategy, draft: Draft) -> Strategy:
        """Commit a version when its hash is new, and return the stored one with its version number."""

    async def create(self, strategy: Strategy, draft: Draft) -> Strategy:
        """Commit a new strategy with its first version. Raises BadInput when its name is taken."""

    async def save(self, strategy: Strategy, base: int, draft: Draft) -> Strategy:
        """Commit the version after ``base``; the newest is returned where it is the same source. Raises Superseded."""

    async def archive(self, strategy: Strategy, archived: bool, draft: Draft) -> None:
        """Put a strategy out of sight, or back. Raises BadInput while it is deployed."""

    async def all(self) -> list[Strategy]:
        """The newest version of each, by name, archived ones too."""

    async def versions(self, strategy: str) -> list[Strategy]:
        """Every version of the strategy with this id, newest first."""

    async def at(self, name: str, version: int) -> Strategy | None:
        """One version of the strategy with this name."""

    async def heads(self) -> list[tuple[str, int, bool]]:
        """Of each strategy its id, its newest version's number and whether it is archived."""


class StrategyDrafts(Protocol):
    """What people have typed and not saved. Raises DatabaseDown."""

    async def of(self, user: str) -> list[SourceDraft]:
        """Everything that the person has not saved, at whichever terminal."""

    async def keep(self, user: str, draft: SourceDraft) -> None:
        """Keep a text, in place of the one before of the same terminal."""

    async def drop(self, user: str, strategy: str, terminal: str) -> None:
        """Forget a text that was saved, or given up, and the same text of other terminals."""


class StrategyConsents(Protocol):
    """Which code each person has allowed to run. Raises DatabaseDown."""

    async def given(self, user: str, code_hash: str) -> bool:
        """Whether the person has allowed this code."""

    async def give(self, user: str, strategy: Strategy, at: datetime, draft: Draft) -> None:
        """Keep that the person allows this code, with its row in the audit trail."""


class RiskStore(Protocol):
    """The trading state."""

    async def state(self, account: str) -> TradingState:
        """The last trading state; ACTIVE when none was ever set."""

    async def stand(self, account: str) -> Stand:
        """The last trading state with who or what brought it about."""

    async def save_state(self, account: str, state: TradingState, draft: Draft) -> None:
        """Commit a change of trading state."""


class CounterStore(Protocol):
    """Counters as each day began, the executions since, and the highest equity. Each raises DatabaseDown and NotPermitted."""

    async def openings(self, account: str, before: date) -> dict[Key, Tally]:
        """Each scope's tally as its last day before ``before`` began."""

    async def keep_openings(self, account: str, openings: Mapping[Key, Tally]) -> None:
        """Write how a day began, once."""

    async def fills(self, account: str, since: datetime) -> list[tuple[Fill, str]]:
        """Executions of the account since then with the user whose orders they were of, oldest first."""

    async def peak(self, account: str) -> Peak | None:
        """The highest equity as kept; None before the first."""

    async def keep_peak(self, account: str, peak: Peak, draft: Draft | None = None) -> None:
        """Write the highest equity; with a row in the trail where a person set it."""

    async def states(self, account: str, since: datetime) -> list[tuple[datetime, TradingState, str, str]]:
        """When trading was set to which state, by whom and why, since then, oldest first."""


class MarginStore(Protocol):
    """The margin terms of an account, and the log of its deficits and violations. Raises DatabaseDown."""

    async def terms(self, account: str) -> tuple[MarginTerms, datetime | None]:
        """The account's terms and since when they count; the defaults and None while nobody has chosen any."""

    async def save_terms(self, account: str, terms: MarginTerms, draft: Draft, at: datetime) -> None:
        """Commit a new version of the terms that counts from ``at``."""

    async def events(self, account: str, since: datetime) -> list[MarginEvent]:
        """The account's rows since then, oldest first."""

    async def record(self, account: str, events: Sequence[MarginEvent], drafts: Sequence[Draft]) -> None:
        """Commit rows, each with its audit row. Raises NotPermitted too."""

    async def last_level(self, account: str, before: datetime) -> Decimal | None:
        """Equity above the maintenance requirement as the broker last told it before then, or None."""


class ReconciliationStore(Protocol):
    """Runs and their breaks."""

    async def save(self, run: Reconciliation, draft: Draft) -> None:
        """Commit a run with its breaks."""

    async def latest(self, limit: int = 20) -> list[Reconciliation]:
        """Newest first."""


class Watchlists(Protocol):
    """A person's watchlists. Raises DatabaseDown."""

    async def all(self, user: str) -> dict[str, tuple[str, ...]]:
        """Symbols in order by the list's name; the lists in the order in which the person keeps them."""

    async def save(self, user: str, name: str, symbols: Sequence[str]) -> None:
        """Keep a list, new or known."""

    async def rename(self, user: str, name: str, new: str) -> None:
        """Give a list another name. Raises BadInput when that is taken."""

    async def delete(self, user: str, name: str) -> None:
        """Forget a list."""


class Drawings(Protocol):
    """A person's drawings. Raises DatabaseDown when nothing was read or written."""

    async def of(self, user: str, symbol: str) -> tuple[list[Drawing], int]:
        """The last changed last, and how many more are stored that cannot be read."""

    async def keep(self, user: str, changes: Mapping[str, Drawing | None], at: datetime) -> None:
        """Commit all at once: by id the drawing as it now stands, or None where it is gone."""


class PriceAlerts(Protocol):
    """A person's price alerts. Raises DatabaseDown."""

    async def all(self, user: str) -> list[PriceAlert]:
        """Oldest first."""

    async def save(self, user: str, alert: PriceAlert) -> None:
        """Keep an alert, new or known by its id."""

    async def delete(self, user: str, id: str) -> None:
        """Forget an alert."""


class Scans(Protocol):
    """A person's saved scans. Raises DatabaseDown."""

    async def all(self, user: str) -> list[Scan]:
        """In order of name."""

    async def save(self, user: str, scan: Scan) -> None:
        """Keep a scan, new or known by its name."""

    async def delete(self, user: str, name: str) -> None:
        """Forget a scan."""


class Reader(Protocol):
    """Reads files of bars and ticks that others made."""

    async def read(self, file: Path, reading: Reading) -> Imported:
        """What the file holds. Raises BadInput with the offending line when it cannot be read in exactly one way."""


class Preferences(Protocol):
    """What a user keeps between sessions: workspaces and settings."""

    async def workspace(self, user: str, name: str) -> bytes | None:
        """The window's saved layout."""

    async def workspaces(self, user: str) -> list[str]:
        """The names of the saved layouts, in order."""

    async def rename_workspace(self, user: str, name: str, new: str) -> None:
        """Give a layout another name. Raises BadInput when that is taken, or when the layout is gone."""

    async def forget_workspace(self, user: str, name: str) -> None:
        """Forget a layout."""

    async def save_workspace(self, user: str, name: str, layout: bytes) -> None:
        """Keep the layout."""

    async def setting(self, user: str, key: str) -> str | None:
        """One setting's text."""

    async def save_setting(self, user: str, key: str, value: str, draft: Draft | None = None) -> None:
        """Keep one setting, together with its row in the audit trail where there is one."""


class Reports(Protocol):
    """Writes a reconciliation's report files."""

    async def write(self, run: Reconciliation, folder: Path, formats: Collection[str]) -> tuple[Path, ...]:
        """The asked ones of csv, json and html under ``folder``; raises BadInput when they cannot be written there."""


class Tables(Protocol):
    """Writes a table as a file."""

    async def write(
        self, name: str, head: Sequence[str], rows: Sequence[Sequence[object]], folder: Path, form: str = "csv"
    ) -> Path:
        """CSV or Parquet (``form`` csv or parquet) under ``folder``; raises BadInput when it cannot be written there."""

    async def keep(self, name: str, data: bytes, folder: Path) -> Path:
        """A file of another kind, such as a picture; raises BadInput likewise."""


class SectorStore(Protocol):
    """Where sectors are kept. All raise DatabaseDown."""

    async def listed(self, symbols: Collection[str]) -> list[Listed]:
        """What is stored of these symbols."""

    async def keep(self, listed: Listed) -> None:
        """What a vendor said now."""

    async def overrides(self, account: str) -> dict[str, str]:
        """symbol -> sector, as chosen for the account."""

    async def override(self, account: str, symbol: str, sector: str, draft: Draft) -> None:
        """Choose a sector, or take it back with ""."""


class MeasureStore(Protocol):
    """Stress scenarios, settings and VaR by day. All raise DatabaseDown."""

    async def scenarios(self, account: str) -> list[Scenario]:
        """The account's own, by name."""

    async def save_scenario(self, account: str, scenario: Scenario, draft: Draft) -> None:
        """Keep one, in place of one of the same name."""

    async def delete_scenario(self, account: str, name: str, draft: Draft) -> None:
        """Forget one."""

    async def settings(self, account: str) -> MeasureSettings:
        """The account's settings, or the defaults."""

    async def save_settings(self, account: str, settings: MeasureSettings, draft: Draft) -> None:
        """Keep them."""

    async def days(self, account: str, since: date) -> list[RiskDay]:
        """VaR and profit by day, oldest first."""

    async def save_day(self, account: str, day: RiskDay) -> None:
        """What is known of the day now."""
