"""Live measures of risk: what is earned, what is held where, and what may be lost. Money that is counted is Decimal dollars;
what is estimated (VaR, beta, days) is float. None is unknown and never stands for zero."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

ZERO = Decimal(0)
UNKNOWN_SECTOR = "Unknown"
BY_HAND = "By hand"  # what no strategy sent


class Method(StrEnum):
    """How a value at risk was estimated."""

    HISTORICAL = "Historical"
    PARAMETRIC = "Parametric"
    MONTE_CARLO = "Monte Carlo"
    STUDENT = "Student t"  # paths as well, with the tails of the book's own days


DRAWN = (Method.MONTE_CARLO, Method.STUDENT)  # observations are paths, and not days


class Horizon(StrEnum):
    """How a figure for several days was made."""

    OWN = "one day"
    OVERLAPPING = "overlapping days"  # sums of that many days in a row, each beginning a day after the one before
    ROOT = "square root of time"  # the figure of one day times the root of the days


class Basis(StrEnum):
    """Whose days a backtest looks at."""

    ACCOUNT = "the account's own days"
    HYPOTHETICAL = "today's book through history"


class Zone(StrEnum):
    """What a backtest says of the model."""

    SHORT = "Too few days"
    SOUND = "Not rejected"
    DOUBTFUL = "Doubtful"  # one test rejects at 5 %
    REJECTED = "Rejected"  # the count of exceptions itself rejects at 1 %


class MovedBy(StrEnum):
    """What tells how a name is moved by a stress scenario."""

    SYMBOL = "its own shock"
    SECTOR = "its sector's move"
    BETA = "beta x market"
    MARKET = "the market's move"  # its beta is not known either: taken as 1
    NONE = "not shocked"


@dataclass(frozen=True, slots=True)
class PositionLine:
    """One position. ``value`` is signed dollars; ``today`` dollars since the previous close, ``realised`` those of them that are taken."""

    symbol: str
    sector: str
    quantity: Decimal
    value: Decimal | None  # None while no price is known
    share: float | None  # of the equity, signed
    unrealised: Decimal | None
    realised: Decimal
    today: Decimal | None
    beta: float | None = None
    liquidity_days: float | None = None
    note: str = ""  # why a figure is missing


@dataclass(frozen=True, slots=True)
class Earned:
    """Dollars of one strategy (or ``BY_HAND``) today: those taken, and those still open where they can be told."""

    name: str
    realised: Decimal
    unrealised: Decimal | None
    positions: int = 0

    @property
    def total(self) -> Decimal | None:
        """Both together, or None while the open part is unknown."""
        return None if self.unrealised is None else self.realised + self.unrealised


@dataclass(frozen=True, slots=True)
class Profit:
    """The day's dollars: ``day`` since the previous close as the broker tells it, ``realised`` and ``unrealised`` by our own book."""

    day: Decimal | None = None
    realised: Decimal = ZERO
    unrealised: Decimal | None = None
    by_strategy: tuple[Earned, ...] = ()  # largest loss first
    before: Decimal | None = None  # the equity at the previous close

    @property
    def share(self) -> float | None:
        """The day's dollars as a fraction of the equity that they were made with; None while either is unknown, or it was none."""
        if self.day is None or self.before is None or self.before <= 0:
            return None
        return float(self.day / self.before)


@dataclass(frozen=True, slots=True)
class Exposure:
    """Dollars of one name, sector, or the whole book. ``short`` is negative; ``share`` is the gross as a fraction of the equity."""

    name: str
    long: Decimal
    short: Decimal
    share: float | None
    names: int = 1

    @property
    def net(self) -> Decimal:
        """Long less short."""
        return self.long + self.short

    @property
    def gross(self) -> Decimal:
        """Long and short added up, both positive."""
        return self.long - self.short


@dataclass(frozen=True, slots=True)
class Beta:
    """The book against ``benchmark``: ``dollars`` are what moves like the benchmark, ``book`` is that over the equity.

    ``covered`` is the share of the gross whose beta is known; the rest is left out and said in ``RiskPicture.missing``.
    """

    benchmark: str
    dollars: float | None
    book: float | None
    covered: float
    observations: int = 0


@dataclass(frozen=True, slots=True)
class ValueAtRisk:
    """The loss that is not exceeded with ``confidence`` within ``days``, and the mean of those that do; positive dollars are losses."""

    method: Method
    confidence: float  # 0.95 or 0.99
    days: int  # 1 or 10
    var: float
    shortfall: float  # expected shortfall, dollars
    observations: int  # days of history, or paths
    horizon: Horizon = Horizon.OWN
    freedom: float | None = None  # degrees of freedom of Student's t; infinity where the tails are a normal's


@dataclass(frozen=True, slots=True)
class Backtest:
    """How often losses passed the VaR, and what Kupiec and Christoffersen say; a statistic is None where it does not exist."""

    basis: Basis
    confidence: float
    days: int  # that were looked at
    exceptions: int
    expected: float
    kupiec: float | None = None  # likelihood ratio of the count, chi-squared with 1 degree of freedom
    kupiec_p: float | None = None
    christoffersen: float | None = None  # of independence, 1 degree of freedom
    christoffersen_p: float | None = None
    conditional: float | None = None  # of both at once, 2 degrees of freedom
    conditional_p: float | None = None
    zone: Zone = Zone.SHORT
    sentence: str = ""
    method: Method = Method.HISTORICAL  # whose VaR was passed


@dataclass(frozen=True, slots=True)
class VarDay:
    """One day of history: the VaR told the evening before (positive dollars) and what was earned on it."""

    day: date
    var: float
    profit: float

    @property
    def exception(self) -> bool:
        """Whether the loss passed the VaR."""
        return -self.profit > self.var


@dataclass(frozen=True, slots=True)
class VarHistory:
    """VaR against profit by day, oldest first."""

    basis: Basis
    confidence: float
    days: tuple[VarDay, ...] = ()
    method: Method = Method.HISTORICAL
    note: str = ""  # how it differs from the VaR of now


@dataclass(frozen=True, slots=True)
class RiskDay:
    """What is kept of a day: the VaRs as last told on it, which are for the next day, and what the day itself earned, in dollars.

    A VaR of 0 says that none was told: nothing was held, or too much of the book had no history.
    """

    day: date
    var95: float
    var99: float
    profit: float
    equity: float


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Equity (dollars) at a moment or the end of a day, and the fraction below the highest before (0 or negative)."""

    at: datetime
    equity: float
    drawdown: float


@dataclass(frozen=True, slots=True)
class Drawdown:
    """How far the equity is below its highest: ``now`` and ``worst`` are fractions, 0 or negative, ``dollars`` is now's."""

    points: tuple[CurvePoint, ...]
    now: float
    worst: float
    dollars: float
    worst_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Concentration:
    """Shares of the gross: the largest name, the five largest, the Herfindahl-Hirschman index (0 to 1) and its inverse."""

    largest_name: str
    largest: float
    top_five: float
    hhi: float
    effective_names: float


@dataclass(frozen=True, slots=True)
class LiquidityLine:
    """How many days one position takes to leave at ``LiquidityBook.participation`` of the average volume."""

    symbol: str
    shares: Decimal
    average_volume: float | None  # shares a day
    days: float | None


@dataclass(frozen=True, slots=True)
class LiquidityBook:
    """The whole book: ``days`` until the last name is out, and fractions of the gross that are out within 1, 5 and 20 days."""

    participation: float
    days: float | None
    within: tuple[tuple[int, float], ...]  # days -> fraction
    lines: tuple[LiquidityLine, ...]  # longest first


@dataclass(frozen=True, slots=True)
class Shock:
    """A move as a fraction (-0.2 is 20 % down) of ``target``: a symbol, a sector or "market"."""

    kind: str  # "market", "sector" or "symbol"
    target: str
    move: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named shock. ``custom`` ones are the account's own; ``source`` tells where the figures are from."""

    name: str
    shocks: tuple[Shock, ...]
    when: str = ""
    source: str = ""
    custom: bool = False

    @property
    def words(self) -> str:
        """What is shocked, in a line."""
        return ", ".join(f"{shock.target or shock.kind} {shock.move:+.1%}" for shock in self.shocks)


@dataclass(frozen=True, slots=True)
class StressLine:
    """What one name does to the book under a scenario, and which of the scenario's moves it was given."""

    symbol: str
    sector: str
    value: Decimal
    move: float
    profit: Decimal
    by: MovedBy


@dataclass(frozen=True, slots=True)
class StressResult:
    """The book under one scenario; ``lines`` are by name, worst first. ``share`` is the profit as a fraction of the equity."""

    scenario: Scenario
    profit: Decimal
    share: float | None
    lines: tuple[StressLine, ...]
    unpriced: tuple[str, ...] = ()  # left out, for their value is unknown


@dataclass(frozen=True, slots=True)
class Correlations:
    """Correlations of daily returns: ``values[row][column]``, in the order of ``symbols`` (largest position first)."""

    symbols: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    observations: int


@dataclass(frozen=True, slots=True)
class Missing:
    """What is not in a measure and why, for a person: ``what`` is a symbol or a measure."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class SlowMeasures:
    """What takes history and a worker: made when the book or the day changes, and each minute. ``at`` is of the book it is for."""

    at: datetime
    first: date | None  # of the days of history that were used
    last: date | None
    vars: tuple[ValueAtRisk, ...] = ()
    backtests: tuple[Backtest, ...] = ()
    histories: tuple[VarHistory, ...] = ()
    beta: Beta | None = None
    correlations: Correlations | None = None
    missing: tuple[Missing, ...] = ()
    seconds: float = 0.0  # that it took
    paths: int = 0  # of the Monte Carlo
    covered: float = 1.0  # share of the gross that is in the value at risk
    days: tuple[RiskDay, ...] = ()  # P&L by day: what was kept of the days that are over, oldest first


@dataclass(frozen=True, slots=True)
class RiskPicture:
    """Everything at ``at``. The quick part is of this second; ``slow`` of its own ``at``, None until first made."""

    at: datetime
    equity: Decimal | None
    positions: tuple[PositionLine, ...]  # largest first
    profit: Profit
    book: Exposure
    sectors: tuple[Exposure, ...]  # largest gross first
    drawdown: Drawdown | None
    concentration: Concentration | None
    liquidity: LiquidityBook | None
    stress: tuple[StressResult, ...]
    slow: SlowMeasures | None = None
    working: bool = False  # a newer ``slow`` is being made
    missing: tuple[Missing, ...] = ()

    @property
    def names(self) -> tuple[Exposure, ...]:
        """Exposure by name, largest gross first."""
        return tuple(_of(line) for line in self.positions if line.value is not None)


def _of(line: PositionLine) -> Exposure:
    value = line.value or ZERO
    share = None if line.share is None else abs(line.share)
    return Exposure(line.symbol, max(value, ZERO), min(value, ZERO), share)


@dataclass(frozen=True, slots=True)
class MeasureSettings:
    """What the account's measures are set to: the benchmark's symbol, what part of a day's volume is ours to trade, and whether
    covariances give newer days more weight (exponentially, 0.94 a day) or each day the same."""

    benchmark: str = "SPY"
    participation: float = 0.1
    weighted: bool = False
