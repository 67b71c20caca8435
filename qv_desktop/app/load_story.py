"""The headless measure under load: the real window hears as many events as were asked for, and what became of them is written down."""

import asyncio
import http.client
import json
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any, Protocol

import PySide6QtAds as QtAds
import structlog
from sqlalchemy import text

from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.reports.files import written
from qv_desktop.app import Demo
from qv_desktop.app.starting import Starting
from qv_desktop.domain.errors import BadInput
from qv_desktop.services.health import percentile
from qv_desktop.ui.frames import LagProbe
from qv_desktop.ui.main_window import MainWindow
from qv_desktop.wiring import Desk

log = structlog.get_logger(__name__)

PATIENCE = 90.0  # seconds until trading is ready
CALM = 8.0  # seconds for what a start leaves behind, such as the first backtest worker
WARM_UP = 4.0  # seconds of load that do not count
QUIET = 30.0  # seconds for the last events to arrive and to be written
TRADE_SHARE = 0.2
FEW = 2_000  # events in half a second: the market's own
SPREAD = (
    ("tape", "watchlist"),
    ("positions", "orders"),
    ("fills", "orders"),
    ("alerts", "risk"),
)  # panel, beside which
STORED = text("SELECT count(*) FROM trades WHERE id ~ '^[0-9]{13,18}$' AND id::bigint >= :first AND id::bigint < :last")


class Counted(Protocol):
    """What a stream's socket counts; delays are ms from receipt to the model."""

    messages: int
    delays: deque[float]


class LoadStory:
    """Waits until trading is ready, has the simulator at ``port`` send ``demo.load`` events a second, and sums up."""

    def __init__(
        self, desk: Desk, starting: Starting, port: int, database: Database, counts: Counted, demo: Demo
    ) -> None:
        self._desk, self._starting, self._port, self._database = desk, starting, port, database
        self._counts, self._demo = counts, demo
        self._probe = LagProbe(desk.window)
        self._most_waiting = 0

    async def told(self) -> int:
        """0 when the load was sent and no trade was lost; 1 and a sentence on standard error otherwise."""
        panels = spread(self._desk.window)
        try:
            async with asyncio.timeout(PATIENCE):
                await self._starting.ready.wait()
        except TimeoutError:
            sys.stderr.write("Trading was not ready in time, so no load was sent; see the log.\n")
            return 1
        await asyncio.sleep(CALM)
        await self._load(WARM_UP)
        summary = await self._measured()
        summary |= {"panels_visible": panels}
        self._write(summary)
        if summary["trades_lost"] or not summary["sent_events"]:
            sys.stderr.write(f"{summary['trades_lost']} of {summary['sent_trades']} trades were lost; see the log.\n")
            return 1
        return 0

    async def _measured(self) -> dict[str, Any]:
        market, begun, busy = self._desk.services.market, time.monotonic(), time.process_time()
        messages, trades = self._counts.messages, market.trades
        self._counts.delays.clear()
        self._probe.start()
        told = await self._load(self._demo.seconds)
        took, busy = time.monotonic() - begun, time.process_time() - busy
        heard = self._counts.messages - messages
        self._probe.stop()
        delays = list(self._counts.delays)
        await self._settled()
        stored = await self._stored(told)
        return {
            "sent_events": told["sent_events"],
            "sent_trades": told["sent_trades"],
            "trades_received": market.trades - trades,
            "trades_stored": stored,
            "trades_lost": told["sent_trades"] - stored,
            "sustained_events_per_s": round(min(heard, told["sent_events"]) / told["seconds"]),
            "receive_to_model_p99_ms": _rounded(percentile(delays, 0.99)),
            "gui_lag_p99_ms": _rounded(percentile(self._probe.samples, 0.99)),
            "gui_lag_max_ms": _rounded(max(self._probe.samples, default=None)),
            "queue_max_rows": self._most_waiting,
            "cores_busy": round(busy / took, 2),
            "seconds": told["seconds"],
        }

    async def _load(self, seconds: float) -> dict[str, Any]:
        """Have the load sent, watching the queue meanwhile; what the simulator says of it at the end."""
        order = {"events_per_second": self._demo.load, "seconds": seconds, "trade_share": TRADE_SHARE}
        told = await asyncio.to_thread(self._asked, "POST", order)
        self._most_waiting, end = 0, time.monotonic() + seconds
        while time.monotonic() < end or told["running"]:
            await asyncio.sleep(0.1)
            self._most_waiting = max(self._most_waiting, self._desk.services.ticks.waiting)
            if time.monotonic() >= end:
                told = await asyncio.to_thread(self._asked, "GET", None)
        return told

    async def _settled(self) -> None:
        """Wait until the last events have arrived and nothing waits to be written."""
        counts, ticks = self._counts, self._desk.services.ticks
        end, before = time.monotonic() + QUIET, -1
        while counts.messages > before + FEW and time.monotonic() < end:
            before = counts.messages
            await asyncio.sleep(0.5)
        while ticks.waiting >= FEW and time.monotonic() < end:
            await ticks.flush()
        await ticks.flush()

    async def _stored(self, told: dict[str, Any]) -> int:
        """How many trades of the load are in the database."""
        ids = {"first": told["first_id"], "last": told["first_id"] + told["sent_trades"]}
        return int(await self._database.read(lambda connection: connection.execute(STORED, ids).scalar_one()))

    def _asked(self, method: str, order: dict[str, Any] | None) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        try:
            connection.request(method, "/sim/load", None if order is None else json.dumps(order))
            answer = connection.getresponse()
            said: dict[str, Any] = json.loads(answer.read())
        except OSError as error:
            raise BadInput(f"The simulator does not answer ({error}); start the demo again.") from None
        finally:
            connection.close()
        if answer.status != http.HTTPStatus.OK:
            raise BadInput(f"The simulator refuses the load: {said.get('error')}")
        return said

    def _write(self, summary: dict[str, Any]) -> None:
        out = self._demo.out or Path("out")
        try:
            out.mkdir(parents=True, exist_ok=True)
            written(out, "summary.json", json.dumps(summary, indent=2) + "\n")
        except OSError as error:
            raise BadInput(
                f"The figures could not be written to {out} ({error.strerror}); choose another --out."
            ) from error


def spread(window: MainWindow) -> list[str]:
    """Take panels out of their tabs, so that all of them are painted; the names of those in view."""
    manager = window.docks.manager
    for name, beside in SPREAD:
        dock, place = manager.findDockWidget(name), manager.findDockWidget(beside)
        if dock is not None and place is not None:
            manager.addDockWidget(QtAds.BottomDockWidgetArea, dock, place.dockAreaWidget())
            dock.toggleView(True)
    for name in ("chart", "watchlist", "tape", "ticket", "orders", "positions", "fills", "risk", "alerts"):
        window.raise_panel(name)
    return sorted(name for name, dock in manager.dockWidgetsMap().items() if dock.isVisible())


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
