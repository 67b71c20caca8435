"""The person's own keys: put in force at once, kept with the person, shown and changed by F1."""

from collections.abc import Callable

from qv_desktop.domain.audit import Draft
from qv_desktop.ui.keys_dialog import KeysDialog
from qv_desktop.ui.models.key_map import KeyMap
from qv_desktop.wiring import Desk

KEPT = "keys"  # name of the person's setting


class KeysWiring:
    """Holds the map; ``rebind`` hears of every command's keys for those that the window's actions do not hold."""

    def __init__(self, desk: Desk, rebind: Callable[[dict[str, tuple[str, ...]]], None]) -> None:
        self._desk, self._rebind = desk, rebind
        self.map = KeyMap()
        self._stored = ""  # as it is kept
        desk.window.command.connect(lambda id_: self.ask() if id_ == "help.keys" else None)

    def ask(self) -> KeysDialog:
        """Show the page."""
        dialog = KeysDialog(self.map, self._desk.window)
        dialog.changed.connect(
            lambda: self._desk.tasks.spawn(
                self._keep(), on_error=lambda e: dialog.show_message(f"In force until you leave: {e}")
            )
        )
        dialog.open()
        return dialog

    async def _keep(self) -> None:
        """In force first; when the database is away, until the program ends."""
        self._apply()
        text = self.map.written()
        draft = Draft(
            self._desk.services.login.actor, "settings.keys", "settings", KEPT, before=self._stored, after=text
        )
        await self._desk.services.preferences.save_setting(self._user, KEPT, text, draft)
        self._stored = text

    def _apply(self) -> None:
        keys = self.map.all()
        self._desk.window.commands.rebind(keys)
        self._rebind(keys)

    @property
    def _user(self) -> str:
        session = self._desk.services.login.session
        return session.user.id if session is not None else ""

    async def start(self) -> None:
        """Take the person's keys. Raises DatabaseDown."""
        if kept := await self._desk.services.preferences.setting(self._user, KEPT):
            self._stored = kept
            self.map.read(kept)
            self._apply()
