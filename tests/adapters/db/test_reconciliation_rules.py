"""Rules of a reconciliation on a real database: by account, with a row in the trail, and obeyed by the next comparison."""

import asyncio
import json
from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from qv_desktop.domain.access import Role
from qv_desktop.domain.errors import BadInput, NotPermitted
from qv_desktop.domain.reconciliation import Tolerances
from qv_desktop.domain.reconciliation_rules import CHOICES, Rules
from qv_desktop.services import reconcile
from tests.adapters.db.conftest import Clock
from tests.adapters.db.test_breaks import Machine
from tests.builders import a_position
from tests.services.reconciling import Room, in_a_room
from tests.services.test_reconcile_scenarios import knows, restarted

OTHER = Rules(Tolerances(Decimal("0.5"), Decimal("0.02"), Decimal(2)), frozenset({"take the average"}))


def test_rules_are_an_accounts_own_are_recorded_and_seen_at_another_machine(postgres_url: str, clock: Clock) -> None:
    accounts = [f"acc-{uuid4().hex[:8]}" for _ in range(2)]
    ada, tom, else_ = (
        Machine(postgres_url, clock, name, role, account)
        for name, role, account in (
            ("Ada", Role.ADMIN, accounts[0]), ("Tom", Role.TRADER, accounts[0]), ("Eve", Role.ADMIN, accounts[1])
        )
    )  # fmt: skip

    async def story() -> None:
        assert await ada.breaks.rules() == Rules()
        with pytest.raises(NotPermitted):
            await tom.breaks.set_rules(OTHER, "why not")
        with pytest.raises(BadInput, match="Give a reason"):
            await ada.breaks.set_rules(OTHER, " ")
        with pytest.raises(BadInput, match="rules already"):
            await ada.breaks.set_rules(Rules(), "the same")
        for name, value in (("cash", "1000"), ("price", "-1"), ("quantity", "NaN")):
            limits = replace(Tolerances(), **{name: Decimal(value)})
            with pytest.raises(BadInput, match="give a number from 0 to"):
                await ada.breaks.set_rules(replace(OTHER, tolerances=limits), "too much")
        await ada.breaks.set_rules(OTHER, "fractions of the old broker")
        assert await tom.breaks.rules() == replace(OTHER, set_by="Ada")
        assert await else_.breaks.rules() == Rules()
        (row,) = [row.draft for row in ada.rows if row.draft.action == "reconciliation.rules"]
        assert (row.object_id, row.reason, row.actor.name) == (accounts[0], "fractions of the old broker", "Ada")
        assert json.loads(row.before) == {
            "quantity": "0",
            "price": "0.01",
            "cash": "0.01",
            "automatic": sorted(CHOICES),
        }
        assert json.loads(row.after) == {
            "quantity": "0.5",
            "price": "0.02",
            "cash": "2",
            "automatic": ["take the average"],
        }
        await ada.breaks.set_rules(Rules(), "back again")
        assert await tom.breaks.rules() == replace(Rules(), set_by="Ada")
        with pytest.raises(ProgrammingError, match="permission denied"):  # what was set stays, as history
            await ada.database.write(lambda c: c.execute(text("UPDATE reconciliation_rules SET cash = -1")))

    asyncio.run(story())
    for machine in (ada, tom, else_):
        machine.database.close()


def test_the_next_comparison_goes_by_the_rules_as_they_are_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "SETTLE", 0.001)
    rules = [Rules()]

    async def asked() -> Rules:
        return rules[0]

    async def story(room: Room) -> None:
        room.service._rules = asked
        knows(room, held=(a_position(10, "400"),))
        await restarted(room)
        knows(room, held=(a_position(10, "400.50"),))
        rules[0] = Rules(automatic=frozenset())
        run = await room.run()
        assert (room.kinds(run), run.booked) == ([("positions", "price")], ())  # a person's, now
        rules[0] = Rules(Tolerances(price=Decimal(1)), frozenset())
        run = await room.run()
        assert (run.passed, run.tolerances.price) == (True, 1)
        rules[0] = Rules()
        assert len((await room.run()).booked) == 1
        assert room.desk.positions["AAPL"].average == Decimal("400.50")

    in_a_room(story)


def test_a_split_that_is_a_persons_stays_a_split_until_they_book_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "SETTLE", 0.001)

    async def asked() -> Rules:
        return Rules(automatic=frozenset())

    async def story(room: Room) -> None:
        from qv_desktop.domain.account_history import Activity

        room.service._rules = asked
        knows(room, held=(a_position(10, "400"),))
        await restarted(room)
        await room.run()
        knows(room, held=(a_position(40, "100"),))
        room.moved.told += [Activity(f"s{shares}", "SPLIT", room.desk.moment[0], symbol="AAPL", quantity=Decimal(shares), net=Decimal(0))
                            for shares in (-10, 40)]  # fmt: skip
        for _ in range(2):
            run = await room.run()
            assert (room.kinds(run), run.booked) == ([("positions", "corporate action")], ())
        await room.service.book(run.breaks[0], "the split of today")
        assert (await room.run()).passed
        assert room.desk.positions["AAPL"].quantity == 40

    in_a_room(story)
