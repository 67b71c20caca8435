"""The way back for whoever cannot log in and has no Admin to ask: whoever may use the database may make a reset code."""

import getpass
import socket
from datetime import UTC, datetime

from qv_desktop import __version__, config
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.users import Users
from qv_desktop.app.backend import Store
from qv_desktop.app.identity import install_id
from qv_desktop.domain.access import UserState
from qv_desktop.domain.audit import Actor, Draft
from qv_desktop.domain.errors import BadInput


async def reset_code(name: str) -> str:
    """The code, once it is written down who asked for it. The terminal may be open meanwhile. Raises BadInput, DatabaseDown."""
    settings = config.load()
    store = Store(settings, shared=True)
    try:
        database = await store.opened()
        trail = AuditTrail(database, install_id(settings.home), __version__, _now, lambda entry: None)
        users = Users(database, trail, _now)
        user = next((user for user in await users.all() if user.name.lower() == name.strip().lower()), None)
        if user is None:
            raise BadInput(f"There is no user “{name}”; give the name that is typed at the log-in.")
        if user.state is not UserState.ACTIVE:
            raise BadInput(f"{user.name} is suspended; an Admin ends that under Users.")
        who = Actor(f"{_account()} at the command line", "human", host=socket.gethostname())
        return await users.reset(user, Draft(who, "password.reset", "user", user.name, reason="recovery"), freely=True)
    finally:
        store.close()


def _account() -> str:
    try:
        return getpass.getuser()
    except OSError:
        return "somebody"


def _now() -> datetime:
    return datetime.now(UTC)
