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


# ---- false lines of the story, and signals that nobody told

LINE = "INSERT INTO deployment_steps (deployment, at, actor, step, words) VALUES ('d', now(), {}, {}, '')"
SIGNAL = ("INSERT INTO signals (deployment, account, symbol, bar, kind, side, price, at, strategy, fate, reason, order_id) "
          "VALUES ('d', 'a', 'A', 1, 'entry', 'buy', 1, now(), 'cross v1', 'pending', '', 'o')")  # fmt: skip


@pytest.mark.parametrize("step_", ["start", "stop", "approve", "go live", "fail", "pause", "nonsense"])
def test_nobody_tells_in_the_story_what_was_not_done_just_now(
    trader: Raw, admin: Raw, who: dict[Role, Person], step_: str
) -> None:
    for person in (trader, admin):
        assert refusal(person, LINE.format("session_user", f"'{step_}'")) == DENIED
        assert refusal(person, LINE.format("'system'", f"'{step_}'")) == DENIED


def test_a_line_is_of_whoever_did_it_and_of_what_was_done(trader: Raw, who: dict[Role, Person]) -> None:
    both = f"{START.format('session_user')}; {{}}"
    for actor, told in ((f"'{who[Role.ADMIN].name}'", "'start'"), ("'system'", "'start'"), ("session_user", "'stop'"),
                        ("'system'", "'pause'")):  # fmt: skip
        assert refusal(trader, both.format(LINE.format(actor, told))) == DENIED
    assert refusal(trader, LINE.format(f"'{who[Role.ADMIN].name}'", "'refused'")) == DENIED
    assert refusal(trader, both.format(LINE.format("session_user", "'start'"))) == ""


def test_only_whoever_runs_a_deployment_tells_its_signals(
    postgres_url: str, trader: Raw, admin: Raw, analyst: Raw, who: dict[Role, Person]
) -> None:
    for person in (trader, admin, analyst):
        assert refusal(person, SIGNAL) == DENIED
    run(postgres_url, START.format("%s"), who[Role.TRADER].name)
    assert refusal(admin, SIGNAL) == DENIED
    assert refusal(trader, SIGNAL.replace("'A', 1", "'B', 1")) == DENIED
    assert refusal(trader, SIGNAL.replace("'a', 'A'", "'b', 'A'")) == DENIED
    assert refusal(trader, SIGNAL) == ""
    run(postgres_url, SIGNAL)
    assert refusal(admin, "UPDATE signals SET fate = 'order'") == DENIED
    assert refusal(trader, "UPDATE signals SET side = 'sell'") == DENIED
    assert (
        refusal(trader, "UPDATE signals SET fate = 'order', reason = '', order_id = 'o', side = 'buy', wanted = NULL")
        == ""
    )


# ---- rows in another's name

RUN_ROWS = {
    "look_ahead_checks": "INSERT INTO look_ahead_checks SELECT (jsonb_populate_record(NULL::look_ahead_checks, %s)).*",
    "validations": "INSERT INTO validations SELECT (jsonb_populate_record(NULL::validations, %s)).*",
    "sweeps": "INSERT INTO sweeps SELECT (jsonb_populate_record(NULL::sweeps, %s)).*",
    "backtests": "INSERT INTO backtests SELECT (jsonb_populate_record(NULL::backtests, %s)).*",
}


@pytest.mark.parametrize("table", RUN_ROWS)
def test_no_run_is_stored_in_another_s_name(trader: Raw, analyst: Raw, who: dict[Role, Person], table: str) -> None:
    for person, other in ((analyst, Role.ADMIN), (trader, Role.ANALYST)):
        forged = f'{{"user": "{who[other].name}"}}'
        assert refusal(person, RUN_ROWS[table], forged) == DENIED


@pytest.mark.parametrize("table", RUN_ROWS)
def test_one_s_own_run_is_let_through_to_the_table(trader: Raw, who: dict[Role, Person], table: str) -> None:
    own = f'{{"user": "{who[Role.TRADER].name}"}}'
    assert refusal(trader, RUN_ROWS[table], own) not in ("", DENIED)  # what it lacks, not whose it is


# ---- leases

LEASE = "INSERT INTO deployment_leases VALUES ('d', {}, 'host', {}, {})"


def test_a_desk_s_lease_is_its_person_s_and_ends_by_itself(
    postgres_url: str, trader: Raw, admin: Raw, analyst: Raw, who: dict[Role, Person]
) -> None:
    assert refusal(trader, LEASE.format("'x'", f"'{who[Role.ADMIN].name}'", "now()")) == DENIED
    assert refusal(trader, LEASE.format("'x'", "session_user", "now() + interval '1 hour'")) == DENIED
    assert refusal(trader, LEASE.format("'x'", "session_user", "now()")) == ""
    run(postgres_url, LEASE.format("'x'", "%s", "now()"), who[Role.TRADER].name)
    assert refusal(admin, "UPDATE deployment_leases SET desk = 'y', person = session_user, renewed = now()") == DENIED
    assert refusal(admin, "DELETE FROM deployment_leases") == DENIED
    run(postgres_url, "UPDATE deployment_leases SET renewed = now() - interval '1 minute'")
    assert refusal(admin, "UPDATE deployment_leases SET desk = 'y', person = session_user, renewed = now()") == ""


# ---- a role that loses a right


@pytest.mark.parametrize(("left", "state"), [
    (["strategies: run"], "paused"), (["trading: create"], "paused"), (["strategies: run", "trading: create", "market: view"], "running"),
])  # fmt: skip
def test_what_the_holders_of_a_role_run_is_paused_when_the_role_loses_a_right(
    postgres_url: str, who: dict[Role, Person], left: list[str], state: str
) -> None:
    name = who[Role.TRADER].name
    run(postgres_url, "INSERT INTO roles (name, permissions, version, changed_by, changed) "
                      "VALUES ('Runner', '{strategies: run,trading: create}', 1, 'x', now()) ON CONFLICT DO NOTHING")  # fmt: skip
    run(postgres_url, "UPDATE users SET role = 'Runner' WHERE name = %s", name)
    run(postgres_url, START.format("%s"), name)
    try:
        assert run(postgres_url, "SELECT state FROM deployments") == [("running",)]
        run(postgres_url, "UPDATE roles SET permissions = %s, version = 2 WHERE name = 'Runner'", left)
        assert run(postgres_url, "SELECT state FROM deployments") == [(state,)]
        told = run(postgres_url, "SELECT step, words FROM deployment_steps")
        assert told == (
            [("pause", f"{name} may not run it any more: the role Runner was changed.")] if state == "paused" else []
        )
    finally:
        run(postgres_url, "UPDATE users SET state = 'active', role = 'Trader' WHERE name = %s", name)
        run(postgres_url, "DELETE FROM roles WHERE name = 'Runner'")
