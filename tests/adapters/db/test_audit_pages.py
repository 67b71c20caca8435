"""Pages of the audit trail: both ways, by every filter, in pieces where a text is looked for, and the same as the domain says."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from qv_desktop.adapters.db import audit_pages
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.domain.audit import BROKER, Actor, Draft, Entry, Outcome
from qv_desktop.domain.audit_query import AuditQuery
from tests.adapters.db.conftest import Clock

ADA = Actor("Ada", "human", "Trader", "s1", "WS-14")
OUTCOMES: tuple[Outcome, ...] = ("ok", "ok", "refused", "failed")


@pytest.fixture
def rows(trail: AuditTrail, clock: Clock, recorded: list[Entry], monkeypatch: pytest.MonkeyPatch) -> list[Entry]:
    """Forty rows, a minute apart, looked through in pieces of seven and more."""
    monkeypatch.setattr(audit_pages, "PIECE", 7)
    monkeypatch.setattr(audit_pages, "LARGEST", 16)

    async def filled() -> None:
        for number in range(40):
            actor, action = (ADA, "order.submit") if number % 2 == 0 else (BROKER, "fill.book")
            await trail.append(Draft(actor, action, "order", f"qv-{number // 4}", OUTCOMES[number % 4], f"50% of_{number}", "",
                                     f'{{"n": {number}}}', f"qv-{number // 4}", "kill-1" if number == 30 else ""))  # fmt: skip
            clock.advance(minutes=1)

    asyncio.run(filled())
    return recorded


def queries(rows: list[Entry]) -> list[AuditQuery]:
    middle = rows[20].at
    return [
        AuditQuery(), AuditQuery("Ada"), AuditQuery(action="order.*"), AuditQuery(action="order_*"), AuditQuery(outcome="failed"),
        AuditQuery(outcome="ok"), AuditQuery(text="50% OF_1"), AuditQuery(text="%"), AuditQuery(text="nowhere"),
        AuditQuery(actor_type="broker"), AuditQuery(object_type="order", object_id="qv-1"), AuditQuery(object_id="qv-*"),
        AuditQuery(start=middle), AuditQuery(end=middle), AuditQuery(start=middle, end=middle + timedelta(minutes=3)),
        AuditQuery(correlation="qv-7"), AuditQuery(correlation="kill-1"), AuditQuery("Ada", "order.*", "refused", "of_", "human"),
        AuditQuery(text="of_", before=20), AuditQuery(text="of_", after=20), AuditQuery(before=20, after=10),
        AuditQuery(text="a\0b\ud800"), AuditQuery(actor="'; DROP TABLE audit_log; --"),
    ]  # fmt: skip


def test_the_database_finds_what_the_domain_says_it_holds(trail: AuditTrail, rows: list[Entry]) -> None:
    async def story() -> None:
        for query in queries(rows):
            held = [entry.sequence for entry in rows if query.holds(entry)]
            assert await trail.count(query) == len(held), query
            for limit in (3, 100):
                expected = held[:limit][::-1] if query.after is not None else held[::-1][:limit]
                assert [entry.sequence for entry in await trail.found(query, limit)] == expected, (query, limit)
        assert await trail.head() == 40

    asyncio.run(story())


def test_a_walk_over_pages_meets_every_row_once_both_ways(trail: AuditTrail, rows: list[Entry]) -> None:
    async def walked(up: bool) -> list[int]:
        met: list[int] = []
        query = AuditQuery(text="of_", after=0) if up else AuditQuery(text="of_")
        while page := await trail.found(query, 6):
            met += [entry.sequence for entry in (page[::-1] if up else page)]
            query = AuditQuery(text="of_", after=met[-1]) if up else AuditQuery(text="of_", before=met[-1])
        return met

    assert asyncio.run(walked(True)) == list(range(1, 41))
    assert asyncio.run(walked(False)) == list(range(40, 0, -1))


def test_a_search_that_is_given_up_looks_no_further(
    database: Database, trail: AuditTrail, rows: list[Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    read, asked = database.read, [0]

    async def counted(work: object) -> object:
        asked[0] += 1
        if asked[0] == 3:
            raise asyncio.CancelledError
        return await read(work)  # type: ignore[arg-type]

    monkeypatch.setattr(database, "read", counted)

    async def story() -> None:
        with pytest.raises(asyncio.CancelledError):
            await trail.found(AuditQuery(text="nowhere"))

    asyncio.run(story())
    assert asked[0] == 3


def test_a_verification_that_is_given_up_frees_its_thread(trail: AuditTrail, rows: list[Entry]) -> None:
    async def story() -> int:
        for _ in range(8):
            checking = asyncio.ensure_future(trail.verify())
            await asyncio.sleep(0)
            checking.cancel()
        return len(await asyncio.wait_for(trail.found(AuditQuery(), 5), 5))

    assert asyncio.run(story()) == 5


def test_the_trails_of_others_on_the_same_server_are_known_and_read(
    database: Database, trail: AuditTrail, rows: list[Entry], clock: Clock
) -> None:
    other = AuditTrail(database, "other-installation", "1.0", clock, lambda entry: None)

    async def story() -> None:
        await other.append(
            Draft(Actor("Bea", "human", "Trader", "s2", "WS-22"), "order.submit", "order", "qv-b", reason="elsewhere")
        )
        await other.append(Draft(BROKER, "fill.book", "order", "qv-b"))
        known = await trail.installations()
        assert known[0] == (rows[0].chain, "WS-14")
        assert ("other-installation", "WS-22") in known
        asked = AuditQuery(chain="other-installation")
        assert [entry.sequence for entry in await trail.found(asked)] == [2, 1]
        assert [entry.draft.actor.name for entry in await trail.found(replace(asked, text="elsewhere"))] == ["Bea"]
        assert (await trail.count(asked), await trail.head("other-installation"), await trail.head()) == (2, 2, 40)

    asyncio.run(story())
