"""Deployments in Postgres: each step once and recorded, signals once, and the second person's approval that SQL itself asks for."""

import asyncio
import threading
from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.deployments import DeploymentStore
from qv_desktop.domain.audit import SYSTEM, Draft
from qv_desktop.domain.deployments import (
    Bounds,
    Deployment,
    Stage,
    State,
    Step,
    Terms,
    Told,
    approved,
    asked,
    changed,
    gone_live,
    moved,
)
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.orders import Side
from qv_desktop.domain.signals import Fate, Kind, Signal
from tests.builders import NOW

TERMS = Terms("s", "sma_cross", 1, ("AAPL", "MSFT"), "5m", (("fast", 3.0), ("slow", 8.0)), amount=Decimal("2500.50"),
              bounds=Bounds(loss=Decimal("120.5"), shorts=True))  # fmt: skip
LINE = Told(NOW, "ann", "step", "words")
DRAFT = Draft(SYSTEM, "deployment.step", "deployment", "d")


@pytest.fixture
def store(database: Database) -> DeploymentStore:
    """On a database that knows the strategy."""
    for statement in (
        "INSERT INTO strategies VALUES ('s', 'sma_cross') ON CONFLICT DO NOTHING",
        "INSERT INTO strategy_versions VALUES ('s', 1, '', '[]', '', 'c', 'x', now()) ON CONFLICT DO NOTHING",
        "DELETE FROM deployments",
    ):
        asyncio.run(database.write(lambda connection, each=statement: connection.execute(text(each))))
    return DeploymentStore(
        database, AuditTrail(database, f"test-{uuid4().hex[:8]}", "0", lambda: NOW, lambda entry: None)
    )


def a_draft(**rest: object) -> Deployment:
    return replace(Deployment("d-1", TERMS, "account", "PAPER", "ann", NOW), **rest)  # type: ignore[arg-type]


async def brought(store: DeploymentStore, *steps: Step) -> Deployment:
    """A stored deployment after these steps."""
    one = a_draft()
    await store.add(one, LINE, DRAFT)
    for step in steps:
        after = {
            Step.ASK: lambda d: asked(d, "ann", NOW), Step.APPROVE: lambda d: approved(d, "bob", NOW),
            Step.START: lambda d: replace(moved(d, Step.START), started_by="ann", started=NOW),
        }.get(step, lambda d, step=step: moved(d, step))(one)  # fmt: skip
        await store.change(one, after, LINE, DRAFT)
        one = after
    return one


def test_what_is_stored_is_read_as_it_was(store: DeploymentStore) -> None:
    async def story() -> None:
        one = await brought(store, Step.DEPLOY, Step.START)
        assert await store.all("account") == [one]
        assert await store.all("another") == []
        await store.evaluated(one.id, 500)
        await store.evaluated(one.id, 400)
        assert [found.evaluated for found in await store.all("account")] == [500]
        paused = replace(moved(one, Step.PAUSE), reason="why")
        await store.change(one, paused, Told(NOW, "bob", "pause", "why"), DRAFT)
        (found,) = await store.all("account")
        assert found == replace(paused, evaluated=500)
        assert [line.step for line in await store.story(one.id)] == ["step"] * 3 + ["pause"]

    asyncio.run(story())


def test_of_two_who_change_it_at_once_one_is_told_so(store: DeploymentStore) -> None:
    async def story() -> None:
        one = await brought(store, Step.DEPLOY)
        running = replace(moved(one, Step.START), started_by="ann", started=NOW)
        await store.change(one, running, LINE, DRAFT)
        with pytest.raises(BadInput, match="meanwhile"):
            await store.change(one, running, LINE, DRAFT)

    asyncio.run(story())


def a_signal(**rest: object) -> Signal:
    return replace(
        Signal("d-1", "AAPL", 60, Side.BUY, Kind.ENTRY, Decimal("100.25"), NOW, "sma_cross v1", order="o-1"), **rest
    )  # type: ignore[arg-type]


def test_a_target_keeps_its_part_of_the_capital_and_the_shares_that_it_came_to(store: DeploymentStore) -> None:
    async def story() -> None:
        await brought(store, Step.DEPLOY)
        told = Signal(
            "d-1",
            "AAPL",
            8,
            Side.BUY,
            Kind.TARGET,
            Decimal("101.25"),
            NOW,
            "rotate v1",
            order="o-1",
            target=Decimal("0.3333"),
        )
        assert await store.raise_(told, "account", None)
        assert not await store.raise_(told, "account", None)
        after = replace(told, side=Side.SELL, fate=Fate.WAITS, reason="It waits.", wanted=Decimal(-3))
        await store.settle(after)
        assert await store.signals("account", 10) == [after]

    asyncio.run(story())


def test_a_signal_is_raised_once_and_says_what_became_of_it(store: DeploymentStore) -> None:
    async def story() -> None:
        await brought(store, Step.DEPLOY)
        assert await store.raise_(a_signal(), "account", DRAFT)
        assert not await store.raise_(a_signal(at=NOW), "account", DRAFT)
        assert await store.raise_(a_signal(kind=Kind.COVER), "account", None)
        await store.settle(a_signal(fate=Fate.REFUSED, reason="too much", order=""))
        found = {one.kind: one for one in await store.signals("account", 10)}
        assert found == {
            Kind.ENTRY: a_signal(fate=Fate.REFUSED, reason="too much", order=""),
            Kind.COVER: a_signal(kind=Kind.COVER),
        }
        assert await store.signals("another", 10) == []

    asyncio.run(story())


def test_a_second_person_approves_and_then_it_goes_live(store: DeploymentStore) -> None:
    async def story() -> None:
        one = await brought(store, Step.DEPLOY, Step.ASK, Step.APPROVE)
        assert (one.asked_by, one.approved_by) == ("ann", "bob")
        assert await store.all("live account") == [one]
        live = gone_live(one, "live account", "LIVE")
        await store.change(one, live, LINE, DRAFT)
        assert await store.all("account") == []
        assert await store.all("live account") == [live]

    asyncio.run(story())


@pytest.mark.parametrize("wrong", [
    "UPDATE deployments SET stage = 'approved', approved_by = 'bob', approved_at = now()",
    "UPDATE deployments SET stage = 'live', environment = 'LIVE', approved_by = 'bob'",
    "UPDATE deployments SET account = 'other'",
    "UPDATE deployments SET terms = '{}', digest = encode(sha256('{}'), 'hex')",
    "UPDATE deployments SET created_by = 'zoe'",
    "UPDATE deployments SET version = 2",
    "INSERT INTO deployment_approvals SELECT id, revision, digest, 'ann', now() FROM deployments",
    "INSERT INTO deployment_approvals SELECT id, revision, digest, 'ANN', now() FROM deployments",
    "UPDATE deployments SET environment = 'LIVE'",
])  # fmt: skip
def test_nothing_goes_round_the_second_person(store: DeploymentStore, database: Database, wrong: str) -> None:
    asyncio.run(brought(store, Step.DEPLOY, Step.ASK))
    with pytest.raises(DBAPIError):
        asyncio.run(database.write(lambda connection: connection.execute(text(wrong))))


def test_an_approval_is_of_the_terms_as_they_were(store: DeploymentStore, database: Database) -> None:
    async def story() -> None:
        one = await brought(store, Step.DEPLOY, Step.ASK, Step.APPROVE)
        other = changed(one, replace(TERMS, amount=Decimal(1)))
        assert (other.stage, other.approved_by) == (Stage.PAPER, "")
        await store.change(one, other, LINE, DRAFT)
        forged = "UPDATE deployments SET stage = 'approved', asked_by = 'ann', approved_by = 'bob'"
        with pytest.raises(DBAPIError, match="not approved"):
            await database.write(lambda connection: connection.execute(text(forged)))

    asyncio.run(story())


def test_only_a_draft_is_thrown_away(store: DeploymentStore) -> None:
    async def story() -> None:
        one = await brought(store)
        await store.delete(one, DRAFT)
        assert await store.all("account") == []
        other = await brought(store, Step.DEPLOY)
        with pytest.raises(BadInput):
            await store.delete(other, DRAFT)
        assert other.state is State.IDLE

    asyncio.run(story())


def test_a_lease_is_renewed_while_market_data_are_being_written(store: DeploymentStore, database: Database) -> None:
    written = threading.Event()

    async def story() -> None:
        await brought(store, Step.DEPLOY)
        long = asyncio.ensure_future(database.write(lambda _: written.wait(60)))
        await asyncio.sleep(0)  # it is handed over first
        try:
            assert await asyncio.wait_for(store.lease("d-1", "one", "alpha", "ann"), 30) is None
            await asyncio.wait_for(store.release("d-1", "one"), 30)
            assert not long.done()
        finally:
            written.set()
            await long

    asyncio.run(story())


def test_a_lease_is_one_desk_s_until_it_is_given_back_or_ends(store: DeploymentStore, database: Database) -> None:
    async def story() -> None:
        await brought(store, Step.DEPLOY)
        assert await store.lease("d-1", "one", "alpha", "ann") is None
        assert await store.lease("d-1", "two", "beta", "ann") == "alpha"
        assert await store.lease("d-1", "one", "alpha", "ann") is None
        await store.release("d-1", "two")
        assert await store.lease("d-1", "two", "beta", "ann") == "alpha"
        await store.release("d-1", "one")
        assert await store.lease("d-1", "two", "beta", "ann") is None
        late = "UPDATE deployment_leases SET renewed = clock_timestamp() - interval '16 seconds'"
        await database.write(lambda connection: connection.execute(text(late)))
        assert await store.lease("d-1", "one", "alpha", "ann") is None

    asyncio.run(story())
