"""What runs a backtest, and where results are kept."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from qv_desktop.domain.audit import Draft
from qv_desktop.domain.backtests import BacktestResult, BacktestSpec, RunData
from qv_desktop.domain.strategies import Strategy


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
