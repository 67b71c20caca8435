"""Drawings: what the signed-in person has drawn, on the chart at once and in the database as soon as it is there."""

import asyncio
from collections.abc import Mapping

import structlog

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.alerts import Notice
from qv_desktop.domain.drawings import MOST, Drawing, checked
from qv_desktop.domain.errors import BadInput, DatabaseDown, NotPermitted, QvError
from qv_desktop.domain.events import DrawingsChanged, Noticed
from qv_desktop.services.login import Login
from qv_desktop.services.ports import preferences
from qv_desktop.services.ports.callbacks import Now, Publish

log = structlog.get_logger(__name__)

EVERY = 3.0  # seconds between attempts to store what waits
CHANGE = Permission(Resource.MARKET, Action.CHANGE)


class Drawings:
    """The signed-in person's drawings by symbol. A change is shown first and stored after; ``flush`` is called every few seconds.

    While the database is away changes wait in order, the last of each drawing. What is refused is taken off the charts again.
    """

    def __init__(self, store: preferences.Drawings, login: Login, publish: Publish, now: Now) -> None:
        self._store, self._login, self._publish, self._now = store, login, publish, now
        self._user = ""  # whose drawings are held
        self._held: dict[str, dict[str, Drawing]] = {}  # symbol -> id -> drawing
        self._waiting: dict[str, dict[str, Drawing | None]] = {}  # user -> id -> as it is to be stored, None when gone
        self._unread: set[str] = set()  # symbols asked for whose drawings are not read yet
        self._told: set[str] = set()  # symbols of which it was said that some cannot be read
        self._one_at_a_time = asyncio.Lock()  # what is read must not be older than what was written

    @property
    def waiting(self) -> int:
        """Changes that are not stored yet: they are lost when the program ends now."""
        return sum(map(len, self._waiting.values()))

    def of(self, symbol: str) -> tuple[Drawing, ...]:
        """The symbol's drawings as shown; none before they are loaded."""
        return tuple(self._mine(symbol).values())

    async def load(self, symbol: str) -> None:
        """Read and publish the symbol's drawings. Raises DatabaseDown; ``flush`` then reads them later."""
        async with self._one_at_a_time:
            await self._read(symbol)

    async def put(self, drawing: Drawing) -> None:
        """Show and keep a drawing, new or known by its id. Raises BadInput and NotPermitted: it is not shown any more.

        Raises DatabaseDown when it is shown but not stored yet.
        """
        try:
            user = await self._permitted()
            tidy = self._fitting(drawing)
        except QvError:
            self._tell(drawing.symbol)
            raise
        await self._change(user, drawing.symbol, {tidy.id: tidy})

    async def remove(self, symbol: str, id: str) -> None:
        """Forget a drawing. Raises NotPermitted: it is shown again. Raises DatabaseDown: it is gone, but not in the database yet."""
        await self._remove(symbol, {id})

    async def clear(self, symbol: str) -> None:
        """Forget all drawings of a symbol; raises as ``remove`` does."""
        await self._remove(symbol, set(self._mine(symbol)))

    async def flush(self) -> None:
        """Store what waits, and read what could not be read. Raises DatabaseDown, or NotPermitted when the right was taken away."""
        async with self._one_at_a_time:
            try:
                for user in tuple(self._waiting):
                    await self._write(user)
            finally:  # what was refused is shown as it is stored
                for symbol in sorted(self._unread):
                    await self._read(symbol)

    async def run(self) -> None:
        """Store what waits every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.flush()
            except (DatabaseDown, NotPermitted) as error:
                log.info("drawings_wait", reason=str(error), count=self.waiting)

    async def _remove(self, symbol: str, ids: set[str]) -> None:
        try:
            user = await self._permitted()
        except QvError:
            self._tell(symbol)
            raise
        known = [id for id in self._mine(symbol) if id in ids]
        await self._change(user, symbol, dict.fromkeys(known))

    async def _permitted(self) -> str:
        """The person, without a question to the database where the role allows it: ``flush`` asks again before it writes."""
        session = self._login.session
        if session is None or not self._login.may(CHANGE):
            session = await self._login.require(CHANGE)
        return session.user.id

    def _fitting(self, drawing: Drawing) -> Drawing:
        held = self._mine(drawing.symbol)
        if drawing.id not in held and len(held) >= MOST:
            raise BadInput(f"{drawing.symbol} has {MOST} drawings, which is the most; remove some first.")
        return checked(drawing)

    async def _change(self, user: str, symbol: str, changes: Mapping[str, Drawing | None]) -> None:
        held, waiting = self._mine(symbol), self._waiting.setdefault(user, {})
        for id, drawing in changes.items():
            waiting.pop(id, None)  # its place is with the newest
            waiting[id] = drawing
            if drawing is None:
                held.pop(id, None)
            else:
                held[id] = drawing
        self._tell(symbol)
        try:
            await self.flush()
        except DatabaseDown as error:
            raise DatabaseDown(f"The drawings on {symbol} are on the chart but not saved, because the database is away; keep the program "
                               "open, they are saved when it is back.") from error  # fmt: skip

    async def _write(self, user: str) -> None:
        waiting = self._waiting[user]
        changes = dict(waiting)
        session = self._login.session
        if changes and session is not None and session.user.id == user:
            await self._still_permitted(user)
        if changes:
            await self._store.keep(user, changes, self._now())
        for id, drawing in changes.items():
            if id in waiting and waiting[id] is drawing:  # else it was changed again meanwhile
                del waiting[id]

    async def _still_permitted(self, user: str) -> None:
        try:
            await self._login.require(CHANGE)
        except NotPermitted:
            self._waiting[user].clear()
            self._unread.update(self._held)
            raise

    async def _read(self, symbol: str) -> None:
        user = self._known_user()
        self._unread.add(symbol)
        stored, strange = await self._store.of(user, symbol)
        if user != self._known_user():
            return  # somebody else has signed in
        self._unread.discard(symbol)
        held = {drawing.id: drawing for drawing in stored}
        for id, drawing in self._waiting.get(user, {}).items():
            if drawing is None:
                held.pop(id, None)
            elif drawing.symbol == symbol:
                held[id] = drawing
        self._held[symbol] = held
        self._tell(symbol)
        self._tell_strange(symbol, strange)

    def _tell_strange(self, symbol: str, count: int) -> None:
        if count and symbol not in self._told:
            self._told.add(symbol)
            words = "They were left as they are and are not shown; a newer version of the program may read them."
            title = f"{count} drawings on {symbol} cannot be read"
            self._publish(Noticed(Notice(self._now(), "warning", title, words, f"drawings {symbol}")))

    def _known_user(self) -> str:
        user = self._login.session.user.id if self._login.session is not None else ""
        if user != self._user:
            self._user = user
            self._held, self._unread, self._told = {}, set(), set()
        return user

    def _mine(self, symbol: str) -> dict[str, Drawing]:
        self._known_user()
        return self._held.setdefault(symbol, {})

    def _tell(self, symbol: str) -> None:
        self._publish(DrawingsChanged(symbol, self.of(symbol)))
