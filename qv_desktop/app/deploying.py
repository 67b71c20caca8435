"""Makes the deployments of a sitting: what runs, with the worker of its own that no backtest keeps waiting."""

import platform
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal

from qv_desktop import paths
from qv_desktop.adapters.compute.limits import limits_of
from qv_desktop.adapters.compute.live_signals import LiveSignals
from qv_desktop.adapters.compute.workers import WorkerPool
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.deployments import DeploymentStore
from qv_desktop.adapters.db.spool import Spool
from qv_desktop.app.market_side import MarketSide
from qv_desktop.config import Settings
from qv_desktop.domain.audit import Actor, Draft
from qv_desktop.domain.deployments import Deployment, State
from qv_desktop.domain.events import BarsAmended, BarsClosed, Filled, KillChanged, OrderChanged
from qv_desktop.domain.signals import Signal
from qv_desktop.services.account import Account
from qv_desktop.services.bus import Bus
from qv_desktop.services.clock import Clock
from qv_desktop.services.deployment_runs import DeploymentRuns, Market
from qv_desktop.services.deployments import Deployments
from qv_desktop.services.login import Login
from qv_desktop.services.orders import Orders
from qv_desktop.services.positions import Positions
from qv_desktop.services.signal_acting import SignalActing
from qv_desktop.services.signal_keeping import Around
from qv_desktop.services.strategies import Strategies


@dataclass(frozen=True, slots=True)
class Deploying:
    """The service that people ask, what runs by itself, and the worker."""

    service: Deployments
    runs: DeploymentRuns
    worker: LiveSignals

    async def close(self) -> None:
        """What runs ends here and is resumed by the next start."""
        await self.runs.close()
        await self.worker.close()


def deploying(
    bus: Bus, clock: Clock, login: Login, database: Database, trail: AuditTrail, side: MarketSide, orders: Orders, positions: Positions,
    account: Account, strategies: Strategies, settings: Settings,
) -> Deploying:  # fmt: skip
    """All of it, hearing the bus."""
    store = DeploymentStore(database, trail)
    command = [*paths.relaunch(), "worker", "--only", "evaluate"]  # without what backtests need to be warm
    worker = LiveSignals(WorkerPool(command, paths.compiled(), 1, limits_of(settings), closed=settings.home))
    runs: DeploymentRuns

    def changed(signal: Signal) -> None:
        runs.changed(signal)

    def forbidden(deployment: Deployment, why: str) -> None:
        runs.end(deployment.id)
        runs.stopped(deployment, State.PAUSED, why)

    def acting() -> Actor:
        return login.actor

    def equity() -> Decimal | None:
        return account.balances.equity if account.balances else None

    around = Around(clock.market, side.market.prices, equity, side.sessions.open, lambda: account.id,
                    lambda symbol: positions[symbol].quantity, lambda deployment: runs.why_not(deployment), acting,
                    lambda deployment: runs.leases.unsure(deployment.id),
                    lambda symbol: side.market.snapshot(symbol).quote, side.sessions.today)  # fmt: skip
    sending = SignalActing(orders, store, around, changed, forbidden)
    market = Market(
        side.market.watch, side.market.heard_since, side.history, worker, side.history.announced, side.sessions
    )
    runs = DeploymentRuns(
        store,
        strategies,
        market,
        sending,
        around,
        login,
        bus.publish,
        settings.environment,
        lambda *_: None,
        platform.node() or "this machine",
    )

    def waiting(write: Callable[[Draft], Awaitable[object]]) -> Spool:
        return Spool(paths.deployment_brakes(settings.home), write, clock.now, lambda draft: True)

    service = Deployments(
        store, runs, orders, login, bus.publish, clock.market, lambda: account.id, settings.environment, waiting
    )
    for kind in (BarsClosed, BarsAmended, OrderChanged, Filled, KillChanged):
        bus.subscribe(kind, runs.hear)
    return Deploying(service, runs, worker)
