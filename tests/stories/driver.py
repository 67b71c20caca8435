"""The whole program inside the test: signed in, on a simulator that the test can break, its desk within reach."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import qasync
from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication
from sqlalchemy import text

from qv_desktop.app import Demo, session
from qv_desktop.app.backend import Keys, Simulation, Store
from qv_desktop.app.collecting import Collector
from qv_desktop.app.hands import press
from qv_desktop.app.session import Session
from qv_desktop.app.starting import Starting
from qv_desktop.config import Settings
from qv_desktop.domain.events import FeedChanged
from qv_desktop.domain.orders import Order, OrderRequest, OrderStatus, Side
from qv_desktop.services.clock import Rate
from qv_desktop.ui import theme
from qv_desktop.wiring import Desk
from tests import canaries
from tests.simulator.process import Simulator

session.simulated_keys = lambda: Keys(canaries.ALPACA_KEY, canaries.ALPACA_SECRET, canaries.POLYGON_KEY)  # type: ignore[attr-defined]
PATIENCE = 150.0  # seconds that one thing may take on a machine that is busy with others
WATCHLIST = ("SPY", "AAPL", "MSFT", "NVDA", "KO", "TSLA")


class Elsewhere:
    """A simulator that the test started, in the place of the program's own."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def ready(self) -> tuple[int, Rate]:
        """Its port and its clock."""
        told = self._simulator.control("GET", "/sim/clock")
        rate = Rate(int(told["market_ns"]), int(told["wall_ns"]), float(told["speed"]))
        return int(self._simulator.host.rpartition(":")[2]), rate


class Sitting:
    """One person at one window. ``do`` lets the program run until a scenario has acted.

    With ``beside`` it is a second program in front of the same eyes: on the loop of that one, which ends after it.
    """

    def __init__(
        self, app: QApplication, simulator: Simulator, home: Path, database_url: str, beside: "Sitting | None" = None
    ) -> None:
        self.simulator = simulator
        self.settings = Settings(home=home, database_url=database_url, environment="SIMULATION", watchlist=WATCHLIST)
        # running from now to the end, for pytest-qt lets Qt work between tests, and with it this loop's tasks
        self._loop = beside._loop if beside is not None else qasync.QEventLoop(app, already_running=True)
        self._first = beside is None
        asyncio.set_event_loop(self._loop)
        self.store = Store(self.settings)
        elsewhere = cast(Simulation, Elsewhere(simulator))
        self.session = Session(self.settings, self.store, elsewhere, Demo(headless=False))
        self._life: asyncio.Task[int] | None = None
        self.feeds: list[FeedChanged] = []

    def begin(self, name: str = "", password: str = "") -> None:
        """Sign in as the demo's trader does, or as somebody else, and wait for the desk."""
        self._life = self._loop.create_task(self.session.run())
        self.do(self._signed_in(name, password))

    async def _signed_in(self, name: str, password: str) -> None:
        dialog = self.session._dialog
        await self.sees(lambda: dialog.name.text() and dialog.password.text())
        if name:
            dialog.name.setText(name)
            dialog.password.setText(password)
        press(dialog, "Log in")
        await self.sees(lambda: self.session._starting is not None)
        self.desk.services.bus.subscribe(FeedChanged, self.feeds.append)

    @property
    def desk(self) -> Desk:
        """Services, panels and window."""
        assert self.session._desk is not None
        return self.session._desk

    @property
    def starting(self) -> Starting:
        """What keeps trading closed until the books agree."""
        assert self.session._starting is not None
        return self.session._starting

    def do(self, scenario: Awaitable[Any]) -> Any:
        """What ``scenario`` returns; fails when the program ends under it."""
        return self._run(self._watched(scenario))

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        task, inner = self._loop.create_task(work), QEventLoop()
        task.add_done_callback(lambda _: inner.quit())
        inner.exec()
        return task.result()

    async def _watched(self, scenario: Awaitable[Any]) -> Any:
        acting = asyncio.ensure_future(scenario)
        assert self._life is not None
        await asyncio.wait({acting, self._life}, return_when=asyncio.FIRST_COMPLETED)
        if not acting.done():
            acting.cancel()
            raise AssertionError(f"the program ended with {self._life.result()}")
        return acting.result()

    def end(self) -> int:
        """Close the window and everything behind it; the exit code."""
        try:
            return int(self._run(self._left()))
        finally:
            self.store.close()
            if self._first:
                asyncio._set_running_loop(None)
                self._loop._QEventLoop__is_running = False  # nothing else ends a loop that was said to run already
                self._loop.close()

    async def _left(self) -> int:
        life = self._life
        assert life is not None
        if self.session._desk is not None and not life.done():
            self.desk.window.close()
        else:
            life.cancel()
        try:
            return await asyncio.wait_for(life, PATIENCE)
        finally:
            await self.session.stop()

    # ---- what a person sees and does

    def shown(self) -> str:
        """Orders and feeds, for the words of a failure."""
        if self.session._desk is None:
            return "nobody is signed in"
        services = self.desk.services
        orders = [f"{o.request.symbol} {o.status} {o.reason}" for o in services.orders.book.values()]
        return f"orders {orders}; feeds {services.feeds.states}; alerts {self.notices()}"

    async def sees(self, seen: Callable[[], object], patience: float = PATIENCE) -> None:
        """Wait until ``seen`` is true; fails with what the blotter and the feeds show when it does not become so."""
        end = time.monotonic() + patience
        while not seen():
            assert time.monotonic() < end, f"what was waited for did not come; {self.shown()}"
            await asyncio.sleep(0.05)

    async def ready(self) -> None:
        """Wait until trading is open and prices are fresh."""
        await self.sees(self.starting.ready.is_set)
        await self.sees(lambda: all(self.state(feed) == "live" for feed in ("Polygon", "Alpaca orders")))
        await self.sees(lambda: self.fresh("SPY"))

    def fresh(self, symbol: str) -> bool:
        """Whether the quote of ``symbol`` is young enough to trade on."""
        age = self.desk.services.market.quote_age(symbol)
        return age is not None and age < 1.5

    def state(self, feed: str) -> str:
        """The state of a feed as the status bar has it."""
        found = self.desk.services.feeds.states.get(feed)
        return found.state if found else "off"

    async def buys(self, symbol: str, quantity: int, limit: Decimal | None = None,
                   at_sending: Callable[[], None] = lambda: None) -> str:  # fmt: skip
        """Fill the ticket, review, send; the client order id. ``at_sending`` is called in the moment of sending."""
        ticket = self.desk.panels.ticket
        ticket.symbol_asked.emit(symbol)
        if self.desk.services.risk.instrument(symbol) is not None:
            await self.sees(lambda: self.fresh(symbol))
        ticket.fill_from(symbol, Side.BUY, Decimal(quantity), limit)
        await asyncio.sleep(0.3)
        taken: list[OrderRequest] = []
        ticket.submitted.connect(taken.append)
        ticket.submitted.connect(at_sending)
        for _ in range(20):  # review, then send; a quote that aged meanwhile asks for another review
            ticket.send.click()
            if taken:
                break
            await asyncio.sleep(0.05)
        ticket.submitted.disconnect(taken.append)
        ticket.submitted.disconnect(at_sending)
        assert taken, ticket.send.text()
        return taken[0].client_order_id

    def order(self, key: str) -> Order | None:
        """The order as the blotter has it."""
        return self.desk.services.orders.book.get(key)

    def stands(self, key: str, *statuses: OrderStatus) -> bool:
        """Whether the order is in one of ``statuses``."""
        order = self.order(key)
        return order is not None and order.status in statuses

    def notices(self) -> str:
        """Every alert's words."""
        panel = self.desk.panels.alerts
        model = panel.model
        return "\n".join(str(model.data(model.index(row, column))) for row in range(model.rowCount())
                         for column in range(model.columnCount()))  # fmt: skip

    async def asked(self, question: str, **values: object) -> list[tuple[Any, ...]]:
        """What the database answers."""
        database = await self.store.opened()
        return await database.read(lambda c: [tuple(row) for row in c.execute(text(question), values)])

    def befallen(self) -> bool:
        """Whether every fault that waits for a request of one method has found it."""
        return not any(
            fault["params"].get("method") for fault in self.simulator.control("GET", "/sim/faults")["faults"]
        )

    def break_(self, kind: str, target: str, count: int = 1, **params: object) -> None:
        """Ask the simulator for a fault."""
        fault = {"kind": kind, "target": target, "count": count, "params": params}
        self.simulator.control("POST", "/sim/faults", fault)


@contextmanager
def sitting(app: QApplication, simulator: Simulator, home: Path, database_url: str = "") -> Iterator[Sitting]:
    """A signed-in person; the window is closed at the end and everything behind it has stopped."""
    theme.apply(app)
    app.setQuitOnLastWindowClosed(False)
    collector = Collector(app)
    person = Sitting(app, simulator, home, database_url)
    try:
        person.begin()
        yield person
    finally:
        try:
            person.end()
        finally:
            collector.stop()


@contextmanager
def beside(
    app: QApplication, first: Sitting, home: Path, database_url: str, name: str, password: str
) -> Iterator[Sitting]:
    """A second person, at a program and a window of their own on the same database and market."""
    # the log-in begins as the demo's, and this person types over it
    (home / "demo-password").write_text("of no use here", encoding="utf-8")
    person = Sitting(app, first.simulator, home, database_url, first)
    try:
        person.begin(name, password)
        yield person
    finally:
        person.end()


def hastened(person: Sitting) -> None:
    """Shorten the minute that the price stream leaves to whoever took its place."""
    engine = person.session._engine
    assert engine is not None
    socket = engine.side.prices[0]._socket
    socket._patience = replace(socket._patience, evicted=1.0)
