"""What happened, for whoever cares: frozen facts in the past tense, published by services and heard in ``wiring``."""

from dataclasses import dataclass, field
from datetime import datetime

from qv_desktop.domain.accounts import Account
from qv_desktop.domain.alert_rules import Rule
from qv_desktop.domain.alerts import Notice
from qv_desktop.domain.audit import Entry
from qv_desktop.domain.backtests import BacktestResult
from qv_desktop.domain.deployments import Deployment
from qv_desktop.domain.desk_alerts import Alert
from qv_desktop.domain.drawings import Drawing
from qv_desktop.domain.errors import BrokerDown
from qv_desktop.domain.history import HistoryRequest
from qv_desktop.domain.killing import Killing
from qv_desktop.domain.look_ahead import LookAhead
from qv_desktop.domain.loss_ladder import Ladder
from qv_desktop.domain.margin import MarginStanding
from qv_desktop.domain.market import Bar, FeedState, Gap, Snapshot, Timeframe, Trade
from qv_desktop.domain.orders import Fill, Order
from qv_desktop.domain.own_alert_rules import OwnRule
from qv_desktop.domain.positions import Position
from qv_desktop.domain.price_alerts import PriceAlert, Print
from qv_desktop.domain.reconciliation import Override, Reconciliation
from qv_desktop.domain.risk import Measures, TradingState
from qv_desktop.domain.risk_measures import RiskPicture
from qv_desktop.domain.scans import Match
from qv_desktop.domain.sessions import MarketSession
from qv_desktop.domain.signals import Signal
from qv_desktop.domain.strategies import Strategy
from qv_desktop.domain.sweeps import SweepResult, SweepRow
from qv_desktop.domain.validation import Kind, Validation


@dataclass(frozen=True, slots=True)
class MarketMoved:
    """What moved since the last frame: one snapshot per symbol, live bars by (symbol, timeframe), and the tape."""

    snapshots: tuple[Snapshot, ...]
    bars: tuple[tuple[str, Bar], ...]  # (timeframe text, live bar)
    trades: tuple[Trade, ...] = ()


@dataclass(frozen=True, slots=True)
class PricesPrinted:
    """Every price that became the last one of a followed symbol, in the order they came."""

    prints: tuple[Print, ...]


@dataclass(frozen=True, slots=True)
class PriceAlertsChanged:
    """The person's price alerts as they now stand, in the order of their making."""

    alerts: tuple[PriceAlert, ...]


@dataclass(frozen=True, slots=True)
class HaltsChanged:
    """Trading in ``symbol`` was halted or resumed."""

    symbol: str


@dataclass(frozen=True, slots=True)
class FeedChanged:
    """A feed's state, with the reason in words."""

    feed: str
    state: FeedState
    detail: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OrderCameBack:
    """The broker has an order that was closed here as one that never reached it; it counts again as what it is."""

    order: Order


@dataclass(frozen=True, slots=True)
class GapFound:
    """A hole in a feed's data."""

    gap: Gap


@dataclass(frozen=True, slots=True)
class GapFilled:
    """A hole whose bars and trades were got from a vendor's history and stored; ``gap.filled_at`` says when."""

    gap: Gap


@dataclass(frozen=True, slots=True)
class BarsAmended:
    """Stored bars of ``symbol`` between these times (UTC) changed: a correction, a cancel, late trades, or an import."""

    symbol: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class BarsClosed:
    """Bars that the stream in force has completed."""

    frame: Timeframe
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class DeploymentChanged:
    """A deployment as it now stands; ``gone`` when there is none any more."""

    deployment: Deployment
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Signalled:
    """A signal of a deployment with what became of it, each time that changes."""

    signal: Signal


@dataclass(frozen=True, slots=True)
class SourceChanged:
    """Live prices now come from ``source`` (a stream's name), and why."""

    source: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RequestChanged:
    """A question to a vendor's history as it now stands."""

    request: HistoryRequest


@dataclass(frozen=True, slots=True)
class ScanMatched:
    """What a scan found this time, best first; ``entered`` are the symbols that were not in it the time before."""

    scan: str
    matches: tuple[Match, ...]
    entered: frozenset[str]
    looked_at: int  # symbols


@dataclass(frozen=True, slots=True)
class SessionsKnown:
    """The broker's calendar around now, oldest day first: half days and holidays are in it."""

    sessions: tuple[MarketSession, ...]


@dataclass(frozen=True, slots=True)
class DrawingsChanged:
    """All of the signed-in person's drawings on ``symbol`` as they now stand, in the order in which they lie over one another."""

    symbol: str
    drawings: tuple[Drawing, ...]


@dataclass(frozen=True, slots=True)
class OrderChanged:
    """An order as it now stands; ``found`` when a start found it so in the journal, and nothing has become of it since."""

    order: Order
    found: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Filled:
    """An execution, once."""

    fill: Fill


@dataclass(frozen=True, slots=True)
class PositionChanged:
    """A position as it now stands."""

    position: Position


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """The account as last reported."""

    account: Account


@dataclass(frozen=True, slots=True)
class RiskMeasured:
    """The risk measures of this moment: gauges against the limits, and the whole picture once there is one."""

    measures: Measures
    picture: RiskPicture | None = None


@dataclass(frozen=True, slots=True)
class LimitsChanged:
    """Limits, what waits for a second person, or the restricted list are not what they were."""


@dataclass(frozen=True, slots=True)
class MarginChanged:
    """How the account stands under its margin regime, after a fill, an answer of the broker's or a new choice."""

    standing: MarginStanding


@dataclass(frozen=True, slots=True)
class TradingStateChanged:
    """Trading was halted, reduced or resumed, by whom and why."""

    state: TradingState
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class LadderChanged:
    """The loss ladder moved: the day's loss, a rung, a cooldown, or who lifts it."""

    ladder: Ladder


@dataclass(frozen=True, slots=True)
class KillChanged:
    """The kill switch was used, or came further."""

    killing: Killing


@dataclass(frozen=True, slots=True)
class ArmingChanged:
    """The trading keys were armed, or disarmed and why."""

    armed: bool
    why: str


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something a person should hear of; not ``fresh`` when a notice that was told before only changed."""

    notice: Notice
    fresh: bool = True


@dataclass(frozen=True, slots=True)
class AlertsChanged:
    """The alerts of this terminal that are not over, as they now stand, oldest first."""

    alerts: tuple[Alert, ...]


@dataclass(frozen=True, slots=True)
class AlertRulesChanged:
    """The desk's rules and the person's own as they now stand."""

    desk: tuple[Rule, ...]
    own: tuple[OwnRule, ...]


@dataclass(frozen=True, slots=True)
class AuditRecorded:
    """A row was added to the audit trail."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class BacktestProgressed:
    """A run's progress from 0 to 1, with what it is doing."""

    run: str
    fraction: float
    step: str


@dataclass(frozen=True, slots=True)
class BacktestFinished:
    """A run's result, stored."""

    result: BacktestResult


@dataclass(frozen=True, slots=True)
class BacktestFailed:
    """A run that ended without a result, and why."""

    run: str
    reason: str


@dataclass(frozen=True, slots=True)
class StrategiesChanged:
    """The strategies that can be run are others, or at other versions, than before; archived ones are not among them."""

    strategies: tuple[Strategy, ...]


@dataclass(frozen=True, slots=True)
class SweepProgressed:
    """Some more combinations of a sweep are done: ``rows`` are the new ones, ``done`` counts all of them."""

    run: str
    done: int
    total: int
    rows: tuple[SweepRow, ...] = ()


@dataclass(frozen=True, slots=True)
class SweepFinished:
    """A sweep's result, stored."""

    result: SweepResult


@dataclass(frozen=True, slots=True)
class SweepFailed:
    """A sweep that ended without a result, and why."""

    run: str
    reason: str


@dataclass(frozen=True, slots=True)
class ValidationProgressed:
    """How far a test of a sweep is, from 0 to 1."""

    run: str
    sweep: str
    kind: Kind
    fraction: float


@dataclass(frozen=True, slots=True)
class ValidationFinished:
    """What a test of a sweep told, stored."""

    validation: Validation


@dataclass(frozen=True, slots=True)
class ValidationFailed:
    """A test of a sweep that was not made, and why."""

    run: str
    sweep: str
    kind: Kind
    reason: str


@dataclass(frozen=True, slots=True)
class LookAheadChecked:
    """Whether a strategy's code looks ahead with certain parameters, stored."""

    check: LookAhead


@dataclass(frozen=True, slots=True)
class Reconciled:
    """A reconciliation's outcome, stored."""

    run: Reconciliation


@dataclass(frozen=True, slots=True)
class TradingOverridden:
    """A person opened trading over breaks that were found, with a reason, recorded."""

    override: Override


@dataclass(frozen=True, slots=True)
class HealthMeasured:
    """The program's own pulse: rates per second, ages and delays in milliseconds, queue lengths in rows."""

    messages_per_second: float
    loop_lag_p99: float
    feed_p50: float | None
    feed_p99: float | None
    broker_ms: float | None
    queue: int
    database: str
    handler_failures: int = 0
    source: str = ""  # the stream whose prices are in force; empty while there is none
    delay_p50: float | None = None  # ms from a frame's receipt until the model has it
    delay_p99: float | None = None
    gaps: int = 0  # holes that nothing has filled yet
    spooled: int = 0  # rows that wait on the disk for the database
    broker_trouble: BrokerDown | None = None  # why the broker's last answer was none, or of no use


type Event = (
    MarketMoved | FeedChanged | GapFound | GapFilled | BarsAmended | SourceChanged | RequestChanged | ScanMatched
    | SessionsKnown | DrawingsChanged | OrderCameBack | OrderChanged | Filled | PositionChanged | AccountChanged
    | RiskMeasured | TradingStateChanged | LadderChanged | LimitsChanged | MarginChanged
    | AlertsChanged | AlertRulesChanged
    | PricesPrinted | PriceAlertsChanged | HaltsChanged
    | KillChanged | ArmingChanged | StrategiesChanged | BarsClosed | DeploymentChanged | Signalled
    | Noticed | AuditRecorded | BacktestProgressed | BacktestFinished | BacktestFailed
    | ValidationProgressed | ValidationFinished | ValidationFailed | LookAheadChecked
    | SweepProgressed | SweepFinished | SweepFailed | Reconciled | TradingOverridden | HealthMeasured
)  # fmt: skip
