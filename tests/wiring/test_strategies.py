"""People write strategies through the real panel over a real database: nothing typed is lost, and code runs once it is allowed."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from qv_desktop.adapters.db.database import Database
from qv_desktop.domain.access import Role
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.events import StrategiesChanged
from qv_desktop.domain.strategies import Strategy
from qv_desktop.domain.strategy_template import template
from qv_desktop.services.bus import Bus
from qv_desktop.strategies.built_in import built_in
from qv_desktop.ui import theme
from qv_desktop.ui.consent_dialog import ConsentDialog
from qv_desktop.ui.main_window import MainWindow
from qv_desktop.ui.panels.strategies import StrategiesPanel
from qv_desktop.ui.tasks import Tasks
from qv_desktop.wiring import Desk
from qv_desktop.wiring.consent import consented
from qv_desktop.wiring.strategies import AGAIN, StrategiesWiring
from tests.builders import NOW
from tests.services.test_authoring import Desk as Terminal

pytestmark = [pytest.mark.qt_log_ignore("This plugin does not support"), pytest.mark.usefixtures("collected_here")]


class Seat:
    """The panel before one person, with all that is behind it."""

    def __init__(self, database: Database, person: str, role: Role, qtbot: QtBot) -> None:
        self.terminal, self.panel, self.bus = Terminal(database, person, role), StrategiesPanel(), Bus()
        self.panel.page._draft.setInterval(0)
        self.window = MainWindow({"strategies": self.panel})
        qtbot.addWidget(self.window)
        self.terminal.strategies._publish = self.bus.publish
        self.heard: list[StrategiesChanged] = []
        self.bus.subscribe(StrategiesChanged, self.heard.append)
        services = SimpleNamespace(login=self.terminal.login, bus=self.bus, strategies=self.terminal.strategies,
                                   authoring=self.terminal.authoring)  # fmt: skip
        self.desk = Desk(
            cast(Any, services),
            cast(Any, SimpleNamespace(strategies=self.panel)),
            self.window,
            Tasks(lambda error: None),
        )
        self.wiring = StrategiesWiring(self.desk)

    async def starts(self) -> None:
        await self.terminal.strategies.load(built_in(NOW))
        await self.wiring.start()
        await self.settled()

    async def settled(self) -> None:
        await asyncio.sleep(0)
        QApplication.processEvents()
        while running := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.gather(*running, return_exceptions=True)
            QApplication.processEvents()

    async def does(self, hand: Callable[[], object]) -> None:
        hand()
        await self.settled()

    async def types(self, text: str) -> None:
        """The whole text anew, as far as a draft is made of it and it waits for the database."""
        self.panel.source.replace_all(text)
        self.panel.flush()
        await self.settled()

    async def leaves(self) -> None:
        """Nothing waits for a moment to come, and nobody is asked when the window goes."""
        self.wiring._leaving = True
        self.wiring.flush()
        await self.settled()

    def named(self, name: str) -> None:
        self.panel.naming.field.setText(name)
        self.panel.naming.accept()


type Story = Callable[[Seat, Seat], Coroutine[Any, Any, None]]


@pytest.fixture
def told(qtbot: QtBot, qapp: QApplication, database: Database) -> Callable[[Story], None]:
    """Maria, an Admin, and Tom, a Trader, each before a panel."""
    theme.apply(qapp)
    seats = [Seat(database, person, role, qtbot) for person, role in (("maria", Role.ADMIN), ("tom", Role.TRADER))]

    def tell(story: Story) -> None:
        async def both() -> None:
            for seat in seats:
                await seat.starts()
            await story(*seats)
            for seat in seats:
                await seat.leaves()

        asyncio.run(both())

    return tell


@pytest.fixture
def name() -> str:
    return f"s_{uuid4().hex[:8]}"


async def made(seat: Seat, name: str) -> Strategy:
    """A strategy of one's own, made through the panel, that no other test has the text of."""
    seat.panel._ask_new("signals")
    await seat.does(lambda: seat.named(name))
    assert seat.panel.head.heading.text() == f"{name} v1"
    await seat.types(template() + f"# {name}\n")
    await seat.does(seat.panel.page.save.click)
    assert seat.panel.head.heading.text() == f"{name} v2"
    return seat.terminal.strategies.named(name)


def test_made_written_saved_cloned_and_archived_through_the_panel(told: Callable[[Story], None], name: str) -> None:
    async def story(maria: Seat, tom: Seat) -> None:
        await made(maria, name)
        assert maria.panel.unsaved() == []
        assert maria.heard[-1].strategies == tuple(maria.terminal.strategies.all())
        maria.panel._ask_clone()
        await maria.does(lambda: maria.named(f"{name}_b"))
        assert maria.panel.head.heading.text() == f"{name}_b v1"
        shown = maria.panel._shown
        await maria.does(lambda: maria.panel.archive_asked.emit(shown, True))
        assert f"{name}_b" not in {row.name for row in maria.panel._model.rows()}
        await maria.does(lambda: maria.panel._show_page("Versions"))
        done = [("strategy.create", name), ("strategy.save", name)]
        done += [("strategy.create", f"{name}_b"), ("strategy.archive", f"{name}_b")]
        assert maria.terminal.actions()[-4:] == [(*each, "ok") for each in done]

    told(story)


def test_another_terminal_sees_it_within_seconds_and_two_who_write_at_once_lose_nothing(
    told: Callable[[Story], None], name: str
) -> None:
    async def story(maria: Seat, tom: Seat) -> None:
        await made(maria, name)
        tom.window.show()
        tom.window.raise_panel("strategies")
        for _ in range(AGAIN):
            await tom.does(tom.wiring.tick)
        tom.panel.table.select_key(name)
        await tom.types(template() + "# tom's\n")
        await maria.types(template() + "# maria's\n")
        await maria.does(maria.panel.page.save.click)
        await tom.does(tom.panel.page.save.click)
        assert "maria saved version 3" in tom.panel.superseded.sentence.text()
        assert tom.panel.source.text() == template() + "# tom's\n"
        await tom.does(tom.panel.superseded.compare.click)
        assert tom.panel.history.said.text().endswith("+1 −1 lines")
        await tom.does(tom.panel.superseded.save.click)
        assert [(v.version, v.author) for v in await tom.terminal.authoring.versions(tom.terminal.strategies.named(name))] == [
            (4, "tom"), (3, "maria"), (2, "maria"), (1, "maria")]  # fmt: skip
        assert not tom.panel.superseded.isVisible()

    told(story)


def test_what_was_typed_is_back_after_a_crash(
    told: Callable[[Story], None], name: str, database: Database, qtbot: QtBot
) -> None:
    async def story(maria: Seat, tom: Seat) -> None:
        await made(maria, name)
        await maria.types("half a thou")
        await maria.does(maria.wiring.tick)
        again = Seat(database, "maria", Role.ADMIN, qtbot)
        await again.starts()
        again.panel.table.select_key(name)
        assert again.panel.source.text() == "half a thou"
        assert again.panel.unsaved() == [name]
        tom.panel.table.select_key(name)
        assert tom.panel.unsaved() == []  # a draft is each person's own
        await again.leaves()

    told(story)


def test_the_window_does_not_close_over_what_is_not_saved_until_the_person_says_so(
    told: Callable[[Story], None], name: str
) -> None:
    async def story(maria: Seat, tom: Seat) -> None:
        await made(maria, name)
        closed: list[bool] = []
        maria.window.closed.connect(lambda: closed.append(True))
        await maria.types("half")
        event = QCloseEvent()
        maria.window.closeEvent(event)
        assert (event.isAccepted(), closed) == (False, [])
        assert name in maria.panel.asking.question.text()
        maria.window.show()
        maria.panel.asking.accept()
        assert closed == [True]
        assert tom.window.close()  # nothing is unsaved there

    told(story)


def test_a_fault_is_said_in_the_panel_and_nothing_is_stored(told: Callable[[Story], None], name: str) -> None:
    async def story(maria: Seat, tom: Seat) -> None:
        await made(maria, name)
        await maria.types("def (")
        maria.panel.page.lint_asked.emit(maria.panel.source.text())
        await maria.settled()
        assert maria.panel.page.problems.rows_model.rows()[0].sentence.startswith("This is no Python")
        await maria.does(maria.panel.page.save.click)
        assert maria.panel.said.text().startswith("Line 1: This is no Python")
        assert maria.terminal.strategies.named(name).version == 2
        assert maria.panel.source.text() == "def ("

    told(story)


def test_files_are_written_and_read_as_they_are(told: Callable[[Story], None], name: str, tmp_path: Path) -> None:
    async def story(maria: Seat, tom: Seat) -> None:
        mine, file = await made(maria, name), tmp_path / "mine.py"
        await maria.does(lambda: maria.panel.file_saved.emit(file, name, mine.source))
        assert file.read_bytes().decode() == mine.source
        assert maria.terminal.actions()[-1] == ("export.strategy", name, "ok")
        file.write_bytes(b"\xef\xbb\xbfx = 1\r\n")
        await maria.does(lambda: maria.panel.file_opened.emit(file))
        assert maria.panel.source.text() == "x = 1\n"
        file.write_bytes(b"\xff\xfe")
        await maria.does(lambda: maria.panel.file_opened.emit(file))
        assert "no text in UTF-8" in maria.panel.said.text()
        other = tmp_path / "tom.py"
        await tom.does(lambda: tom.panel.file_saved.emit(other, name, "x"))
        assert "strategies: export" in tom.panel.said.text()
        assert not other.exists()

    told(story)


# ---- consent


def dialog() -> ConsentDialog | None:
    found = [each for each in QApplication.topLevelWidgets() if isinstance(each, ConsentDialog) and each.isVisible()]
    return found[0] if found else None


async def answered(seat: Seat, strategy: Strategy, allow: bool) -> list[str]:
    """Run it as a panel would, and answer every question so; what was shown and what came of it."""
    told: list[str] = []

    async def attempt() -> str:
        await seat.terminal.strategies.require_consent(strategy)
        return "ran"

    running = asyncio.ensure_future(consented(seat.desk, attempt))
    while not running.done():
        await asyncio.sleep(0.01)
        QApplication.processEvents()
        shown = dialog()
        if shown is not None:
            told += shown.facts().values()
            assert shown.source.text() == strategy.source
            (shown.allow if allow else shown.back).click()
    return [*told, str(running.result())]


def test_a_first_run_shows_whose_code_it_is_and_goes_on_once_it_is_allowed(
    told: Callable[[Story], None], name: str
) -> None:
    async def story(maria: Seat, tom: Seat) -> None:
        mine = await made(maria, name)
        assert (await answered(tom, mine, allow=False))[-1] == "None"
        *facts, result = await answered(tom, mine, allow=True)
        assert facts[2:] == [
            "maria",
            f"{mine.source.count(chr(10))} lines, {len(mine.source.encode()):,} bytes",
            mine.code_hash,
        ]
        assert result == "ran"
        assert await answered(tom, mine, allow=False) == ["ran"]  # asked once
        assert (await answered(maria, mine, allow=True))[-1] == "ran"  # the author, too, once
        assert [row for row in tom.terminal.actions() if row[0] == "strategy.allow"] == [
            ("strategy.allow", name, "refused"), ("strategy.allow", name, "ok")]  # fmt: skip

    told(story)


def test_what_ships_asks_nobody_and_other_errors_come_through(told: Callable[[Story], None]) -> None:
    async def story(maria: Seat, tom: Seat) -> None:
        assert await answered(tom, tom.terminal.strategies.named("momentum_rotation"), allow=False) == ["ran"]

        async def wrong() -> None:
            raise BadInput("no bars")

        with pytest.raises(BadInput):
            await consented(tom.desk, wrong)

    told(story)
