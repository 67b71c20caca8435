"""Five failures lock a name for 15 minutes: each attempt is counted before its password is looked at, in one statement.

What is one name says the database, for Python makes small letters otherwise. All of it runs by the database's clock: each
desk has one of its own, and whoever sits there may be able to set it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, select, text

from qv_desktop.adapters.db import login_brake
from qv_desktop.adapters.db.server_time import moment
from qv_desktop.adapters.db.tables import lockouts

ALLOWED = 5
LOCK = timedelta(minutes=15)
FORGOTTEN = timedelta(days=1)

# GREATEST: a database's clock that was set back may lengthen a lock, never shorten it
_COUNT = text("""
    INSERT INTO lockouts AS l (name, failures, last_at, locked_until) VALUES (lower(:name), 1, :now, NULL)
    ON CONFLICT (name) DO UPDATE SET
        failures = CASE WHEN l.locked_until IS NULL THEN l.failures + 1 ELSE 1 END,
        last_at = GREATEST(l.last_at, :now),
        locked_until = CASE WHEN l.locked_until IS NULL AND l.failures + 1 >= :allowed THEN GREATEST(l.last_at, :now) + :lock END
    WHERE l.locked_until IS NULL OR l.locked_until <= :now
    RETURNING l.failures, l.locked_until
""")


@dataclass(frozen=True, slots=True)
class Attempt:
    """Whether an attempt may look at the password, and until when the name is locked if it fails; ``brake`` says why it must wait.

    ``at`` is when it was counted, by the database's clock.
    """

    admitted: bool
    locked_until: datetime | None
    at: datetime
    brake: str = ""

    @property
    def left(self) -> timedelta | None:
        """How long the name is locked from now, if it is."""
        return self.locked_until - self.at if self.locked_until is not None else None


def counted(connection: Connection, name: str, *, braked: bool = True) -> Attempt:
    """Count one attempt on ``name`` as failed until proved otherwise; a locked name is not counted further.

    ``braked``: the brake on guessing over many names counts it too, and one that it stops is not held against the name.
    """
    now = moment(connection)
    with connection.begin_nested() as counting:
        row = connection.execute(_COUNT, {"name": name, "now": now, "allowed": ALLOWED, "lock": LOCK}).first()
        full = login_brake.filled(connection, now) if braked and row is not None else None
        if full is not None:
            counting.rollback()
            return Attempt(admitted=False, locked_until=None, at=now, brake=full.words)
    if row is not None:
        return Attempt(admitted=True, locked_until=row.locked_until, at=now)
    until = connection.execute(select(lockouts.c.locked_until).where(lockouts.c.name == func.lower(name))).scalar()
    return Attempt(admitted=False, locked_until=until, at=now)


def locked(connection: Connection) -> dict[str, datetime]:
    """The names that are locked, in lower case, and until when."""
    query = select(lockouts.c.name, lockouts.c.locked_until).where(lockouts.c.locked_until > moment(connection))
    return {row.name: row.locked_until for row in connection.execute(query)}


def cleared(connection: Connection, name: str, *, braked: bool = True) -> None:
    """Forget the failures of ``name``, and of every name that nobody has tried for a day; ``braked`` as it was counted."""
    now = moment(connection)
    old = (lockouts.c.last_at < now - FORGOTTEN) & (
        lockouts.c.locked_until.is_(None) | (lockouts.c.locked_until <= now)
    )
    connection.execute(delete(lockouts).where((lockouts.c.name == func.lower(name)) | old))
    if braked:  # last, as in counting: two that take the same rows in another order would wait for each other
        login_brake.given_back(connection)
