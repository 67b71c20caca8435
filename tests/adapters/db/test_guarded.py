"""What a login cannot make of itself or of the desk at a database prompt, through what the program itself lets it write."""

import contextlib
import importlib
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from qv_desktop.adapters.db import grants, logins
from qv_desktop.adapters.db.privileges import group
from qv_desktop.domain.access import BUILT_IN, Action, Permission, Resource, Role
from tests.adapters.db.personal import ROLES, WORDS, Person, address, connected, people, plain, refusal, run

guards = importlib.import_module("qv_desktop.adapters.db.migrations.versions.0018_guarded")


@pytest.fixture(scope="module")
def who(postgres_url: str) -> dict[Role, Person]:
    return people(postgres_url, uuid4().hex[:6])


def groups_of(url: str, login: str) -> list[str]:
    """The groups that a login was given."""
    query = "SELECT roleid::regrole::text FROM pg_auth_members WHERE member = %s::regrole ORDER BY 1"
    return [str(row[0]) for row in run(url, query, login)]


# ---- groups


@pytest.fixture
def free_names(postgres_url: str) -> Iterator[None]:
    """As on a database from before names were guarded; afterwards guarded as it was."""
    query = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'roles_name_free'"
    found = run(postgres_url, query)[0][0]
    run(postgres_url, "ALTER TABLE roles DROP CONSTRAINT roles_name_free")
    yield
    run(postgres_url, "DELETE FROM roles WHERE lower(name) IN ('app', 'door', 'owner', 'loose')")
    run(postgres_url, f"ALTER TABLE roles ADD CONSTRAINT roles_name_free {found}")


@pytest.mark.parametrize("role", ["App", "app", "Door", "Owner", "Loose"])
def test_a_role_of_the_programs_own_name_lets_nobody_into_the_programs_group(
    postgres_url: str, who: dict[Role, Person], free_names: None, role: str
) -> None:
    viewer = who[Role.VIEWER].name
    run(
        postgres_url,
        "CREATE OR REPLACE FUNCTION group_of(role text) RETURNS text LANGUAGE sql IMMUTABLE AS "
        "$$ SELECT 'qv_' || lower(role) $$",
    )  # as names were once
    run(postgres_url, f'DO $$ BEGIN CREATE ROLE "{group_name(role)}"; EXCEPTION WHEN duplicate_object THEN END $$')
    run(postgres_url, "INSERT INTO roles VALUES (%s, '{}', 1, now(), '')", role)
    run(postgres_url, "UPDATE users SET role = %s WHERE name = %s", role, viewer)
    try:
        assert groups_of(postgres_url, viewer) == ["qv_viewer"]
    finally:
        run(postgres_url, "UPDATE users SET role = 'Viewer' WHERE name = %s", viewer)
        run(postgres_url, guards.NAMED[0])


def test_a_group_of_the_programs_own_is_no_roles_whatever_it_was_given(
    postgres_url: str, who: dict[Role, Person]
) -> None:
    with connected(postgres_url) as owner:
        owner.execute("DO $$ BEGIN CREATE ROLE qv_owner; EXCEPTION WHEN duplicate_object THEN END $$")
        owner.execute("GRANT qv_door TO qv_owner, qv_app")
        asked = "SELECT is_a_roles_group(name) FROM unnest('{qv_app,qv_door,qv_owner,qv_viewer}'::name[]) AS name"
        assert [row[0] for row in owner.execute(asked.encode()).fetchall()] == [False, False, False, True]


def group_name(role: str) -> str:
    return f"qv_{role.lower()}"


@pytest.mark.parametrize("role", ["App", "door", "OWNER", " app", "d-o-o-r"])
def test_no_role_is_called_like_a_group_of_the_programs_own(postgres_url: str, role: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        run(postgres_url, "INSERT INTO roles VALUES (%s, '{}', 1, now(), '')", role)


# ---- people and roles

CLERK = "users: view,users: create,users: change,users: delete,market data: view,trading: view"
RISES = {
    "makes itself Admin": "UPDATE users SET role = 'Admin' WHERE lower(name) = lower(session_user)",
    "makes itself Trader": "UPDATE users SET role = 'Trader' WHERE lower(name) = lower(session_user)",
    "makes another Admin": "UPDATE users SET role = 'Admin' WHERE role = 'Viewer'",
    "suspends every Admin": "UPDATE users SET state = 'suspended' WHERE role = 'Admin'",
    "demotes every Admin": "UPDATE users SET role = 'Viewer', role_version = role_version + 1 WHERE role = 'Admin'",
    "gives its own role more": "UPDATE roles SET permissions = permissions || '{trading: create}' WHERE name = 'Clerk'",
    "makes a mighty role": "INSERT INTO roles VALUES ('Mighty', '{trading: create}', 1, now(), 'me')",
    "empties a mightier role": "UPDATE roles SET permissions = '{}' WHERE name = 'Above'",
    "takes a mightier role away": "DELETE FROM roles WHERE name = 'Above'",
    "makes a new Admin": "INSERT INTO users VALUES ('x', 'x', 'Admin', 'active', 1, '$argon2id$x', now())",
    "resets an Admin's password": "INSERT INTO password_resets SELECT id, sha256('code'), now(), now() + interval '1 day', 'me' FROM users "
                                  "WHERE role = 'Admin'",
}  # fmt: skip


@pytest.fixture(scope="module")
def clerk(postgres_url: str, who: dict[Role, Person]) -> Iterator[str]:
    """The login of somebody with a role of the desk's own that administers users."""
    name = f"clerk_{uuid4().hex[:6]}"
    run(
        postgres_url,
        "INSERT INTO roles VALUES ('Clerk', %s, 1, now(), ''), ('Above', '{risk: change}', 1, now(), '')",
        CLERK.split(","),
    )
    roles = grants.stored(postgres_url)
    grants.granted(postgres_url, roles)
    logins.let_in(postgres_url, roles, logins.Login(name, "Clerk", WORDS))
    run(postgres_url, "INSERT INTO users VALUES (%s, %s, 'Clerk', 'active', 1, '$argon2id$x', now())", name, name)
    yield name
    run(postgres_url, "UPDATE users SET role = 'Viewer' WHERE role IN ('Clerk', 'Above')")
    run(postgres_url, "DELETE FROM roles WHERE name IN ('Clerk', 'Above')")
    grants.granted(postgres_url, ROLES)


@pytest.mark.parametrize("attack", RISES)
def test_who_administers_users_and_is_no_admin_gives_and_changes_nothing_mightier(
    postgres_url: str, clerk: str, attack: str
) -> None:
    with connected(address(postgres_url, clerk), group("Clerk")) as server:
        assert refusal(server, RISES[attack]) == "42501"


def test_who_administers_users_does_so_below_the_own_role(postgres_url: str, clerk: str) -> None:
    with connected(address(postgres_url, clerk), group("Clerk")) as server:
        for deed in ("INSERT INTO roles VALUES ('Less', '{trading: view}', 1, now(), 'me')",
                     "INSERT INTO users VALUES ('x', 'x', 'Above', 'active', 1, '$argon2id$x', now())",
                     "INSERT INTO users VALUES ('x', 'x', 'Clerk', 'active', 1, '$argon2id$x', now())"):  # fmt: skip
            assert (refusal(server, deed) == "") is ("'Above'" not in deed), deed


def test_granting_after_an_attempt_to_rise_promotes_nobody(postgres_url: str, clerk: str) -> None:
    with psycopg.connect(plain(address(postgres_url, clerk)), autocommit=True) as server:
        server.execute(f'SET ROLE "{group("Clerk")}"'.encode())
        for attack in RISES.values():
            with contextlib.suppress(psycopg.Error):
                server.execute(attack.encode())
    grants.granted(postgres_url, grants.stored(postgres_url))
    assert groups_of(postgres_url, clerk) == [group("Clerk")]
    assert run(postgres_url, "SELECT count(*) FROM users WHERE role = 'Admin' AND state = 'active'") == [(1,)]


@pytest.mark.parametrize("change", ["state = 'suspended'", "role = 'Viewer'"])
def test_the_last_active_admin_stays_one_whoever_asks(postgres_url: str, who: dict[Role, Person], change: str) -> None:
    admin = who[Role.ADMIN]
    shared = "qv_app"
    for url, role in ((address(postgres_url, admin.name), admin.group), (postgres_url, shared)):
        with connected(url, role) as server:
            server.execute(f"UPDATE users SET {change} WHERE role = 'Admin'".encode())  # noqa: S608 - constants
            assert refusal(server, "SET CONSTRAINTS ALL IMMEDIATE") == "42501"


def test_the_server_and_the_program_agree_on_what_the_built_in_roles_may(postgres_url: str) -> None:
    for role in (Role.TRADER, Role.ANALYST, Role.VIEWER):
        held = run(postgres_url, "SELECT permitted(%s)", role)[0][0]
        assert set(held) == {str(each) for each in BUILT_IN[role]}


# ---- the trail


def a_row(chain: str, n: int, previous: str = "0", hash_: str = "a", kind: str = "system", actor: str = "QuantVision",
          action: str = "x", outcome: str = "ok", session: str = "") -> str:  # fmt: skip
    """A row of the trail; ``previous`` and ``hash_`` are a digit that fills the whole."""
    return (f"('{chain}', {n}, now(), '{actor}', '{kind}', '', '{session}', '', '{action}', '', '', '{outcome}', '', '', '', '', '', '1', "
            f"repeat('{previous}', 64), repeat('{hash_}', 64))")  # fmt: skip


def added(*rows: str) -> str:
    return "INSERT INTO audit_log VALUES " + ", ".join(rows)  # noqa: S608 - constants


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ADMIN])
def test_a_row_is_added_behind_the_one_before_it_and_nowhere_else(
    postgres_url: str, who: dict[Role, Person], role: Role
) -> None:
    person, mark = who[role], uuid4().hex[:6]
    with connected(address(postgres_url, person.name), person.group) as server:
        for row in (a_row(mark, 9223372036854775807, "b"), a_row(mark, 2, "b")):
            assert refusal(server, added(row)) == "23514"  # of a chain that has not begun
        server.execute(added(a_row(mark, 1), a_row(mark, 2, "a", "b")).encode())
        for attack in (a_row(mark, 9223372036854775807, "b", "c"), a_row(mark, 4, "b", "c"), a_row(mark, 3, "d", "c")):
            assert refusal(server, added(attack)) == "23514", attack
        assert refusal(server, added(a_row(mark, 3, "b", "c"), a_row(mark, 5, "c", "d"))) == "23514"
        assert refusal(server, added(a_row(mark, 3, "b", "c"), a_row(mark, 4, "c", "d"))) == ""


def test_the_shared_login_too_adds_at_the_end_alone(postgres_url: str) -> None:
    with connected(postgres_url, "qv_app") as server:
        assert refusal(server, added(a_row("end", 1))) == ""
        assert refusal(server, added(a_row("end", 9223372036854775807, "b"))) == "23514"


def a_point(chain: str) -> str:
    row = "1, 1, repeat('a', 64), now(), repeat('0', 64), repeat('b', 64), '', repeat('c', 128)"
    return f"INSERT INTO audit_checkpoints VALUES ('{chain}', {row})"  # noqa: S608 - constants


@pytest.fixture
def begun(postgres_url: str, who: dict[Role, Person]) -> str:
    """A chain that the Admin's login began."""
    mark = uuid4().hex[:6]
    with psycopg.connect(plain(address(postgres_url, who[Role.ADMIN].name))) as server:
        server.execute(b"SET ROLE qv_admin")
        server.execute(added(a_row(mark, 1)).encode())
    return mark


def test_nobody_adds_to_anothers_chain_nor_signs_it(postgres_url: str, who: dict[Role, Person], begun: str) -> None:
    assert run(postgres_url, "SELECT login FROM audit_chains WHERE chain = %s", begun) == [(who[Role.ADMIN].name,)]
    for person in who.values():
        with connected(address(postgres_url, person.name), person.group) as server:
            own = person is who[Role.ADMIN]
            for row in (a_row(begun, 2, "a", "b"), a_row(begun, 2, "a", "b", "broker", "Alpaca"),
                        a_row(begun, 2, "a", "b", "human", person.name)):  # fmt: skip
                assert refusal(server, added(row)) == ("" if own else "42501")
            if person.role in (Role.ADMIN, Role.TRADER):  # the others sign nothing anyway
                assert refusal(server, a_point(begun)) == ("" if own else "42501")
                assert refusal(server, a_point("of nobody")) == "42501"
            for attack in ("INSERT INTO audit_chains VALUES ('x', 'x')", "UPDATE audit_chains SET login = session_user",
                           "DELETE FROM audit_chains"):  # fmt: skip
                assert refusal(server, attack) == "42501"


def test_a_chain_from_before_goes_to_who_signed_in_there(postgres_url: str, who: dict[Role, Person]) -> None:
    trader, viewer, mark = who[Role.TRADER], who[Role.VIEWER], uuid4().hex[:6]
    with psycopg.connect(plain(postgres_url)) as shared:
        shared.execute(b"SET ROLE qv_app")
        start = a_row(mark, 1, kind="human", actor=trader.name, action="session.start", session="s")
        shared.execute(added(start).encode())
    for person, told in ((viewer, "42501"), (trader, "")):
        with connected(address(postgres_url, person.name), person.group) as server:
            assert refusal(server, added(a_row(mark, 2, "a", "b"))) == told
    with psycopg.connect(plain(address(postgres_url, trader.name))) as server:
        server.execute(b"SET ROLE qv_trader")
        server.execute(added(a_row(mark, 2, "a", "b")).encode())
    with connected(postgres_url, "qv_app") as shared:  # the owner's tools go on recording there
        assert refusal(shared, added(a_row(mark, 3, "b", "c"))) == ""


def test_a_name_is_refused_at_the_door_and_in_nothing_else(postgres_url: str, who: dict[Role, Person]) -> None:
    viewer, mark = who[Role.VIEWER], uuid4().hex[:6]
    with connected(address(postgres_url, viewer.name), viewer.group) as server:
        for action, told in (("session.start", ""), ("password.redeem", ""), ("token.reuse", ""), ("user.create", ""),
                             ("order.submit", "42501"), ("user.role", "42501"), ("live.confirm", "42501")):  # fmt: skip
            row = a_row(mark, 1, kind="human", actor="somebody", action=action, outcome="refused")
            assert refusal(server, added(row)) == told, action


# ---- suspended


def test_a_suspended_persons_login_has_the_door_alone_until_it_is_active_again(
    postgres_url: str, who: dict[Role, Person]
) -> None:
    admin, trader = who[Role.ADMIN], who[Role.TRADER]
    write = "INSERT INTO instruments VALUES ('NEW', '', '', 1, true, true, true, true, true)"
    writes = (
        write,
        "UPDATE bars SET volume = 0",
        "DELETE FROM gaps",
        "DELETE FROM trades",
        "UPDATE second_bars SET volume = 0",
    )
    with psycopg.connect(plain(address(postgres_url, trader.name)), autocommit=True) as still_open:
        still_open.execute(b"SET ROLE qv_trader")
        told(postgres_url, admin, trader, "suspended")
        try:
            assert groups_of(postgres_url, trader.name) == ["qv_door"]
            for attack in writes:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    still_open.execute(attack.encode())
            with connected(address(postgres_url, trader.name)) as server:
                assert refusal(server, "SET ROLE qv_trader") == "42501"
                server.execute("SET ROLE qv_door")
                assert {refusal(server, attack) for attack in writes} == {"42501"}
            grants.granted(postgres_url, grants.stored(postgres_url))
            assert groups_of(postgres_url, trader.name) == ["qv_door"]
            logins.let_in(postgres_url, ROLES, logins.Login(trader.name, "Trader"))
            assert groups_of(postgres_url, trader.name) == ["qv_door"]
        finally:
            told(postgres_url, admin, trader, "active")
        assert groups_of(postgres_url, trader.name) == ["qv_trader"]
        assert refusal_of(still_open, write) == ""


def told(url: str, admin: Person, person: Person, state: str) -> None:
    """An Admin gives a person another state."""
    with psycopg.connect(plain(address(url, admin.name))) as server:
        server.execute(b"SET ROLE qv_admin")
        server.execute("UPDATE users SET state = %s WHERE name = %s", (state, person.name))


def refusal_of(server: "psycopg.Connection[tuple[Any, ...]]", statement: str) -> str:
    with server.transaction(force_rollback=True):
        return refusal(server, statement)


def test_partitions_are_dropped_by_who_may_delete_market_data(postgres_url: str, who: dict[Role, Person]) -> None:
    market = [Permission(Resource.MARKET, action) for action in (Action.VIEW, Action.CREATE, Action.DELETE)]
    grants.granted(postgres_url, {**ROLES, "Keeper": market[:2], "Cleaner": [market[0], market[2]]})
    query = "SELECT has_function_privilege(%s, 'drop_partitions(text, bigint)', 'EXECUTE')"
    assert run(postgres_url, query, group("Keeper")) == [(False,)]
    assert run(postgres_url, query, group("Cleaner")) == [(True,)]
    grants.granted(postgres_url, ROLES)
