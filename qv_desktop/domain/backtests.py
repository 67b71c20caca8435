"""Backtests: what was run, on which data, and what came out."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class BacktestSpec:
    """What to run. ``fees`` and ``slippage`` in basis points of value, ``size`` as a fraction of equity, ``cash`` in dollars."""

    strategy: str
    version: int
    symbol: str
    timeframe: str
    first: date
    last: date
    parameters: tuple[tuple[str, float], ...]
    fees: float = 1.0
    slippage: float = 2.0
    size: float = 0.95
    cash: float = 100_000.0


@dataclass(frozen=True, slots=True)
class BacktestTrade:
    """One round trip; times in ns, prices and profit in dollars, ``fraction`` is the profit over the cost."""

    entered: int
    left: int
    size: float
    entry: float
    exit: float
    profit: float
    fraction: float


@dataclass(frozen=True, slots=True)
class BacktestResult:
    """What a run gave. ``at`` and ``equity``, ``benchmark`` (buy and hold) and ``drawdown`` (≤ 0, fraction) have equal length."""

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

    @property
    def numbers(self) -> dict[str, float]:
        """The statistics by name."""
        return dict(self.statistics)


def spec_hash(spec: BacktestSpec) -> str:
    """SHA-256 of every parameter of the run."""
    text = json.dumps(asdict(spec), default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
