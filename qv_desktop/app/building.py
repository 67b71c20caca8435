"""Makes every service with its adapters: what is built here is all there is."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import partial

from qv_desktop import __version__, paths
from qv_desktop.adapters.alpaca.broker import AlpacaBroker
from qv_desktop.adapters.alpaca.hosts import held_to
from qv_desktop.adapters.alpaca.stream import TradeUpdates
from qv_desktop.adapters.compute.limits import limits_of
from qv_desktop.adapters.compute.pool import BacktestPool
from qv_desktop.adapters.db.attributed import AttributedTrades
from qv_desktop.adapters.db.backtests import BacktestStore
from qv_desktop.adapters.db.breaks import BreakStore
from qv_desktop.adapters.db.counters import CounterStore
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.instruments import InstrumentStore
from qv_desktop.adapters.db.limits import LimitStore
from qv_desktop.adapters.db.margin import MarginStore
from qv_desktop.adapters.db.orders import OrderJournal
from qv_desktop.adapters.db.people import PeopleStore
from qv_desktop.adapters.db.preferences import Preferences
from qv_desktop.adapters.db.risk import RiskStore
from qv_desktop.adapters.db.roles import RoleStore
from qv_desktop.adapters.db.spool import Spool
from qv_desktop.adapters.db.strategies import StrategyStore
from qv_desktop.adapters.db.strategy_notes import StrategyConsents, StrategyDrafts
from qv_desktop.adapters.reports.audit_rows import AuditFiles
from qv_desktop.adapters.reports.backtests import BacktestReports
from qv_desktop.adapters.reports.live_backtests import LiveBacktestReports
from qv_desktop.adapters.reports.reconciliation import ReconciliationReports
from qv_desktop.adapters.reports.risk import RiskDayReports
from qv_desktop.adapters.reports.tables import TableReports
from qv_desktop.adapters.sounds import Sounds, player
from qv_desktop.app.alerting import Alerting, Books, alerting
from qv_desktop.app.backend import Keys, Store
from qv_desktop.app.bundling import Bundles
from qv_desktop.app.deploying import Deploying, deploying
from qv_desktop.app.entrance import Entrance
from qv_desktop.app.keeping import KEEPS_ORDERS, Keeping
from qv_desktop.app.laddering import loss_ladder
from qv_desktop.app.market_side import MarketSide, market_side
from qv_desktop.app.measuring import measuring
from qv_desktop.app.saying import Sayings
from qv_desktop.app.studies import studies
from qv_desktop.app.sweeping import SweepWork
from qv_desktop.config import Settings
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.errors import DatabaseDown
from qv_desktop.domain.events import MarketMoved
from qv_desktop.domain.limits import whose
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.positions import Position
from qv_desktop.domain.reports import Values
from qv_desktop.domain.risk import TradingState
from qv_desktop.domain.risk_report_alerts import past_told
from qv_desktop.domain.risk_report_margin import day_trades_told, margin_told
from qv_desktop.services.account import Account
from qv_desktop.services.account_history import AccountHistory
from qv_desktop.services.audit import Audit
from qv_desktop.services.audit_exports import AuditExports
from qv_desktop.services.authoring import Authoring
from qv_desktop.services.backtest_data import BacktestData
from qv_desktop.services.backtests import Backtests
from qv_desktop.services.break_reports import BreakReports
from qv_desktop.services.breaks import Breaks
from qv_desktop.services.exports import Exports
from qv_desktop.services.flattening import Flattening
from qv_desktop.services.health import Health
from qv_desktop.services.kill_switch import KillSwitch
from qv_desktop.services.limits import RiskLimits
from qv_desktop.services.live_backtest_data import DayData
from qv_desktop.services.live_backtests import LiveBacktests, Whose
from qv_desktop.services.margin import Margin
from qv_desktop.services.notices import Notices
from qv_desktop.services.noting import noting
from qv_desktop.services.orders import Orders
from qv_desktop.services.people import People
from qv_desktop.services.ports.audit import Trail
from qv_desktop.services.ports.risk import RiskStore as RiskStorePort
from qv_desktop.services.positions import Positions
from qv_desktop.services.reconcile import Reconcile
from qv_desktop.services.risk import Risk
from qv_desktop.services.risk_reports import RiskReports, Told
from qv_desktop.services.roles import Roles
from qv_desktop.services.run_exports import RunExports
from qv_desktop.services.strategies import Strategies
from qv_desktop.services.trading_states import brakes
from qv_desktop.ui.paper import pdf
from qv_desktop.wiring import Services

UNSEEN = os.environ.get("QT_QPA_PLATFORM") == "offscreen"  # whoever does not see the window should not hear it


@dataclass(frozen=True, slots=True)
class Engine:
    """Everything of a signed-in program that runs by itself or must be closed."""

    services: Services
    broker: AlpacaBroker
    journal: OrderJournal
    instruments: InstrumentStore
    side: MarketSide
    updates: TradeUpdates
    pool: BacktestPool
    sweep_work: SweepWork
    positions: "PositionKeeper"
    spool: Spool
    sounds: Sounds
    keeping: Keeping
    deploying: Deploying
    alerting: Alerting

    async def close(self) -> None:
        """End sockets, threads and the worker."""
        await self.deploying.close()
        await asyncio.gather(*(stream.stop() for stream in self.side.prices), self.updates.stop(), self.pool.close(),
                             self.sweep_work.close())  # fmt: skip
        with suppress(DatabaseDown):
            await self.side.gaps.flush()  # a hole that was open until now
            await self.side.price_alerts.flush()
            await self.side.drawings.flush()
            await self.services.authoring.flush()
            await self.alerting.rules.keeping.flush()
        self.broker.close()
        self.sounds.close()
        self.side.close()


def engine(
    door: Entrance, database: Database, settings: Settings, keys: Keys, lag: Callable[[], float], store: Store
) -> Engine:
    """All services for the session that is signed in at ``door``."""
    bus, clock, login = door.bus, door.clock, door.login
    publish = bus.publish
    keeping = Keeping(door, database)
    journal, notices = keeping.journal(), Notices(publish, clock.market)
    key, secret, token = keys.account
    broker = AlpacaBroker(key, secret, settings.alpaca_url, clock.market, settings.environment,
                          Sayings(lambda sentence: notices.tell("warning", "Broker's answer", sentence)), token)  # fmt: skip
    side = market_side(door, database, settings, keys, broker, notices, lambda: risk.listed)
    market, ticks = side.market, side.ticks
    account = Account(broker, journal, publish)
    keeper = PositionKeeper(journal, account)
    positions = Positions(publish, keeper.changed)
    keeper.told = positions.latest
    risk_store = RiskStore(database, door.trail)
    spool = Spool(
        paths.spool(settings.home),
        late(door.trail, risk_store),
        clock.now,
        brakes,
        lambda sentence: notices.tell("critical", "Audit row set aside", sentence),
    )
    login.spool = spool.keep
    note = noting(door.trail, spool)
    limits = RiskLimits(LimitStore(database, door.trail), login, publish, clock.now, lambda: account.id, note)
    risk = Risk(risk_store, market, positions, account, login, publish, clock.market, spool, environment=settings.environment,
                limits_for=limits.limits_for, restricted_for=limits.restriction_for)  # fmt: skip
    risk.explain = limits.explain
    ladder = loss_ladder(risk, CounterStore(database, door.trail), account, positions, side, login, publish, clock.market, note,
                         notices.tell, broker.history.movements, lambda: orders, limits)  # fmt: skip
    orders = Orders(broker, journal, risk, positions, login, publish, clock.market, lambda: account.id)
    orders.records.spool = spool.keep
    orders.records.told = lambda sentence: notices.tell("critical", "Not written down", sentence, kind="database")
    margin = Margin(MarginStore(database, door.trail), journal.fills_since, lambda: orders.fills.values(), side.calendar,
                    positions, account, login, publish, clock.market)  # fmt: skip
    risk.margin = margin.standing
    runs, reports = keeping.reconciliations(lambda: account.id), ReconciliationReports(pdf)
    booked = _left_to_others if keeping.looks_on(KEEPS_ORDERS) else door.trail.append
    break_store = BreakStore(database, door.trail)
    reconcile = Reconcile(broker, runs, reports, orders, positions, account, login,
                          publish, clock.market, lambda: day_start(clock.market()), paths.exports(settings.home), door.trail,
                          movements=broker.history, marks=journal, note=booked, announced=side.history.announced,
                          rules=runs.rules, booked=break_store.booked)  # fmt: skip
    strategies = Strategies(
        keeping.strategies(), login, StrategyConsents(database, door.trail), publish, note, clock.now
    )
    authoring = Authoring(
        StrategyStore(database, door.trail),
        StrategyDrafts(database),
        strategies,
        login,
        door.trail,
        clock.now,
        paths.terminal(settings.home),
    )
    pool = BacktestPool([*paths.relaunch(), "worker"], paths.compiled(), settings.strategy_workers, limits_of(settings),
                        closed=settings.home)  # fmt: skip
    research = BacktestData(side.history, side.calendar, clock.market)
    backtests = Backtests(
        pool, BacktestStore(database, door.trail), strategies, research, login, publish, note, clock.now
    )
    study = studies(door, database, settings, strategies, research, backtests, pool, note)
    health = Health(market, publish, waiting=lambda: ticks.waiting + orders.records.waiting + database.waiting, lag=lag,
                    broker_ms=lambda: account.latency_ms, database=lambda: f"{store.words} · down" if database.down else store.words,
                    failures=lambda: bus.failures, delays=[partial(getattr, stream.counts, "delays") for stream in side.prices],
                    gaps=lambda: len(side.gaps.unfilled), spooled=lambda: ticks.spooled,
                    broker_trouble=lambda: account.trouble)  # fmt: skip
    bundles = Bundles(database, door.chain, door.sealing.book, door.sealing, paths.exports(settings.home), clock.now)
    audit = Audit(door.trail, login, door.checkpoints, bundles)
    exports = Exports(TableReports(), login, door.trail, clock.now, paths.exports(settings.home))
    roles = Roles(RoleStore(database, door.trail, clock.now), login, door.trail)
    people = People(PeopleStore(database, door.trail), door.users, roles, login, door.trail)
    breaks = Breaks(break_store, runs, login, clock.market, lambda: account.id, reconcile)
    break_reports = BreakReports(break_store, runs, reports, login, door.trail, clock.market,
                                 lambda: (account.id, account.balances.masked if account.balances else account.id),
                                 paths.exports(settings.home))  # fmt: skip
    live_backtests = LiveBacktests(AttributedTrades(database), DayData(side.history, keeping.ticks()), strategies, pool,
                                   LiveBacktestReports(pdf), login, door.trail, note, clock.market,
                                   lambda: Whose(account.id, account.balances.masked if account.balances else account.id),
                                   paths.exports(settings.home))  # fmt: skip

    async def past(start: datetime, end: datetime) -> tuple[Values, ...]:
        return past_told(await alerts.rules.history(start, end))

    told = Told(lambda: account.balances.masked if account.balances else account.id, lambda: risk.limits, lambda: notices.told,
                settings.environment, __version__, lambda: margin_told(margin.standing()),
                lambda: day_trades_told(margin.standing(), margin.day_trades()),
                lambda name: whose(limits.binding(name, login.actor.name)), past)  # fmt: skip
    risk_reports = RiskReports(told, RiskDayReports(pdf), login, door.trail, clock.market, clock.now,
                               paths.exports(settings.home))  # fmt: skip
    deployed = deploying(
        bus, clock, login, database, door.trail, side, orders, positions, account, strategies, settings
    )
    risk.views.held_by = deployed.runs.held_by
    risk.views.norms = side.averages.asked
    bus.subscribe(MarketMoved, lambda _: risk.views.keep_up())
    measured = measuring(door, database, settings, side, broker, orders, positions, account, deployed.service,
                         lambda: day_start(clock.market()))  # fmt: skip
    risk.picture = lambda: measured.measures.picture
    risk.views.sectors = measured.sectors.mapping()
    alerts = alerting(bus, clock, login, database, door.trail, side, Books(account, positions, risk, audit, deployed.service, ladder),
                      notices, note, settings.home, measured.sectors.of)  # fmt: skip
    services = Services(bus, clock, login, market, side.feeds, side.history, side.gaps, side.backfill, ticks, side.sessions,
                        side.watchlists, side.scans, side.scanner, side.price_alerts, side.halts, side.imports, side.drawings,
                        positions, account, risk, orders, Flattening(orders, positions, market.prices), reconcile,
                        KillSwitch(risk, orders, broker, login, note, lambda: account.id, publish, clock.market),
                        audit, strategies, backtests, notices, health, exports, Preferences(database, door.trail),
                        AccountHistory(broker.history, login, lambda: account.balances.created if account.balances else None),
                        side.averages, people, roles,
                        AuditExports(door.trail, AuditFiles(), login, clock.now, paths.exports(settings.home)),
                        breaks, break_reports, live_backtests, authoring,
                        RunExports(backtests.read, BacktestReports(), login, door.trail, paths.exports(settings.home)),
                        study.sweeps, study.validations, study.look_aheads, deployed.service, measured.measures,
                        measured.sectors, limits, margin, risk_reports, ladder, alerts.rules)  # fmt: skip
    updates = TradeUpdates(held_to(settings.alpaca_stream_url, settings.environment), key, secret, orders.hear,
                           lambda state, detail: side.feeds.feed_changed(TradeUpdates.name, state, detail), now=clock.market,
                           token=token)  # fmt: skip
    return Engine(
        services,
        broker,
        journal,
        keeping.instruments(),
        side,
        updates,
        pool,
        study.work,
        keeper,
        spool,
        Sounds(paths.resources() / "sounds", None if UNSEEN else player()),
        keeping,
        deployed,
        alerts,
    )


async def _left_to_others(draft: Draft) -> None:
    """What a terminal takes over that may only look is recorded by one that trades."""


def late(trail: Trail, store: RiskStorePort) -> Callable[[Draft], Awaitable[object]]:
    """How a row that waited is written: a halt with the state that it stands for, all else by itself."""

    def write(draft: Draft) -> Awaitable[object]:
        if brakes(draft):
            return store.save_state(draft.object_id, TradingState(json.loads(draft.after)["state"]), draft)
        return trail.append(draft)

    return write


def day_start(moment: datetime) -> datetime:
    """Midnight in New York before ``moment``, in UTC: since when today's fills count."""
    local = moment.astimezone(NEW_YORK).date()
    return datetime.combine(local, time(), NEW_YORK).astimezone(UTC)


class PositionKeeper:
    """Writes the positions as they stand once a second if any moved, so that a burst of fills is one write.

    Nothing before ``begin``: what trades while the kept ones are still to be read must not be written in their place. Only what moved
    here is written, for another desk on the account may know more of the rest; ``told`` is symbol -> when the newest execution happened.
    """

    def __init__(self, journal: OrderJournal, account: Account) -> None:
        self._journal, self._account = journal, account
        self._known: set[str] = set()  # symbols
        self._moved: dict[str, Position] = {}  # symbol -> newest, flat ones included
        self._begun = False
        self.told: Mapping[str, datetime] = {}

    def begin(self, kept: Iterable[Position]) -> None:
        """What was ``kept`` has been read; what is not in the book by now, for it is too old to go on from, is not held."""
        if not self._begun:
            for one in kept:
                if one.symbol not in self._known and one.quantity:
                    self.changed(Position(one.symbol))
                elif one.symbol not in self.told:
                    self._moved.pop(one.symbol, None)  # as it was kept, and another desk may have moved it since
        self._begun = True

    def changed(self, position: Position) -> None:
        """A position moved."""
        self._known.add(position.symbol)
        self._moved[position.symbol] = position

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await asyncio.sleep(1)
            await self.flush()

    async def flush(self) -> None:
        """Write what stands if anything moved; what cannot be written is tried again."""
        if not (self._moved and self._begun):
            return
        moved, self._moved = self._moved, {}
        try:
            await self._journal.save_positions(self._account.id, list(moved.values()), self.told)
        except DatabaseDown:
            self._moved = moved | self._moved
