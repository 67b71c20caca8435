"""Notices by toast, sound and tray as the person wants them, opened by a click, acknowledged, and kept over a restart."""

from collections.abc import Callable, Collection, Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any

from PySide6.QtWidgets import QApplication

from qv_desktop.domain.alerts import Notice
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.errors import DatabaseDown
from qv_desktop.domain.events import HealthMeasured, KillChanged, Noticed, TradingStateChanged
from qv_desktop.domain.notifying import Notifying, read, tone, written
from qv_desktop.services.acknowledging import Acknowledging
from qv_desktop.services.arming import Arming
from qv_desktop.ui.models.tray import Tray
from qv_desktop.ui.models.tray_queue import TrayQueue
from qv_desktop.ui.notify_dialog import NotifyDialog
from qv_desktop.wiring import Desk

CHOICE, KEPT = "notifying", "notices"  # names of the person's settings

BEHIND_THE_LOCK = "Something happened; unlock the desk to read it."

RESTS, RESTS_LONGER = 3, 15  # seconds between saves, and after one that failed

type Play = Callable[[str, int], bool]  # tone, volume in percent; False where nothing can play


class NotifyingWiring:
    """Decides nothing but passes on what ``domain.notifying`` says; ``kill`` is what the tray's entry does.

    What was told of one ``account`` (the id of its connection) is not shown at the desk of another.
    """

    def __init__(
        self, desk: Desk, arming: Arming, play: Play, able: bool, kill: Callable[[str], None], account: str = ""
    ) -> None:
        self._kept = f"{KEPT} {account}".strip()
        self._desk, self._arming, self._play, self._able = desk, arming, play, able
        services = desk.services
        self._acknowledging = Acknowledging(services.notices, services.login, services.kill.note)
        self._rest = 0  # seconds until it may be saved again
        self._loaded = False  # before that nothing is saved, or it would overwrite what an earlier sitting kept
        self._begun = False
        self.choice = Notifying()
        self.tray = Tray(desk.window)
        self._said = TrayQueue(self._say)
        self._hear()
        self._listen(kill)

    def _hear(self) -> None:
        bus, services = self._desk.services.bus, self._desk.services
        bus.subscribe(Noticed, self._noticed)
        bus.subscribe(HealthMeasured, services.notices.health)
        bus.subscribe(TradingStateChanged, lambda event: self.show())
        bus.subscribe(KillChanged, lambda event: self.show())

    def _listen(self, kill: Callable[[str], None]) -> None:
        panels, window, tray = self._desk.panels, self._desk.window, self.tray
        panels.alerts.acknowledge_asked.connect(lambda ids: self._spawn(self._acknowledging.acknowledge(ids)))
        panels.alerts.opened.connect(self._open)
        panels.alerts.settings_asked.connect(self.ask)
        window.notice_opened.connect(self._open)
        window.health.alerts_asked.connect(lambda: window.raise_panel("alerts"))
        window.command.connect(self._command)
        window.closed.connect(tray.hide)
        tray.show_asked.connect(self._to_front)
        tray.opened.connect(self._open)
        tray.acknowledge_all_asked.connect(self._acknowledge_all)
        tray.kill_asked.connect(lambda: kill("tray"))

    async def acknowledge(self, ids: Collection[str]) -> None:
        """The signed-in person has seen these notices."""
        await self._acknowledging.acknowledge(ids)

    def _command(self, id_: str) -> None:
        if id_ == "alerts.notify":
            self.ask()
        elif id_ == "alerts.acknowledge_all":
            self._acknowledge_all()

    def _acknowledge_all(self) -> None:
        if not self._locked:  # nobody has shown that they read anything
            self._spawn(self._acknowledging.acknowledge_all())

    @property
    def _locked(self) -> bool:
        return self._desk.window.isHidden()

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        self._desk.tasks.spawn(work)

    # ---- telling

    def _noticed(self, event: Noticed) -> None:
        notice, window = event.notice, self._desk.window
        self._desk.panels.alerts.add(notice, event.fresh)
        ways = self.choice.ways(notice, self._desk.services.clock.now(), in_front=self._in_front)
        if "toast" in ways:
            window.show_notice(notice, event.fresh)
        if event.fresh and "sound" in ways and (sound := tone(notice)) is not None:
            self._sound(sound, self.choice.volume)
        if event.fresh and "tray" in ways:
            self._said.put(notice)
        self.show()

    def _say(self, notice: Notice) -> None:
        """In the tray; a desk that was locked meanwhile gives nothing away."""
        self.tray.tell(replace(notice, title="QuantVision", text=BEHIND_THE_LOCK) if self._locked else notice)

    @property
    def _in_front(self) -> bool:
        return self._desk.window.isActiveWindow() or QApplication.activeWindow() is not None

    def _sound(self, sound: str, volume: int) -> None:
        if not self._play(sound, volume) and volume:
            QApplication.beep()

    def show(self) -> None:
        """Counts in the status bar and the tray."""
        services = self._desk.services
        critical = services.notices.unacknowledged()["critical"]
        self._desk.window.health.show_critical(critical)
        self.tray.show_state(services.risk.state, critical, locked=self._locked)

    # ---- what it is about

    def _open(self, notice: Notice) -> None:
        """Bring the panel to the front, with the order selected where it is about one."""
        panels, window = self._desk.panels, self._desk.window
        if self._locked:
            return
        if notice.panel and window.raise_panel(notice.panel) and notice.panel == "orders" and notice.about:
            panels.orders.table.select_key(notice.about)

    def _to_front(self) -> None:
        window = self._desk.window if not self._locked else QApplication.activeModalWidget()
        if window is not None:  # a locked desk stays locked: what comes to the front asks for the password
            window.setWindowState(window.windowState() & ~window.windowState().WindowMinimized)
            window.raise_()
            window.activateWindow()

    # ---- the person's choice

    def ask(self) -> NotifyDialog:
        """Show the settings page."""
        dialog = NotifyDialog(self._desk.window)
        dialog.show_choice(self.choice)
        dialog.show_means(self._able, self.tray.there)
        dialog.test_asked.connect(self._sound)
        dialog.saved.connect(
            lambda choice: self._desk.tasks.spawn(
                self._keep(dialog, choice), on_error=lambda e: dialog.show_message(str(e))
            )
        )
        dialog.open()
        return dialog

    async def _keep(self, dialog: NotifyDialog, choice: Notifying) -> None:
        """It counts at once; when the database is away, until the program ends."""
        before = written(self.choice)
        self._take(choice)
        draft = Draft(
            self._desk.services.login.actor, "settings.notify", "settings", CHOICE, before=before, after=written(choice)
        )
        await self._desk.services.preferences.save_setting(self._user, CHOICE, written(choice), draft)
        dialog.accept()

    def _take(self, choice: Notifying) -> None:
        self.choice = choice
        self._arming.idle_after = choice.idle_minutes * 60.0

    @property
    def _user(self) -> str:
        session = self._desk.services.login.session
        return session.user.id if session is not None else ""

    # ---- over a restart

    async def start(self) -> None:
        """Take what the person chose and what was told in earlier sittings. Raises DatabaseDown; then it is tried again."""
        self._begun = True
        preferences, notices = self._desk.services.preferences, self._desk.services.notices
        choice, kept = await preferences.setting(self._user, CHOICE), await preferences.setting(self._user, self._kept)
        self._take(read(choice) if choice else Notifying())
        if kept:
            notices.restore(kept)
        self._loaded = True
        self.show()

    async def _start_again(self) -> None:
        """Quiet hours must not be loud for a whole sitting because the database was away for a moment at its beginning."""
        self._rest = RESTS_LONGER
        with suppress(DatabaseDown):
            await self.start()

    async def save(self) -> None:
        """Keep what was told, when it changed; what cannot be kept now is kept next time."""
        notices = self._desk.services.notices
        if not (self._loaded and notices.changed and self._user):
            return
        self._rest = RESTS
        try:
            await self._desk.services.preferences.save_setting(self._user, self._kept, notices.saved())
        except DatabaseDown:
            notices.changed, self._rest = True, RESTS_LONGER

    def tick(self) -> None:
        """Once a second."""
        if self._rest:
            self._rest -= 1
        else:
            self._spawn(self._start_again() if self._begun and not self._loaded else self.save())
        if self._in_front:
            self._said.clear()
        self._said.tick()
        intent = "Cancels every order and halts trading" if self._locked else self._desk.services.kill.intent()
        self.tray.show_kill(intent, self._desk.services.kill.lacking())
        self.show()
