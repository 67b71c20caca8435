"""One sitting at the terminal: the log-in, the window, what runs behind it, and the way out."""

import asyncio
import json
import os
import sys
import time
from collections import deque
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import psutil
import structlog
from PySide6.QtGui import QGuiApplication

from qv_desktop import __version__
from qv_desktop.adapters.secrets import Secrets
from qv_desktop.app import Demo
from qv_desktop.app.backend import Keys, Simulation, Store, audit_mark, pointed, simulated_keys
from qv_desktop.app.identity import install_id, shown_environment
from qv_desktop.app.vault import KeyVault
from qv_desktop.config import Settings
from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.accounts import Environment
from qv_desktop.domain.errors import BadInput, QvError
from qv_desktop.logs import Line
from qv_desktop.services.clock import Clock
from qv_desktop.ui.login_dialog import LoginDialog
from qv_desktop.ui.tasks import Tasks

if TYPE_CHECKING:  # these are imported once the dialog is in view
    from qv_desktop.adapters.audit_mark import AuditMark
    from qv_desktop.adapters.db.database import Database
    from qv_desktop.app.accounts import Accounts
    from qv_desktop.app.building import Engine
    from qv_desktop.app.entrance import Entrance
    from qv_desktop.app.guarding import Guarding
    from qv_desktop.app.locking import Lock
    from qv_desktop.app.starting import Starting
    from qv_desktop.ui.frames import Frames
    from qv_desktop.ui.main_window import MainWindow
    from qv_desktop.ui.settings_dialog import SettingsDraft
    from qv_desktop.wiring import Desk, Panels
    from qv_desktop.wiring.connections import ConnectionsWiring

log = structlog.get_logger(__name__)

HEAVY = ("vectorbt", "numba", "pandas", "scipy", "talib")  # none may be imported before the log-in shows
DEMO_ACCOUNT = "The demo trades a simulated account; start QuantVision without it to use your own."
REPORT = "QV_STARTUP_REPORT"  # names a file: write the start's figures there and quit once the window is up


def since_start() -> float:
    """Seconds since the system started this process."""
    return time.time() - psutil.Process().create_time()


class Session:
    """Builds the rest once somebody has signed in. ``heard`` takes log lines for the log panel."""

    def __init__(self, settings: Settings, store: Store, simulation: Simulation | None, demo: Demo | None) -> None:
        self._settings, self._store, self._simulation, self._demo = settings, store, simulation, demo
        self._tasks = Tasks(self._show_error)
        self._clock = Clock()
        self._lines: deque[Line] = deque(maxlen=500)  # until there is a log panel
        self._engine: Engine | None = None
        self._desk: Desk | None = None
        self._starting: Starting | None = None
        self._mark: AuditMark | None = None
        self._lock: Lock | None = None
        self._guarding: Guarding | None = None
        self._headless = demo is not None and demo.headless
        self._given = ""  # the demo's password
        self._vault = KeyVault(Secrets(settings.home, lambda: None))
        self._accounts: Accounts | None = None
        self._shown_accounts: ConnectionsWiring | None = None
        self._desk_tasks = Tasks(self._show_error)  # of one desk; another account gets another one
        self._locked = False  # whether the desk that was left was locked
        self._switching = ""  # id of the account that is being put to use
        self._leaving, self._again, self._out = asyncio.Event(), False, False
        self._dialog = LoginDialog(settings.environment if demo else shown_environment(settings), __version__)
        self.login_s = self.window_s = 0.0
        self._heavy: list[str] = []
        self._building: asyncio.Future[tuple[Panels, MainWindow]] | None = None
        self._said: list[str] = []  # what waits for a desk to be told
        self._former: MainWindow | None = None  # in view until the next desk's window is
        self._density: str = settings.density
        self._turned_out = ""  # why the session ended before there was a desk to lock

    # ---- the way in

    async def run(self) -> int:
        """The exit code once the window is closed. Raises QvError when there is nobody at the screen to show it to."""
        self._ask_who()
        self.login_s, self._heavy = since_start(), [name for name in HEAVY if name in sys.modules]
        self._dialog.show_busy("Opening the database…")
        building = self._building = asyncio.ensure_future(self._built())
        database, mark = await self._opened()
        from qv_desktop.app.entrance import entrance
        from qv_desktop.app.sealing import sealing

        install = install_id(self._settings.home)
        seals = sealing(self._settings, database, install, self._vault.kept, self._clock.now, lambda: mark.mark)
        door = entrance(database, self._clock, install, mark, seals)
        door.login.ended = self._session_ended
        await self._keep_mark(door, mark)
        self._dialog.show_busy("")
        if not await self._signed_in(door, resume=self._demo is None):
            return 0
        return await self._desks(door, database, mark, *await building)

    def _ask_who(self) -> None:
        self._dialog.settings_asked.connect(self._settings_first)
        self._dialog.show()

    async def _signed_in(self, door: "Entrance", *, resume: bool) -> bool:
        """Whether somebody signed in at the dialog; with ``resume`` whoever stayed signed in is not asked."""
        from qv_desktop.app.signing_in import DEMO_USER, SigningIn, demo_password
        from qv_desktop.app.staying import Staying

        staying = Staying(self._vault.kept, install_id(self._settings.home), self._tell_account)
        signing = SigningIn(self._dialog, door.login, self._tasks, staying, unseen=self._headless)
        if self._demo is not None:
            self._given = await demo_password(door, self._settings.home)
            self._dialog.prefill(DEMO_USER, self._given)
        await signing.offer(resume=resume)
        if self._turned_out:
            self._dialog.show_message(self._turned_out)
            self._turned_out = ""
        if self._headless:
            self._dialog.submitted.emit(self._dialog.name.text(), self._dialog.password.text(), False)
        session = await signing.session
        self._said += signing.said
        return session is not None

    async def _desks(
        self, door: "Entrance", database: "Database", mark: "AuditMark", panels: "Panels", window: "MainWindow"
    ) -> int:
        """One desk after another, each for the account or the person that was chosen; the exit code of the last."""
        from qv_desktop.app.entrance import entrance

        while True:
            code = await self._work(door, database, panels, window)
            if not self._again and not self._out:
                return code
            await self._put_away()
            former, install = door, install_id(self._settings.home)
            door = entrance(database, self._clock, install, mark, former.sealing, former.users.tokens)
            door.login.ended = self._session_ended
            self._building = asyncio.ensure_future(self._built())
            if not await self._passed_on(former, door, window):
                return code
            (panels, fresh), left = await self._building, window
            fresh.restoreGeometry(left.saveGeometry())
            window = fresh
            if self._out:
                left.deleteLater()
            else:
                self._former = left

    async def _passed_on(self, former: "Entrance", door: "Entrance", left: "MainWindow") -> bool:
        """The session goes on at the next desk; or the person logged out, and whether somebody signed in after that."""
        if not self._out:
            door.login.follow(former.login)
            return True
        left.hide()
        self._locked, self._accounts = False, None  # whoever comes next has confirmed no account
        await self._sign_out(former)
        environment = self._dialog.environment if self._demo else shown_environment(self._settings)
        self._dialog = LoginDialog(environment, __version__)
        self._ask_who()
        return await self._signed_in(door, resume=False)

    async def _sign_out(self, door: "Entrance") -> None:
        try:
            await door.login.sign_out()
        except QvError as error:
            log.warning("sign_out_failed", reason=str(error))

    async def _opened(self) -> "tuple[Database, AuditMark]":
        """The database and the mark of its trail. Raises QvError when there is none and the person, if any, has read why."""
        try:
            database = await self._store.opened()
            return database, audit_mark(self._settings, database)
        except QvError as error:
            if QGuiApplication.platformName() != "offscreen":
                await self._read(str(error))
            raise

    async def _keep_mark(self, door: "Entrance", mark: "AuditMark") -> None:
        """Remember the trail's head from now on, unless the trail lacks what is remembered: then that must stay in view."""
        if mark.mark is not None and not await door.trail.holds(mark.mark):
            mark.freeze()
            log.warning("audit_trail_cut", remembered=mark.mark.sequence)
        self._mark = mark
        self._tasks.spawn(mark.run())

    async def _read(self, sentence: str) -> None:
        """Show ``sentence`` until the dialog is closed; the settings stay within reach."""
        self._dialog.show_message(sentence)
        closed = asyncio.Event()
        self._dialog.closed.connect(closed.set)
        await closed.wait()

    def _settings_first(self) -> None:
        from qv_desktop.app.settings import SettingsFirst

        SettingsFirst(self._settings, self._tasks, self._vault).open(self._dialog)

    # ---- the window

    async def _built(self) -> "tuple[Panels, MainWindow]":
        """The panels and the window, made in steps while the log-in is in view."""
        await asyncio.to_thread(_load_window)
        from qv_desktop import wiring
        from qv_desktop.ui.main_window import MainWindow

        panels = await wiring.panels(install_id(self._settings.home), pause=lambda: asyncio.sleep(0))
        window = MainWindow(panels.by_name(), at_once=False)
        for _ in window.building:
            await asyncio.sleep(0)
        return panels, window

    async def _work(self, door: "Entrance", database: "Database", panels: "Panels", window: "MainWindow") -> int:
        from qv_desktop.app.supervising import supervised
        from qv_desktop.ui.frames import Frames
        from qv_desktop.wiring import Desk

        self._again, self._out, self._switching = False, False, ""
        self._leaving.clear()
        if door.login.session is not None:
            self._dress(window, door)
            window.show()
        if self._former is None:
            self._dialog.grant()
        else:
            self._former.hide()
            self._former.deleteLater()
            self._former = None
        if _nobody(door):
            return self._back_to_the_door()
        await asyncio.sleep(0)
        self.window_s = since_start()
        if REPORT in os.environ:
            return self._report(Path(os.environ[REPORT]))
        self._desk_tasks.spawn(supervised("watching the session", door.login.watch, self._part_failed))
        making, starting_room = await asyncio.to_thread(_load_engine)
        from qv_desktop.app.opening import opened

        if self._demo is not None and door.login.session is not None:
            from qv_desktop.app.demo_market import turned_to

            await turned_to(self._demo, database, door.login.session.user.id)
        window.closed.connect(self._leaving.set)
        keys, settings = await self._vendors(door, window)
        await door.login.look()  # what was asked for may have stood open for hours
        if _nobody(door):
            return self._back_to_the_door()
        window.set_environment(settings.environment, self._market_words())
        frames = Frames(self._frame, parent=window)
        engine = making.engine(door, database, settings, keys, lambda: frames.lag_ms()[1], self._store)
        desk = Desk(engine.services, panels, window, self._desk_tasks)
        used = self._accounts.in_use if self._accounts else None
        starting = starting_room.Starting(desk, engine, settings.watchlist, used.id if used else "")
        self._engine, self._desk, self._starting = engine, desk, starting
        self._arm_lock(desk, door, database, settings.environment)
        if self._locked and self._lock is not None:  # whoever locked the last desk means this one, too
            self._desk_tasks.spawn(self._lock.lock())
        window.command.connect(self._command)
        self._show_accounts(desk)
        for sentence in database.warnings:
            desk.services.notices.tell("warning", "Database", sentence)
        await self._restore_layout(desk, starting)
        self._desk_tasks.spawn(self._lines_to_panel(desk))
        frames.start()
        starting.begin()
        self._desk_tasks.spawn(opened(desk, settings, self._accounts.in_use if self._accounts else None))
        return await self._until_closed(desk, starting, frames)

    def _back_to_the_door(self) -> int:
        """No desk is shown to nobody: the log-in is asked for again."""
        self._out = True
        return 0

    def _report(self, file: Path) -> int:
        """Write how long the start took, for the benchmark, and leave."""
        figures = {"login_s": self.login_s, "window_s": self.window_s, "heavy_modules": self._heavy}
        file.write_text(json.dumps(figures), encoding="utf-8")
        return 0

    def _frame(self) -> None:
        if self._starting is not None:
            self._starting.frame()

    def _dress(self, window: "MainWindow", door: "Entrance") -> None:
        if door.login.session is not None:
            window.account.show_user(door.login.session.user)
        from qv_desktop.wiring.seeing import visible

        if self._density != "normal":
            window.set_density(self._density)
        window.commands.allow(door.login.may)
        window.set_visible_panels(visible(door.login))

    async def _vendors(self, door: "Entrance", window: "MainWindow") -> tuple[Keys, Settings]:
        if self._simulation is not None:
            port, rate = await self._simulation.ready()
            self._clock.follow(rate)
            return simulated_keys(), pointed(self._settings, port)
        from qv_desktop.app.accounts import Accounts
        from qv_desktop.app.switching import until_closed

        self._vault.parent = window
        confirmed = self._accounts.connections.confirmed if self._accounts else ""
        self._accounts = Accounts(self._settings, self._vault, door)
        self._accounts.connections.confirmed = confirmed
        return await until_closed(self._accounts.opened(window), self._leaving) or (Keys(trading=False), self._settings)

    def _show_accounts(self, desk: "Desk") -> None:
        """The accounts at the pill, and what had to wait for a desk to be said."""
        if self._accounts is None:
            return
        from qv_desktop.app.switching import lent

        self._shown_accounts = lent(self._accounts, desk, self._use)
        said, self._said = self._said, []
        for sentence in (*said, *self._accounts.said):
            desk.services.notices.tell("warning", "Account", sentence)

    async def _use(self, id_: str) -> None:
        """Put another account on the desk: confirmed when it is LIVE, and not while anything is on its way."""
        if self._accounts is None or self._desk is None or self._starting is None:
            return
        from qv_desktop.app.switching import switched

        if self._switching == id_ or (self._lock is not None and self._lock.dialog is not None):
            return
        if self._switching:  # of two at once the one that fails would give back a desk that the other one leaves
            raise BadInput("Another account is being put to use; choose again at its desk.")
        self._switching = id_
        try:
            if await switched(self._accounts, self._desk, id_, self._starting.hotkeys.arming.disarm, self._stay):
                self._again = True  # and nothing else is put to use until the next desk is there
                self._leaving.set()
        except BaseException:
            self._stay()
            raise

    def _stay(self) -> None:
        """The account in use stays; another one may be chosen."""
        self._switching = ""

    async def _put_away(self) -> None:
        """Close the desk, but for its window, which stays in view until the next one is there."""
        self._locked = self._lock is not None and self._lock.dialog is not None
        engine, self._engine, self._desk, self._starting, self._lock = self._engine, None, None, None, None
        self._guarding = None
        self._shown_accounts = None
        if engine is not None:
            await self._close(engine)
        await self._desk_tasks.close()

    def _market_words(self) -> str:
        if self._demo is None:
            return ""
        word = "replay" if self._demo.replay else "simulated"
        return f"{word} ×{self._demo.speed:g}"

    async def _until_closed(self, desk: "Desk", starting: "Starting", frames: "Frames") -> int:
        if self._demo is not None and self._demo.load and self._simulation is not None and self._engine is not None:
            from qv_desktop.app.load_story import LoadStory

            port, _ = await self._simulation.ready()
            database, counts = await self._store.opened(), self._engine.side.prices[0].counts
            return await LoadStory(desk, starting, port, database, counts, self._demo).told()
        if self._demo is not None and self._demo.headless:
            from qv_desktop.app.story import Story

            story = Story(desk, starting, frames.probe, self._demo, self.window_s)
            return await story.told()
        await self._leaving.wait()
        starting.strategies.flush()
        await starting.notifying.save()
        await self._save_layout(desk, starting)
        frames.stop()
        return 0

    async def _restore_layout(self, desk: "Desk", starting: "Starting") -> None:
        session = desk.services.login.session
        if session is None or (self._demo is not None and self._demo.headless):
            return  # the pictures show the default layout
        await self._attempt(starting.market.charts.layouts.restore())

    async def _save_layout(self, desk: "Desk", starting: "Starting") -> None:
        session = desk.services.login.session
        if session is not None:
            await self._attempt(starting.market.charts.layouts.save())

    async def _attempt(self, work: Coroutine[Any, Any, object]) -> None:
        """What is no reason to end the program over is said instead."""
        try:
            await work
        except QvError as error:
            self._show_error(error)

    # ---- commands of the window that need the whole program

    def _command(self, id_: str) -> None:
        if self._desk is None:
            return
        if id_ == "log_out":
            if not self._desk.window.holding_back(self._log_out):
                self._log_out()
        elif id_ == "lock" and self._lock is not None:
            self._desk_tasks.spawn(self._lock.lock())
        elif id_ == "settings":
            from qv_desktop.app.settings import SettingsFirst
            from qv_desktop.wiring.permissions import why

            accounts = self._shown_accounts.open if self._shown_accounts else None
            services, change = self._desk.services, Permission(Resource.SETTINGS, Action.CHANGE)
            permitted, actor = partial(services.login.require, change), services.login.actor
            first = SettingsFirst(
                self._settings, self._tasks, self._vault, permitted, services.kill.note, actor, self._wear
            )
            first.open(self._desk.window, accounts).forbid(why(services.login, change))
        elif id_ == "connections" and self._shown_accounts is not None:
            self._shown_accounts.open()
        elif id_ == "connections":
            self._desk.services.notices.tell("info", "Connections", DEMO_ACCOUNT)

    def _wear(self, chosen: "SettingsDraft") -> None:
        """Put on the look that was chosen, for this window and those that come."""
        from qv_desktop.app.settings import worn

        worn(chosen)
        self._density = chosen.density
        if self._desk is not None:
            self._desk.window.set_density(chosen.density)

    def _log_out(self) -> None:
        self._out = True
        self._leaving.set()

    def _arm_lock(self, desk: "Desk", door: "Entrance", database: "Database", environment: Environment) -> None:
        """From now on the desk can be locked, locks when nobody touches it, and a session that ends locks it."""
        from qv_desktop.adapters.db.idle_times import IdleTimes
        from qv_desktop.app.guarding import Guarding
        from qv_desktop.app.locking import Lock
        from qv_desktop.app.supervising import supervised
        from qv_desktop.services.auto_lock import AutoLock

        login = desk.services.login
        if login.session is not None and not self._headless and self._starting is not None:
            disarm = self._starting.hotkeys.arming.disarm
            name = login.session.user.name
            self._lock = Lock(login, desk.window, self._desk_tasks, environment, name, disarm, self._given)
            auto = AutoLock(IdleTimes(database, door.trail), login, desk.services.clock.now)
            self._guarding = Guarding(desk, auto, self._lock)
            guarded = supervised("automatic locking", self._guarding.run, self._part_failed)
            self._desk_tasks.spawn(guarded)

    def _session_ended(self, sentence: str) -> None:
        """The desk locks; where there is none yet, there will be none, and the log-in is asked for again."""
        if self._desk is not None:
            self._desk.services.notices.tell("critical", "Session ended", sentence, kind="risk")
        if self._lock is not None:
            self._desk_tasks.spawn(self._lock.lock(sentence, "the session ended"))
        elif self._desk is None:
            self._turned_out, self._out = sentence, True
            self._leaving.set()

    # ---- what a person should hear of

    def _tell_account(self, sentence: str) -> None:
        """About the person's own account; kept until there is a desk to tell it."""
        if self._desk is not None:
            self._desk.services.notices.tell("warning", "Account", sentence)
        else:
            self._said.append(sentence)

    def _show_error(self, error: QvError) -> None:
        if self._desk is not None:
            self._desk.services.notices.tell("warning", "Not done", str(error))
        else:
            self._dialog.show_message(str(error))

    def _part_failed(self, name: str) -> None:
        if self._starting is not None:
            self._starting.part_failed(name)

    def heard(self, line: Line) -> None:
        """A log line, on whichever thread it was written."""
        self._lines.append(line)

    async def _lines_to_panel(self, desk: "Desk") -> None:
        from qv_desktop.app.log_lines import shown

        while True:
            lines = [shown(self._lines.popleft()) for _ in range(len(self._lines))]
            if lines:
                desk.panels.log.append(lines)
            await asyncio.sleep(0.5)

    # ---- the way out

    async def stop(self) -> None:
        """Stop what runs, write what waits, say goodbye; safe after any failure."""
        if self._building is not None and not self._building.done():
            self._building.cancel()
            await asyncio.gather(self._building, return_exceptions=True)
        if self._engine is not None:
            await self._leave(self._engine)
        await asyncio.gather(self._desk_tasks.close(), self._tasks.close())
        if self._mark is not None:
            await asyncio.to_thread(self._mark.write)

    async def _leave(self, engine: "Engine") -> None:
        await self._close(engine)
        if engine.keeping.database.acting.personal:  # at the door nobody reads what is to be signed
            await engine.services.audit.close()
        try:
            await engine.services.login.leave()
        except QvError as error:
            log.warning("sign_out_failed", reason=str(error))
        await engine.services.audit.close()

    async def _close(self, engine: "Engine") -> None:
        services = engine.services
        if not await services.orders.records.written(3):
            _tell_unwritten(services.orders.records.waiting)
        await engine.positions.flush()
        await engine.close()
        await services.ticks.close()


def _nobody(door: "Entrance") -> bool:
    return door.login.session is None


def _tell_unwritten(count: int) -> None:
    log.warning("records_unwritten", count=count)
    what = "1 change of an order was" if count == 1 else f"{count} changes of orders were"
    sys.stderr.write(f"{what} not written to the database in time; the broker is asked for it at the next start.\n")


def _load_window() -> None:
    """Import the panels on a thread, while the log-in is in view."""
    import qv_desktop.ui.main_window
    import qv_desktop.wiring  # noqa: F401 - imported for what it brings


def _load_engine() -> tuple[ModuleType, ModuleType]:
    """Import the vendors' adapters on a thread, while the window is already in view."""
    import requests  # noqa: F401 - by itself: beside another import its way of silencing its own warning is not safe

    from qv_desktop.app import building, starting

    return building, starting
