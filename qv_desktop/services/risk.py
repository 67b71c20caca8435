"""Risk: the view that the rules judge by, the trading state, and the measures of the moment."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.accounts import day_profit
from qv_desktop.domain.counters import Standings
from qv_desktop.domain.events import RiskMeasured
from qv_desktop.domain.exposure import added, lines
from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.margin import MarginStanding
from qv_desktop.domain.orders import Order, OrderRequest
from qv_desktop.domain.risk import Check, Gauge, Measures, RiskView, TradingState, Verdict
from qv_desktop.domain.risk_measures import RiskPicture
from qv_desktop.domain.rules import judged, stopped
from qv_desktop.services.account import Account
from qv_desktop.services.login import Login
from qv_desktop.services.market_data import MarketData
from qv_desktop.services.ports.audit import Spool
from qv_desktop.services.ports.callbacks import Now, Publish
from qv_desktop.services.ports.risk import RiskStore
from qv_desktop.services.positions import Positions
from qv_desktop.services.risk_view import Desk, Share, Views
from qv_desktop.services.trading_states import TradingStates

TRADE = Permission(Resource.TRADING, Action.CREATE)
AMEND = Permission(Resource.TRADING, Action.CHANGE)
LIVE = Permission(Resource.TRADING, Action.RUN)  # with real money


class Risk(TradingStates):
    """Judges requests and keeps the trading state; ``state`` is as stored, ``limits_for`` tells what counts.

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
        *,
        environment: str = "",
        limits_for: Callable[[str, str, str], Limits] = lambda user, source, symbol: Limits(),
        restricted_for: Callable[[str, str], str] = lambda user, symbol: "",
    ) -> None:
        super().__init__(store, account, login, publish, now, spool)
        self.environment = environment
        self.limits_for = limits_for
        self._restricted_for = restricted_for
        # a refusal, (user, source of the order, symbol) -> the refusal with whose limit it is
        self.explain: Callable[[Check, str, str, str], Check] = lambda check, *concerned: check
        self.views = Views(market, positions)
        self._market, self._positions = market, positions
        self._instruments: dict[str, Instrument] = {}  # symbol -> instrument
        # (user, source of the order, symbol) -> losses and round trips of everybody whom an order concerns
        self.standings: Callable[[str, str, str], Standings | None] = lambda user, source, symbol: None
        self.account_limits = lambda: self.limits_for("", "", "")
        self.closed = ""  # why trading is closed, whatever its state
        self.picture: Callable[[], RiskPicture | None] = lambda: None  # the live measures
        self.margin: Callable[[], MarginStanding | None] = _unknown  # how the account stands under its margin regime

    async def load(self) -> None:
        """Read the state of the account. Raises DatabaseDown."""
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

    def judge(self, request: OrderRequest, book: Mapping[str, Order], gone: Collection[str] = ()) -> Verdict:
        """The rules' verdict on ``request`` beside all orders in ``book``, of which those ``gone`` do not count."""
        view = self._view(request.symbol, book, request.source, gone)
        concerned = (self._person, request.source, request.symbol)
        return judged(request, view, self.limits_for(*concerned), lambda check: self.explain(check, *concerned))

    def stopped(self, request: OrderRequest, book: Mapping[str, Order], gone: Collection[str] = ()) -> str:
        """Why the trading state, as it is at this moment, takes no such order; nothing when it does."""
        if self.opens:
            return ""
        return stopped(request, self._view(request.symbol, book, request.source, gone))

    @property
    def opens(self) -> bool:
        """Whether orders that open or enlarge a position are taken at all."""
        return self.state is TradingState.ACTIVE and not self.closed

    @property
    def limits(self) -> Limits:
        """What counts for the signed-in person, whatever the symbol, in an order of no strategy."""
        return self.limits_for(self._person, "", "")

    @property
    def _person(self) -> str:
        return self._login.session.user.name if self._login.session else ""

    def _view(self, symbol: str, book: Mapping[str, Order], source: str = "", gone: Collection[str] = ()) -> RiskView:
        session = self._login.session
        may = session is not None and any(map(session.user.may, (TRADE, AMEND)))
        live = session is not None and session.user.may(LIVE)
        desk = Desk(self._now(), self.state, self.closed, self._account.balances, may, self.environment, live,
                    self.standings(self._person, source, symbol), self.stand.way_out)  # fmt: skip
        share = Share(symbol, self.instrument(symbol), self._restricted_for(self._person, symbol))
        return replace(self.views.of(desk, share, source, book, gone), margin=self.margin())

    def measure(self, book: Mapping[str, Order]) -> Measures:
        """The measures of this moment, published too."""
        measures = measured(self._view("", book), self.limits)
        self._publish(RiskMeasured(measures, self.picture()))
        return measures


def _unknown() -> None:
    return None


def measured(view: RiskView, limits: Limits) -> Measures:
    """Exposures at last prices and the gauges against ``limits``; gauges that need an unknown equity are left out."""
    found = lines(view)
    values = {symbol: found[symbol].held for symbol in view.positions}
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
    if account is None or account.equity is None:
        return gauges
    equity = account.equity
    gauges.append(_share("Gross exposure", gross, equity, limits.gross_fraction))
    name, value = exposures[0] if exposures else ("none", Decimal(0))
    gauges.append(_share(f"Largest name · {name}", abs(value), equity, limits.position_fraction))
    if account.maintenance_margin is not None:
        gauges.append(_share("Margin used", account.maintenance_margin, equity, Decimal(1)))
    if account.buying_power:
        gauges.append(_share("Working orders", added(view), account.buying_power, Decimal(1)))
    rate = len(view.recent)
    most = limits.orders_per_minute
    gauges.append(Gauge("Orders per minute", _used(Decimal(rate), Decimal(most)), f"{rate}", f"{most}"))
    return gauges


def _share(title: str, dollars: Decimal, of: Decimal, limit: Decimal) -> Gauge:
    """Dollars as a fraction ``of`` the equity or the buying power; of less than nothing any dollar is too much."""
    if of <= 0:
        return Gauge(title, _used(dollars, Decimal(0)), f"${dollars:,.0f}", "$0")
    fraction = dollars / of
    return Gauge(title, _used(fraction, limit), f"{fraction:.1%}", f"{limit:.0%}")


def _used(value: Decimal, limit: Decimal) -> float:
    """The fraction of ``limit`` that is used; any use of a limit of nothing is over it."""
    return float(value / limit) if limit > 0 else float(value > 0)
