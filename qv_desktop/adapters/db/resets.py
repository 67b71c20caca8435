"""Reset codes: made for an Admin to pass on, stored hashed, good for one use within a day by the database's clock; only their user
sets the password.
"""

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import ColumnElement, Connection, delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from qv_desktop.adapters.db import server_time
from qv_desktop.adapters.db.tables import password_resets, users
from qv_desktop.domain.access import UserState

LIFE = timedelta(hours=24)
LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that is taken for another; 20 of them are 99 bits
GROUPS, GROUP = 4, 5


def issued(connection: Connection, user: str, by: str) -> str:
    """A code for the user with this id, in place of an older one."""
    now = server_time.moment(connection)
    code = "-".join("".join(secrets.choice(LETTERS) for _ in range(GROUP)) for _ in range(GROUPS))
    values = {"code_hash": hashed(code), "issued": now, "expires": now + LIFE, "issued_by": by}
    row = upsert(password_resets).values(user_id=user, **values)
    connection.execute(row.on_conflict_do_update(index_elements=["user_id"], set_=values))
    return code


def spent(connection: Connection, name: str, code: str) -> str | None:
    """Use the code up: the id of the active user of that name whose code it is, or None."""
    gone = (
        delete(password_resets)
        .where(
            password_resets.c.user_id == users.c.id,
            func.lower(users.c.name) == func.lower(name),
            users.c.state == UserState.ACTIVE,
            password_resets.c.code_hash == hashed(code),
            password_resets.c.expires > server_time.now(),
        )
        .returning(password_resets.c.user_id)
    )
    return connection.execute(gone).scalar()


def dropped(connection: Connection, user: str) -> None:
    """Forget the user's code."""
    connection.execute(delete(password_resets).where(password_resets.c.user_id == user))


def pending() -> ColumnElement[bool]:
    """Whether the user of the row waits for a new password: a code was issued and not used, even if it has run out since."""
    return exists(select(password_resets.c.user_id).where(password_resets.c.user_id == users.c.id))


def hashed(code: str) -> bytes:
    """What is stored of a code. Dashes, spaces and small letters are typed as one likes."""
    return hashlib.sha256("".join(filter(str.isalnum, code)).upper().encode("utf-8", "replace")).digest()
