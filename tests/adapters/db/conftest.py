"""A clock that is set by hand and an audit trail over a real database."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import DateTime, literal

from qv_desktop.adapters.db import server_time
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.domain.audit import Entry


class Clock:
    """Time that stands still until it is told."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **span: float) -> None:
        self.time += timedelta(**span)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server_clock(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Locks, sessions and codes ask the hand-set clock instead of the database's, to the second; without this it is the database's own."""
    monkeypatch.setattr(server_time, "now", lambda: literal(clock(), DateTime(timezone=True)))
    return clock


@pytest.fixture
def recorded() -> list[Entry]:
    return []


@pytest.fixture
def trail(database: Database, clock: Clock, recorded: list[Entry]) -> AuditTrail:
    """A chain of its own for each test."""
    return AuditTrail(database, f"chain-{uuid4().hex[:8]}", "1.0", clock, recorded.append)
