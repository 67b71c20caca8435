"""A brake on guessing over many names: failed log-ins fill a bucket that leaks slowly, and a full one takes no more.

Five failures lock a name; who tries four passwords on each of a thousand names is never locked. All failures of a database
fill one bucket, so that such a guesser is soon as slow as the leak. It says nothing of names, for none is asked about.
"""

import math
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

BURST = 30  # failures at once, more than a desk's forgetful Monday
LEAK = 0.1  # failures a second that are forgotten

# GREATEST: a database's clock that was set back may slow the leak, never empty the bucket
_LEFT = "GREATEST(0, b.level - :leak * GREATEST(0, EXTRACT(EPOCH FROM CAST(:now AS timestamptz) - b.at)))"
_FILL = text(f"""
    INSERT INTO login_brake AS b (one, level, at) VALUES (true, 1, :now)
    ON CONFLICT (one) DO UPDATE SET level = {_LEFT} + 1, at = GREATEST(b.at, :now)
    WHERE {_LEFT} + 1 <= :burst
    RETURNING b.level
""")  # noqa: S608 - constants of this file
_WAIT = text(f"SELECT ({_LEFT} + 1 - :burst) / :leak FROM login_brake AS b")  # noqa: S608 - constants of this file
_BACK = text("UPDATE login_brake SET level = GREATEST(0, level - 1)")


@dataclass(frozen=True, slots=True)
class Full:
    """The bucket takes no more for ``seconds``."""

    seconds: int

    @property
    def words(self) -> str:
        """What to tell the person."""
        return f"Too many failed log-ins on this database just now; try again in {self.seconds} second{'' if self.seconds == 1 else 's'}."


def filled(connection: Connection, now: datetime) -> Full | None:
    """Count one attempt as failed until it is given back; None when it may go on. ``now`` is the database's, as in ``lockouts``."""
    known = {"now": now, "leak": LEAK, "burst": BURST}
    if connection.execute(_FILL, known).first() is not None:
        return None
    seconds = connection.execute(_WAIT, known).scalar() or 0.0
    return Full(max(1, math.ceil(seconds)))


def given_back(connection: Connection) -> None:
    """The attempt was none to fear."""
    connection.execute(_BACK)
