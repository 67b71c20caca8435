"""What runs a sweep, and where its rows and what tests told of them are kept."""

from collections.abc import Callable, Sequence
from typing import Protocol

from qv_desktop.domain.audit import Draft
from qv_desktop.domain.backtests import RunData
from qv_desktop.domain.strategies import Strategy
from qv_desktop.domain.sweeps import SweepResult, SweepRow, SweepSpec
from qv_desktop.domain.validation import Validation


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
