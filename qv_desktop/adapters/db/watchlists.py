"""Stored watchlists of each person, in the person's order."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tables import watchlists
from qv_desktop.domain.errors import BadInput

_c = watchlists.c


class Watchlists:
    """``ports.preferences.Watchlists`` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self, user: str) -> dict[str, tuple[str, ...]]:
        """Symbols in order by the list's name; the lists in the order in which they were begun."""
        query = select(_c.name, _c.symbols).where(_c.user == user).order_by(_c.position, _c.name)
        return await self._database.read(
            lambda connection: {name: tuple(symbols) for name, symbols in connection.execute(query)}
        )

    async def save(self, user: str, name: str, symbols: Sequence[str]) -> None:
        """Keep a list, new or known. Raises BadInput when it has no name."""
        _named(name)
        last = select(func.coalesce(func.max(_c.position) + 1, 0)).where(_c.user == user).scalar_subquery()
        kept = upsert(watchlists).values(user=user, name=name, symbols=list(symbols), position=last)
        once = kept.on_conflict_do_update(index_elements=["user", "name"], set_={"symbols": list(symbols)})
        await self._database.write(lambda connection: connection.execute(once))

    async def rename(self, user: str, name: str, new: str) -> None:
        """Give a list another name. Raises BadInput when that is taken, or none."""
        _named(new)
        change = update(watchlists).where(_c.user == user, _c.name == name).values(name=new)
        try:
            await self._database.write(lambda connection: connection.execute(change))
        except IntegrityError as error:
            raise BadInput(f"There already is a watchlist “{new}”; choose another name.") from error

    async def delete(self, user: str, name: str) -> None:
        """Forget a list."""
        gone = delete(watchlists).where(_c.user == user, _c.name == name)
        await self._database.write(lambda connection: connection.execute(gone))


def _named(name: str) -> None:
    if not name:
        raise BadInput("A watchlist needs a name; type one.")
