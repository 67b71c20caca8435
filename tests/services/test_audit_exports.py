"""Exports of audit rows: exactly what was asked for, recorded before there is a file, and no file without its row."""

import asyncio
import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from qv_desktop.adapters.reports.audit_rows import AuditFiles
from qv_desktop.domain.access import Role
from qv_desktop.domain.audit import SYSTEM, Draft
from qv_desktop.domain.audit_query import AuditQuery
from qv_desktop.domain.errors import BadInput, DatabaseDown, NotPermitted
from qv_desktop.services import audit_exports
from qv_desktop.services.audit_exports import AuditExports
from qv_desktop.services.login import Login
from tests.builders import NOW, a_session
from tests.fakes import Trail, Users


class Room:
    """The service over a trail in memory and a real folder."""

    def __init__(self, folder: Path, role: Role = Role.ADMIN, rows: int = 7) -> None:
        self.trail, self.folder = Trail(), folder
        session = a_session(role)
        self.login = Login(Users(session.user, session), self.trail, lambda: NOW, "host")
        self.login.session = session
        self.service = AuditExports(self.trail, AuditFiles(), self.login, lambda: NOW, folder)
        for number in range(rows):
            action = "order.submit" if number % 2 == 0 else "fill.book"
            asyncio.run(self.trail.append(Draft(SYSTEM, action, "order", f"qv-{number}")))

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


def test_every_row_that_matches_is_in_the_file_oldest_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_exports, "PORTION", 2)
    room, told = Room(tmp_path), list[int]()
    done = asyncio.run(room.service.rows(AuditQuery(action="order.*"), "csv", told.append))
    with done.path.open(newline="", encoding="utf-8") as file:
        assert [row["object_id"] for row in csv.DictReader(file)] == ["qv-0", "qv-2", "qv-4", "qv-6"]
    assert (done.rows, told) == (4, [2, 4])
    draft = room.trail.rows[-1].draft
    assert (draft.action, draft.object_id, draft.actor.name, draft.outcome) == (
        "export.audit",
        done.path.name,
        "demo",
        "ok",
    )
    assert json.loads(draft.after) == {
        "filter": {"action": "order.*"},
        "form": "csv",
        "rows": 4,
        "sha256": done.digest,
        "up_to": 7,
    }


def test_rows_that_come_while_it_is_written_are_not_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_exports, "PORTION", 3)
    room = Room(tmp_path)

    async def story() -> int:
        def more(_: int) -> None:
            room.trail.rows.append(replace(room.trail.rows[-1], sequence=len(room.trail.rows) + 1))

        return (await room.service.rows(AuditQuery(), "json", more)).rows

    assert asyncio.run(story()) == 7


def test_without_the_permission_there_is_no_file(tmp_path: Path) -> None:
    room = Room(tmp_path, Role.TRADER)
    with pytest.raises(NotPermitted, match="audit: export"):
        asyncio.run(room.service.rows(AuditQuery(), "csv"))
    assert room.files() == []
    assert room.trail.rows[-1].draft.action == "permission.refuse"


def test_a_file_that_cannot_be_recorded_does_not_come_to_be(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.trail.down = True
    with pytest.raises(DatabaseDown):
        asyncio.run(room.service.rows(AuditQuery(), "csv"))
    assert room.files() == []


def test_an_export_that_is_given_up_leaves_no_file_and_no_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_exports, "PORTION", 1)
    room = Room(tmp_path)

    async def story() -> None:
        writing = asyncio.ensure_future(room.service.rows(AuditQuery(), "csv", lambda count: writing.cancel()))
        with pytest.raises(asyncio.CancelledError):
            await writing

    asyncio.run(story())
    assert (room.files(), len(room.trail.rows)) == ([], 7)


def test_a_folder_that_takes_nothing_is_recorded_as_a_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    room = Room(tmp_path)
    room.service._folder = tmp_path / "file"
    with pytest.raises(BadInput):
        asyncio.run(room.service.rows(AuditQuery(), "csv"))
    assert [(row.draft.action, row.draft.outcome) for row in room.trail.rows[-1:]] == [("export.audit", "failed")]
