"""Layouts of the window with their charts: the last one comes back by itself, others are kept under names."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

import structlog
from shiboken6 import isValid

from qv_desktop.domain.errors import BadInput, DatabaseDown
from qv_desktop.ui.layout_dialog import LONGEST, LayoutDialog
from qv_desktop.wiring import Desk

log = structlog.get_logger(__name__)

LAST, CHARTS, TEMPLATES = "last", "charts", "chart.templates"  # a layout's name, and two settings
QUIET = 1.0  # seconds without a change until charts are written down


class Layouts:
    """``charts`` gives how all charts are set up, ``set_up`` takes it, ``expect`` for charts that are made next; all as JSON values."""

    def __init__(
        self, desk: Desk, charts: Callable[[], dict[str, Any]], expect: Callable[[Mapping[str, Any]], None],
        set_up: Callable[[Mapping[str, Any]], None],
    ) -> None:  # fmt: skip
        self._desk, self._charts, self._expect, self._set_up = desk, charts, expect, set_up
        self._due: asyncio.TimerHandle | None = None

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        self._desk.tasks.spawn(work)

    def _user(self) -> str:
        session = self._desk.services.login.session
        return session.user.id if session else ""

    # ---- the last one

    async def restore(self) -> None:
        """The window as it was left, and the charts as they were set up."""
        preferences = self._desk.services.preferences
        charts = _read(await preferences.setting(self._user(), CHARTS))
        saved = await preferences.workspace(self._user(), LAST)
        self._set_up(charts)
        if saved:
            self._desk.window.restore_layout(saved)

    async def save(self) -> None:
        """Keep the window as it is, when it closes."""
        preferences = self._desk.services.preferences
        await preferences.save_workspace(self._user(), LAST, self._desk.window.save_layout())
        await preferences.save_setting(self._user(), CHARTS, json.dumps(self._charts()))

    def charts_changed(self) -> None:
        """A chart is set up otherwise: it is written down once nothing has changed for a second."""
        if self._due is not None:
            self._due.cancel()
        self._due = asyncio.get_running_loop().call_later(QUIET, lambda: self._spawn(self._keep_charts()))

    async def _keep_charts(self) -> None:
        try:
            await self._desk.services.preferences.save_setting(self._user(), CHARTS, json.dumps(self._charts()))
        except DatabaseDown as error:
            log.info("charts_not_kept", reason=str(error))  # the next change, or the end, writes them

    # ---- templates of studies

    async def templates(self) -> dict[str, object]:
        """The person's templates."""
        return _read(await self._desk.services.preferences.setting(self._user(), TEMPLATES))

    async def keep_templates(self, templates: Mapping[str, object]) -> None:
        """Keep them. Raises DatabaseDown."""
        await self._desk.services.preferences.save_setting(self._user(), TEMPLATES, json.dumps(templates))

    # ---- named ones

    async def ask(self, saving: bool) -> None:
        """Open the list of layouts, to keep this one or to open another."""
        dialog = LayoutDialog(await self._names(), saving, self._desk.window)
        dialog.saved.connect(lambda name: self._spawn(self._save_as(dialog, name)))
        dialog.chosen.connect(lambda name: self._spawn(self._open(name)))
        dialog.removed.connect(lambda name: self._spawn(self._remove(dialog, name)))
        dialog.renamed.connect(lambda old, new: self._spawn(self._rename(dialog, old, new)))
        dialog.open()

    async def _save_as(self, dialog: LayoutDialog, name: str) -> None:
        try:
            tidy = checked_name(name)
            words = {**json.loads(self._desk.window.save_layout()), CHARTS: self._charts()}
            await self._desk.services.preferences.save_workspace(self._user(), tidy, json.dumps(words).encode())
        except (BadInput, DatabaseDown) as error:
            _say(dialog, str(error))
            return
        if isValid(dialog):
            dialog.accept()
        self._desk.services.notices.tell("info", "Layout saved", tidy, f"layout {tidy}")

    async def _names(self) -> list[str]:
        return [name for name in await self._desk.services.preferences.workspaces(self._user()) if name != LAST]

    async def _remove(self, dialog: LayoutDialog, name: str) -> None:
        try:
            await self._desk.services.preferences.forget_workspace(self._user(), name)
            names = await self._names()
        except DatabaseDown as error:
            _say(dialog, str(error))
        else:
            _show(dialog, names)

    async def _rename(self, dialog: LayoutDialog, old: str, new: str) -> None:
        try:
            tidy = checked_name(new)
            await self._desk.services.preferences.rename_workspace(self._user(), old, tidy)
            names = await self._names()
        except (BadInput, DatabaseDown) as error:
            _say(dialog, str(error))
        else:
            _show(dialog, names, tidy)

    async def _open(self, name: str) -> None:
        saved = await self._desk.services.preferences.workspace(self._user(), name)
        if saved is None:
            raise BadInput(f"There is no layout “{name}” any more; choose another.")
        charts, before = _read(saved.decode()).get(CHARTS), self._charts()
        kept = charts if isinstance(charts, Mapping) else {}
        self._expect(kept)
        if self._desk.window.restore_layout(saved):
            self._set_up(kept)  # after the links, which know only what the groups showed until now
        else:
            self._expect(before)
            raise BadInput(
                f"The layout “{name}” is of another version and cannot be used; arrange the window and save it again."
            )


def checked_name(name: str) -> str:
    """The name without stray blanks. Raises BadInput."""
    tidy = name.strip()
    if not 0 < len(tidy) <= LONGEST or not tidy.isprintable() or tidy == LAST:
        raise BadInput(f"Give the layout a name of up to {LONGEST} characters, other than “{LAST}”.")
    return tidy


def _read(text: str | None) -> dict[str, Any]:
    """A JSON object; an empty one where the text is none."""
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _say(dialog: LayoutDialog, sentence: str) -> None:
    """A dialog may have been closed while the database was asked."""
    if isValid(dialog):
        dialog.show_message(sentence)


def _show(dialog: LayoutDialog, names: Sequence[str], chosen: str = "") -> None:
    if isValid(dialog):
        dialog.show_names(names, chosen)
