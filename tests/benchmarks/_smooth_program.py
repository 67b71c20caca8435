"""The whole program with a person who goes through all of it, while the window's thread is watched.

``python -m tests.benchmarks._smooth_program STACKS``: prints one JSON object (stretch -> its longest waits) and writes the stacks to a file.
The vendors' addresses are read from the environment.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import keyring
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QWidget

from qv_desktop import cli
from qv_desktop.app import session
from qv_desktop.ui.connections_dialog import ConnectionsDialog
from qv_desktop.ui.main_window import MainWindow
from qv_desktop.ui.models.docks import LAYOUTS
from qv_desktop.ui.models.filter_bar import FilterField
from qv_desktop.ui.models.table import Table
from tests import canaries
from tests.adapters.test_secrets import MemoryKeyring
from tests.benchmarks._smooth_watch import Watch
from tests.stories.program import TYPED

PATIENCE = 120.0  # seconds
NAME = "ada"
CALM = float(
    os.environ.get("CALM_OF_THE_TEST", "0.8")
)  # seconds after each deed, in which what it began comes to its end
DIALOGS = ("settings", "connections", "account.mine", "help.keys", "alerts.notify", "layout.save", "layout.open", "risk.limits",
           "risk.margin", "market.import", "deployments.deploy", "palette", "chart.do.indicators", "chart.do.compare")  # fmt: skip
TABLES = ("watchlist", "quotes", "orders", "fills", "positions", "audit", "log", "alerts", "strategies", "backtests")


class Hands:
    """Does what a person does, stretch by stretch."""

    def __init__(self, program: session.Session, watch: Watch, pictures: Path | None) -> None:
        self._program, self._watch, self._pictures = program, watch, pictures

    async def sees(self, what: Callable[[], object]) -> None:
        """Wait for it."""
        end = time.monotonic() + PATIENCE
        while not what():
            if time.monotonic() > end:
                raise TimeoutError(f"not seen in {self._watch.stretch}")
            await asyncio.sleep(0.02)

    @property
    def window(self) -> MainWindow:
        """The window in view."""
        assert self._program._desk is not None
        return self._program._desk.window

    async def does(self, stretch: str, deed: Callable[[], object], calm: float = CALM) -> None:
        """One deed, and what follows from it."""
        self._watch.begin(stretch)
        deed()
        await asyncio.sleep(calm)
        self._watch.begin("between")
        await asyncio.sleep(0.02)

    async def all(self) -> None:
        """Everything, from the first start to the end."""
        program, watch = self._program, self._watch
        await self.sees(lambda: "First start" in program._dialog.windowTitle())
        program._dialog.admin_created.emit(NAME, TYPED)
        await self.sees(lambda: program.window_s)
        watch.begin("desk")
        await self.sees(lambda: program._starting is not None and program._starting.ready.is_set())
        await asyncio.sleep(8)
        await self.does("nothing", lambda: None, 5)
        for step in (
            self.workspaces,
            self.panels,
            self.dialogs,
            self.tables,
            self.chart,
            self.layouts,
            self.work,
            self.accounts,
        ):
            if not ONLY or step.__name__ in ONLY:
                await step()

    async def workspaces(self) -> None:
        """Each is opened three times."""
        for turn in ("first", "second", "third"):
            for name in (*list(LAYOUTS)[1:], "trading"):
                await self.does(
                    f"workspace, {turn}: {name}", lambda: self.window.commands.action(f"workspace.{name}").trigger()
                )  # noqa: B023
                self.picture(f"{turn}-{name}")

    async def panels(self) -> None:
        """Every panel, twice."""
        for turn in ("first", "second"):
            for name in self._program._desk.panels.by_name():  # type: ignore[union-attr]
                await self.does(f"panel, {turn}: {name}", lambda: self.window.raise_panel(name), 0.5)  # noqa: B023
        await self.does("maximise", lambda: self.window._do("panel.maximise"))
        await self.does("maximise back", lambda: self.window._do("panel.maximise"))
        await self.does("workspace reset", lambda: self.window._do("workspace.reset"))

    async def dialogs(self) -> None:
        """Every dialog that a command opens, twice."""
        for turn in ("first", "second"):
            for id_ in DIALOGS:
                await self.does(f"dialog, {turn}: {id_}", lambda: self.window._do(id_))  # noqa: B023
                self.picture(f"dialog-{turn}-{id_}", screen=True)
                await self.does(f"dialog away: {id_}", self.closes, 0.3)

    def closes(self) -> None:
        """Close what lies over the window."""
        for top in QApplication.topLevelWidgets():
            if top.isVisible() and (isinstance(top, QDialog) or top.windowType() is Qt.WindowType.Popup):
                top.close()
        for palette in [self.window.search]:
            palette.hide()

    async def tables(self) -> None:
        """Sort, filter, export."""
        for name in TABLES:
            panel = getattr(self._program._desk.panels, name)  # type: ignore[union-attr]
            self.window.raise_panel(name)
            await asyncio.sleep(0.4)
            for table in [one for one in panel.findChildren(Table) if one.isVisible()][:1]:
                for column in (0, 1):
                    await self.does(f"sort: {name}", lambda: table.horizontalHeader().sectionClicked.emit(column), 0.3)  # noqa: B023
                table.setFocus()
                await self.does(f"export: {name}", lambda: self.window._do("export"))
            for field in [
                one for one in panel.findChildren(QLineEdit) if one.isVisible() and isinstance(one, FilterField)
            ][:1]:
                await self.does(f"filter: {name}", lambda: QTest.keyClicks(field, "a"), 0.5)  # noqa: B023
                await self.does(f"filter off: {name}", field.clear, 0.5)

    async def chart(self) -> None:
        """Type a symbol, a timeframe; scroll and zoom."""
        self.window.raise_panel("chart")
        panel: Any = self._program._desk.panels.chart  # type: ignore[union-attr]
        canvas = panel.canvas
        for symbol in ("AAPL", "MSFT", "SPY"):
            canvas.setFocus()

            def types() -> None:
                QTest.keyClicks(QApplication.focusWidget() or canvas, symbol)  # noqa: B023
                QTest.keyClick(QApplication.focusWidget() or canvas, Qt.Key.Key_Return)

            await self.does(f"symbol: {symbol}", types, 1.5)
        for frame in ("5", "60", "1"):

            def frames() -> None:
                canvas.setFocus()
                QTest.keyClicks(QApplication.focusWidget() or canvas, frame)  # noqa: B023
                QTest.keyClick(QApplication.focusWidget() or canvas, Qt.Key.Key_Return)

            await self.does(f"timeframe: {frame}", frames, 1.5)
        for key in (Qt.Key.Key_Left, Qt.Key.Key_Home, Qt.Key.Key_End):
            await self.does(f"chart key: {key.name}", lambda: QTest.keyClick(canvas, key), 0.5)  # noqa: B023
        await self.does("new chart", lambda: self.window._do("chart.new"), 1.5)
        await self.does("chart closed", lambda: self.window.chart_close_asked.emit("chart-2"), 1.0)
        await self.does("palette typed", lambda: (self.window.open_palette("buy 100 AA"),))
        self.closes()

    async def layouts(self) -> None:
        """Keep a layout under a name, and open it."""
        self.window._do("layout.save")
        await asyncio.sleep(0.5)
        await self.does("layout kept", lambda: self.dialog().saved.emit("mine"))
        self.window.switch_workspace("risk")
        await asyncio.sleep(1)
        self.window._do("layout.open")
        await asyncio.sleep(0.5)
        await self.does("layout opened", lambda: (self.dialog().chosen.emit("mine"), self.dialog().accept()), 1.5)
        await self.does("full screen", lambda: self.window._do("full_screen"))
        await self.does("full screen off", lambda: self.window._do("full_screen"))
        await self.does("window smaller", lambda: self.window.resize(1280, 720))
        await self.does("window larger", lambda: self.window.resize(1600, 900))

    def dialog(self) -> Any:
        """The dialog in view."""
        return next(w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible())

    async def work(self) -> None:
        """Comparison, verification, a backtest; an order."""
        panels = self._program._desk.panels  # type: ignore[union-attr]
        self.window.switch_workspace("trading")
        await asyncio.sleep(1)
        await self.does("reconciliation", panels.reconciliation.run_asked.emit, 2)
        await self.does("audit verified", lambda: self.window._do("audit.verify"), 2)
        await self.does("backtest", lambda: self.window._do("backtests.run"), 15)
        await self.does("risk halt", lambda: panels.risk.halt_asked.emit("a measurement"), 1)
        await self.does("risk resume", lambda: panels.risk.resume_asked.emit("a measurement"), 1)
        await self.does("alerts acknowledged", lambda: self.window._do("alerts.acknowledge_all"), 1)
        await self.does("risk report", lambda: self.window._do("risk.report"), 5)

    async def accounts(self) -> None:
        """A second account is added, and put to use; and back."""
        self.window.command.emit("connections")
        await asyncio.sleep(1)
        dialog = self.dialog()
        assert isinstance(dialog, ConnectionsDialog)
        dialog.add.click()
        dialog.form.name.setText("Second")
        dialog.form.key.setText(os.environ["SECOND_KEY"])
        dialog.form.secret.setText(canaries.ALPACA_SECRET)
        dialog.save.click()
        await self.sees(lambda: "“Second” is kept" in dialog.message())
        second = dialog.chosen().id
        first = next(id_ for id_ in dialog._known if id_ != second)
        dialog.accept()
        await asyncio.sleep(1)
        for turn, id_ in (("first", second), ("second", first), ("third", second)):
            left = self._program._desk
            self._watch.begin(f"account, {turn}")
            began = time.perf_counter()
            self.window.account_chosen.emit(id_)
            await self.sees(lambda: self._program._desk not in (None, left))  # noqa: B023
            sys.stderr.write(f"account {turn}: the next desk stood after {time.perf_counter() - began:.2f} s\n")
            await self.sees(lambda: self._program._starting is not None and self._program._starting.ready.is_set())
            sys.stderr.write(f"account {turn}: ready after {time.perf_counter() - began:.2f} s\n")
            await asyncio.sleep(8)
            self._watch.begin("between")

    def picture(self, name: str, *, screen: bool = False) -> None:
        """Keep what is in view."""
        if self._pictures is None:
            return
        self._watch.begin("picture")
        self.window.grab().save(str(self._pictures / f"{name}.png"))
        if screen:
            for top in QApplication.topLevelWidgets():
                if isinstance(top, QDialog) and top.isVisible():
                    top.grab().save(str(self._pictures / f"{name}-over.png"))


ONLY = [word for word in os.environ.get("ONLY_OF_THE_TEST", "").split(",") if word]


def told(watch: Watch, file: Path) -> None:
    """Print the longest waits and write their stacks."""
    with file.open("w", encoding="utf-8") as out:
        for stretch, waits in watch.waits.items():
            for wait in sorted(waits, key=lambda one: -one.clock)[:8]:
                out.write(f"\n{stretch}: {wait.clock:.0f} ms, of which it worked {wait.worked:.0f} ms\n")
                out.writelines(f"    {count:4}  {stack}\n" for stack, count in wait.stacks)
    said = {name: [[round(w.clock, 1), round(w.worked, 1)] for w in sorted(waits, key=lambda one: -one.clock)[:5]]
            for name, waits in watch.waits.items()}  # fmt: skip
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


class Watched(session.Session):
    """The program's session with a person in front of it and a watch over its thread."""

    async def run(self) -> int:
        watch = Watch()
        where = os.environ.get("PICTURES_OF_THE_TEST")
        hands = Hands(self, watch, Path(where) if where else None)
        living = asyncio.ensure_future(super().run())
        acting = asyncio.ensure_future(hands.all())
        await asyncio.wait({acting, living}, return_when=asyncio.FIRST_COMPLETED)
        watch.stop()
        told(watch, Path(sys.argv[1]))
        if not acting.done():
            acting.cancel()
        elif acting.exception() is not None:
            sys.stderr.write(f"{acting.exception()!r}\n")
            import traceback

            traceback.print_exception(acting.exception())
        for top in QApplication.topLevelWidgets():
            if isinstance(top, QWidget) and isinstance(top, MainWindow | session.LoginDialog):
                top.close()
        return await living


type Step = Callable[[], Awaitable[None]]


if __name__ == "__main__":
    ring = MemoryKeyring()
    ring.set_password("QuantVision Desktop", "alpaca_key", "PKSIM")
    ring.set_password("QuantVision Desktop", "alpaca_secret", canaries.ALPACA_SECRET)
    ring.set_password("QuantVision Desktop", "polygon_key", canaries.POLYGON_KEY)
    keyring.get_keyring = lambda: ring  # type: ignore[assignment]
    session.Session = Watched  # type: ignore[misc]
    sys.exit(cli.command(["run"]))
