"""Backtests: what was run, on which data, and what came out."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time
from typing import Literal

from qv_desktop.domain.market import Adjustment, Bar

type SizingKind = Literal["percent", "dollars", "shares", "risk", "equal"]
type Direction = Literal["long", "short", "both"]
type HoursKind = Literal["regular", "extended", "window"]
type TradeSide = Literal["long", "short"]
type Reason = Literal[
    "signal", "reversal", "stop", "trailing", "target", "weights", "end", ""
]  # "" in runs of earlier versions


@dataclass(frozen=True, slots=True)
class Sizing:
    """How large an entry is. ``amount`` by ``kind``:

    percent: fraction of equity; dollars: value in dollars; shares: shares; risk: the fraction of equity that is lost when the stop
    fills (it takes a stop loss or a trailing stop); equal: fraction of equity, spread evenly over the symbols of the run.
    A strategy of weights sizes itself and takes no notice of this.
    """

    kind: SizingKind = "percent"
    amount: float = 0.95

    def __str__(self) -> str:
        if self.kind == "dollars":
            return f"${self.amount:,.0f} a trade"
        if self.kind == "shares":
            return f"{self.amount:g} shares a trade"
        part = f"{self.amount * 100:.4g}% of equity"
        return {"risk": f"{part} at risk to the stop", "equal": f"{part} in equal parts"}.get(self.kind, part)


@dataclass(frozen=True, slots=True)
class Stops:
    """Fractions of the entry's price (``trailing``: of the best price since); None is off. Not both ``loss`` and ``trailing``."""

    loss: float | None = None
    profit: float | None = None
    trailing: float | None = None

    @property
    def stop(self) -> float | None:
        """The distance that a loss is limited to, or None."""
        return self.loss if self.loss is not None else self.trailing


@dataclass(frozen=True, slots=True)
class TradingHours:
    """Which bars within a day count: the regular session, 04:00 to 20:00, or from ``first`` up to ``last`` in New York.

    Bars outside are left out before the strategy sees them; daily and longer bars are not filtered.
    """

    kind: HoursKind = "regular"
    first: time | None = None
    last: time | None = None


@dataclass(frozen=True, slots=True)
class BacktestSpec:
    """What to run. ``fees`` and ``slippage`` in basis points of value, ``fees_per_share`` and ``cash`` in dollars.

    ``benchmark`` is a symbol to hold from the first bar to the last; empty means the traded symbols in equal parts. Prices are
    adjusted for the splits (``split``), or the splits and dividends (``all``), known on the ``last`` day, or as traded (``raw``).
    ``seed`` sets the random numbers that a strategy may draw.
    """

    strategy: str
    version: int
    symbols: tuple[str, ...]
    timeframe: str
    first: date
    last: date
    parameters: tuple[tuple[str, float], ...]
    fees: float = 1.0
    slippage: float = 2.0
    sizing: Sizing = field(default_factory=Sizing)
    cash: float = 100_000.0
    fees_per_share: float = 0.0
    stops: Stops = field(default_factory=Stops)
    direction: Direction = "long"
    hours: TradingHours = field(default_factory=TradingHours)
    benchmark: str = ""
    adjustment: Adjustment = "split"
    seed: int = 0

    @property
    def symbol(self) -> str:
        """The symbol of a run over one; of several their names with commas, for people to read."""
        return ", ".join(self.symbols)


@dataclass(frozen=True, slots=True)
class RunData:
    """What a run reads: bars of every symbol, oldest first, the benchmark's, and in sentences what is not there."""

    bars: Mapping[str, tuple[Bar, ...]]
    benchmark: tuple[Bar, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BacktestTrade:
    """One round trip; times in ns, prices, profit and fees in dollars, ``fraction`` is the profit over the cost.

    ``mae`` (≤ 0) and ``mfe`` (≥ 0) are how far the price went against and with the trade, as fractions of the entry; None unknown.
    An ``open`` one had not been left when the data ended; ``left`` and ``exit`` are then of the last bar. ``reason`` is why it was left.
    """

    entered: int
    left: int
    size: float
    entry: float
    exit: float
    profit: float
    fraction: float
    symbol: str = ""
    side: TradeSide = "long"
    fees: float = 0.0
    mae: float | None = None
    mfe: float | None = None
    open: bool = False
    bars: int = 0
    reason: Reason = ""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one symbol added to a run: profit after fees and fees in dollars, and round trips."""

    symbol: str
    profit: float
    fees: float
    trades: int


@dataclass(frozen=True, slots=True)
class BacktestResult:
    """What a run gave. ``at`` and ``equity``, ``benchmark``, ``drawdown`` (≤ 0) and ``exposure`` have equal length.

    ``exposure`` is the value of all positions, long and short, over equity. ``monthly`` holds year, month and return. ``statistics``
    are grouped and given units by ``domain.backtest_statistics``. ``missing`` says in sentences which data was not there, ``notes``
    what a reader must know of how it was reckoned, ``log`` is the end of what the strategy printed. A row of a list has no curves,
    trades, log or monthly returns: ``whole`` tells.
    """

    id: str
    spec: BacktestSpec
    user: str
    started: datetime
    seconds: float
    at: tuple[int, ...]  # ns
    equity: tuple[float, ...]
    benchmark: tuple[float, ...]
    drawdown: tuple[float, ...]
    statistics: tuple[tuple[str, float], ...]
    trades: tuple[BacktestTrade, ...]
    bars: int
    code_hash: str
    data_hash: str
    spec_hash: str
    engine: str
    exposure: tuple[float, ...] = ()
    monthly: tuple[tuple[int, int, float], ...] = ()
    contributions: tuple[Contribution, ...] = ()
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    versions: tuple[tuple[str, str], ...] = ()  # python, numpy, numba, pandas, vectorbt, program
    log: str = ""
    starred: bool = False  # what somebody marked and wrote of it later
    remark: str = ""

    @property
    def numbers(self) -> dict[str, float]:
        """The statistics by name."""
        return dict(self.statistics)

    @property
    def whole(self) -> bool:
        """Whether the curves and trades are here, too."""
        return bool(self.at)


def spec_hash(spec: BacktestSpec) -> str:
    """SHA-256 of every parameter of the run."""
    text = json.dumps(asdict(spec), default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
