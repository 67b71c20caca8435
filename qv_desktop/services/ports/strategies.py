"""Stored strategies, what people typed and allowed, and checks of the code for looking ahead."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from qv_desktop.domain.audit import Draft
from qv_desktop.domain.backtests import BacktestSpec
from qv_desktop.domain.look_ahead import LookAhead
from qv_desktop.domain.market import Bar
from qv_desktop.domain.strategies import SourceDraft, Strategy


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
