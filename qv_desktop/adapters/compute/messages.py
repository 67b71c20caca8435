"""What passes between the program and a worker: length-prefixed msgpack, no pickle."""

import msgspec


class Terms(msgspec.Struct, frozen=True):
    """How a run trades: ``domain.backtests.BacktestSpec`` in plain numbers; ``fees`` and ``slippage`` as fractions, nan is off."""

    sizing: str
    amount: float
    cash: float
    fees: float
    fees_per_share: float
    slippage: float
    loss: float
    profit: float
    trailing: float
    direction: str
    seed: int = 0


class Run(msgspec.Struct, tag="run"):
    """Run one backtest. ``columns`` holds for every symbol the little-endian bytes of int64 (``at``) and float64, in the order of ``Bars``.

    ``benchmark`` holds ``at`` and the closes of another symbol, or nothing. ``year_bars`` is how many bars a year has, 0 to be
    found from the bars.
    """

    run: str
    source: str
    parameters: dict[str, float]
    symbols: list[str]
    columns: list[list[bytes]]
    benchmark: list[bytes]
    frame_seconds: int
    year_bars: float
    terms: Terms


class Trade(msgspec.Struct, tag="trade"):
    """One round trip: the symbol's number, rows, and what ``domain.backtests.BacktestTrade`` tells."""

    symbol: int
    entered: int
    left: int
    size: float
    entry: float
    exit: float
    profit: float
    fraction: float
    short: bool
    fees: float
    mae: float
    mfe: float
    open: bool
    bars: int
    reason: str


class Done(msgspec.Struct, tag="done"):
    """A run's result; curves as bytes of float64, ``at`` of int64. ``contributions`` by symbol: profit, fees, round trips."""

    run: str
    seconds: float
    at: bytes
    equity: bytes
    benchmark: bytes
    drawdown: bytes
    exposure: bytes
    statistics: list[tuple[str, float]]
    monthly: list[tuple[int, int, float]]
    trades: list[Trade]
    contributions: list[tuple[float, float, int]]
    notes: list[str]
    log: str
    data_hash: str
    versions: list[tuple[str, str]]
    engine: str
