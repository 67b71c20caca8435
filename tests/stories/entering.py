"""A person at the real log-in who errs and then gets it right, while the window's thread is watched.

``python -m tests.stories.entering STEP``: ``first`` makes the first Admin and leaves; ``again`` starts the program anew and signs in.
Printed as one JSON object: on which threads argon2 worked and how often the window's timer ticked meanwhile, and per stretch of the way
in the longest gaps between two ticks: in ms by the clock, and in ms that the window's thread worked itself, which a busy machine does
not lengthen.
"""

import asyncio
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import argon2._password_hasher
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest

from qv_desktop import cli
from qv_desktop.adapters.db import passwords
from qv_desktop.app import session
from qv_desktop.ui.login_dialog import LoginDialog
from qv_desktop.ui.main_window import MainWindow
from qv_desktop.ui.models.docks import Docks
from tests.stories.keyless import Keyless
from tests.stories.program import TYPED

NAME, PASSWORD = "ada", TYPED
TICK = 5  # ms


class Watch:
    """Ticks on the window's thread; ``stretch`` names what the person is about."""

    def __init__(self) -> None:
        self.stretch, self.ticks, self.gaps = "opening", 0, dict[str, list[tuple[float, float]]]()
        self.work: list[
            tuple[bool, int, str]
        ] = []  # per argon2 call: whether on the window's thread, ticks meanwhile, stretch
        self.docked: list[int] = []  # ticks so far when a panel was put into the window
        self._before = time.perf_counter(), time.thread_time()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(TICK)

    def _tick(self) -> None:
        now = time.perf_counter(), time.thread_time()
        gap = (now[0] - self._before[0]) * 1000, (now[1] - self._before[1]) * 1000
        self.gaps.setdefault(self.stretch, []).append(gap)
        self._before, self.ticks = now, self.ticks + 1

    def watched(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """``work``, noted whenever it is done."""

        def noted(*words: Any, **named: Any) -> Any:
            before = self.ticks
            try:
                return work(*words, **named)
            finally:
                self.work.append(
                    (threading.current_thread() is threading.main_thread(), self.ticks - before, self.stretch)
                )

        return noted

    def told(self) -> dict[str, object]:
        """What is printed."""
        return {
            "work": self.work,
            "docked": self.docked,
            "gaps_ms": {stretch: _longest([gap for gap, _ in gaps]) for stretch, gaps in self.gaps.items()},
            "work_ms": {stretch: _longest([work for _, work in gaps]) for stretch, gaps in self.gaps.items()},
        }


def _longest(gaps: list[float]) -> list[float]:
    return [round(gap, 1) for gap in sorted(gaps)[-4:]]


async def first(person: Keyless, watch: Watch) -> None:
    """Make the first Admin."""
    dialog = await person.shown(LoginDialog)
    await person.sees(lambda: "First start" in dialog.windowTitle())
    watch.stretch = "first Admin"
    dialog.admin_created.emit(NAME, PASSWORD)
    await person.sees(lambda: person.program.window_s)
    watch.stretch = "desk"
    await person.sees(lambda: person.program._guarding is not None)


async def again(person: Keyless, watch: Watch) -> None:
    """Type a wrong name, wrong passwords, and the right one."""
    dialog = await person.shown(LoginDialog)
    await person.sees(lambda: dialog._pages.isEnabled() and "Log in" in dialog.windowTitle())
    if os.environ.get("WAIT_OF_THE_TEST"):  # until the window behind it is built
        await person.sees(lambda: person.program._building is not None and person.program._building.done())
    for name, password in (("nobody", PASSWORD), (NAME, "wrong horse"), (NAME, "wrong horse 2"), (NAME, PASSWORD)):
        watch.stretch = "right" if (name, password) == (NAME, PASSWORD) else "wrong"
        dialog.name.setText(name)
        dialog.password.setText(password)
        QTest.keyClick(dialog, Qt.Key.Key_Return)
        if watch.stretch == "wrong":
            await person.sees(lambda: "is wrong" in dialog.message())
    await person.sees(lambda: person.program._signed)
    watch.stretch = "window"
    await person.sees(lambda: person.program.window_s)
    watch.stretch = "desk"
    await person.sees(lambda: person.program._guarding is not None)


class Watched(session.Session):
    """The program's session with a person in front of it and a watch over its thread."""

    _signed = False

    async def _work(self, *words: Any) -> int:
        self._signed = True
        return await super()._work(*words)

    async def run(self) -> int:
        watch, person = Watch(), Keyless(self)
        for room, name in ((argon2._password_hasher, "hash_secret"), (argon2._password_hasher, "verify_secret"),
                           (passwords, "hash_secret")):  # fmt: skip
            setattr(room, name, watch.watched(getattr(room, name)))
        fill = Docks._fill
        Docks._fill = lambda docks, name, panel: (watch.docked.append(watch.ticks), fill(docks, name, panel))[1]  # type: ignore[method-assign]
        living = asyncio.ensure_future(super().run())
        acting = asyncio.ensure_future({"first": first, "again": again}[sys.argv[1]](person, watch))
        await asyncio.wait({acting, living}, return_when=asyncio.FIRST_COMPLETED)
        await acting
        sys.stdout.write(json.dumps(watch.told()) + "\n")
        sys.stdout.flush()
        (await person.shown(MainWindow)).close()
        return await living


if __name__ == "__main__":
    session.Session = Watched  # type: ignore[misc]
    sys.exit(cli.command(["run"]))
