"""The program's trading without its window: real services, broker adapter, stream and journal on a simulator and a database."""

import asyncio
import http.client
import json
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from qv_desktop.adapters.alpaca.broker import AlpacaBroker
from qv_desktop.adapters.alpaca.stream import TradeUpdates
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.orders import OrderJournal
from qv_desktop.adapters.websocket import Patience
from qv_desktop.domain.access import Role, User
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.desks import Turn
from qv_desktop.domain.errors import BrokerDown
from qv_desktop.domain.events import Event, OrderChanged
from qv_desktop.domain.limits import TIGHTER_WHEN_MORE, Limits
from qv_desktop.domain.market import Batch, FeedState, Quote
from qv_desktop.domain.orders import CLOSED, Fill, Order, OrderStatus
from qv_desktop.services.account import Account
from qv_desktop.services.clock import Clock, Rate
from qv_desktop.services.login import Login
from qv_desktop.services.market_data import MarketData
from qv_desktop.services.orders import Orders
from qv_desktop.services.positions import Positions
from qv_desktop.services.risk import Risk
from tests.builders import a_session
from tests.fakes import RiskStore, Trail, Users
from tests.simulator.process import Simulator

BUYS, SELLS = (
    ("AAPL", "MSFT", "NVDA"),
    ("SPY", "QQQ", "AMZN"),
)  # each symbol goes one way: no order crosses another of ours
DOUBTED = (OrderStatus.UNRESOLVED, OrderStatus.PENDING_CANCEL, OrderStatus.PENDING_REPLACE)
MUCH = 10**9
WIDE = Limits(
    **{name: type(usual)(0 if name in TIGHTER_WHEN_MORE else MUCH) for name, usual in asdict(Limits()).items()}
)
QUOTES_EVERY = 2.0  # seconds


class StampedJournal(OrderJournal):
    """Remembers when each intent was committed, in ns of the machine's monotonic clock."""

    def __init__(self, database: Database, trail: AuditTrail) -> None:
        super().__init__(database, trail)
        self.committed: dict[str, int] = {}  # client order id -> moment

    async def intend(self, order: Order, draft: Draft, turn: Turn | None = None) -> None:
        """Commit, then look at the clock."""
        await super().intend(order, draft, turn)
        self.committed[order.id] = time.monotonic_ns()


class Trader:
    """One sitting. ``deaf``: without the broker's stream; ``since``: from when on its orders count, a minute ago by default."""

    def __init__(self, simulator: Simulator, url: str, *, broker: type[AlpacaBroker] = AlpacaBroker,
                 orders: type[Orders] = Orders, deaf: bool = False, since: datetime | None = None) -> None:  # fmt: skip
        ready = simulator.ready
        self.simulator, self._deaf = simulator, deaf
        self.clock = Clock(Rate(ready["market_ns"], ready["wall_ns"], ready["speed"]))
        self.database = Database(url)
        trail = AuditTrail(self.database, "trader", "test", self.clock.now, lambda entry: None)
        self.journal = StampedJournal(self.database, trail)
        self.broker = broker(simulator.key, simulator.secret, simulator.url, self.clock.market, "SIMULATION")
        self.login = Login(Users(User("u1", "demo", Role.TRADER), a_session()), Trail(), self.clock.now, "host")
        self.market = MarketData(self.clock, self.heard, lambda trades: None, lambda frame, bars: None)
        self.positions, self.account = Positions(self.heard), Account(self.broker, self.journal, self.heard)
        self.risk = Risk(
            RiskStore(), self.market, self.positions, self.account, self.login, self.heard, self.clock.market
        )
        self.risk.limits_for = lambda *_: WIDE
        self.orders = orders(self.broker, self.journal, self.risk, self.positions, self.login, self.heard, self.clock.market,
                             lambda: self.account.id)  # fmt: skip
        self.updates = TradeUpdates(f"{simulator.ws}/stream", simulator.key, simulator.secret, self.orders.hear, self._state,
                                    now=self.clock.market, patience=Patience(first=0.1, ceiling=1.0))  # fmt: skip
        self.since = since or self.clock.market() - timedelta(minutes=1)
        self.states: list[FeedState] = []
        self.events: list[Event] = []
        self.doubts: list[
            tuple[float, str]
        ] = []  # seconds that an order's fate was unknown, one for each time, with its id
        self._doubted: dict[str, float] = {}  # client order id -> since when, monotonic
        self._waiting: dict[str, list[tuple[Callable[[Order], bool], asyncio.Future[None]]]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._catching_up = asyncio.Lock()
        self._started = False

    # ---- what happens

    def heard(self, event: Event) -> None:
        """Every event of the services."""
        if isinstance(event, OrderChanged):
            self._order_changed(event.order)
        elif len(self.events) < 1000:
            self.events.append(event)

    def _order_changed(self, order: Order) -> None:
        if order.status in DOUBTED:
            self._doubted.setdefault(order.id, time.monotonic())
        elif (since := self._doubted.pop(order.id, None)) is not None:
            self.doubts.append((time.monotonic() - since, order.id))
        for wanted, future in self._waiting.get(order.id, ()):
            if wanted(order) and not future.done():
                future.set_result(None)

    def longest_doubt(self) -> float:
        """Seconds that an order's fate was unknown, at the longest, until now for those still in doubt."""
        still = [time.monotonic() - since for since in self._doubted.values()]
        return max([*(seconds for seconds, _ in self.doubts), *still], default=0.0)

    async def until(self, key: str, wanted: Callable[[Order], bool], seconds: float) -> bool:
        """Wait until an order is as wanted; whether it came so far."""
        if key in self.orders.book and wanted(self.orders.book[key]):
            return True
        waits = self._waiting.setdefault(key, [])
        entry = (wanted, asyncio.get_running_loop().create_future())
        waits.append(entry)
        try:
            await asyncio.wait_for(entry[1], seconds)
        except TimeoutError:
            return False
        finally:
            waits.remove(entry)
        return True

    def _state(self, state: FeedState, detail: str) -> None:
        self.states.append(state)
        if state == "live" and self._started:
            self.spawn(self._return())

    async def _return(self) -> None:
        """As the program does when its stream comes back."""
        for _ in range(100):
            try:
                async with self._catching_up:
                    await self.orders.settling.recover([], [])
                    await self._compare(loose=())
                return
            except BrokerDown:
                await asyncio.sleep(0.2)

    async def _compare(self, loose: Sequence[Fill] | None = None) -> None:
        await self.orders.settling.take_over_positions(self.since, loose)
        await self.orders.settling.import_open(await self.broker.open_orders())

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Let it run until the end."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ---- beginning and end

    async def start(self) -> None:
        """Everything that the program does from signing in until it may trade."""
        await self.login.sign_in("demo", "right")
        await self.account.refresh()
        self.risk.know(await self.broker.instruments())
        await asyncio.to_thread(self.price)
        if not self._deaf:
            self.spawn(self.updates.run())
            while "live" not in self.states:  # noqa: ASYNC110 - the socket tells of its states, not of one
                await asyncio.sleep(0.01)
        settling = self.orders.settling
        newest = await self.journal.newest(self.account.id)
        await settling.recover(
            await self.journal.orders_since(self.account.id, self.since),
            await self.journal.fills_since(self.account.id, self.since),
        )
        self.orders.others.begin(newest)
        await self._compare()
        await self.broker.warm()
        for work in (self.orders.records.run(), settling.run(), self._prices()):
            self.spawn(work)
        self._started = True

    def price(self) -> None:
        """Take the quotes of the moment; blocking."""
        simulator, symbols = self.simulator, ",".join((*BUYS, *SELLS))
        headers = {"APCA-API-KEY-ID": simulator.key, "APCA-API-SECRET-KEY": simulator.secret}
        connection = http.client.HTTPConnection(simulator.host, timeout=30)
        connection.request("GET", f"/v2/stocks/quotes/latest?symbols={symbols}&feed=sip", headers=headers)
        quotes = json.loads(connection.getresponse().read())["quotes"]
        connection.close()
        now = self.clock.market_ns()
        self.market.hear(
            Batch([], [Quote(s, now, float(q["bp"]), 100, float(q["ap"]), 100) for s, q in quotes.items()])
        )

    async def _prices(self) -> None:
        while True:
            await asyncio.sleep(QUOTES_EVERY)
            await asyncio.to_thread(self.price)

    async def settled(self, seconds: float) -> bool:
        """Wait until no order's fate is unknown and everything is in the journal; whether it came so far."""
        end = time.monotonic() + seconds
        while self.unsettled():
            if time.monotonic() > end:
                return False
            await asyncio.sleep(0.05)
        return await self.orders.records.written(30)

    def unsettled(self) -> list[Order]:
        """Orders whose fate is unknown."""
        return [order for order in self.orders.book.values() if order.status not in CLOSED
                and (order.status in DOUBTED or order.broker_id is None or order.id in self.orders.sending)]  # fmt: skip

    async def close(self) -> None:
        """Stop everything."""
        await self.updates.stop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.broker.close()
        await asyncio.to_thread(self.database.close)


@asynccontextmanager
async def trading(simulator: Simulator, url: str, spoil: Callable[[Trader], None] = lambda trader: None,
                  **how: Any) -> AsyncIterator[Trader]:  # fmt: skip
    """A sitting from its start to its end; ``spoil`` may change it before it starts."""
    trader = Trader(simulator, url, **how)
    spoil(trader)
    try:
        await trader.start()
        yield trader
    finally:
        with suppress(asyncio.CancelledError):
            await trader.close()
