"""From a shown window to “trading ready”, and back to ready after every reconnect: one path for both."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

import structlog

from qv_desktop.app.building import Engine, day_start
from qv_desktop.app.closing import Closing
from qv_desktop.app.gate import Gate
from qv_desktop.app.keeping import READS_TRAIL
from qv_desktop.app.market_side import Prices
from qv_desktop.app.sealing import UNSIGNED
from qv_desktop.app.supervising import supervised
from qv_desktop.domain.alerts import Urgency
from qv_desktop.domain.errors import BrokerDown, DatabaseDown, Incomplete, NotPermitted, QvError
from qv_desktop.domain.events import FeedChanged
from qv_desktop.domain.orders import Fill
from qv_desktop.services.asking import SKEW
from qv_desktop.strategies.built_in import built_in
from qv_desktop.wiring import Desk
from qv_desktop.wiring.account import AccountWiring
from qv_desktop.wiring.alerting import AlertingWiring
from qv_desktop.wiring.auditing import AuditWiring
from qv_desktop.wiring.breaks import BreaksWiring
from qv_desktop.wiring.control import ControlWiring
from qv_desktop.wiring.data import DataWiring, FeedFigures
from qv_desktop.wiring.deployments import DeploymentsWiring
from qv_desktop.wiring.exporting import ExportWiring
from qv_desktop.wiring.hotkeys import HotkeysWiring
from qv_desktop.wiring.keys import KeysWiring
from qv_desktop.wiring.killing import KillWiring
from qv_desktop.wiring.ladder import LadderWiring
from qv_desktop.wiring.limits import LimitsWiring
from qv_desktop.wiring.live_backtests import LiveBacktestsWiring
from qv_desktop.wiring.look_ahead import LookAheadWiring
from qv_desktop.wiring.margin import MarginWiring
from qv_desktop.wiring.market import MarketWiring
from qv_desktop.wiring.notifying import NotifyingWiring
from qv_desktop.wiring.overriding import OverrideWiring
from qv_desktop.wiring.people import PeopleWiring
from qv_desktop.wiring.price_alerts import PriceAlertsWiring
from qv_desktop.wiring.research import ResearchWiring
from qv_desktop.wiring.risk import RiskWiring
from qv_desktop.wiring.stepping_up import stepped_up
from qv_desktop.wiring.strategies import StrategiesWiring
from qv_desktop.wiring.sweeps import SweepsWiring
from qv_desktop.wiring.ticket import TicketWiring
from qv_desktop.wiring.trading import TradingWiring

log = structlog.get_logger(__name__)

RECONCILE_EVERY = 30.0  # seconds
TRY_AGAIN = 2.0  # seconds between attempts to become ready
BOOKS_FIRST = 5.0  # seconds that all else leaves the books; who trades nothing, or whose broker is away, gets the rest all the same
LONG_CLOSED = timedelta(days=30)  # after which the broker's positions are taken over as they are, and told
KEEPING = timedelta(seconds=10)  # that kept positions may be behind the journal of executions when a program is killed


class Starting:
    """Runs the desk: streams, writers, beats; and keeps trading closed until the books agree with the broker's."""

    def __init__(self, desk: Desk, engine: Engine, watchlist: tuple[str, ...], account: str = "") -> None:
        """``account`` is the id of the connection in use; "" where there is only one."""
        self._desk, self._engine = desk, engine
        self.trading, self.control, self.research = TradingWiring(desk), ControlWiring(desk), ResearchWiring(desk)
        self.overriding = OverrideWiring(desk)
        self.auditing, self.breaks = AuditWiring(desk), BreaksWiring(desk)
        self.live_backtests = LiveBacktestsWiring(desk)
        self.strategies = StrategiesWiring(desk)
        self.sweeps, self.look_ahead = SweepsWiring(desk), LookAheadWiring(desk)
        self.deployments = DeploymentsWiring(desk)
        self.ticket = TicketWiring(desk)
        step_up = partial(stepped_up, desk.services.login, parent=desk.window)
        self.people = PeopleWiring(desk, step_up, self.trading.look_at_role)
        self.market = MarketWiring(desk, watchlist)
        self.price_alerts = PriceAlertsWiring(desk, self.market.pick)
        self.kill = KillWiring(desk)
        self.limits, self.margin = LimitsWiring(desk), MarginWiring(desk)
        self.ladder = LadderWiring(desk)
        self.risk = RiskWiring(desk, lambda symbol: self.market.pick(self.market.charts.active.name, symbol))
        self.hotkeys = HotkeysWiring(desk, self.market.symbol_in_focus, engine.updates.name)
        self.notifying = NotifyingWiring(
            desk, self.hotkeys.arming, engine.sounds.play, engine.sounds.able, self.kill.kill, account
        )
        self.alerting = AlertingWiring(desk, self.notifying.acknowledge)
        self.trading.tell_changed(self.market.charts.trading.orders_changed)
        self.account = AccountWiring(desk)
        self.keys = KeysWiring(desk, self.hotkeys.rebind)
        self.exports = ExportWiring(desk, self.market.charts.get)
        self._figures = _figures(engine)
        self.data = DataWiring(desk, self._figures)
        self.ready, self._loaded, self._stored = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._catching_up = asyncio.Lock()
        self._count = 0  # of beats
        self._day: datetime | None = None  # when the day that is counted began
        self._gate = Gate(desk.services.bus, self._gated)
        self._closing = Closing(desk.services.bus, desk.services.sessions.today, desk.services.clock.market)
        desk.services.bus.subscribe(FeedChanged, self._feed_changed)
        engine.updates.unread = self._unread
        self._rereading, self._restored = False, False

    def _gated(self, why: str | None) -> None:
        """Close trading for everybody who could send something, and say why in the ticket; or open it with None."""
        self._desk.services.risk.closed = why or ""
        self._desk.panels.ticket.set_enabled(why)

    def begin(self) -> None:
        """Start everything that runs by itself."""
        services, engine = self._desk.services, self._engine
        running: dict[str, Callable[[], Awaitable[object]]] = {
            "order news": engine.updates.run, "the order journal": services.orders.records.run,
            "asking about orders": services.orders.settling.run, "the account": services.account.run,
            "keeping positions": engine.positions.run, "waiting audit rows": engine.spool.run, "the beats": self._beats,
            "the loss ladder": services.ladder.run,
            "audit checkpoints": self._checkpoints,
            "the account panel": self.account.run, "margin": services.margin.run, "the start": self._starts,
            "deployments": engine.deploying.runs.run, "live measures": self._measures, "sectors": services.sectors.run,
            "reconciliation": self._reconciles, **engine.side.running,
            **engine.alerting.running,
            **{f"prices from {stream.name}": partial(self._stream, stream) for stream in engine.side.prices},
        }  # fmt: skip
        for name, work in running.items():
            self._desk.tasks.spawn(supervised(name, work, self.part_failed))

    def part_failed(self, name: str) -> None:
        """Counted with the handlers' errors in the status bar, and told, for somebody must look into it."""
        services = self._desk.services
        services.bus.failures += 1
        services.notices.tell(
            "critical",
            "A part failed",
            f"{name} failed and was started again; send in the log.",
            f"part {name}",
            panel="log",
        )

    async def _stream(self, stream: Prices) -> None:
        """Prices flow once nothing that loads can hold them up: a late price is worse than one that comes a moment later."""
        await self._loaded.wait()
        await stream.run()

    async def _starts(self) -> None:
        """What a person sees first comes first: prices, then the books, then what is stored."""
        await asyncio.to_thread(_load)
        self._loaded.set()
        books = asyncio.ensure_future(self._show_books())
        try:
            await asyncio.gather(self._attempt(self.ticket.start), self._attempt(self.market.start), self._given_time())
            await self._show_stored()
            self._stored.set()
            await self._attempt(self._look_at_audit)
            self._engine.pool.awakened = self._isolated
            self._engine.pool.warm()
            self._engine.sweep_work.warm()
            await books
        finally:
            books.cancel()

    async def _given_time(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.ready.wait(), BOOKS_FIRST)

    async def _show_books(self) -> None:
        """The account's own, once the broker has said whose account it is."""
        await self._become_ready()
        self.trading.start()
        await self._stored.wait()  # what is deployed runs a strategy that must be known
        self.live_backtests.start()
        await self._attempt(self.breaks.start)
        await self._attempt(self.deployments.start)

    async def _show_stored(self) -> None:
        """The person's own and the desk's, which need no broker."""
        for own in (self.notifying, self.alerting, self.keys, self.price_alerts, self.market.scanning):
            await self._attempt(own.start)
        services = self._desk.services
        await services.strategies.load(built_in(services.clock.now()))
        await self.research.start()
        await self._attempt(self.strategies.start)
        await self._attempt(self.sweeps.start)
        await self._attempt(self.look_ahead.start)
        await self.auditing.start()
        await self._attempt(self.people.start)
        await self._attempt(self.data.start)

    def _isolated(self, line: str) -> None:
        """What stands between strategies and this machine is shown, and what does not is told once."""
        whole = not self._engine.pool.missing
        self._desk.window.health.show_isolation(line, whole)
        if not whole:
            self._desk.services.notices.tell(
                "warning", "Strategies", f"{line}. Run only strategies that you trust.", "isolation"
            )

    async def _attempt(self, step: Callable[[], Awaitable[None]]) -> None:
        try:
            await step()
        except QvError as error:
            self._desk.services.notices.tell("warning", "Start", str(error))

    # ---- the audit trail

    async def _checkpoints(self) -> None:
        """Sign the trail now and then; a person hears where that cannot be."""
        services, checkpoints = self._desk.services, self._desk.services.audit.checkpoints
        if checkpoints is None or self._engine.keeping.looks_on(READS_TRAIL):  # what may not be read is not signed here
            return

        def tell(sentence: str, grave: bool) -> None:
            urgency: Urgency = "critical" if grave else "info" if sentence == UNSIGNED else "warning"
            services.notices.tell(urgency, "Audit checkpoints", sentence, "audit checkpoints", panel="audit")

        checkpoints.tell = tell
        await checkpoints.run()

    async def _look_at_audit(self) -> None:
        """What no checkpoint covers is verified at each start; a trail that is not whole must not go unseen."""
        services = self._desk.services
        if self._engine.keeping.looks_on(READS_TRAIL):
            return
        found = await services.audit.look()
        self._desk.window.health.show_verified(found.head, found.whole, services.clock.market())
        if not found.whole:
            sentence = f"The audit trail is broken at row {found.broken_at}: {found.reason}."
            services.notices.tell(
                "critical", "Audit trail broken", sentence, "audit broken", kind="risk", panel="audit"
            )

    # ---- the books

    async def _become_ready(self) -> None:
        while not self.ready.is_set():
            try:
                await self._open_books()
            except (BrokerDown, DatabaseDown, NotPermitted) as error:  # the last: a login that may not use this account
                self._gate.wait(str(error))
                await asyncio.sleep(TRY_AGAIN)

    async def _open_books(self) -> None:
        services, engine = self._desk.services, self._engine
        account = await services.account.refresh()
        await engine.spool.drain()  # a halt of the last sitting may wait there
        await services.limits.load()
        await services.risk.load()
        listed = await engine.broker.instruments()
        services.risk.know(listed)
        self.market.listed()
        self._desk.window.show_instruments(listed)
        await engine.instruments.save(listed)
        last = await self._last_compared(account.id)
        since = day_start(services.clock.market())
        missed = (
            since if last is None else min(since, last - SKEW)
        )  # what traded while the program was closed, on earlier days too
        newest = await engine.journal.newest(account.id)
        orders = await engine.journal.orders_since(account.id, since)
        fills = await engine.journal.fills_since(account.id, missed)
        stored = await engine.journal.positions(account.id)
        if last is not None and not self._restored:
            services.positions.restore(stored, {fill.symbol for fill in fills if fill.at >= since})
            self._restored = True
        engine.positions.begin(stored)
        await services.orders.settling.recover(orders, fills)
        services.orders.others.begin(newest)
        await services.ladder.start()  # before anything may be sent
        self._gate.books_loaded()
        await self._compare("at start", missed, None if last is None else just_booked(fills))
        if last is None:
            known = {fill.execution_id for fill in fills}
            self._tell_taken_over(await services.reconcile.tell_taken_over(stored, known))
        await services.margin.load()
        await engine.broker.warm()
        self.ready.set()

    async def _last_compared(self, account: str) -> datetime | None:
        """Since when the broker must tell what changed; None when that is not known, or too long ago to ask: then its positions are
        taken over, and told."""  # fmt: skip
        last = await self._engine.journal.compared_at(account)
        return last if last is not None and self._desk.services.clock.market() - last < LONG_CLOSED else None

    def _tell_taken_over(self, entries: Sequence[str]) -> None:
        """What changed at the broker while nobody looked, and no execution of today tells."""
        if entries:
            more = f" And {len(entries) - 1} more; see the audit trail." if len(entries) > 1 else ""
            sentence = f"{entries[0][:1].upper()}{entries[0][1:]}.{more}"
            self._desk.services.notices.tell(
                "warning", "Positions changed", sentence, "taken over", panel="reconciliation"
            )

    async def _compare(
        self,
        reason: str,
        missed: datetime | None = None,
        loose: Sequence[Fill] | None = (),
    ) -> None:
        """Positions follow executions alone: what they do not lead to is found by the comparison, and a person's."""
        services = self._desk.services
        since = day_start(services.clock.market())
        async with self._catching_up:
            await services.orders.settling.take_over_positions(missed or since, loose)
            services.positions.take_realised(f for f in services.orders.fills.values() if f.at >= since)
            await self._import_open()
            await services.reconcile.run("system", reason)

    async def _import_open(self) -> None:
        """Orders made elsewhere are seen, and can be cancelled, even when not all of the broker's list can be read. Raises BrokerDown."""
        settling = self._desk.services.orders.settling
        try:
            theirs = await self._engine.broker.open_orders()
        except Incomplete as part:
            await settling.import_open(part.readable if isinstance(part.readable, list) else [])
            raise
        await settling.import_open(theirs)

    def _feed_changed(self, event: FeedChanged) -> None:
        """Alpaca repeats nothing that was missed while the stream was away, so the books are compared after every return."""
        if event.feed == self._engine.services.feeds.primary and event.state == "live":
            self._engine.services.backfill.look()
        if event.feed == self._engine.updates.name and event.state == "live" and self.ready.is_set():
            self._desk.tasks.spawn(self._attempt(self._return))

    def _unread(self, reason: str) -> None:
        """What a trade update that cannot be read told is asked for instead, for it may have been a fill."""
        self._desk.services.notices.tell(
            "warning",
            "Broker's answer",
            f"An order update could not be read ({reason}) The broker is asked instead.",
            "unread",
        )
        if self.ready.is_set() and not self._rereading:
            self._rereading = True
            self._desk.tasks.spawn(self._reread())

    async def _reread(self) -> None:
        try:
            await asyncio.sleep(0.5)  # a burst is one question
        finally:
            self._rereading = False
        await self._attempt(lambda: self._return("after an update that could not be read"))

    async def _return(self, reason: str = "after a reconnect") -> None:
        services = self._desk.services
        await services.orders.settling.recover([], [])
        await self._compare(reason)

    async def _reconciles(self) -> None:
        await self.ready.wait()
        await self._desk.services.reconcile.repeat(RECONCILE_EVERY, self._closing.occasion)

    async def _measures(self) -> None:
        """Once the books are whole: a measure of half a book would be wrong."""
        await self.ready.wait()
        await self._desk.services.risk_measures.run()

    # ---- the beats

    def _turn_the_day(self) -> None:
        """Today's profit begins anew at midnight of New York, also in a program that runs on."""
        day = day_start(self._desk.services.clock.market())
        if self._day is not None and day > self._day:
            self._desk.services.positions.begin_day()
        self._day = day

    async def _beats(self) -> None:
        """Blotter prices four times a second; ages, risk, health and time once each, in turn so that they never fall together."""
        second = (self.market.tick, self.trading.tick, self._measure_health, self._show_time)
        feeds = self._desk.services.feeds
        while True:
            await asyncio.sleep(0.25)
            # before the work: one that fails must not keep the others waiting
            self._count = (self._count + 1) % len(second)
            feeds.tick()
            self.trading.beat()
            self.hotkeys.tick()
            second[self._count]()

    def _measure_health(self) -> None:
        self._desk.services.health.measure()
        checkpoints = self._desk.services.audit.checkpoints
        if checkpoints is not None:
            self._desk.window.health.show_checkpoint(checkpoints.age, checkpoints.waiting, checkpoints.trouble)
        self._desk.services.market.tick()
        self.data.tick()
        self.kill.tick()
        self.people.tick()
        self.breaks.tick()
        self.strategies.tick()
        self.deployments.tick()
        self.limits.tick()
        self.notifying.tick()
        self.alerting.tick()

    def _show_time(self) -> None:
        self._turn_the_day()
        self._desk.window.show_now(self._desk.services.clock.market())
        for feed in self._figures:
            self._desk.window.health.show_feed_age(feed.name, feed.age())

    def frame(self) -> None:
        """Once per frame."""
        self._desk.services.market.flush()
        self.trading.frame()


def _figures(engine: Engine) -> list[FeedFigures]:
    """Every socket's name, counts and age."""
    return [FeedFigures(stream.name, stream.counts) for stream in (*engine.side.prices, engine.updates)]


def _load() -> None:
    """Import on a thread what the first chart and the first backtest curve would otherwise import on the GUI's."""
    import pyqtgraph
    import talib

    log.debug("loaded", pyqtgraph=pyqtgraph.__version__, talib=talib.__version__)


def just_booked(fills: Sequence[Fill]) -> list[Fill]:
    """The executions, oldest first, that were booked so shortly before the end that the kept positions may lack them."""
    ordered = sorted(fills, key=lambda fill: fill.at)
    return [fill for fill in ordered if fill.at >= ordered[-1].at - KEEPING]
