"""Reconciliation runs: races do not count, errors are never read as flat, reports need permission."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from qv_desktop.adapters.reports.reconciliation import ReconciliationReports
from qv_desktop.domain.access import Role
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.errors import BadInput, BrokerDown, NotPermitted
from qv_desktop.domain.events import Event, Reconciled
from qv_desktop.domain.positions import Position
from qv_desktop.domain.reconciliation import Reconciliation
from qv_desktop.services import reconcile
from qv_desktop.services.reconcile import Reconcile
from tests.builders import NOW, a_position
from tests.services.test_orders import Desk, on_a_desk


@dataclass
class Runs:
    """Keeps runs and their audit drafts."""

    kept: list[Reconciliation] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)

    async def save(self, run: Reconciliation, draft: Draft) -> None:
        self.kept.append(run)
        self.drafts.append(draft)

    async def latest(self, limit: int = 20) -> list[Reconciliation]:
        return self.kept[::-1][:limit]


def with_reconcile(
    story: Callable[[Desk, Reconcile, Runs], Coroutine[Any, Any, None]], folder: Path, role: Role = Role.TRADER
) -> list[Event]:
    seen: list[Event] = []

    async def told(desk: Desk) -> None:
        runs, orders = Runs(), desk.orders
        service = Reconcile(desk.broker, runs, ReconciliationReports(), orders, desk.positions, orders._risk._account,
                            orders._login, desk.events.append, lambda: NOW, lambda: NOW, folder, desk.trail)  # fmt: skip
        await story(desk, service, runs)
        seen.extend(desk.events)

    on_a_desk(told, role)
    return seen


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "SETTLE", 0.01)


def test_equal_books_pass_and_the_run_is_kept_with_its_audit_row(tmp_path: Path) -> None:
    async def story(desk: Desk, service: Reconcile, runs: Runs) -> None:
        run = await service.asked()
        assert run.passed
        assert runs.kept == [run]
        assert (runs.drafts[0].action, runs.drafts[0].actor.name) == ("reconciliation.run", "demo")

    events = with_reconcile(story, tmp_path)
    assert any(isinstance(event, Reconciled) for event in events)


def test_a_difference_that_lasts_is_a_break_and_one_that_passes_is_not(tmp_path: Path) -> None:
    async def story(desk: Desk, service: Reconcile, runs: Runs) -> None:
        desk.broker.held = {"AAPL": a_position(10)}
        assert [b.kind for b in (await service.asked()).breaks] == ["missing here"]
        running = asyncio.ensure_future(service.run("system", "race"))
        await asyncio.sleep(0)
        desk.positions.adopt({"AAPL": Position("AAPL", Decimal(10), Decimal(100))})
        assert (await running).passed

    with_reconcile(story, tmp_path)


def test_a_broker_error_is_never_read_as_flat(tmp_path: Path) -> None:
    async def story(desk: Desk, service: Reconcile, runs: Runs) -> None:
        desk.positions.adopt({"AAPL": a_position(10)})
        desk.broker.down = True
        with pytest.raises(BrokerDown):
            await service.asked()
        assert runs.kept == []
        assert desk.positions["AAPL"].quantity == 10

    with_reconcile(story, tmp_path)


def test_the_report_is_written_in_three_formats(tmp_path: Path) -> None:
    async def story(desk: Desk, service: Reconcile, runs: Runs) -> None:
        with pytest.raises(BadInput, match="run one first"):
            await service.export()
        desk.broker.held = {"AAPL": a_position(10)}
        await service.asked()
        paths = await service.export()
        assert sorted(path.suffix for path in paths) == [".csv", ".html", ".json"]
        assert all("AAPL" in path.read_text() for path in paths)

    with_reconcile(story, tmp_path)


def test_a_viewer_can_neither_run_nor_export(tmp_path: Path) -> None:
    async def story(desk: Desk, service: Reconcile, runs: Runs) -> None:
        for step in (service.asked, service.export):
            with pytest.raises(NotPermitted):
                await step()

    with_reconcile(story, tmp_path, Role.VIEWER)
