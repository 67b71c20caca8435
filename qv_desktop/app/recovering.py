"""Users from the command line: who there is, and an Admin for a desk whose last one cannot sign in any more."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from qv_desktop import __version__, config
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.people import PeopleStore
from qv_desktop.adapters.db.recovery import Recovery
from qv_desktop.app.backend import Store
from qv_desktop.app.identity import at_command_line, install_id
from qv_desktop.domain.people import Person


async def everybody() -> list[Person]:
    """Every user, by name."""
    async with _opened() as (database, trail):
        return await PeopleStore(database, trail).all()


async def made_admin(name: str) -> str:
    """The code with which ``name``, who is an active Admin from now on, chooses a password. Raises BadInput, DatabaseDown."""
    async with _opened() as (_, trail):
        return await Recovery(trail, _now).admin(name, at_command_line())


@asynccontextmanager
async def _opened() -> AsyncIterator[tuple[Database, AuditTrail]]:
    settings = config.load()
    store = Store(settings, shared=True)
    try:
        database = await store.opened()
        await asyncio.to_thread(database.become_own)
        yield database, AuditTrail(database, install_id(settings.home), __version__, _now, lambda entry: None)
    finally:
        store.close()


def _now() -> datetime:
    return datetime.now(UTC)
