"""Risk: the view that the rules judge by, the trading state, and the measures of the moment."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

import structlog

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.accounts import day_profit
from qv_desktop.domain.audit import SYSTEM, Draft
from qv_desktop.domain.errors import BadInput, DatabaseDown, NotPermitted
from qv_desktop.domain.events import RiskMeasured, TradingStateChanged
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
from qv_desktop.services.ports import Now, Publish, RiskStore, Spool
from qv_desktop.services.positions import Positions
from qv_desktop.services.risk_view import Desk, Share, Views

log = structlog.get_logger(__name__)

RUN = Permission(Resource.RISK, Action.RUN)
TRADE = Permission(Resource.TRADING, Action.CREATE)
AMEND = Permission(Resource.TRADING, Action.CHANGE)
LIVE = Permission(Resource.TRADING, Action.RUN)  # with real money
GRAVITY = (TradingState.ACTIVE, TradingState.REDUCING, TradingState.HALTED)
BRAKES = frozenset(f"risk.{state.lower()}" for state in GRAVITY[1:])


class Forgetful:
    """``ports.Spool`` of a desk that has none: nothing can wait there."""

    def keep(self, draft: Draft) -> None:
        """Say so. Raises DatabaseDown."""
        raise DatabaseDown("The database is away; nothing was written.")

    async def drain(self) -> None:
        """Nothing ever waits."""

    def held(self) -> list[Draft]:
        """Nothing ever waits."""
        return []

    def set_aside(self, drafts: Collection[Draft], why: str) -> None:
        """Nothing ever waits."""


class Risk:
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
        self._spool: Spool = spool or Forgetful()
        self.environment = environment
        self.limits_for = limits_for
        self._restricted_for = restricted_for
        # a refusal, (user, source of the order, symbol) -> the refusal with whose limit it is
        self.explain: Callable[[Check, str, str, str], Check] = lambda check, *concerned: check
        self.views = Views(market, positions)
        self._store, self._market, self._positions, self._account = store, market, positions, account
        self._login, self._publish, self._now = login, publish, now
        self._instruments: dict[str, Instrument] = {}  # symbol -> instrument
        self._braked: Draft | None = None  # the newest brake of this sitting, until trading is resumed
        self._brakes = 0  # how often it was braked in this sitting
        self._tripped = ""  # why the program halted trading last
        self._writing: set[asyncio.Task[None]] = set()
        self.state = TradingState.ACTIVE
        self.closed = ""  # why trading is closed, whatever its state
        self.picture: Callable[[], RiskPicture | None] = lambda: None  # the live measures
        self.margin: Callable[[], MarginStanding | None] = _unknown  # how the account stands under its margin regime

    async def load(self) -> None:
        """Read the state of the account. A brake of this sitting outlives what is stored: it may not have been written
        down yet, or was put on before the broker had said whose account it is; and so does one of an earlier sitting that
        the database has not taken yet. Raises DatabaseDown."""
        account = self._account.id
        stored = await self._store.state(account)
        stored = max((stored, *map(_braked_to, self._brakes_held())), key=GRAVITY.index)
        if self._braked is None or GRAVITY.index(stored) > GRAVITY.index(self.state):
            self._set(stored, "system", "as stored")
        elif stored is not self.state:
            await self._write_down(self.state, replace(self._braked, object_id=account))

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
        desk = Desk(self._now(), self.state, self.closed, self._account.balances, may, self.environment, live)
        share = Share(symbol, self.instrument(symbol), self._restricted_for(self._person, symbol))
        return replace(self.views.of(desk, share, source, book, gone), margin=self.margin())

    async def halt(self, reason: str) -> None:
        """Stop all new orders. Takes effect at once, even while the database is away. Raises NotPermitted."""
        await self._brake(TradingState.HALTED, reason)

    async def reduce(self, reason: str) -> None:
        """Take only orders that reduce a position."""
        await self._brake(TradingState.REDUCING, reason)

    async def resume(self, reason: str) -> None:
        """Trade normally again."""
        await self._release(reason)

    async def _brake(self, state: TradingState, reason: str) -> None:
        """First the brake, then the book-keeping."""
        session = await self._login.require(RUN, even_without_database=True)
        draft = self._braked_by(self._draft(state, reason))
        self._set(state, session.user.name, reason)
        await self._write_down(state, draft)

    def halt_at_once(self, reason: str, cause: str = "") -> Awaitable[None]:
        """Halt before anything is waited for, by the role as last read; await the answer to have it written down.

        For the kill switch, which has looked whether the role may; ``cause`` is its id in the trail. The answer
        raises DatabaseDown as ``halt`` does.
        """
        draft = self._braked_by(self._draft(TradingState.HALTED, reason, cause))
        self._set(TradingState.HALTED, self._login.actor.name, reason)
        return self._write_down(TradingState.HALTED, draft)

    def _braked_by(self, draft: Draft) -> Draft:
        self._braked, self._brakes = draft, self._brakes + 1
        return draft

    async def _write_down(self, state: TradingState, draft: Draft) -> None:
        if self._brakes_held():
            self._keep(draft)  # behind them: the last one written is the one that counts
            return
        try:
            await self._store.save_state(self._account.id, state, draft)
        except (DatabaseDown, NotPermitted):  # the last: the database's word, not ours
            self._keep(draft)

    def _brakes_held(self) -> list[Draft]:
        """Brakes that are not written down yet, of this account or of before it was known."""
        return [draft for draft in self._spool.held() if brakes(draft) and draft.object_id in ("", self._account.id)]

    def _keep(self, draft: Draft) -> None:
        try:
            self._spool.keep(draft)
        except DatabaseDown as error:
            raise DatabaseDown(f"Trading is {self.state} now, but a restart will forget it. {error}") from None

    async def _release(self, reason: str) -> None:
        """Only once it is written down, and behind a halt that still waits to be; a brake that comes meanwhile is newer."""
        before = self._brakes
        session = await self._login.require(RUN)
        await self._spool.drain()
        overtaken = self._brakes_held()
        await self._store.save_state(self._account.id, TradingState.ACTIVE, self._draft(TradingState.ACTIVE, reason))
        if overtaken:  # written down later, they would brake again
            self._spool.set_aside(overtaken, "Trading was resumed since.")
        if self._braked is not None and self._brakes != before:
            await self._write_down(self.state, self._braked)
            raise BadInput(f"Trading is {self.state} since you asked to resume it; look why, then resume again.")
        self._braked = None
        self._set(TradingState.ACTIVE, session.user.name, reason)

    def _draft(self, state: TradingState, reason: str, cause: str = "") -> Draft:
        return Draft(self._login.actor, f"risk.{state.lower()}", "account", self._account.id, reason=reason,
                     before=json.dumps({"state": self.state}), after=json.dumps({"state": state}), causation=cause)  # fmt: skip

    def _set(self, state: TradingState, actor: str, reason: str) -> None:
        self.state = state
        self._publish(TradingStateChanged(state, actor, reason))

    def trip(self, reason: str, about: str = "") -> None:
        """Halt by the program itself, at once: the state of the order ``about`` can no longer be trusted. A person resumes.

        It is written down as a person's halt is, once for each reason; that it cannot be is no reason not to halt.
        """
        draft = Draft(SYSTEM, "risk.halted", "account", self._account.id, reason=reason, correlation=about,
                      before=json.dumps({"state": self.state}), after=json.dumps({"state": TradingState.HALTED}))  # fmt: skip
        self._braked_by(draft)
        known = self.state is TradingState.HALTED and reason == self._tripped
        self._tripped = reason
        self._set(TradingState.HALTED, "QuantVision", reason)
        if not known:
            writing = asyncio.get_running_loop().create_task(self._write_down(TradingState.HALTED, draft))
            self._writing.add(writing)
            writing.add_done_callback(self._written)

    def _written(self, writing: "asyncio.Task[None]") -> None:
        self._writing.discard(writing)
        if not writing.cancelled() and (error := writing.exception()) is not None:
            log.error("halt_not_recorded", reason=str(error))

    def measure(self, book: Mapping[str, Order]) -> Measures:
        """The measures of this moment, published too."""
        measures = measured(self._view("", book), self.limits)
        self._publish(RiskMeasured(measures, self.picture()))
        return measures


def _unknown() -> None:
    return None


def brakes(draft: Draft) -> bool:
    """Whether the row is that of a halt, or of a state that only reduces."""
    return draft.action in BRAKES


def _braked_to(draft: Draft) -> TradingState:
    return TradingState(json.loads(draft.after)["state"])


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
