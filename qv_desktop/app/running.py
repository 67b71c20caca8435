"""One run of the terminal: from the command line to the exit code."""

import asyncio
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from qv_desktop import config, logs, paths
from qv_desktop.app import Demo, Options, has_screen
from qv_desktop.app.backend import Simulation, Store, demo_settings
from qv_desktop.app.endings import Asked, noted
from qv_desktop.config import Settings
from qv_desktop.domain.errors import BadInput, QvError

if TYPE_CHECKING:
    from qv_desktop.app.session import Session

log = structlog.get_logger(__name__)

LONGEST = 7 * 86_400.0  # seconds
TURN = 0.0005  # seconds that a thread which writes rows may keep the interpreter while the window waits for it
LAST_WRITES = 10.0  # seconds for what nobody waits for any more, such as a write whose asker was cancelled
OFFSCREEN_CHATTER = "This plugin does not support propagateSizeHints()"  # of every window on Qt's offscreen platform


def opened(options: Options) -> int:
    """Run until the window is closed or the system asks to end. Raises QvError when it cannot even be opened."""
    with noted() as asked:
        try:
            return _run(options, asked)
        except QvError:
            if asked.code is None:
                raise
            return asked.code  # what fails because the program was told to end is no news


def _run(options: Options, asked: Asked) -> int:
    _leave_no_core()
    sys.setswitchinterval(TURN)
    demo = options.demo
    settings = config.load()
    if demo is not None:
        _check(demo)
        settings = demo_settings(settings)
    _choose_platform(demo is not None and demo.headless)
    _make(settings.home, "QV_HOME")
    import PySide6.QtCore  # noqa: F401 - first and alone: its bootstrap walks the loaded modules and dies when another thread loads one

    with ExitStack() as behind:
        store = Store(settings)  # starts the database while Qt is being imported
        behind.callback(store.close)
        simulation = Simulation(demo) if demo is not None else None
        if simulation is not None:
            behind.callback(simulation.close)
        return _with_qt(settings, store, simulation, demo, asked)


def _leave_no_core() -> None:
    """A crash writes no picture of the memory, where passwords and keys may lie; the processes that are started inherit it."""
    try:
        import resource
    except ImportError:
        return  # Windows writes none unless it is told to
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _check(demo: Demo) -> None:
    if demo.replay is not None and not demo.replay.is_file():
        raise BadInput(f"There is no file {demo.replay}; give --replay a CSV or Parquet file of one-minute bars.")
    if demo.headless and not 0 < demo.seconds < LONGEST:
        raise BadInput("--for takes a number of seconds above zero and below a week.")
    if demo.headless and demo.out is not None:
        _make(demo.out, "--out")
        _try_to_write(demo.out, "--out")


def _make(folder: Path, chosen_by: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    except OSError as error:
        raise BadInput(
            f"The folder {folder} cannot be made ({error.strerror}); choose another one with {chosen_by}."
        ) from None


def _try_to_write(folder: Path, chosen_by: str) -> None:
    """Write a small file and take it away again, so that nobody learns at the end of a story that it cannot be kept."""
    try:
        handle, probe = tempfile.mkstemp(dir=folder, prefix=".", suffix=".probe")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(bytes(4096))
        finally:
            os.unlink(probe)
    except OSError as error:
        raise BadInput(
            f"Nothing can be written to {folder} ({error.strerror}); choose another folder with {chosen_by}."
        ) from None


def _with_qt(settings: Settings, store: Store, simulation: Simulation | None, demo: Demo | None, asked: Asked) -> int:
    os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")
    os.environ.setdefault("QT_API", "pyside6")
    import qasync
    from PySide6.QtCore import qInstallMessageHandler
    from PySide6.QtWidgets import QApplication

    from qv_desktop.app.collecting import Collector
    from qv_desktop.app.session import Session
    from qv_desktop.ui import theme

    if asked.code is not None:
        return asked.code
    qInstallMessageHandler(_qt_said)
    app = QApplication(sys.argv[:1])
    app.setQuitOnLastWindowClosed(False)  # main() ends the loop once everything behind the window has stopped
    app.setApplicationName("QuantVision")
    theme.apply(app, settings.theme, settings.price_colors)  # the window reads its colours while it is being built
    collector = Collector(app)
    with qasync.QEventLoop(app) as loop:
        asyncio.set_event_loop(loop)
        session = Session(settings, store, simulation, demo)
        logs.start(paths.logs(settings.home), settings.log_level, session.heard)
        try:
            return int(loop.run_until_complete(_lived(session, asked)))
        finally:
            collector.stop()


async def _lived(session: "Session", asked: Asked) -> int:
    """The session's exit code; asked to end by the system, it ends as cleanly as by its window."""
    loop, life = asyncio.get_running_loop(), asyncio.ensure_future(session.run())
    asked.wake = lambda: loop.call_soon_threadsafe(life.cancel)
    if asked.code is not None:  # while Qt and the window were being made
        life.cancel()
    try:
        return await life
    except (asyncio.CancelledError, QvError):
        if asked.code is None:
            raise
        return asked.code
    finally:
        await session.stop()
        await _let_finish()
        asked.wake = lambda: None


async def _let_finish() -> None:
    """Wait for what was begun and handed to nobody; the loop must not close under it."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    if not rest:
        return
    _, late = await asyncio.wait(rest, timeout=LAST_WRITES)
    for task in late:
        log.warning("task_ended_late", task=repr(task.get_coro()))
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)


def _qt_said(kind: object, context: object, message: str) -> None:
    """Qt's own warnings belong in the log, where somebody finds them."""
    if message != OFFSCREEN_CHATTER:
        log.warning("qt", message=message, kind=str(kind))


def _choose_platform(headless: bool) -> None:
    """Draw in memory where that is wanted; refuse to open a window that nobody could see."""
    if headless:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    elif not has_screen() and "QT_QPA_PLATFORM" not in os.environ:
        raise BadInput("There is no screen to open the window on; set DISPLAY, or use: qv-desktop demo --headless.")
