"""Backtests in the pool of workers: bars and terms out as arrays, results back as values."""

import asyncio
import math
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np
import structlog

from qv_desktop import __version__
from qv_desktop.adapters.compute.messages import Done, Run, Terms, Trade
from qv_desktop.adapters.compute.workers import WorkerPool
from qv_desktop.domain.backtests import BacktestResult, BacktestSpec, BacktestTrade, Contribution, RunData, spec_hash
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import NEW_YORK, Bar, timeframe, utc
from qv_desktop.domain.strategies import Strategy, with_defaults

log = structlog.get_logger(__name__)

YEAR = {"D": 252.0, "W": 52.0, "M": 12.0}  # bars of that length in a year
BASIS = 10_000


class BacktestPool(WorkerPool):
    """``ports.backtests.BacktestEngine`` on the workers."""

    async def run(
        self,
        run: str,
        spec: BacktestSpec,
        strategy: Strategy,
        data: RunData,
        user: str,
        progress: Callable[[float, str], None],
    ) -> BacktestResult:
        """The result of ``spec`` over ``data``. Raises BadInput with the reason when the strategy or the worker fails."""
        began = datetime.now(UTC)
        progress(0.1, "waiting for a worker")
        done = await self.ask(run, lambda: request_of(run, spec, strategy, data), Done, progress)
        try:
            return await asyncio.to_thread(_result, done, spec, strategy, data, user, began)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:  # a run says of itself whatever it likes
            log.warning("result_unusable", run=run, reason=f"{type(error).__name__}: {error}")
            raise BadInput("The strategy's run gave something that is no result.") from error


def request_of(run: str, spec: BacktestSpec, strategy: Strategy, data: RunData) -> Run:
    """What a worker is asked. Raises BadInput on a big-endian machine, and for a price that is none."""
    parameters, frame = with_defaults(strategy, dict(spec.parameters)), timeframe(spec.timeframe)
    benchmark = _priced(spec.benchmark, data.benchmark) if data.benchmark else []
    year = YEAR[frame.unit] / frame.count if not frame.intraday else 0.0
    return Run(run, strategy.source, parameters, list(spec.symbols), [_priced(symbol, data.bars[symbol]) for symbol in spec.symbols],
               [benchmark[0], benchmark[4]] if benchmark else [], frame.seconds, year, terms_of(spec))  # fmt: skip


def _priced(symbol: str, bars: Sequence[Bar]) -> list[bytes]:
    """The columns. A price that is missing would pass for a bar that is not there, and one of 0 for a loss of everything."""
    columns = columns_of(bars)
    known = np.ones(len(bars), dtype=np.bool_)
    for column in columns[1:5]:
        prices = np.frombuffer(column)
        known &= np.isfinite(prices) & (prices > 0)
    if not known.all():
        day = utc(bars[int(np.argmin(known))].start).astimezone(NEW_YORK).date()
        raise BadInput(f"{symbol} has a price that is missing or not above 0, first on {day}; import its bars again.")
    return columns


def terms_of(spec: BacktestSpec) -> Terms:
    """The terms in plain numbers."""
    sizing, stops = spec.sizing, spec.stops
    loss, profit, trailing = (math.nan if stop is None else stop for stop in (stops.loss, stops.profit, stops.trailing))
    return Terms(sizing.kind, sizing.amount, spec.cash, spec.fees / BASIS, spec.fees_per_share, spec.slippage / BASIS,
                 loss, profit, trailing, spec.direction, spec.seed)  # fmt: skip


def columns_of(bars: Sequence[Bar]) -> list[bytes]:
    """``at`` as int64 and open, high, low, close, volume as float64, little-endian as all supported machines are."""
    if sys.byteorder != "little":
        raise BadInput("Backtests need a little-endian machine.")

    def column(name: str, kind: type[np.generic]) -> bytes:
        # from a generator, which lets the window's thread in between; one call over all bars would not
        return np.fromiter((getattr(bar, name) for bar in bars), dtype=kind, count=len(bars)).tobytes()

    return [
        column("start", np.int64),
        *(column(name, np.float64) for name in ("open", "high", "low", "close", "volume")),
    ]


def _result(
    done: Done, spec: BacktestSpec, strategy: Strategy, data: RunData, user: str, began: datetime
) -> BacktestResult:
    at = tuple(np.frombuffer(done.at, dtype=np.int64).tolist())
    contributions = tuple(
        Contribution(symbol, *told) for symbol, told in zip(spec.symbols, done.contributions, strict=True)
    )
    bars = sum(len(data.bars[symbol]) for symbol in spec.symbols)
    return BacktestResult(
        done.run, spec, user, began, done.seconds, at, _floats(done.equity), _floats(done.benchmark), _floats(done.drawdown),
        tuple(done.statistics),
        tuple(_trade(trade, at, spec.symbols) for trade in done.trades), bars, strategy.code_hash, done.data_hash, spec_hash(spec),
        done.engine, _floats(done.exposure), tuple(done.monthly), contributions, tuple(data.missing), tuple(done.notes),
        (*done.versions, ("program", __version__)), done.log,
    )  # fmt: skip


def _trade(told: Trade, at: Sequence[int], symbols: Sequence[str]) -> BacktestTrade:
    return BacktestTrade(at[told.entered], at[told.left], told.size, told.entry, told.exit, told.profit, told.fraction,
                         symbols[told.symbol], "short" if told.short else "long", told.fees, told.mae, told.mfe, told.open,
                         told.bars, told.reason)  # type: ignore[arg-type]  # fmt: skip


def _floats(raw: bytes) -> tuple[float, ...]:
    return tuple(np.frombuffer(raw, dtype=np.float64).tolist())
