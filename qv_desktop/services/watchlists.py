"""Watchlists: a person's named lists of symbols, in the person's order."""

import asyncio
from collections.abc import Callable, Sequence

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.watchlists import Imported, checked_name, checked_size, read, written
from qv_desktop.services.login import Login
from qv_desktop.services.ports import preferences

CHANGE = Permission(Resource.MARKET, Action.CHANGE)
FIRST = "Watchlist"  # the name of the list that a person starts with


class Watchlists:
    """The signed-in person's lists as stored. ``known`` says whether the broker lists a symbol; ``changed`` hears a list's name.

    Every change needs the permission, is stored first and raises NotPermitted, DatabaseDown, or BadInput with what to do.
    """

    def __init__(self, store: preferences.Watchlists, login: Login, known: Callable[[str], bool]) -> None:
        self._store, self._login, self._known = store, login, known
        self._lists: dict[str, tuple[str, ...]] = {}  # name -> symbols
        self._one_at_a_time = asyncio.Lock()  # two quick changes must not both start from the same list
        self.changed: Callable[[str], None] = lambda name: None

    async def load(self, first: Sequence[str] = ()) -> None:
        """Read the person's lists; somebody who has none starts with ``first``. Raises DatabaseDown."""
        self._lists = dict(await self._store.all(self._user())) or {FIRST: tuple(dict.fromkeys(first))}

    @property
    def names(self) -> tuple[str, ...]:
        """The lists in the person's order."""
        return tuple(self._lists)

    def has(self, name: str) -> bool:
        """Whether there is a list of this name."""
        return name in self._lists

    def symbols(self, name: str) -> tuple[str, ...]:
        """The symbols of a list in order. Raises BadInput when there is none of this name."""
        if name not in self._lists:
            raise BadInput(f"There is no list “{name}”; choose another.")
        return self._lists[name]

    async def create(self, name: str, symbols: Sequence[str] = ()) -> str:
        """A new list at the end; its name without stray blanks."""
        async with self._one_at_a_time:
            return await self._created(name, symbols)

    async def copy(self, name: str, new: str) -> str:
        """A new list with the symbols of another."""
        async with self._one_at_a_time:
            return await self._created(new, self.symbols(name))

    async def rename(self, name: str, new: str) -> str:
        """Give a list another name, in its place; that name without stray blanks."""
        async with self._one_at_a_time:
            user = await self._permitted()
            self.symbols(name)
            tidy = checked_name(new, (other for other in self._lists if other != name))
            await self._stored_first(user, name)
            if tidy != name:
                await self._store.rename(user, name, tidy)
            self._lists = {tidy if other == name else other: held for other, held in self._lists.items()}
        self.changed(tidy)
        return tidy

    async def delete(self, name: str) -> None:
        """Forget a list; the last one stays."""
        async with self._one_at_a_time:
            user = await self._permitted()
            self.symbols(name)
            if len(self._lists) == 1:
                raise BadInput("The last list cannot be deleted; rename it, or make another first.")
            await self._store.delete(user, name)
            self._lists = {other: held for other, held in self._lists.items() if other != name}
        self.changed(name)

    async def add(self, name: str, symbol: str) -> str:
        """Add a symbol at the end, once; the symbol as it is listed."""
        async with self._one_at_a_time:
            await self._permitted()
            listed = symbol.strip().upper()
            if not self._known(listed):
                raise BadInput(f"The broker does not list “{listed}”; check the symbol.")
            if listed not in self.symbols(name):
                await self._keep(name, [*self.symbols(name), listed])
        return listed

    async def remove(self, name: str, symbol: str) -> None:
        """Take a symbol out."""
        async with self._one_at_a_time:
            await self._permitted()
            await self._keep(name, [held for held in self.symbols(name) if held != symbol])

    async def move(self, name: str, symbol: str, to: int) -> None:
        """Put a symbol at place ``to``, counted from 0 without it; beyond the end means last."""
        async with self._one_at_a_time:
            await self._permitted()
            rest = [held for held in self.symbols(name) if held != symbol]
            if len(rest) == len(self.symbols(name)):
                raise BadInput(f"“{symbol}” is not in the list “{name}”.")
            rest.insert(max(0, to), symbol)
            await self._keep(name, rest)

    async def reorder(self, name: str, symbols: Sequence[str]) -> None:
        """Take the list's symbols in this order; those that are not named keep theirs behind it, and none is added."""
        async with self._one_at_a_time:
            await self._permitted()
            held = self.symbols(name)
            first = [symbol for symbol in dict.fromkeys(symbols) if symbol in held]
            await self._keep(name, [*first, *(symbol for symbol in held if symbol not in first)])

    async def import_text(self, name: str, text: str) -> Imported:
        """Add what a file names to a list, and say what was not understood; a text that names too many adds nothing."""
        async with self._one_at_a_time:
            await self._permitted()
            held = self.symbols(name)
            named, unknown = await asyncio.to_thread(read, text, self._known)
            added = tuple(symbol for symbol in named if symbol not in held)
            if added:
                await self._keep(name, [*held, *added])
        return Imported(added, tuple(symbol for symbol in named if symbol in held), unknown)

    def export_text(self, name: str) -> str:
        """The list as a text that ``import_text`` reads."""
        return written(self.symbols(name))

    async def _created(self, name: str, symbols: Sequence[str]) -> str:
        user = await self._permitted()
        tidy = checked_name(name, self._lists)
        await self._stored_first(user, *self._lists)
        await self._keep(tidy, list(dict.fromkeys(symbols)))
        return tidy

    async def _stored_first(self, user: str, *names: str) -> None:
        """The list that a person starts with is stored with the first change: a list must not appear in the store before it."""
        stored = await self._store.all(user)
        for name in names:
            if name not in stored:
                await self._store.save(user, name, self._lists[name])

    async def _keep(self, name: str, symbols: Sequence[str]) -> None:
        checked_size(len(symbols))
        await self._store.save(self._user(), name, symbols)
        self._lists = {**self._lists, name: tuple(symbols)}
        self.changed(name)

    async def _permitted(self) -> str:
        return (await self._login.require(CHANGE)).user.id

    def _user(self) -> str:
        session = self._login.session
        return session.user.id if session else ""
