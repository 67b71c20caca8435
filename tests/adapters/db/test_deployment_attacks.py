"""What a person with a login of their own cannot do to a deployment at a database prompt, whatever role they have."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from qv_desktop.domain.access import Role
from tests.adapters.db.personal import Person, address, connected, people, refusal, run
from tests.adapters.db.test_attacks import DENIED, Raw

MADE = ("INSERT INTO deployments VALUES ('d', 's', 1, 'a', 'PAPER', '{A}', '1m', '{}', encode(sha256('{}'), 'hex'), 'draft', "
        "'not started', '', %s, now(), '', NULL, '', NULL, '', NULL, 0, 0, 1)")  # fmt: skip


def step(words: str, revision: str = "revision + 1") -> str:
    """A change that counts as the next step, or says that it is another."""
    return f"{words}, revision = {revision}"


ASK = step("UPDATE deployments SET stage = 'approval asked', asked_by = session_user, asked_at = now()")
SIGN = "INSERT INTO deployment_approvals SELECT id, revision, digest, session_user, now() FROM deployments"
APPROVE = step("UPDATE deployments SET stage = 'approved', approved_by = session_user, approved_at = now()")
START = step("UPDATE deployments SET state = 'running', started_by = {}, started = now()")


@pytest.fixture(scope="module")
def who(postgres_url: str) -> dict[Role, Person]:
    found = people(postgres_url, uuid4().hex[:6])
    for person in found.values():
        run(postgres_url, "INSERT INTO sessions VALUES (%s, %s, 'h', now(), now() + interval '1 day', NULL, '')", f"s-{person.name}",
            f"id-{person.name}")  # fmt: skip
    run(postgres_url, "INSERT INTO strategies VALUES ('s', 'cross')")
    run(postgres_url, "INSERT INTO strategy_versions VALUES ('s', 1, '', '[]', '', 'c', 'x', now())")
    return found


@pytest.fixture(autouse=True)
def on_paper(postgres_url: str, who: dict[Role, Person]) -> None:
    """The trader's deployment, on paper."""
    run(postgres_url, "DELETE FROM deployments")
    run(postgres_url, MADE, who[Role.TRADER].name)
    run(postgres_url, step("UPDATE deployments SET stage = 'paper'"))


@pytest.fixture
def admin(postgres_url: str, who: dict[Role, Person]) -> Iterator[Raw]:
    with connected(address(postgres_url, who[Role.ADMIN].name), who[Role.ADMIN].group) as server:
        yield server


@pytest.fixture
def trader(postgres_url: str, who: dict[Role, Person]) -> Iterator[Raw]:
    with connected(address(postgres_url, who[Role.TRADER].name), who[Role.TRADER].group) as server:
        yield server


@pytest.fixture
def analyst(postgres_url: str, who: dict[Role, Person]) -> Iterator[Raw]:
    with connected(address(postgres_url, who[Role.ANALYST].name), who[Role.ANALYST].group) as server:
        yield server


def test_who_asked_cannot_put_another_name_to_it_and_sign(admin: Raw, who: dict[Role, Person]) -> None:
    admin.execute(ASK.encode())
    assert refusal(admin, SIGN) == DENIED
    for revision in ("revision", "revision + 1"):
        assert refusal(admin, step("UPDATE deployments SET asked_by = %s", revision), who[Role.TRADER].name) == DENIED


def test_a_signature_that_was_taken_back_does_not_count_anew(
    postgres_url: str, admin: Raw, trader: Raw, who: dict[Role, Person]
) -> None:
    run(postgres_url, ASK.replace("session_user", "%s"), who[Role.TRADER].name)
    admin.execute(SIGN.encode())
    admin.execute(APPROVE.encode())
    admin.execute(
        step(
            "UPDATE deployments SET stage = 'paper', asked_by = '', asked_at = NULL, approved_by = '', approved_at = NULL"
        ).encode()
    )
    admin.commit()
    ((signed,),) = run(postgres_url, "SELECT revision FROM deployment_approvals")
    again = step(
        "UPDATE deployments SET stage = 'approval asked', asked_by = session_user, asked_at = now()", str(signed)
    )
    assert refusal(trader, again) == DENIED
    trader.execute(ASK.encode())
    took = step("UPDATE deployments SET stage = 'approved', approved_by = %s, approved_at = now()")
    assert refusal(trader, took, who[Role.ADMIN].name) == DENIED


def test_nobody_starts_one_in_the_name_of_somebody_who_may_trade(
    analyst: Raw, trader: Raw, who: dict[Role, Person]
) -> None:
    assert refusal(analyst, START.format("%s"), who[Role.TRADER].name) == DENIED
    assert refusal(analyst, START.format("session_user")) == DENIED
    assert refusal(trader, START.format("%s"), who[Role.ADMIN].name) == DENIED
    assert refusal(trader, START.format("session_user")) == ""


def test_what_runs_keeps_its_terms_and_whose_it_is(trader: Raw, who: dict[Role, Person]) -> None:
    trader.execute(START.format("session_user").encode())
    assert refusal(trader, step("UPDATE deployments SET terms = '[]', digest = encode(sha256('[]'), 'hex')")) == DENIED
    assert refusal(trader, step("UPDATE deployments SET started_by = %s"), who[Role.ADMIN].name) == DENIED
    assert (
        refusal(trader, step("UPDATE deployments SET state = 'paused', started_by = %s"), who[Role.ADMIN].name)
        == DENIED
    )
    assert refusal(trader, "UPDATE deployments SET state = 'paused'") == DENIED
    assert refusal(trader, "UPDATE deployments SET evaluated = 5") == ""
    assert refusal(trader, step("UPDATE deployments SET state = 'paused'")) == ""


def test_what_was_deployed_is_not_thrown_away(admin: Raw) -> None:
    assert refusal(admin, "DELETE FROM deployments") == DENIED


@pytest.mark.parametrize(("change", "state"), [
    ("state = 'suspended'", "paused"), ("role = 'Viewer'", "paused"), ("role = 'Admin'", "running"), ("role_version = 2", "running"),
])  # fmt: skip
def test_what_a_person_runs_is_paused_with_the_person_whoever_can_still_write(
    postgres_url: str, who: dict[Role, Person], change: str, state: str
) -> None:
    name = who[Role.TRADER].name
    run(postgres_url, START.format("%s"), name)
    try:
        run(postgres_url, f"UPDATE users SET {change} WHERE name = %s", name)  # noqa: S608 - constants
        assert run(postgres_url, "SELECT state FROM deployments") == [(state,)]
        told = run(postgres_url, "SELECT step, words FROM deployment_steps")
        assert told == ([("pause", f"{name} may not run it any more.")] if state == "paused" else [])
    finally:
        run(postgres_url, "UPDATE users SET state = 'active', role = 'Trader' WHERE name = %s", name)
