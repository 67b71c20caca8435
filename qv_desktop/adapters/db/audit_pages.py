"""Pages, counts and runs of the audit trail's rows that fit a question; never the whole table at once.

Rows are found by their place in the chain, so that the thousandth page costs what the first does. A text is looked for in
pieces of the chain: each is a statement of its own, and whoever asked can change their mind between two.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, text

from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tables import audit_log
from qv_desktop.domain.audit import Entry
from qv_desktop.domain.audit_query import AuditQuery, Installation

SEARCHED = (
    "actor",
    "action",
    "object_type",
    "object_id",
    "reason",
    "before",
    "after",
    "correlation",
    "session",
    "host",
)
TEXTS = ("actor", "action", "outcome", "text", "actor_type", "object_type", "object_id", "correlation", "chain")
PIECE, LARGEST = 20_000, 160_000  # rows of the chain that one statement looks through for a text

# from chain to chain by the index: looking at every row to tell a handful of chains apart would take seconds
_CHAINS = text("""
    WITH RECURSIVE one AS (
        (SELECT chain FROM audit_log ORDER BY chain LIMIT 1)
        UNION ALL
        SELECT (SELECT chain FROM audit_log WHERE chain > one.chain ORDER BY chain LIMIT 1) FROM one WHERE one.chain IS NOT NULL
    )
    SELECT chain, (
        SELECT host FROM audit_log WHERE audit_log.chain = one.chain AND host <> '' ORDER BY sequence DESC LIMIT 1
    ) AS host FROM one WHERE chain IS NOT NULL
""")

type Made = Callable[[Iterable[Any]], Entry]


class AuditPages:
    """Reads one ``chain``; ``made`` makes an entry of a row in the order of the table's columns. Raises DatabaseDown."""

    def __init__(self, database: Database, chain: str, made: Made) -> None:
        self._database, self._chain, self._made = database, chain, made

    async def page(self, query: AuditQuery, limit: int) -> list[Entry]:
        """At most ``limit`` rows, newest first: the newest before ``query.before``, or the oldest after ``query.after``."""
        query, upward = clean(query), query.after is not None
        rows: list[Entry] = []
        async for piece in self._pieces(query, upward=upward):
            rows += await self._rows(self._chosen(query, piece, upward=upward).limit(limit - len(rows)))
            if len(rows) >= limit:
                break
        return rows[::-1] if upward else rows

    async def count(self, query: AuditQuery) -> int:
        """How many rows there are."""
        query, total = clean(query), 0
        async for piece in self._pieces(query, upward=False):
            asked = select(func.count()).select_from(audit_log).where(*self._conditions(query), *piece)
            total += await self._database.read(lambda connection, asked=asked: _number(connection, asked))  # type: ignore[misc]  # the default binds it
        return total

    async def head(self, chain: str = "") -> int:
        """The newest row's number; 0 of an empty chain."""
        asked = select(func.coalesce(func.max(audit_log.c.sequence), 0)).where(
            audit_log.c.chain == (chain or self._chain)
        )
        return await self._database.read(lambda connection: _number(connection, asked))

    async def installations(self) -> list[Installation]:
        """Everybody who records here, this installation first."""
        found = await self._database.read(
            lambda connection: [(row.chain, row.host) for row in connection.execute(_CHAINS)]
        )
        return sorted(found, key=lambda one: (one[0] != self._chain, one[1], one[0]))

    async def _rows(self, asked: Select[Any]) -> list[Entry]:
        return await self._database.read(lambda connection: [self._made(row) for row in connection.execute(asked)])

    def _chosen(self, query: AuditQuery, piece: list[ColumnElement[bool]], *, upward: bool) -> Select[Any]:
        order = audit_log.c.sequence.asc() if upward else audit_log.c.sequence.desc()
        return select(audit_log).where(*self._conditions(query), *piece).order_by(order)

    def _conditions(self, query: AuditQuery) -> list[ColumnElement[bool]]:
        return [audit_log.c.chain == (query.chain or self._chain), *conditions(query)]

    async def _pieces(self, query: AuditQuery, *, upward: bool) -> AsyncIterator[list[ColumnElement[bool]]]:
        """The parts of the chain to look through one after the other; all of it at once when no text is looked for."""
        if not query.text:
            yield []
            return
        head, size, number = await self.head(query.chain), PIECE, audit_log.c.sequence
        low, high = query.after or 0, min(head, head if query.before is None else query.before - 1)
        while low < high:  # rows low + 1 … high are still to be looked through
            if upward:
                yield [number > low, number <= low + size]
                low += size
            else:
                yield [number > high - size, number <= high]
                high -= size
            size = min(size * 2, LARGEST)


def clean(query: AuditQuery) -> AuditQuery:
    """The question without what Postgres cannot take as text (NUL, lone surrogates), as rows are kept without it."""
    texts: dict[str, Any] = {name: kept(value) for name in TEXTS if (value := getattr(query, name))}
    return replace(query, **texts)


def kept(value: str) -> str:
    """``value`` as Postgres keeps it."""
    return value.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def conditions(query: AuditQuery) -> list[ColumnElement[bool]]:
    """What ``query`` asks for, each part a condition; texts are bound, never written into the statement."""
    row = audit_log.c
    equal = {row.actor: query.actor, row.actor_type: query.actor_type, row.object_type: query.object_type,
             row.outcome: query.outcome}  # fmt: skip
    found: list[ColumnElement[bool]] = [column == value for column, value in equal.items() if value]
    found += [
        _fits(column, wanted)
        for column, wanted in ((row.action, query.action), (row.object_id, query.object_id))
        if wanted
    ]
    if query.outcome not in ("", "ok"):
        found.append(
            row.outcome != "ok"
        )  # the index is of those alone, and is used only where the question says so too
    if query.start is not None:
        found.append(row.at >= query.start)
    if query.end is not None:
        found.append(row.at < query.end)
    if query.before is not None:
        found.append(row.sequence < query.before)
    if query.after is not None:
        found.append(row.sequence > query.after)
    if query.correlation:
        found.append(_story(query.correlation))
    if query.text:
        found.append(or_(*(row[name].icontains(query.text, autoescape=True) for name in SEARCHED)))
    return found


def _fits(column: ColumnElement[str], pattern: str) -> ColumnElement[bool]:
    return column.startswith(pattern[:-1], autoescape=True) if pattern.endswith("*") else column == pattern


def _story(id_: str) -> ColumnElement[bool]:
    """What carries the id or was caused by it; the index of correlations is of rows that have one, and wants to be asked so."""
    row = audit_log.c
    return or_(and_(row.correlation == id_, row.correlation != ""), row.causation == id_)


def _number(connection: Connection, asked: Select[Any]) -> int:
    return int(connection.execute(asked).scalar_one())
