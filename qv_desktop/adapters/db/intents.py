"""Turns of the desks of one account: intents are written one after another, each beside all that other desks wrote down before it.

Whoever has the account's lock numbers an intent and commits it before the next one looks, so that numbers are committed in their order.
"""

from collections.abc import Sequence

from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, RowMapping, func, select, text
from sqlalchemy.exc import OperationalError

from qv_desktop.adapters.db.tables import orders
from qv_desktop.domain.desks import Turn

MOST = 1_000  # rows at once
TRIES = 8  # times that a turn is waited for, a quarter of a second each, with what else waits to be written between
HELD = (
    "Another program has held this account's orders for two seconds; nothing was sent. Try again; if it stays so, whoever keeps the "
    "database finds in pg_locks who holds it."
)
_TURN = text("SELECT * FROM take_turn(:account, :desk, :heard, :way_out)")
_c = orders.c


class NotYet(Exception):
    """Another desk has the turn; nothing was written."""


def take_turn(connection: Connection, account: str, desk: str, turn: Turn) -> Sequence[RowMapping]:
    """Wait for the account's turn, and keep it until the transaction ends; rows of ``orders`` that others wrote beyond what was heard.

    A way out goes on without a turn that it does not get within a quarter of a second. Raises NotYet.
    """
    asked = {"account": account, "desk": desk, "heard": turn.heard, "way_out": turn.way_out}
    try:
        return connection.execute(_TURN, asked).mappings().all()
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            raise NotYet from error
        raise


def others(connection: Connection, account: str, desk: str, heard: int) -> Sequence[RowMapping]:
    """The same rows, for who only listens."""
    theirs = (_c.account == account, _c.desk != "", _c.desk != desk, _c.number > heard)
    query = select(orders).where(*theirs).order_by(_c.number).limit(MOST)
    return connection.execute(query).mappings().all()


def newest(connection: Connection, account: str) -> int:
    """The number of the account's newest intent; 0 before the first."""
    found = connection.execute(select(func.max(_c.number)).where(_c.account == account, _c.desk != "")).scalar()
    return int(found or 0)
