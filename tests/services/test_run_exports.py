"""Exports of a run: only with the permission, never without a row in the trail, and a failure is recorded too."""

import asyncio
import json
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from qv_desktop.adapters.reports.backtests import BacktestReports
from qv_desktop.domain.access import Role
from qv_desktop.domain.backtests import BacktestResult
from qv_desktop.domain.errors import BadInput, DatabaseDown, NotPermitted
from qv_desktop.services.login import Login
from qv_desktop.services.run_exports import RunExports
from tests.a_run import a_run
from tests.builders import NOW, a_session
from tests.fakes import Trail, Users


@dataclass
class Full:
    """A disk without room."""

    asked: list[str] = field(default_factory=list)

    async def write(self, run: BacktestResult, folder: Path, forms: Collection[str]) -> tuple[Path, ...]:
        self.asked += forms
        raise BadInput("The report could not be written (no space left); free some space or choose another folder.")


def service(tmp_path: Path, trail: Trail, writer: object = None, role: Role = Role.ANALYST) -> RunExports:
    session = a_session(role)
    login = Login(Users(session.user, session), Trail(), lambda: NOW, "host")
    login.session = session

    async def read(run: str) -> BacktestResult:
        return a_run(run)

    return RunExports(read, writer or BacktestReports(), login, trail, tmp_path)  # type: ignore[arg-type]


def test_the_files_are_written_and_recorded(tmp_path: Path) -> None:
    trail = Trail()
    files = asyncio.run(service(tmp_path, trail).export("r7", ["html", "csv"]))
    assert [file.exists() for file in files] == [True, True]
    row = trail.rows[0].draft
    assert (row.action, row.object_type, row.object_id, row.outcome) == ("export.report", "backtest", "r7", "ok")
    assert json.loads(row.after or "") == {
        "strategy": "sma_cross",
        "symbols": ["SPY", "QQQ"],
        "formats": ["csv", "html"],
    }


def test_nobody_exports_without_the_permission(tmp_path: Path) -> None:
    trail = Trail()
    with pytest.raises(NotPermitted):
        asyncio.run(service(tmp_path, trail, role=Role.VIEWER).export("r7", ["html"]))
    assert list(tmp_path.iterdir()) == []


def test_nothing_leaves_that_cannot_be_recorded(tmp_path: Path) -> None:
    with pytest.raises(DatabaseDown):
        asyncio.run(service(tmp_path, Trail(down=True)).export("r7", ["html"]))
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_room_is_recorded_as_a_failure(tmp_path: Path) -> None:
    trail = Trail()
    with pytest.raises(BadInput, match="no space left"):
        asyncio.run(service(tmp_path, trail, Full()).export("r7", ["json"]))
    assert [row.draft.outcome for row in trail.rows] == ["ok", "failed"]


@pytest.mark.parametrize("forms", [["exe"], []])
def test_a_form_that_is_none_is_refused_before_anything_is_read(tmp_path: Path, forms: list[str]) -> None:
    writer = Full()
    with pytest.raises(BadInput, match="cannot be written; choose html, csv, json"):
        asyncio.run(service(tmp_path, Trail(), writer).export("r7", forms))
    assert writer.asked == []
