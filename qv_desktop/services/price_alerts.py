"""Price alerts: which are armed, and which a trade has just set off."""

import asyncio
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import structlog

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.alerts import Urgency
from qv_desktop.domain.errors import BadInput, DatabaseDown
from qv_desktop.domain.events import PriceAlertsChanged
from qv_desktop.domain.market import Trade
from qv_desktop.domain.price_alerts import Direction, PriceAlert, checked, crossed, towards
from qv_desktop.services import ports
from qv_desktop.services.login import Login

log = structlog.get_logger(__name__)

CHANGE = Permission(Resource.MARKET, Action.CHANGE)
AGAIN = timedelta(minutes=1)  # the least between two calls of one that repeats
EVERY = 1.0  # seconds between attempts to store what has fired


class PriceAlerts:
    """The signed-in person's alerts. ``heard`` sees every trade of the stream in force, so that no spike between two frames is missed.

    ``tell`` makes a notice; ``watch`` gets the symbols whose prices are needed; ``last`` gives a symbol's last price.
    """

    def __init__(self, store: ports.PriceAlerts, login: Login, tell: Callable[[Urgency, str, str, str], None], publish: ports.Publish,
                 now: ports.Now, watch: Callable[[Sequence[str]], None], last: Callable[[str], float | None]) -> None:  # fmt: skip
        self._store, self._login, self._tell, self._publish, self._now = store, login, tell, publish, now
        self._watch, self._last = watch, last
        self._held: dict[str, PriceAlert] = {}  # id -> alert
        self._armed: dict[str, list[PriceAlert]] = {}  # symbol -> armed alerts
        self._before: dict[str, float] = {}  # symbol -> the last trade that was looked at
        self._waiting: set[str] = set()  # ids that fired and are not stored yet

    async def load(self) -> None:
        """Read the person's alerts. Raises DatabaseDown."""
        user = self._user()
        found = await self._store.all(user) if user else []
        self._held = {alert.id: alert for alert in found}
        self._changed()

    @property
    def all(self) -> tuple[PriceAlert, ...]:
        """Every alert, oldest first."""
        return tuple(self._held.values())

    # ---- a person's hand

    async def add(
        self, symbol: str, price: float, direction: Direction | None = None, note: str = "", repeats: bool = False
    ) -> PriceAlert:
        """Arm a new alert; without a direction it waits from the side where the price is now.

        Raises BadInput, NotPermitted, DatabaseDown.
        """
        chosen = direction or towards(price, self._last(symbol))
        alert = PriceAlert(
            str(uuid.uuid4()), symbol.strip().upper(), price, chosen, note, repeats, "armed", self._now()
        )
        return await self._keep(alert)

    async def move(self, id: str, price: float) -> PriceAlert:
        """Give an alert another price and arm it; raises as ``add`` does."""
        alert = self._known(id)
        return await self._keep(
            replace(alert, price=price, direction=towards(price, self._last(alert.symbol)), state="armed")
        )

    async def rearm(self, id: str) -> PriceAlert:
        """Arm an alert again, from the side where the price is now; raises as ``add`` does."""
        return await self.move(id, self._known(id).price)

    async def remove(self, id: str) -> None:
        """Forget an alert; raises as ``add`` does."""
        user = (await self._login.require(CHANGE)).user.id
        self._known(id)
        await self._store.delete(user, id)
        self._held.pop(id, None)
        self._waiting.discard(id)
        self._changed()

    async def _keep(self, alert: PriceAlert) -> PriceAlert:
        user = (await self._login.require(CHANGE)).user.id
        tidy = checked(alert, self.all)
        await self._store.save(user, tidy)
        self._held[tidy.id] = tidy
        self._changed()
        return tidy

    def _known(self, id: str) -> PriceAlert:
        if id not in self._held:
            raise BadInput("This alert is gone; set another one.")
        return self._held[id]

    def _user(self) -> str:
        session = self._login.session
        return session.user.id if session else ""

    def _changed(self) -> None:
        self._armed = {}
        for alert in self._held.values():
            if alert.state == "armed":
                self._armed.setdefault(alert.symbol, []).append(alert)
        self._before = {symbol: price for symbol, price in self._before.items() if symbol in self._armed}
        self._watch(tuple(self._armed))
        self._publish(PriceAlertsChanged(self.all))

    # ---- the market

    def heard(self, trades: Sequence[Trade]) -> None:
        """Trades of any symbols, oldest first."""
        armed = self._armed
        if not armed:
            return
        found: dict[str, list[float]] = {}
        for trade in trades:
            if trade.symbol in armed:
                found.setdefault(trade.symbol, []).append(trade.price)
        for symbol, prices in found.items():
            self._look(symbol, prices)

    def _look(self, symbol: str, prices: list[float]) -> None:
        before = self._before.get(symbol)
        self._before[symbol] = prices[-1]
        for alert in [one for one in self._armed[symbol] if crossed(one, before, min(prices), max(prices))]:
            if not alert.repeats or alert.fired_at is None or self._now() - alert.fired_at >= AGAIN:
                self._fire(alert, prices[-1])

    def _fire(self, alert: PriceAlert, last: float) -> None:
        fired = replace(alert, state="armed" if alert.repeats else "fired", fired_at=self._now())
        self._held[alert.id] = fired
        self._waiting.add(alert.id)
        way = {"up": "rose to", "down": "fell to", "either": "reached"}[alert.direction]
        note = f" {alert.note}." if alert.note else ""
        key = f"price alert {alert.id} {fired.fired_at}"
        self._tell("warning", f"{alert.symbol} {way} {alert.price:,.2f}", f"Last {last:,.2f}.{note}", key)
        self._changed()

    async def run(self) -> None:
        """Store what has fired, once a second, until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            await self.flush()

    async def flush(self) -> None:
        """Store what has fired; what the database does not take now is tried again."""
        for id in tuple(self._waiting):
            alert = self._held.get(id)
            try:
                if alert is not None:
                    await self._store.save(self._user(), alert)
            except DatabaseDown as error:
                log.info("price_alerts_wait", reason=str(error), count=len(self._waiting))
                return
            if self._held.get(id) is alert:
                self._waiting.discard(id)
