"""The break queue on a real database, at two machines: what one decides, the other hears of, and nothing is lost between them."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.breaks import BreakStore
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.reconciliation import ReconciliationStore
from qv_desktop.domain.access import Role, Session, User
from qv_desktop.domain.audit import SYSTEM, Draft, Entry
from qv_desktop.domain.breaks import BreakItem
from qv_desktop.domain.errors import BadInput, NotPermitted
from qv_desktop.domain.reconciliation import Break, Reconciliation, Tolerances
from qv_desktop.services.breaks import Breaks
from qv_desktop.services.login import Login
from tests import fakes
from tests.adapters.db.conftest import Clock

NVDA = Break("positions", "NVDA", "quantity", "high", "250", "262", "+12", Decimal("1694.04"), "book BUY 12 @ 141.17")
KO = Break("open orders", "31ab", "external", "medium", "—", "BUY 20 KO 62.10", "new", Decimal(0), "adopt as external")
RUN = Draft(SYSTEM, "reconciliation.run", "reconciliation", "r")


class Machine:
    """A program of its own on the shared database, with somebody signed in, that looks after one account."""

    def __init__(self, url: str, clock: Clock, name: str, role: Role, account: str) -> None:
        self.database, self.rows, self.clock = Database(url), list[Entry](), clock
        trail = AuditTrail(self.database, f"{name}-{uuid4().hex[:8]}", "1", clock, self.rows.append)
        user = User(name, name, role)
        login = Login(fakes.Users(user), trail, clock, "host")
        login.session = Session(f"s-{name}", user, "host", clock(), clock())
        self.runs = ReconciliationStore(self.database, trail, lambda: account)
        self.store = BreakStore(self.database, trail)
        self.breaks = Breaks(self.store, self.runs, login, clock, lambda: account)

    async def compares(self, *breaks: Break, operator: str = "system") -> Reconciliation:
        """A run, half a minute later, that finds these."""
        self.clock.advance(seconds=30)
        at = self.clock()
        run = Reconciliation(uuid4().hex, at, "••••7Q2", operator, "", at, at, Tolerances(), 9, breaks, "h")
        await self.runs.save(run, RUN)
        return run

    async def one(self, key: str = "NVDA") -> BreakItem:
        return next(item for item in await self.breaks.queue() if item.key == key)

    def told(self) -> list[str]:
        return [row.draft.action for row in self.rows]


type Story = Callable[[Machine, Machine], Coroutine[Any, Any, None]]


@pytest.fixture
def told(postgres_url: str, clock: Clock) -> Iterator[Callable[[Story], None]]:
    """Tells a story at two machines of one account: Tom, a Trader, at the first, and Ada, an Admin, at the second."""
    account = f"acc-{uuid4().hex[:8]}"
    with ExitStack() as stack:
        tom, ada = (
            Machine(postgres_url, clock, name, role, account)
            for name, role in (("Tom", Role.TRADER), ("Ada", Role.ADMIN))
        )
        stack.callback(tom.database.close)
        stack.callback(ada.database.close)
        yield lambda story: asyncio.run(story(tom, ada))


def test_a_break_lives_over_runs_and_its_whole_story_is_kept_with_audit_rows(told: Callable[[Story], None]) -> None:
    async def story(tom: Machine, ada: Machine) -> None:
        first = await tom.compares(NVDA)
        item = await tom.breaks.take(await tom.one())
        await tom.breaks.comment(item, "I asked the broker.")
        last = await tom.compares(NVDA)
        item = await tom.one()
        assert (item.first_seen, item.last_seen, item.last_run, item.owner) == (first.at, last.at, last.id, "Tom")
        await tom.breaks.resolve(item, "booked the fill")
        await ada.breaks.sign(await ada.one())
        await tom.compares()
        closed = await tom.one()
        assert (closed.state, closed.decided_by, closed.signed_by, closed.closed) == ("resolved", "Tom", "Ada", True)
        assert [(r.actor, r.what) for r in await tom.breaks.story(closed)] == [
            ("system", "found"), ("Tom", "take"), ("Tom", "comment"), ("Tom", "resolve"), ("Ada", "sign"),
        ]  # fmt: skip
        assert tom.told() == ["reconciliation.run", "break.found", "break.take", "break.comment", "reconciliation.run", "break.resolve",
                              "reconciliation.run"]  # fmt: skip
        resolved = tom.rows[5].draft
        assert (json.loads(resolved.before)["state"], json.loads(resolved.after)["state"]) == ("open", "resolved")
        assert ada.rows[0].draft.actor.name == "Ada"

    told(story)


def test_who_decided_cannot_sign_and_a_trader_cannot_sign_at_all(told: Callable[[Story], None]) -> None:
    async def story(tom: Machine, ada: Machine) -> None:
        await tom.compares(NVDA)
        await ada.breaks.resolve(await ada.one(), "booked")
        with pytest.raises(NotPermitted, match="Four eyes"):
            await ada.breaks.sign(await ada.one())
        assert (ada.rows[-1].draft.action, ada.rows[-1].draft.outcome) == ("break.sign", "refused")
        with pytest.raises(NotPermitted, match="approve"):
            await tom.breaks.sign(await tom.one())
        assert (await ada.one()).signed_by == ""

    told(story)


def test_the_database_itself_refuses_that_one_person_decides_and_signs(told: Callable[[Story], None]) -> None:
    async def story(tom: Machine, ada: Machine) -> None:
        await tom.compares(NVDA)
        item = await tom.breaks.resolve(await tom.one(), "booked")
        forged = text("UPDATE breaks SET signed_by = 'Tom' WHERE id = :id")
        with pytest.raises(ProgrammingError, match="not signed"):  # there is no signature for it
            await tom.database.write(lambda connection: connection.execute(forged, {"id": item.id}))
        signature = text("INSERT INTO break_signatures VALUES (:id, :version, 'Tom', now())")

        def forge(connection: Connection) -> None:
            connection.execute(signature, {"id": item.id, "version": item.version})
            connection.execute(forged, {"id": item.id})

        with pytest.raises(IntegrityError):  # and one by who decided is none
            await tom.database.write(forge)
        assert (await tom.one()).signed_by == ""

    told(story)


def test_the_second_machine_hears_that_the_first_was_quicker_and_neither_change_nor_audit_row_is_left(
    told: Callable[[Story], None],
) -> None:
    async def story(tom: Machine, ada: Machine) -> None:
        await tom.compares(NVDA)
        seen_by_tom, seen_by_ada = await tom.one(), await ada.one()
        await tom.breaks.resolve(seen_by_tom, "booked")
        rows = len(ada.rows)
        with pytest.raises(BadInput, match="meanwhile"):
            await ada.breaks.carry(seen_by_ada, "tomorrow")
        assert len(ada.rows) == rows
        assert ((await ada.one()).state, (await ada.one()).decided_by) == ("resolved", "Tom")

    told(story)


def test_of_many_who_take_a_break_at_once_one_gets_it(told: Callable[[Story], None]) -> None:
    async def story(tom: Machine, ada: Machine) -> None:
        await tom.compares(NVDA)
        item = await tom.one()
        answers = await asyncio.gather(
            *(machine.breaks.take(item) for machine in (tom, ada) for _ in range(3)), return_exceptions=True
        )
        won = [answer for answer in answers if isinstance(answer, BreakItem)]
        assert len(won) == 1
        assert (await tom.one()).owner == won[0].owner
        assert sum(action == "break.take" for action in (*tom.told(), *ada.told())) == 1

    told(story)


def test_a_comparison_meanwhile_is_no_conflict_unless_it_changed_the_figures(told: Callable[[Story], None]) -> None:
    async def story(tom: Machine, ada: Machine) -> None:
        await tom.compares(NVDA)
        item = await tom.one()
        run = await ada.compares(NVDA)
        taken = await tom.breaks.take(item)
        assert (await tom.one()).last_run == run.id
        await ada.compares(replace(NVDA, external="270", difference="+20"))
        with pytest.raises(BadInput, match="meanwhile"):
            await tom.breaks.explain(taken, "I know")

    told(story)


def test_two_machines_that_compare_at_once_open_one_item(told: Callable[[Story], None]) -> None:
    async def story(tom: Machine, ada: Machine) -> None:
        await asyncio.gather(*(machine.compares(NVDA, KO) for machine in (tom, ada, tom, ada)))
        assert sorted(item.key for item in await tom.breaks.queue()) == ["31ab", "NVDA"]
        assert sorted((*tom.told(), *ada.told())).count("break.found") == 2

    told(story)


def test_what_goes_and_comes_back_is_told_in_the_trail(told: Callable[[Story], None]) -> None:
    async def story(tom: Machine, ada: Machine) -> None:
        await tom.compares(NVDA)
        await tom.compares()
        assert (await tom.one()).state == "gone"
        await tom.compares(NVDA)
        assert ((await tom.one()).state, (await tom.one()).times) == ("open", 2)
        assert [a for a in tom.told() if a.startswith("break.")] == ["break.found", "break.gone", "break.found_again"]

    told(story)


def test_another_account_has_a_queue_of_its_own(told: Callable[[Story], None], postgres_url: str, clock: Clock) -> None:
    async def story(tom: Machine, ada: Machine) -> None:
        await tom.compares(NVDA)
        other = Machine(postgres_url, clock, "Eve", Role.ADMIN, f"other-{uuid4().hex[:6]}")
        try:
            await other.compares()
            assert await other.breaks.queue() == []
        finally:
            other.database.close()
        assert (await tom.one()).state == "open"

    told(story)


def test_runs_that_find_the_same_share_its_breaks_and_each_is_read_whole(told: Callable[[Story], None]) -> None:
    async def story(tom: Machine, ada: Machine) -> None:
        runs = [await tom.compares(*breaks) for breaks in ((NVDA, KO), (NVDA, KO), (NVDA,), (), (), (NVDA,))]
        count = text("SELECT count(*) FROM reconciliation_breaks WHERE run = ANY(:runs)")
        kept = await tom.database.read(lambda c: c.execute(count, {"runs": [run.id for run in runs]}).scalar())
        assert kept == 4
        assert [await ada.breaks.run(run.id) for run in runs] == runs
        asked = await tom.compares(NVDA, operator="Tom")
        lines, days = await ada.breaks.history()
        assert [line.id for line in lines] == [asked.id, runs[5].id, runs[3].id, runs[2].id, runs[0].id]
        assert [(line.breaks, line.at_risk, line.passed) for line in lines[1:3]] == [
            (1, NVDA.at_risk, False),
            (0, 0, True),
        ]
        (day,) = days
        assert (day.runs, day.failed, day.most, day.most_at_risk, day.last) == (7, 5, 2, NVDA.at_risk, 1)
        with pytest.raises(BadInput, match="not stored"):
            await ada.breaks.run("nowhere")

    told(story)


def test_closed_breaks_leave_the_queue_after_a_week_and_open_ones_never(told: Callable[[Story], None]) -> None:
    async def story(tom: Machine, ada: Machine) -> None:
        await tom.compares(NVDA, KO)
        await tom.compares(KO)
        tom.clock.time += timedelta(days=8)
        assert [item.key for item in await tom.breaks.queue()] == ["31ab"]

    told(story)
