"""Risk: the view that the rules judge by, the trading state, and the measures of the moment."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import timedelta
from decimal import Decimal

from qv_desktop.domain.accounts import day_profit
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.counters import Standings
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.events import RiskMeasured
from qv_desktop.domain.exposure import added
from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.limits import Limits, loosened
from qv_desktop.domain.market import money
from qv_desktop.domain.orders import Order, OrderRequest, OrderStatus
from qv_desktop.domain.risk import Gauge, Measures, RiskView, TradingState, Verdict
from qv_desktop.domain.rules import judged, stopped
from qv_desktop.services.account import Account
from qv_desktop.services.login import Login
from qv_desktop.services.market_data import MarketData
from qv_desktop.services.ports import Now, Publish, RiskStore, Spool
from qv_desktop.services.positions import Positions
from qv_desktop.services.trading_states import CHANGE, TradingStates

RAISE = "limits.raise"  # what the password is given for
UNBOUNDED = Decimal(10) ** 15
MINUTE = timedelta(minutes=1)


class Risk(TradingStates):
    """Judges requests and keeps the trading state; ``limits`` and ``state`` are as stored.

    A halt that the database cannot take waits in ``spool``; without one it holds only until the program ends.
    """

    def __init__(
        self,
        store: RiskStore,
        market: MarketData,
        positions: Positions,
        account: Account,
        login: Login,
        publish: Publish,
        now: Now,
        spool: Spool | None = None,
    ) -> None:
        super().__init__(store, account, login, publish, now, spool)
        self._market, self._positions = market, positions
        self._instruments: dict[str, Instrument] = {}  # symbol -> instrument
        self.limits = Limits()
        self.account_limits = lambda: self.limits
        # (user, source of the order, symbol) -> losses and round trips of everybody whom an order concerns
        self.standings: Callable[[str, str, str], Standings | None] = lambda user, source, symbol: None
        self.closed = ""  # why trading is closed, whatever its state

    async def load(self) -> None:
        """Read limits and state of the account. Raises DatabaseDown."""
        self.limits = await self._store.limits(self._account.id)
        await self.load_state()

    def know(self, instruments: Iterable[Instrument]) -> None:
        """Take the broker's list of instruments."""
        self._instruments = {instrument.symbol: instrument for instrument in instruments}

    @property
    def listed(self) -> Collection[str]:
        """Every symbol that the broker lists."""
        return self._instruments.keys()

    def instrument(self, symbol: str) -> Instrument | None:
        """The instrument, or None when the broker does not list it."""
        return self._instruments.get(symbol)

    def judge(self, request: OrderRequest, book: Mapping[str, Order]) -> Verdict:
        """The rules' verdict on ``request`` beside all orders in ``book``."""
        return judged(request, self._view(request.symbol, book, request.source), self.limits)

    def stopped(self, request: OrderRequest, book: Mapping[str, Order]) -> str:
        """Why the trading state, as it is at this moment, takes no such order; nothing when it does."""
        if self.opens:
            return ""
        return stopped(request, self._view(request.symbol, book))

    @property
    def opens(self) -> bool:
        """Whether orders that open or enlarge a position are taken at all."""
        return self.state is TradingState.ACTIVE and not self.closed

    def _view(self, symbol: str, book: Mapping[str, Order], source: str = "") -> RiskView:
        now = self._now()
        snapshot = self._market.snapshot(symbol)
        others, since = list(book.values()), now - MINUTE
        return RiskView(
            now=now,
            state=self.state,
            instrument=self.instrument(symbol),
            quote=snapshot.quote,
            quote_age=self._market.quote_age(symbol),
            account=self._account.balances,
            positions=self._positions.held(),
            open_orders=tuple(order for order in others if order.open),
            prices={name: money(price) for name, price in self._market.prices().items()},
            recent=tuple(o for o in others if o.submitted > since and o.status is not OrderStatus.REFUSED),
            halted=snapshot.halted,
            closed=self.closed,
            counters=self.standings(self._login.actor.name, source, symbol),
            way_out=self.stand.way_out,
        )

    async def set_limits(self, limits: Limits) -> None:
        """Store new limits; those that let more pass take the password, given just now.

        Raises BadInput, NotPermitted, DatabaseDown.
        """
        await self._login.require(CHANGE)
        if not all(Decimal(0) <= Decimal(value) < UNBOUNDED for value in asdict(limits).values()):
            raise BadInput("A limit is zero or more; correct it and try again.")
        if loosened(self.limits, limits):
            self._login.require_given(RAISE)
        draft = Draft(self._login.actor, "risk.limits", "account", self._account.id,
                      before=json.dumps(asdict(self.limits), default=str), after=json.dumps(asdict(limits), default=str))  # fmt: skip
        await self._store.save_limits(self._account.id, limits, draft)
        self.limits = limits

    def measure(self, book: Mapping[str, Order]) -> Measures:
        """The measures of this moment, published too."""
        measures = measured(self._view("", book), self.limits)
        self._publish(RiskMeasured(measures))
        return measures


def measured(view: RiskView, limits: Limits) -> Measures:
    """Exposures at last prices and the gauges against ``limits``; gauges that need an unknown equity are left out."""
    values = {s: p.quantity * view.prices.get(s, p.average) for s, p in view.positions.items()}
    net, gross = sum(values.values(), Decimal(0)), sum(map(abs, values.values()), Decimal(0))
    exposures = tuple(sorted(values.items(), key=lambda item: -abs(item[1])))
    equity = view.account.equity if view.account else None
    gauges = tuple(gauge for gauge in _gauges(view, limits, gross, exposures) if gauge is not None)
    return Measures(view.now, view.state, gauges, net, gross, exposures, equity)


def _gauges(
    view: RiskView, limits: Limits, gross: Decimal, exposures: tuple[tuple[str, Decimal], ...]
) -> list[Gauge | None]:
    account = view.account
    profit = day_profit(account) if account else None
    gauges: list[Gauge | None] = []
    if profit is not None:
        loss = max(-profit, Decimal(0))
        sign = "+" if profit >= 0 else "−"
        gauges.append(
            Gauge("Day loss", _used(loss, limits.daily_loss), f"{sign}{abs(profit):,.0f}", f"−{limits.daily_loss:,.0f}")
        )
    if account is None or not account.equity:
        return gauges
    gauges.append(_share("Gross exposure", gross / account.equity, limits.gross_fraction))
    name, value = exposures[0] if exposures else ("none", Decimal(0))
    gauges.append(_share(f"Largest name · {name}", abs(value) / account.equity, limits.position_fraction))
    if account.maintenance_margin is not None:
        gauges.append(_share("Margin used", account.maintenance_margin / account.equity, Decimal(1)))
    if account.buying_power:
        gauges.append(_share("Working orders", added(view) / account.buying_power, Decimal(1)))
    rate = len(view.recent)
    most = limits.orders_per_minute
    gauges.append(Gauge("Orders per minute", _used(Decimal(rate), Decimal(most)), f"{rate}", f"{most}"))
    return gauges


def _share(title: str, fraction: Decimal, limit: Decimal) -> Gauge:
    return Gauge(title, _used(fraction, limit), f"{fraction:.1%}", f"{limit:.0%}")


def _used(value: Decimal, limit: Decimal) -> float:
    """The fraction of ``limit`` that is used; any use of a limit of nothing is over it."""
    return float(value / limit) if limit > 0 else float(value > 0)
