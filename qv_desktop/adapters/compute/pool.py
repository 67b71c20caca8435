"""Backtests in the pool of workers: bars and terms out as arrays, results back as values."""

import asyncio
import hashlib
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np

from qv_desktop.adapters.compute.messages import Done, Run
from qv_desktop.adapters.compute.workers import WorkerPool
from qv_desktop.domain.backtests import BacktestResult, BacktestSpec, BacktestTrade, spec_hash
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import Bar, timeframe
from qv_desktop.domain.strategies import Strategy, with_defaults


class BacktestPool(WorkerPool):
    """``ports.BacktestEngine`` on the workers."""

    async def run(
        self,
        run: str,
        spec: BacktestSpec,
        strategy: Strategy,
        bars: Sequence[Bar],
        user: str,
        progress: Callable[[float, str], None],
    ) -> BacktestResult:
        """The result of ``spec`` over ``bars``. Raises BadInput with the reason when the strategy or the worker fails."""
        began = datetime.now(UTC)
        progress(0.1, "waiting for a worker")
        done = await self.ask(run, lambda: _request(run, spec, strategy, bars), Done, progress)
        return await asyncio.to_thread(_result, done, spec, strategy, bars, user, began)


def _request(run: str, spec: BacktestSpec, strategy: Strategy, bars: Sequence[Bar]) -> Run:
    parameters = with_defaults(strategy, dict(spec.parameters))
    seconds = timeframe(spec.timeframe).seconds
    return Run(
        run,
        strategy.source,
        parameters,
        _columns(bars),
        seconds,
        spec.fees,
        spec.slippage,
        spec.sizing.amount,
        spec.cash,
    )


def _columns(bars: Sequence[Bar]) -> list[bytes]:
    """``at`` as int64 and open, high, low, close, volume as float64, little-endian as all supported machines are."""
    if sys.byteorder != "little":
        raise BadInput("Backtests need a little-endian machine.")
    prices = np.array([(b.open, b.high, b.low, b.close, b.volume) for b in bars], dtype=np.float64)
    return [
        np.array([b.start for b in bars], dtype=np.int64).tobytes(),
        *(np.ascontiguousarray(c).tobytes() for c in prices.T),
    ]


def _result(
    done: Done, spec: BacktestSpec, strategy: Strategy, bars: Sequence[Bar], user: str, began: datetime
) -> BacktestResult:
    data = hashlib.sha256(b"".join(_columns(bars))).hexdigest()
    trades = tuple(
        BacktestTrade(bars[t.entered].start, bars[t.left].start, t.size, t.entry, t.exit, t.profit, t.fraction)
        for t in done.trades
    )
    return BacktestResult(
        done.run, spec, user, began, done.seconds, tuple(bar.start for bar in bars), _floats(done.equity), _floats(done.benchmark),
        _floats(done.drawdown), tuple(done.statistics), trades, len(bars), strategy.code_hash, data, spec_hash(spec), done.engine,
    )  # fmt: skip


def _floats(raw: bytes) -> tuple[float, ...]:
    return tuple(np.frombuffer(raw, dtype=np.float64).tolist())
