"""The whole life of a deployment by people with logins of their own: what the program writes is let through, from the right people only."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

import pytest

from qv_desktop.adapters.db.deployments import DeploymentStore
from qv_desktop.domain.access import Role
from qv_desktop.domain.audit import SYSTEM
from qv_desktop.domain.deployments import Deployment, State, Step, Terms, Told, approved, asked, moved
from qv_desktop.domain.errors import NotPermitted
from qv_desktop.domain.orders import Side
from qv_desktop.domain.signals import Fate, Kind, Signal
from tests.adapters.db.personal import Person, address, people, run
from tests.adapters.db.test_personal_logins import Desk, now

TERMS = Terms("s", "rotate", 1, ("AAPL", "MSFT"), "1D", ())


@pytest.fixture(scope="module")
def who(postgres_url: str) -> dict[Role, Person]:
    found = people(postgres_url, uuid4().hex[:6])
    run(postgres_url, "INSERT INTO strategies VALUES ('s', 'rotate')")
    run(postgres_url, "INSERT INTO strategy_versions VALUES ('s', 1, '', '[]', '', 'c', 'x', now())")
    return found


@pytest.fixture
def at(postgres_url: str, who: dict[Role, Person]) -> Iterator[Callable[[Role], Desk]]:
    """The signed-in desk of whoever has a role."""
    made = list[Desk]()

    def opened(role: Role) -> Desk:
        desk = Desk(address(postgres_url, who[role].name), who[role].name)
        made.append(desk)
        assert asyncio.run(desk.sign_in()) == ""
        return desk

    yield opened
    for desk in made:
        desk.database.close()


def store_of(desk: Desk) -> DeploymentStore:
    return DeploymentStore(desk.database, desk.trail)


def told(desk: Desk, step: str, actor: str = "") -> Told:
    return Told(now(), actor or desk.name, step, "words")


def changed(desk: Desk, before: Deployment, after: Deployment, step: str, actor: str = "") -> Deployment:
    draft = desk.draft if not actor else replace(desk.draft, actor=SYSTEM)
    asyncio.run(store_of(desk).change(before, after, told(desk, step, actor), draft))
    return after


def made(desk: Desk, id_: str) -> Deployment:
    draft = Deployment(id_, TERMS, "acc", "PAPER", desk.name, now())
    asyncio.run(store_of(desk).add(draft, told(desk, "create"), desk.draft))
    return changed(desk, draft, moved(draft, Step.DEPLOY), Step.DEPLOY)


def a_signal(of: Deployment) -> Signal:
    return Signal(
        of.id,
        "AAPL",
        8,
        Side.BUY,
        Kind.TARGET,
        Decimal("101.25"),
        now(),
        "rotate v1",
        order="o-1",
        target=Decimal("0.5"),
    )


def test_a_trader_deploys_runs_and_stops_and_all_of_it_is_let_through(at: Callable[[Role], Desk]) -> None:
    desk = at(Role.TRADER)
    store, one = store_of(desk), made(desk, "t-1")
    assert asyncio.run(store.lease(one.id, "desk", "host", desk.name)) is None
    running = changed(desk, one, replace(moved(one, Step.START), started_by=desk.name, started=now()), Step.START)
    signal = a_signal(running)
    assert asyncio.run(store.raise_(signal, "acc", desk.draft))
    asyncio.run(store.settle(replace(signal, fate=Fate.ORDER, side=Side.SELL, wanted=Decimal(-3))))
    asyncio.run(store.evaluated(running.id, 500))
    asyncio.run(store.remark(running.id, told(desk, "resume"), desk.draft))
    paused = changed(
        desk,
        running,
        replace(moved(running, Step.PAUSE), reason="The kill switch was pressed."),
        Step.PAUSE,
        SYSTEM.name,
    )
    asyncio.run(store.settle(replace(signal, fate=Fate.BLOCKED)))  # what the end of it made of what waited
    again = changed(desk, paused, replace(moved(paused, Step.START), started=now()), Step.START)
    stopped = changed(desk, again, moved(again, Step.STOP), Step.STOP)
    asyncio.run(store.remark(stopped.id, told(desk, "close"), desk.draft))
    asyncio.run(store.release(stopped.id, "desk"))
    steps = [line.step for line in asyncio.run(store.story(one.id))]
    assert steps == ["create", "deploy", "start", "resume", "pause", "start", "stop", "close"]
    assert [one.fate for one in asyncio.run(store.signals("acc", 10)) if one.deployment == "t-1"] == [Fate.BLOCKED]


def test_an_admin_pauses_and_approves_what_a_trader_runs_and_writes_no_signal_of_it(at: Callable[[Role], Desk]) -> None:
    trader, admin = at(Role.TRADER), at(Role.ADMIN)
    one = made(trader, "t-2")
    assert asyncio.run(store_of(trader).lease(one.id, "desk", "host", trader.name)) is None
    running = changed(trader, one, replace(moved(one, Step.START), started_by=trader.name, started=now()), Step.START)
    assert asyncio.run(store_of(admin).lease(one.id, "other", "attic", admin.name)) == "host"
    with pytest.raises(NotPermitted):
        asyncio.run(store_of(admin).raise_(a_signal(running), "acc", admin.draft))
    with pytest.raises(NotPermitted):
        asyncio.run(store_of(admin).remark(one.id, told(admin, "stop"), admin.draft))
    paused = changed(admin, running, replace(moved(running, Step.PAUSE), reason="I look."), Step.PAUSE)
    wanted = changed(trader, paused, asked(paused, trader.name, now()), Step.ASK)
    signed = changed(admin, wanted, approved(wanted, admin.name, now()), Step.APPROVE)
    assert (signed.approved_by, signed.state) == (admin.name, State.PAUSED)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANALYST])
def test_who_may_not_run_strategies_or_trade_starts_nothing(at: Callable[[Role], Desk], role: Role) -> None:
    trader, desk = at(Role.TRADER), at(role)
    one = made(trader, f"t-{role.lower()}")
    with pytest.raises(NotPermitted):
        changed(desk, one, replace(moved(one, Step.START), started_by=desk.name, started=now()), Step.START)
    with pytest.raises(NotPermitted):
        asyncio.run(store_of(desk).raise_(a_signal(one), "acc", None))
    if role is Role.VIEWER:
        with pytest.raises(NotPermitted):
            asyncio.run(store_of(desk).lease(one.id, "desk", "host", desk.name))
