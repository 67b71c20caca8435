"""What is saved in the settings dialog counts from the next start, and the dialog shows that."""

import asyncio
import json
import os
from functools import partial
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from qv_desktop import config, paths
from qv_desktop.app.backend import demo_settings
from qv_desktop.app.settings import SettingsFirst
from qv_desktop.config import Settings
from qv_desktop.domain.access import Action, Permission, Resource, Role
from qv_desktop.domain.audit import Actor, Draft
from qv_desktop.services.login import Login
from qv_desktop.ui.settings_dialog import SettingsDialog
from qv_desktop.ui.tasks import Tasks
from tests.builders import NOW, a_session
from tests.fakes import Trail, Users


async def opened(settings: Settings, parent: QWidget) -> SettingsDialog:
    """The dialog, once it shows what is stored."""
    dialog = SettingsFirst(settings, Tasks(_never)).open(parent)
    await _settled()
    return dialog


async def _settled() -> None:
    await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))


def _never(error: Exception) -> None:
    raise error


@pytest.mark.parametrize("simulated", [False, True])
def test_what_was_saved_is_shown_again_and_saving_something_else_does_not_undo_it(
    simulated: bool, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith(config.PREFIX)]:
        monkeypatch.delenv(name)
    parent = QWidget()
    qtbot.addWidget(parent)
    running = demo_settings(config.load(tmp_path)) if simulated else config.load(tmp_path)

    async def story() -> None:
        dialog = await opened(running, parent)
        assert dialog.draft().theme == "dark"
        dialog.theme.segment("Light").click()
        dialog.save.click()
        await _settled()
        assert dialog.message() == "Saved."  # the look shows at once
        again = await opened(running, parent)
        assert again.draft().theme == "light"
        again.prices.segment("Blue up, orange down").click()
        again.runs.fields["memory_mb"].setValue(1024)
        again.save.click()
        await _settled()

    asyncio.run(story())
    coming = demo_settings(config.load(tmp_path)) if simulated else config.load(tmp_path)
    assert (coming.theme, coming.price_colors) == ("light", "colour-blind")
    assert (coming.strategy_memory_mb, coming.strategy_seconds) == (1024, running.strategy_seconds)
    assert "strategy_seconds" not in paths.settings_file(running.home).read_text("utf-8")
    assert coming.environment == running.environment


def test_a_role_that_may_only_look_at_settings_cannot_save_them(qtbot: QtBot, tmp_path: Path) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    login = Login(Users(a_session(Role.ANALYST).user), Trail(), lambda: NOW, "host")
    login.session = a_session(Role.ANALYST)
    permitted = partial(login.require, Permission(Resource.SETTINGS, Action.CHANGE))

    async def story() -> None:
        dialog = SettingsFirst(demo_settings(config.load(tmp_path)), Tasks(_never), None, permitted).open(parent)
        await _settled()
        dialog.theme.segment("Light").click()
        dialog.save.click()
        await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}), return_exceptions=True)
        assert dialog.message() == "The role Analyst may not do this: it lacks “settings: change”."

    asyncio.run(story())
    assert not list(tmp_path.rglob("*.toml"))


def test_what_is_saved_is_recorded_first_without_any_secret(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith(config.PREFIX)]:
        monkeypatch.delenv(name)
    parent = QWidget()
    qtbot.addWidget(parent)
    drafts: list[Draft] = []
    running = config.load(tmp_path)

    async def note(draft: Draft) -> None:
        assert config.load(tmp_path) == running  # nothing is changed yet
        drafts.append(draft)

    async def story() -> None:
        dialog = SettingsFirst(running, Tasks(_never), note=note, actor=Actor("ada", "human", "Admin")).open(parent)
        await _settled()
        dialog.remote.setChecked(True)
        dialog.url.setText("postgresql://ada:canary-77@127.0.0.1:5432/desk")
        dialog.theme.segment("Light").click()
        dialog.save.click()
        await _settled()

    asyncio.run(story())
    assert [(d.action, d.actor.name, d.object_type) for d in drafts] == [("settings.change", "ada", "settings")]
    assert json.loads(drafts[0].before)["theme"] == "dark"
    assert json.loads(drafts[0].after)["theme"] == "light"
    assert "127.0.0.1" in drafts[0].after
    assert "canary-77" not in drafts[0].before + drafts[0].after


def test_settings_saved_before_there_is_a_database_wait_to_be_recorded(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith(config.PREFIX)]:
        monkeypatch.delenv(name)
    parent = QWidget()
    qtbot.addWidget(parent)

    async def story() -> None:
        dialog = await opened(config.load(tmp_path), parent)
        dialog.theme.segment("Light").click()
        dialog.save.click()
        await _settled()

    asyncio.run(story())
    waiting = [json.loads(line) for line in paths.spool(tmp_path).read_text(encoding="utf-8").splitlines()]
    assert [(row["action"], row["actor"]["name"]) for row in waiting] == [("settings.change", "nobody")]
