"""The audit panel on its services: pages, verification and exports, and what each says when it cannot be."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from PySide6.QtCore import QObject, Signal
from pytestqt.qtbot import QtBot

from qv_desktop.adapters.reports.audit_rows import AuditFiles
from qv_desktop.domain.access import Role
from qv_desktop.domain.audit import SYSTEM, Draft
from qv_desktop.domain.errors import DatabaseDown
from qv_desktop.domain.events import AuditRecorded
from qv_desktop.services.audit import Audit
from qv_desktop.services.audit_exports import AuditExports
from qv_desktop.services.bus import Bus
from qv_desktop.services.login import Login
from qv_desktop.ui.panels.audit import AuditPanel
from qv_desktop.ui.tasks import Tasks
from qv_desktop.wiring.auditing import AuditWiring
from tests.builders import NOW, a_session
from tests.fakes import Trail, Users


class Window(QObject):
    """Hears commands, and keeps what the status bar was shown."""

    command = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[object] = []
        self.health = SimpleNamespace(show_audit=self.shown.append, show_verified=lambda *told: self.shown.append(told))


class Room:
    """A panel that is wired to a trail in memory."""

    def __init__(self, qtbot: QtBot, folder: Path, role: Role = Role.ADMIN) -> None:
        self.trail, self.panel, self.window, self.bus = Trail(), AuditPanel(), Window(), Bus()
        qtbot.addWidget(self.panel)
        session = a_session(role)
        self.login = Login(Users(session.user, session), self.trail, lambda: NOW, "host")
        self.login.session = session
        self.told: list[str] = []
        services = SimpleNamespace(
            bus=self.bus, login=self.login, audit=Audit(self.trail, self.login),
            audit_exports=AuditExports(self.trail, AuditFiles(), self.login, lambda: NOW, folder),
            clock=SimpleNamespace(now=lambda: NOW, market=lambda: NOW),
            notices=SimpleNamespace(tell=lambda *told: self.told.append(told[1])),
        )  # fmt: skip
        self.desk = SimpleNamespace(
            services=services, panels=SimpleNamespace(audit=self.panel), window=self.window, tasks=Tasks(_shown)
        )
        for number in range(5):
            asyncio.run(self.trail.append(Draft(SYSTEM, "order.submit", "order", f"qv-{number}")))

    def acts(self, *deeds: Any) -> None:
        """Wire it, start, do each and let what it spawned end."""

        async def story() -> None:
            wiring = AuditWiring(cast(Any, self.desk))
            await wiring.start()
            for deed in deeds:
                deed()
                while others := asyncio.all_tasks() - {asyncio.current_task()}:
                    await asyncio.gather(*others, return_exceptions=True)

        asyncio.run(story())


def _shown(error: Exception) -> None:
    raise error


@pytest.fixture
def room(qtbot: QtBot, tmp_path: Path) -> Room:
    return Room(qtbot, tmp_path)


def test_it_starts_with_the_newest_rows_and_hears_of_new_ones(room: Room) -> None:
    room.panel.show()

    def recorded() -> None:
        room.bus.publish(AuditRecorded(room.trail.rows[-1]))
        room.panel.tail.release()

    room.acts(recorded)
    assert [entry.sequence for entry in room.panel.model.rows()] == [5, 4, 3, 2, 1]
    assert room.window.shown == [room.trail.rows[4]]


def test_a_filter_brings_what_it_names(room: Room) -> None:
    room.acts(lambda: room.panel.filters.follow("nothing"))
    assert room.panel.model.rowCount() == 0


def test_a_database_that_is_away_is_said_where_the_rows_would_be(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    async def found(*asked: object) -> None:
        raise DatabaseDown("The database is away; nothing was read.")

    def goes_away() -> None:
        monkeypatch.setattr(room.trail, "found", found)
        room.panel.filters.follow("qv-1")

    room.acts(goes_away)
    assert room.panel.state.text() == "The database is away; nothing was read."


def test_verify_tells_panel_and_status_bar(room: Room) -> None:
    room.acts(room.panel.proof.verify.click)
    assert room.panel.proof.chain.text() == "✓ chain whole to #5"
    assert room.window.shown == [(5, True, NOW)]
    assert room.trail.rows[-1].draft.action == "audit.verify"


def test_the_command_verifies_too(room: Room) -> None:
    room.acts(lambda: room.window.command.emit("audit.verify"))
    assert room.panel.proof.chain.text() == "✓ chain whole to #5"


def test_a_verification_that_is_cancelled_proves_nothing(room: Room) -> None:
    def twice() -> None:
        room.panel.proof.verify.click()
        room.panel.proof.verify.click()

    room.acts(twice)
    assert room.panel.proof.chain.text() == "chain not checked"
    assert room.panel.proof.verify.text() == "Verify"
    assert [row.draft.action for row in room.trail.rows] == ["order.submit"] * 5


def test_an_export_counts_writes_and_is_told(room: Room, tmp_path: Path) -> None:
    room.panel.show()
    room.acts(room.panel.ask_export, room.panel.export_bar.forms["json"].click)
    assert [path.suffix for path in tmp_path.iterdir()] == [".json"]
    assert room.panel.export_bar.sentence.text().startswith("Exported 5 rows to ")
    assert room.told == ["Exported 5 rows of the audit trail"]


def test_a_bundle_without_checkpoints_says_why_there_is_none(room: Room, tmp_path: Path) -> None:
    room.panel.show()
    room.acts(room.panel.ask_export, room.panel.export_bar.forms["bundle"].click)
    assert "without checkpoints" in room.panel.export_bar.sentence.text()
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_runs_from_the_first_row_that_matches_to_the_last(
    room: Room, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[dict[str, object]] = []

    async def bundle(**what: object) -> Path:
        asked.append(what)
        return tmp_path / "audit.bundle"

    monkeypatch.setattr(room.desk.services.audit, "bundle", bundle)
    for number in (7, 8, 7):
        asyncio.run(room.trail.append(Draft(SYSTEM, "fill.book", "order", f"qv-{number}", correlation=f"qv-{number}")))
    room.panel.show()
    bar = room.panel.export_bar
    room.acts(
        lambda: room.panel.filters.follow("qv-7"), room.panel.ask_export, bar.forms["bundle"].click,
        bar.close_.click, room.panel.filters.clear, room.panel.ask_export, bar.forms["bundle"].click,
    )  # fmt: skip
    assert [(one.get("first"), one.get("last")) for one in asked] == [(6, 8), (None, None)]
    assert bar.sentence.text() == f"Exported a signed bundle to {tmp_path / 'audit.bundle'}. The trail records it."


def test_the_trail_of_another_installation_is_bundled_there(room: Room) -> None:
    room.trail.others.append(("other", "WS-22"))
    room.panel.show()
    filters = room.panel.filters

    def choose() -> None:
        filters.chain.setCurrentText("WS-22 · other")
        filters.chain.activated.emit(1)

    room.acts(choose, room.panel.ask_export, lambda: room.panel.export_asked.emit(filters.query(), "bundle"))
    assert "make it there" in room.panel.export_bar.sentence.text()


def test_whoever_may_not_view_is_shown_nothing(qtbot: QtBot, tmp_path: Path) -> None:
    room = Room(qtbot, tmp_path, Role.ANALYST)
    room.acts(
        lambda: room.panel.page_asked.emit(room.panel.filters.query()),
        lambda: room.bus.publish(AuditRecorded(room.trail.rows[0])),
    )
    assert room.panel.model.rowCount() == 0
    assert "lacks “audit: view”" in room.panel.state.text()
