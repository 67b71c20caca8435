"""Makes the alert rules of a sitting, with what they look at and where they are kept."""

import shutil
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path

from qv_desktop.adapters.db.alert_rules import AlertStore
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.app.market_side import MarketSide
from qv_desktop.domain.events import (
    FeedChanged,
    Filled,
    HealthMeasured,
    OrderChanged,
    Reconciled,
    RiskMeasured,
    TradingOverridden,
)
from qv_desktop.services.account import Account
from qv_desktop.services.alert_measures import Around, DeskMeasures
from qv_desktop.services.alert_probing import AlertProbing
from qv_desktop.services.alert_rules import AlertRules
from qv_desktop.services.audit import Audit
from qv_desktop.services.bus import Bus
from qv_desktop.services.clock import Clock
from qv_desktop.services.deployments import Deployments
from qv_desktop.services.login import Login
from qv_desktop.services.loss_ladder import LossLadder
from qv_desktop.services.notices import Notices
from qv_desktop.services.noting import Note
from qv_desktop.services.own_alert_measures import OwnAlertMeasures
from qv_desktop.services.positions import Positions
from qv_desktop.services.risk import Risk


@dataclass(frozen=True, slots=True)
class Books:
    """What the measures of money read."""

    account: Account
    positions: Positions
    risk: Risk
    audit: Audit
    deployments: Deployments
    ladder: LossLadder


@dataclass(frozen=True, slots=True)
class Alerting:
    """The rules and what of them runs by itself."""

    rules: AlertRules
    running: Mapping[str, Callable[[], Awaitable[object]]]


def alerting(
    bus: Bus, clock: Clock, login: Login, database: Database, trail: AuditTrail, side: MarketSide, books: Books, notices: Notices,
    note: Note, home: Path, sector: Callable[[str], str] = lambda symbol: "",
) -> Alerting:  # fmt: skip
    """All of it, hearing the bus; ``sector`` names a symbol's sector, "" where it is not known."""
    market, account = side.market, books.account
    around = Around(
        lambda: market.source, market.stale, lambda symbol: market.snapshot(symbol).quote, market.prices, books.positions.held,
        lambda: account.balances, lambda: books.ladder.losses_now, lambda: books.risk.limits,
        lambda symbol: books.risk.limits_for(login.actor.name, "", symbol), sector,
        lambda: side.sessions.skewed, lambda: books.audit.verified,
    )  # fmt: skip
    measures, store = DeskMeasures(around), AlertStore(database, trail)
    own = OwnAlertMeasures(market, side.history.newest, books.positions.all, lambda: account.balances,
                           partial(_profits, books.deployments), lambda symbol: symbol in books.risk.listed, clock.market,
                           time.monotonic)  # fmt: skip
    rules = AlertRules(store, login, notices, bus.publish, clock.now, lambda: account.id, measures, own, note)
    for kind, hear in (
        (FeedChanged, measures.feed_changed), (OrderChanged, measures.order_changed), (Filled, measures.filled),
        (Reconciled, measures.reconciled), (TradingOverridden, measures.overridden), (HealthMeasured, measures.health),
        (RiskMeasured, measures.risk),
    ):  # fmt: skip
        bus.subscribe(kind, hear)  # type: ignore[arg-type]  # each with its own kind
    probing = AlertProbing(store, measures.probed, lambda: shutil.disk_usage(home).free)
    running = {"alerts": rules.run, "alert rules' studies": own.run, "looking at disk and database": probing.run}
    return Alerting(rules, running)


def _profits(deployments: Deployments) -> dict[str, Decimal | None]:
    """What each deployed strategy has earned today; unknown while that of one of its deployments is."""
    found: dict[str, Decimal | None] = {}
    for deployment in deployments.all():
        day, name = deployments.figures(deployment).day, deployment.terms.name
        before = found.get(name, Decimal(0))
        found[name] = None if day is None or before is None else before + day
    return found
