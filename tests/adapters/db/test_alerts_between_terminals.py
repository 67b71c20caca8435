"""Two persons at two terminals on one database, each with a login of their own: what one leaves unacknowledged the other sees."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import cast
from uuid import uuid4

import pytest

from qv_desktop.adapters.db.alert_rules import AlertStore
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.domain.access import Role
from tests.adapters.db.personal import Person, address, people
from tests.builders import NOW
from tests.services.test_alert_rules import Desk, Store


@pytest.fixture
def terminals(postgres_url: str) -> Iterator[tuple[Desk, Desk]]:
    """A Trader's and a Viewer's."""
    found = people(postgres_url, uuid4().hex[:6])
    opened = [Database(address(postgres_url, found[role].name)) for role in (Role.TRADER, Role.VIEWER)]
    try:
        first, second = (
            _terminal(database, found[role]) for database, role in zip(opened, (Role.TRADER, Role.VIEWER), strict=True)
        )
        yield first, second
    finally:
        for database in opened:
            database.close()


def _terminal(database: Database, person: Person, chain: str = "c") -> Desk:
    database.become(person.group)
    store = AlertStore(database, AuditTrail(database, chain, "1.0", lambda: NOW, lambda entry: None))
    return Desk(cast(Store, store), person.role, person.name)


def test_an_escalation_reaches_the_other_terminal_and_its_acknowledgement_comes_back(
    terminals: tuple[Desk, Desk],
) -> None:
    trader, viewer = terminals

    async def story() -> None:
        for desk in terminals:
            await desk.rules.load()
        trader.reads("loss_limit", 120)
        trader.passes(6)
        viewer.passes(6)
        for desk in (trader, viewer):
            await desk.writes()
        assert viewer.titles == [f"At {trader.login.actor.name}'s terminal: Loss limit"]
        viewer.notices.acknowledge(viewer.notices.waiting(), viewer.login.actor.name)
        for desk in (viewer, trader):
            await desk.writes()
        assert [(one.acknowledged_by, one.waits) for one in trader.rules.active] == [(viewer.login.actor.name, False)]
        past = await viewer.rules.history(NOW, viewer.now + timedelta(minutes=1))
        assert [(one.done.what, one.done.actor) for one in past if one.alert.rule == "loss_limit"][::-1] == [
            ("raised", trader.login.actor.name), ("escalated", trader.login.actor.name),
            ("acknowledged", viewer.login.actor.name)]  # fmt: skip

    asyncio.run(story())


def test_a_snooze_and_an_alert_are_there_again_for_the_same_person_alone(terminals: tuple[Desk, Desk]) -> None:
    trader, viewer = terminals

    async def story() -> None:
        await trader.rules.load()
        trader.reads("margin", 120, seconds=4)
        await trader.rules.snooze([one.id for one in trader.rules.active], 60)
        await trader.writes()
        again = Desk(trader.store, Role.TRADER, trader.login.actor.name)
        await again.rules.load()
        assert [(one.rule, one.snoozed_by, one.sleeps(NOW)) for one in again.rules.active] == [
            ("margin", trader.login.actor.name, True)]  # fmt: skip
        await viewer.rules.load()
        assert viewer.rules.active == ()

    asyncio.run(story())


def test_of_one_persons_two_terminals_each_goes_on_with_its_own_alerts(postgres_url: str) -> None:
    person = people(postgres_url, uuid4().hex[:6])[Role.TRADER]
    opened = [Database(address(postgres_url, person.name)) for _ in range(3)]
    chains = [f"{person.name}-{place}" for place in ("left", "right", "left")]

    async def story(left: Desk, right: Desk, left_again: Desk) -> None:
        await left.rules.load()
        left.reads("margin", 120, seconds=4)
        await left.writes()
        assert [one.rule for one in left.rules.active] == ["margin"]
        await right.rules.load()
        assert right.rules.active == ()  # it stands at the other terminal, which tells of it and ends it
        right.reads("loss_limit", 120)
        await right.writes()
        await left_again.rules.load()
        assert [one.id for one in left_again.rules.active] == [one.id for one in left.rules.active]
        past = await right.rules.history(NOW, right.now + timedelta(minutes=1))
        assert {one.alert.rule for one in past} == {"margin", "loss_limit"}

    try:
        asyncio.run(story(*(_terminal(one, person, chain) for one, chain in zip(opened, chains, strict=True))))
    finally:
        for one in opened:
            one.close()
