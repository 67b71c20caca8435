"""The settings dialog with what is behind it: testing a database, keeping keys, writing the file."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime

from PySide6.QtWidgets import QApplication, QWidget

from qv_desktop import config, paths
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.database_words import parsed, place
from qv_desktop.adapters.db.spool import Spool
from qv_desktop.adapters.secrets import Secrets
from qv_desktop.app.vault import KeyVault
from qv_desktop.config import Settings
from qv_desktop.domain.audit import Actor, Draft
from qv_desktop.domain.errors import BadInput, DatabaseDown, QvError
from qv_desktop.services.noting import Note
from qv_desktop.ui import theme
from qv_desktop.ui.models.run_limits import RunLimits
from qv_desktop.ui.settings_dialog import KEYS, SettingsDialog, SettingsDraft
from qv_desktop.ui.tasks import Tasks

NOBODY = Actor("nobody", "human", host=socket.gethostname())


class SettingsFirst:
    """Opens the dialog; the look counts at once, all else that is saved from the next start.

    ``permitted`` raises NotPermitted where a role may not save it.
    """

    def __init__(
        self,
        settings: Settings,
        tasks: Tasks,
        vault: KeyVault | None = None,
        permitted: Callable[[], Awaitable[object]] | None = None,
        note: Note | None = None,
        actor: Actor = NOBODY,
        wear: Callable[[SettingsDraft], object] = lambda chosen: worn(chosen),
    ) -> None:
        """``note`` records what ``actor`` changes; without it the row waits on this machine until there is a database.

        ``wear`` puts on what was chosen of the look.
        """
        self._wear = wear
        self._settings, self._tasks, self._permitted, self._note, self._actor = settings, tasks, permitted, note, actor
        self._vault = vault or KeyVault(Secrets(settings.home, lambda: None))

    def open(self, parent: QWidget, connections: Callable[[], object] | None = None) -> SettingsDialog:
        """Show the dialog over ``parent``; ``connections`` opens the accounts, where that can be done."""
        dialog = SettingsDialog(parent)
        draft = _draft(self._settings)
        dialog.show_settings(draft)
        dialog.test_asked.connect(lambda url: self._tasks.spawn(self._test(dialog, url)))
        dialog.saved.connect(
            lambda chosen: self._tasks.spawn(self._save(dialog, chosen), on_error=lambda e: dialog.show_message(str(e)))
        )
        dialog.offer_connections(
            "" if connections else "Alpaca accounts are kept under Connections, once you are signed in."
        )
        dialog.connections_asked.connect(connections or (lambda: None))
        self._tasks.spawn(self._stored(dialog))
        dialog.open()
        return dialog

    async def _stored(self, dialog: SettingsDialog) -> None:
        settings, names = await asyncio.to_thread(lambda: (self._coming(), self._names()))
        dialog.show_settings(_draft(settings), names)

    def _coming(self) -> Settings:
        """The settings of the next start: what was saved since this one shows, and is not undone by saving something else."""
        now = self._settings
        try:
            return config.looked(now, now.home) if now.environment == "SIMULATION" else config.load(now.home)
        except QvError:
            return now

    def _names(self) -> list[str]:
        try:
            return [name for name in KEYS if self._vault.kept.read(name)]
        except QvError:
            return []

    async def _test(self, dialog: SettingsDialog, url: str) -> None:
        if not url:
            dialog.show_test_result(True, "The embedded database is used; nothing needs to be reached.")
            return
        try:
            await asyncio.to_thread(_reached, url)
        except QvError as error:
            dialog.show_test_result(False, str(error))
        else:
            dialog.show_test_result(True, "Reached, and its tables are up to date.")

    async def _save(self, dialog: SettingsDialog, chosen: SettingsDraft) -> None:
        if self._permitted is not None:
            await self._permitted()
        before = self._coming()
        await self._record(chosen)
        await self._vault.keep(chosen.keys, dialog)
        changes = {"database_url": chosen.database_url, "theme": chosen.theme, "price_colors": chosen.prices,
                   "density": chosen.density, **self._other_runs(chosen)}  # fmt: skip
        self._settings = await asyncio.to_thread(config.save, self._settings, changes)
        self._wear(chosen)
        later = chosen.keys or (before.database_url, _runs(before)) != (chosen.database_url, chosen.runs)
        dialog.show_message("Saved. Restart QuantVision to use these settings." if later else "Saved.", good=not later)

    def _other_runs(self, chosen: SettingsDraft) -> dict[str, str]:
        """What strategies' runs may take, where that was changed: what nobody chose follows the program's own choice."""
        before = asdict(_runs(self._coming()))
        return {f"strategy_{name}": str(value) for name, value in asdict(chosen.runs).items() if value != before[name]}

    async def _record(self, chosen: SettingsDraft) -> None:
        """First: what is not recorded is not changed. Keys are named and never told. Raises DatabaseDown."""
        before = self._coming()
        was = {"database": _place(before.database_url), "theme": before.theme, "prices": before.price_colors,
               "rows": before.density, "runs": asdict(_runs(before))}  # fmt: skip
        now = {
            "database": _place(chosen.database_url),
            "theme": chosen.theme,
            "prices": chosen.prices,
            "rows": chosen.density,
            "runs": asdict(chosen.runs),
        }
        if chosen.keys:
            now["keys renewed"] = ", ".join(sorted(chosen.keys))
        if was == now:
            return
        draft = Draft(
            self._actor, "settings.change", "settings", "program", before=json.dumps(was), after=json.dumps(now)
        )
        if self._note is not None:
            await self._note(draft)
        else:
            await asyncio.to_thread(_spooled, self._settings, draft)


def _spooled(settings: Settings, draft: Draft) -> None:
    settings.home.mkdir(parents=True, exist_ok=True)
    Spool(paths.spool(settings.home), _nowhere, lambda: datetime.now(UTC)).keep(draft)


async def _nowhere(draft: Draft) -> None:
    raise DatabaseDown(f"“{draft.action}” waits until the database is open.")


def _place(url: str) -> str:
    """Where a database is, without who opens it and by which password."""
    if not url:
        return "embedded"
    try:
        return place(parsed(url))
    except BadInput:
        return "an address that cannot be read"


def _draft(settings: Settings) -> SettingsDraft:
    return SettingsDraft(
        settings.database_url,
        settings.density,
        theme=settings.theme,
        prices=settings.price_colors,
        runs=_runs(settings),
    )


def worn(chosen: SettingsDraft) -> None:
    """Put on the theme and the colours of prices that were chosen."""
    app = QApplication.instance()
    if isinstance(app, QApplication):
        theme.apply(app, chosen.theme, chosen.prices)


def _runs(settings: Settings) -> RunLimits:
    return RunLimits(
        settings.strategy_workers, settings.strategy_seconds, settings.strategy_cpu_seconds, settings.strategy_memory_mb
    )


def _reached(url: str) -> None:
    database = Database(url)
    try:
        database.migrate()
    finally:
        database.close()
