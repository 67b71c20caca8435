"""Price alerts: a person's own, kept, watched print by print, and told once when their price is reached."""

import asyncio
import uuid
from collections.abc import Callable, Sequence

import structlog

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.errors import BadInput, DatabaseDown
from qv_desktop.domain.events import PriceAlertsChanged, PricesPrinted
from qv_desktop.domain.price_alerts import (
    Direction,
    PriceAlert,
    Print,
    armed,
    checked_count,
    checked_note,
    checked_price,
    crossed,
    due,
    fired,
    told,
)
from qv_desktop.domain.price_alerts import direction as way_to
from qv_desktop.services.login import Login
from qv_desktop.services.market_data import MarketData
from qv_desktop.services.notices import Notices
from qv_desktop.services.ports import preferences
from qv_desktop.services.ports.callbacks import Now, Publish

log = structlog.get_logger(__name__)

CHANGE = Permission(Resource.MARKET, Action.CHANGE)
OWNER = "alerts"  # as which the symbols are watched: before watchlists, where a plan allows few symbols
TRY_AGAIN = 2.0  # seconds between attempts to reach the database


class PriceAlerts:
    """The signed-in person's alerts as stored. ``known`` says whether the broker lists a symbol.

    Every change that a person makes needs the permission, is stored first and raises NotPermitted, DatabaseDown, or BadInput with
    what to do. An alert fires whether or not the database is there, and what fired is stored by ``run``.
    """

    def __init__(self, store: preferences.PriceAlerts, login: Login, market: MarketData, notices: Notices, publish: Publish,
                 now: Now, known: Callable[[str], bool]) -> None:  # fmt: skip
        self._store, self._login, self._market, self._notices = store, login, market, notices
        self._publish, self._now, self._known = publish, now, known
        self._alerts: dict[str, PriceAlert] = {}  # id -> alert, in the order of their making
        self._armed: dict[str, tuple[str, ...]] = {}  # symbol -> ids of what is armed
        self._unsaved: dict[str, PriceAlert] = {}  # id -> as it fired
        self._to_save, self._loaded = asyncio.Event(), False
        self._told_down = False
        self._one_at_a_time = asyncio.Lock()  # of what is written, so that what was removed does not come back

    # ---- what is known

    @property
    def all(self) -> tuple[PriceAlert, ...]:
        """Every alert, in the order of their making."""
        return tuple(self._alerts.values())

    def of(self, symbol: str) -> tuple[PriceAlert, ...]:
        """The alerts of a symbol."""
        return tuple(alert for alert in self._alerts.values() if alert.symbol == symbol)

    async def load(self) -> None:
        """Read the person's alerts; those whose price was passed meanwhile fire. Raises DatabaseDown."""
        async with self._one_at_a_time:
            if self._loaded or self._login.session is None:
                return
            stored = await self._store.all(self._login.session.user.id)
            self._alerts = {alert.id: alert for alert in stored}
            self._loaded = True
        self._changed()
        known = [(symbol, self._market.snapshot(symbol).last) for symbol in self._armed]
        self._look([Print(symbol, None, last) for symbol, last in known if last is not None])

    # ---- what a person changes

    async def add(
        self, symbol: str, price: float, direction: Direction = "either", note: str = "", repeats: bool = False
    ) -> PriceAlert:
        """A new alert; ``either`` becomes the direction in which the price lies from the last one, when that is known."""
        listed = symbol.strip().upper()
        async with self._one_at_a_time:
            user = await self._permitted()
            if not self._known(listed):
                raise BadInput(f"The broker does not list “{listed}”; check the symbol.")
            checked_count(self.all)
            right = checked_price(price)
            last = self._market.snapshot(listed).last
            way = way_to(right, last) if direction == "either" else direction
            alert = PriceAlert(uuid.uuid4().hex, listed, right, way, checked_note(note), repeats, "armed", self._now())
            await self._keep(user, alert, last)
        return alert

    async def move(self, id_: str, price: float) -> PriceAlert:
        """Set an alert at another price, armed anew and in the direction in which that lies now."""
        async with self._one_at_a_time:
            user = await self._permitted()
            before = self._alert(id_)
            last = self._market.snapshot(before.symbol).last
            alert = armed(before, price, last)
            await self._keep(user, alert, last)
        return alert

    async def rearm(self, id_: str) -> PriceAlert:
        """Arm one that fired, in the direction in which its price lies now."""
        return await self.move(id_, self._alert(id_).price)

    async def remove(self, id_: str) -> None:
        """Forget an alert."""
        async with self._one_at_a_time:
            user = await self._permitted()
            self._alert(id_)
            await self._store.delete(user, id_)
            del self._alerts[id_]
            self._unsaved.pop(id_, None)
            self._changed()

    async def _permitted(self) -> str:
        user = (await self._login.require(CHANGE)).user.id
        if not self._loaded:
            raise DatabaseDown("Your price alerts could not be read yet; they are tried again, then add or change one.")
        return user

    def _alert(self, id_: str) -> PriceAlert:
        if id_ not in self._alerts:
            raise BadInput("This alert is gone; add it again.")
        return self._alerts[id_]

    async def _keep(self, user: str, alert: PriceAlert, seen: float | None) -> None:
        """Store it first; when the price went past it from what was ``seen`` while that took its time, it fires now."""
        await self._store.save(user, alert)
        self._alerts[alert.id] = alert
        self._unsaved.pop(alert.id, None)
        last = self._market.snapshot(alert.symbol).last
        if (
            seen is not None
            and last is not None
            and last != seen
            and self._fires(alert, Print(alert.symbol, seen, last))
        ):
            self._to_save.set()
        self._changed()

    def _changed(self) -> None:
        """Watch the symbols of what is armed, and tell how all stand."""
        by_symbol: dict[str, list[str]] = {}
        for alert in self._alerts.values():
            if alert.state == "armed":
                by_symbol.setdefault(alert.symbol, []).append(alert.id)
        if by_symbol.keys() != self._armed.keys():
            self._market.watch(OWNER, by_symbol)
        self._market.follow(by_symbol)
        self._armed = {symbol: tuple(ids) for symbol, ids in by_symbol.items()}
        self._publish(PriceAlertsChanged(self.all))

    # ---- when they fire

    def hear(self, event: PricesPrinted) -> None:
        """Every last price of the watched symbols, in the order they came."""
        self._look(event.prints)

    def _look(self, prints: Sequence[Print]) -> None:
        changed = False
        for heard in prints:
            for id_ in self._armed.get(heard.symbol, ()):
                changed = self._fires(self._alerts[id_], heard) or changed
        if changed:
            self._changed()
            self._to_save.set()

    def _fires(self, alert: PriceAlert, heard: Print) -> bool:
        if not crossed(alert, heard.before, heard.price) or not due(alert, at := self._now()):
            return False
        now = self._alerts[alert.id] = self._unsaved[alert.id] = fired(alert, at)
        words = f"{told(now, heard)} · {now.note}" if now.note else told(now, heard)
        self._notices.tell("warning", f"Price alert: {now.symbol}", words, f"price alert {now.id} {at}", kind="alert",
                           panel="price_alerts", about=now.id)  # fmt: skip
        return True

    # ---- what is stored by itself

    async def run(self) -> None:
        """Read the alerts when that did not succeed before, and store what fires, until cancelled."""
        while True:
            try:
                await self.load()
                await self.flush()
            except DatabaseDown as error:
                self._tell_down(error)
                await asyncio.sleep(TRY_AGAIN)
            else:
                self._told_down = False
                self._to_save.clear()
                await self._to_save.wait()

    async def flush(self) -> None:
        """Store what fired. Raises DatabaseDown; what was not stored waits."""
        async with self._one_at_a_time:
            session = self._login.session
            while self._unsaved and session is not None:
                id_, alert = next(iter(self._unsaved.items()))
                await self._store.save(session.user.id, alert)
                if self._unsaved.get(id_) is alert:  # and has not fired again meanwhile
                    del self._unsaved[id_]

    def _tell_down(self, error: DatabaseDown) -> None:
        log.info("price_alerts_wait", reason=str(error), waiting=len(self._unsaved), loaded=self._loaded)
        if not self._told_down:
            self._told_down = True
            what = "What fired is stored" if self._loaded else "They are read, and watched,"
            self._notices.tell(
                "warning", "Price alerts wait for the database", f"{what} once it is back.", "price alerts wait"
            )
