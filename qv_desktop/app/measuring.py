"""Makes the live measures of a sitting, and the sectors that they and the gate ask for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from qv_desktop.adapters.alpaca.broker import AlpacaBroker
from qv_desktop.adapters.db.attributed import AttributedTrades
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.risk_measures import MeasureStore
from qv_desktop.adapters.db.sectors import SectorStore
from qv_desktop.adapters.polygon.rest import PolygonHistory
from qv_desktop.app.entrance import Entrance
from qv_desktop.app.keeping import KEEPS_PRICES, Keeping
from qv_desktop.app.market_side import MarketSide
from qv_desktop.config import Settings
from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.account_history import Curve, Period
from qv_desktop.services.account import Account
from qv_desktop.services.averages import previous_close
from qv_desktop.services.deployments import Deployments
from qv_desktop.services.orders import Orders
from qv_desktop.services.positions import Positions
from qv_desktop.services.risk_measures import Around, RiskMeasures
from qv_desktop.services.sectors import Ask, Sectors
from qv_desktop.services.strategy_profit import StrategyProfit

KEEPS_DAYS = Permission(Resource.RISK, Action.RUN)
SHARE = 2  # of the vendor's requests a minute, at most every second one asks for sectors


@dataclass(frozen=True, slots=True)
class Measuring:
    """Both services; each runs by itself."""

    measures: RiskMeasures
    sectors: Sectors


def measuring(
    door: Entrance, database: Database, settings: Settings, side: MarketSide, broker: AlpacaBroker, orders: Orders,
    positions: Positions, account: Account, deployments: Deployments, day_start: Callable[[], datetime],
) -> Measuring:  # fmt: skip
    """All of it; ``day_start`` tells since when today's fills count."""
    clock, keeping = door.clock, Keeping(door, database)
    sectors = Sectors(SectorStore(database, door.trail), _asked(side, clock.now), door.login, lambda: account.id, clock.now,
                      60 * SHARE / max(1, settings.polygon_per_minute), not keeping.looks_on(KEEPS_PRICES))  # fmt: skip

    def named(source: str) -> str:
        return next((one.terms.name for one in deployments.all() if one.source == source), source)

    async def curve() -> Curve:
        return await broker.history.curve(Period.YEAR, account.balances.created if account.balances else None)

    before = partial(previous_close, averages=side.averages)
    around = Around(
        positions.all, lambda: orders.fills, side.market.snapshot, before, lambda: account.balances,
        lambda symbol: side.averages.of(symbol).volume20, side.averages.want, curve,
        day_start, side.sessions.open, lambda: not keeping.looks_on(KEEPS_DAYS),
    )  # fmt: skip
    trades = AttributedTrades(database)
    strategies = StrategyProfit(lambda: trades.executions(account.id), named)
    measures = RiskMeasures(
        MeasureStore(database, door.trail), around, side.histories, sectors, strategies, door.login, clock.market
    )
    return Measuring(measures, sectors)


def _asked(side: MarketSide, now: Callable[[], datetime]) -> Ask | None:
    """Whom to ask for a symbol's business: Polygon, where a key is there; Alpaca tells none."""
    for vendor in side.vendors:
        if isinstance(vendor, PolygonHistory):
            polygon = vendor
            return lambda symbol: polygon.listing(symbol, now())
    return None
