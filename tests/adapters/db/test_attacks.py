"""What a person with a login of their own cannot do at a database prompt, whatever role they put on first."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from qv_desktop.adapters.db import passwords
from qv_desktop.domain.access import Role
from tests.adapters.db.personal import WORDS, Person, address, connected, people, plain, refusal, run
from tests.adapters.db.test_schema import an_order

type Raw = "psycopg.Connection[tuple[Any, ...]]"

DENIED = "42501"
GUESSES = 12
ROW = ("INSERT INTO audit_log VALUES ('c', {n}, now(), '{actor}', '{kind}', '', '{session}', '', '{action}', '', '', '{outcome}', "
       "'', '', '', '', '', '1', '{previous}', repeat('a', 64))")  # fmt: skip


def a_row(
    actor: str, kind: str = "human", outcome: str = "ok", session: str = "s", n: int = 1, previous: str = "0" * 64,
    action: str = "x",
) -> str:  # fmt: skip
    return ROW.format(n=n, actor=actor, kind=kind, outcome=outcome, session=session, previous=previous, action=action)


@pytest.fixture(scope="module")
def who(postgres_url: str) -> dict[Role, Person]:
    """One person of each role; an order, a row of the trail, a session and a lock-out of everybody."""
    found = people(postgres_url, uuid4().hex[:6])
    run(postgres_url, a_row("somebody"))
    run(postgres_url, an_order(id="old"))
    run(postgres_url, an_order(id="other", account="b").replace("'a', 'u'", "'b', 'u'"))
    for person in found.values():
        run(postgres_url, "INSERT INTO sessions VALUES (%s, %s, 'h', now(), now() + interval '1 day', NULL, '')", f"s-{person.name}",
            f"id-{person.name}")  # fmt: skip
        run(
            postgres_url,
            "INSERT INTO refresh_tokens VALUES (sha256(%s::bytea), %s, now(), NULL)",
            person.name,
            f"s-{person.name}",
        )
        run(postgres_url, "INSERT INTO lockouts VALUES (%s, 5, now(), now() + interval '15 minutes')", person.name)
        run(postgres_url, "INSERT INTO watchlists VALUES (%s, 'list', '{A}', 0)", f"id-{person.name}")
        run(postgres_url, "INSERT INTO settings VALUES (%s, 'key', 'value')", f"id-{person.name}")
    return found


@pytest.fixture(params=list(Role))
def person(request: pytest.FixtureRequest, who: dict[Role, Person]) -> Person:
    return who[request.param]


@pytest.fixture
def raw(postgres_url: str, person: Person) -> Iterator[Raw]:
    with connected(address(postgres_url, person.name), person.group) as server:
        yield server


def every_role(server: Raw) -> list[str]:
    """All that this login can put on, itself included."""
    rows = server.execute(
        "SELECT rolname FROM pg_roles WHERE pg_has_role(session_user, oid, 'MEMBER') ORDER BY 1"
    ).fetchall()
    return [str(row[0]) for row in rows]


# ---- the trail


ON_THE_TRAIL = """
    UPDATE audit_log SET reason = 'nothing happened'
    DELETE FROM audit_log
    TRUNCATE audit_log
    DROP TABLE audit_log
    DROP TABLE audit_log CASCADE
    ALTER TABLE audit_log DISABLE TRIGGER append_only
    ALTER TABLE audit_log DISABLE TRIGGER ALL
    ALTER TABLE audit_log RENAME TO gone
    ALTER TABLE audit_log DROP COLUMN hash
    ALTER TABLE audit_log DISABLE ROW LEVEL SECURITY
    ALTER TABLE audit_log OWNER TO CURRENT_USER
    DROP TRIGGER append_only ON audit_log
    DELETE FROM audit_checkpoints
    UPDATE audit_checkpoints SET sequence = 1
    TRUNCATE audit_checkpoints
    ALTER TABLE audit_checkpoints DISABLE TRIGGER ALL
    DROP TABLE audit_checkpoints
    DROP POLICY qv_signed ON audit_log
    DROP FUNCTION refuse_change() CASCADE
    DROP SCHEMA public CASCADE
    SET session_replication_role = replica
    SET LOCAL session_replication_role = replica
    CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'
    CREATE RULE r AS ON INSERT TO audit_log DO INSTEAD NOTHING
    CREATE TRIGGER t BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION refuse_change()
    CREATE TABLE public.audit_log2 ()
    REINDEX TABLE audit_log
    CLUSTER audit_log USING audit_log_pkey
    LOCK TABLE audit_log IN ACCESS EXCLUSIVE MODE
    COPY audit_log TO PROGRAM 'cat'
    COPY audit_log FROM '/etc/hostname'
    ALTER DATABASE postgres SET row_security = off
    INSERT INTO audit_log (SELECT * FROM audit_log) ON CONFLICT (chain, sequence) DO UPDATE SET reason = ''
    MERGE INTO audit_log a USING (SELECT 1) one ON true WHEN MATCHED THEN DELETE
    WITH gone AS (DELETE FROM audit_log RETURNING *) SELECT * FROM gone
    DO $$ BEGIN DELETE FROM audit_log; END $$
"""


def test_the_trail_cannot_be_changed_or_taken_away(raw: Raw, postgres_url: str) -> None:
    before = run(postgres_url, "SELECT * FROM audit_log")
    for role in every_role(raw):
        raw.execute(f'SET ROLE "{role}"'.encode())
        for attack in filter(None, map(str.strip, ON_THE_TRAIL.splitlines())):
            assert refusal(raw, attack) == DENIED, (role, attack)
    assert run(postgres_url, "SELECT * FROM audit_log") == before


def test_nobody_gives_away_what_was_not_given_to_be_given(postgres_url: str, person: Person) -> None:
    with psycopg.connect(plain(address(postgres_url, person.name)), autocommit=True) as server:
        server.execute(f'SET ROLE "{person.group}"'.encode())
        server.execute("GRANT ALL ON audit_log TO PUBLIC")  # Postgres only warns that there is nothing to give
    assert run(postgres_url, "SELECT has_table_privilege('qv_door', 'audit_log', 'DELETE, SELECT')") == [(False,)]


def test_a_switch_that_is_off_for_the_session_shows_no_row_either(raw: Raw) -> None:
    raw.execute("SET row_security = off")
    assert refusal(raw, "SELECT * FROM users") == DENIED


def test_rows_are_added_by_everybody_and_in_nobody_elses_name(
    raw: Raw, person: Person, who: dict[Role, Person]
) -> None:
    other = next(one.name for one in who.values() if one is not person)
    following = {"n": 2, "previous": "a" * 64}
    assert refusal(raw, a_row(person.name, **following)) == ""
    assert refusal(raw, a_row(person.name.upper(), **following)) == ""
    assert refusal(raw, a_row("QuantVision", "system", **following)) == ""
    assert refusal(raw, a_row(other, **following)) == DENIED
    assert refusal(raw, a_row(other, outcome="refused", **following)) == DENIED
    assert refusal(raw, a_row(other, outcome="refused", session="", **following)) == DENIED
    at_the_door = a_row(other, outcome="refused", session="", action="session.start", **following)
    assert refusal(raw, at_the_door) == ""  # somebody tried that name there


def test_two_successors_of_one_row_are_impossible_by_hand_too(raw: Raw, person: Person) -> None:
    assert refusal(raw, a_row(person.name, n=1)) == "23505"
    assert refusal(raw, a_row(person.name, n=7, previous="0" * 64)) == "23514"


def test_who_may_not_view_the_trail_learns_its_head_and_no_more(raw: Raw, person: Person) -> None:
    seen = refusal(raw, "SELECT * FROM audit_log")
    assert seen == ("" if person.role in (Role.ADMIN, Role.TRADER) else DENIED)
    assert raw.execute("SELECT sequence FROM audit_head('c')").fetchall() == [(1,)]
    assert raw.execute(
        "SELECT audit_holds('c', 1, repeat('a', 64)), audit_holds('c', 1, repeat('b', 64))"
    ).fetchone() == (True, False)


# ---- orders


def test_a_viewers_login_cannot_insert_an_order_whatever_role_it_puts_on(
    postgres_url: str, who: dict[Role, Person]
) -> None:
    for watcher in (who[Role.VIEWER], who[Role.ANALYST]):
        with connected(address(postgres_url, watcher.name)) as server:
            roles = every_role(server)
            assert set(roles) == {watcher.name, watcher.group, "qv_door"}
            for role in roles:
                server.execute(f'SET ROLE "{role}"'.encode())
                for attack in (an_order(id="n"), "UPDATE orders SET quantity = 9", "DELETE FROM orders",
                               "INSERT INTO fills VALUES ('a', 'e', 'old', 'A', 'buy', 1, 1, now(), 0, '')",
                               "INSERT INTO positions VALUES ('a', 'A', 1, 1, 0)",
                               "INSERT INTO order_events (client_order_id, kind, status, at, reason) VALUES ('old', 'x', 'x', now(), '')",
                               f"WITH sly AS ({an_order(id='n')} RETURNING 1) TABLE sly"):  # fmt: skip
                    assert refusal(server, attack) == DENIED, (role, attack)


def test_without_putting_on_the_group_a_login_may_nothing(postgres_url: str, person: Person) -> None:
    with connected(address(postgres_url, person.name)) as server:
        for attack in (an_order(id="n"), "SELECT * FROM orders", "SELECT * FROM users", "SELECT * FROM audit_log", "SELECT door_salt()",
                       "SELECT * FROM audit_head('c')", a_row(person.name, n=2)):  # fmt: skip
            assert refusal(server, attack) == DENIED, attack


def test_nobody_puts_on_a_group_that_is_not_theirs(raw: Raw, person: Person, who: dict[Role, Person]) -> None:
    for group in {one.group for one in who.values()} - {person.group} | {
        "qv_app",
        "qv",
        "pg_write_all_data",
        "pg_read_server_files",
    }:
        assert refusal(raw, f'SET ROLE "{group}"') == DENIED
        assert refusal(raw, f'SET SESSION AUTHORIZATION "{group}"') == DENIED
        assert refusal(raw, f'GRANT "{group}" TO "{person.name}"') == DENIED


@pytest.mark.parametrize("attack", ["ALTER ROLE {me} CREATEROLE", "ALTER ROLE {me} BYPASSRLS", "ALTER ROLE {me} SUPERUSER",
                                    "CREATE ROLE more",
                                    "ALTER ROLE qv_door LOGIN", "ALTER ROLE {other} PASSWORD 'taken over'", "DROP ROLE {other}",
                                    "ALTER ROLE {other} NOLOGIN"])  # fmt: skip
def test_nobody_makes_more_of_a_login(raw: Raw, person: Person, who: dict[Role, Person], attack: str) -> None:
    other = next(one.name for one in who.values() if one is not person)
    assert refusal(raw, attack.format(me=person.name, other=other)) == DENIED


def test_a_trader_writes_no_order_in_its_terms_anew(postgres_url: str, who: dict[Role, Person]) -> None:
    trader = who[Role.TRADER]
    with connected(address(postgres_url, trader.name), trader.group) as server:
        assert refusal(server, "UPDATE orders SET status = 'working' WHERE client_order_id = 'old'") == ""
        for column, value in (
            ("side", "'sell'"),
            ("symbol", "'X'"),
            ("account", "'b'"),
            ('"user"', "'me'"),
            ("submitted", "now()"),
        ):
            assert refusal(server, f"UPDATE orders SET {column} = {value}") == DENIED, column  # noqa: S608 - constants
        for attack in (
            "DELETE FROM orders",
            "UPDATE fills SET price = 1",
            "DELETE FROM order_events",
            "INSERT INTO limit_versions VALUES ('account', 'a', 1, '{}', '', session_user, now(), '', NULL)",
            "INSERT INTO risk_events (account, at, kind, state, actor, reason) VALUES ('a', now(), 'limits', NULL, 'u', '')",
        ):
            assert refusal(server, attack) == DENIED, attack


def test_a_login_with_accounts_sees_and_writes_those_alone(postgres_url: str, who: dict[Role, Person]) -> None:
    trader = who[Role.TRADER]
    run(postgres_url, "INSERT INTO account_access VALUES (%s, 'a')", trader.name)
    try:
        with connected(address(postgres_url, trader.name), trader.group) as server:
            assert server.execute("SELECT client_order_id FROM orders").fetchall() == [("old",)]
            assert refusal(server, an_order(id="mine")) == ""
            assert refusal(server, an_order(id="theirs").replace("'a', 'u'", "'b', 'u'")) == DENIED
            event = "INSERT INTO order_events (client_order_id, kind, status, at, reason) VALUES ('{}', 'x', 'x', now(), '')"
            assert (refusal(server, event.format("old")), refusal(server, event.format("other"))) == ("", DENIED)
            assert refusal(server, "INSERT INTO account_access VALUES (lower(session_user), 'b')") == DENIED
            assert refusal(server, "DELETE FROM account_access") == DENIED
            run(postgres_url, a_row("QuantVision", "system", n=2, previous="a" * 64).replace("'', '', '1'", "'other', '', '1'")
                .replace("repeat('a', 64)", "repeat('c', 64)"))  # fmt: skip
            assert server.execute("SELECT * FROM order_story('other')").fetchall() == []
    finally:
        run(postgres_url, "DELETE FROM account_access")
    with connected(address(postgres_url, trader.name), trader.group) as server:
        assert len(server.execute("SELECT * FROM order_story('other')").fetchall()) == 1


@pytest.mark.parametrize("change", ["role = 'Viewer', role_version = 2", "state = 'suspended'"])
def test_a_demoted_or_suspended_person_loses_orders_with_the_next_statement(
    postgres_url: str, who: dict[Role, Person], change: str
) -> None:
    trader = who[Role.TRADER]
    with psycopg.connect(plain(address(postgres_url, trader.name)), autocommit=True) as server:
        server.execute(f"SET ROLE {trader.group}".encode())
        assert len(server.execute("SELECT * FROM orders").fetchall()) == 2
        run(postgres_url, f"UPDATE users SET {change} WHERE name = %s", trader.name)  # noqa: S608 - constants
        try:
            assert server.execute("SELECT * FROM orders").fetchall() == []
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                server.execute(an_order(id="late").encode())
        finally:
            run(
                postgres_url,
                "UPDATE users SET role = 'Trader', state = 'active', role_version = 1 WHERE name = %s",
                trader.name,
            )


# ---- persons


def test_a_person_who_is_no_admin_changes_nobodys_role_and_reads_nobodys_hash(raw: Raw, person: Person) -> None:
    for attack in ("SELECT password_hash FROM users", "SELECT * FROM users", "SELECT users FROM users", "TABLE users",
                   "SELECT to_json(u) FROM users u", "SELECT max(password_hash) OVER () FROM users",
                   "SELECT code_hash FROM password_resets", "UPDATE users SET password_hash = '$argon2id$x'", "UPDATE users SET name = 'x'",
                   "UPDATE login_brake SET level = 0",
                   "SELECT name FROM users ORDER BY password_hash", "COPY users (password_hash) TO STDOUT",
                   "UPDATE users SET state = state WHERE password_hash LIKE '$argon2id$%'"):  # fmt: skip
        assert refusal(raw, attack) == DENIED, attack  # not even an Admin reads one
    own = raw.execute("SELECT name FROM users").fetchall()
    if person.role is Role.ADMIN:
        assert len(own) == 4
        return
    assert own == [(person.name,)]
    for attack in ("UPDATE users SET role = 'Admin'", "UPDATE users SET role = 'Admin' WHERE id = person()",
                   "UPDATE users SET role_version = 1",
                   "UPDATE users SET state = 'active'", "UPDATE roles SET permissions = '{}'",
                   "DELETE FROM roles", "DELETE FROM password_resets",
                   "INSERT INTO roles VALUES ('mine', '{trading: create}', 1, now(), '')",
                   "INSERT INTO password_resets SELECT id, sha256('code'), now(), now() + interval '1 day', 'me' FROM users",
                   "UPDATE users SET password_hash = '$argon2id$x'", "DELETE FROM users",
                   "INSERT INTO users VALUES ('x', 'x', 'Admin', 'active', 1, '$argon2id$x', now())"):  # fmt: skip
        assert refusal(raw, attack) == DENIED, attack


def test_nobody_but_an_admin_deletes_or_reads_a_lock_out_not_even_the_own(raw: Raw, person: Person) -> None:
    admin = person.role is Role.ADMIN
    for attack in ("SELECT * FROM lockouts", "DELETE FROM lockouts"):
        assert refusal(raw, attack) == ("" if admin else DENIED)
    for attack in (
        "UPDATE lockouts SET failures = 1, locked_until = NULL",
        "INSERT INTO lockouts VALUES ('somebody', 5, now(), now())",
    ):
        assert refusal(raw, attack) == DENIED


def test_nobody_but_an_admin_ends_or_sees_anothers_session(raw: Raw, person: Person) -> None:
    ended = raw.execute(
        "UPDATE sessions SET ended = now(), ended_because = 'attack' WHERE ended IS NULL RETURNING id"
    ).fetchall()
    if person.role is Role.ADMIN:
        assert len(ended) == 4
        return
    assert ended == [(f"s-{person.name}",)]
    assert raw.execute("SELECT session_id FROM refresh_tokens").fetchall() == [(f"s-{person.name}",)]
    for attack in ("UPDATE sessions SET user_id = 'x'", "UPDATE sessions SET expires = 'infinity'", "DELETE FROM sessions",
                   "INSERT INTO sessions VALUES ('n', 'id-somebody', 'h', now(), now() + interval '1 day', NULL, '')"):  # fmt: skip
        assert refusal(raw, attack) == DENIED, attack


def test_what_a_person_keeps_is_the_persons_own(raw: Raw, person: Person, who: dict[Role, Person]) -> None:
    other = next(one.name for one in who.values() if one is not person)
    for question in ('SELECT "user" FROM watchlists', 'SELECT "user" FROM settings'):
        rows = raw.execute(question.encode()).fetchall()
        assert [row[0] for row in rows] == [f"id-{person.name}"]
    assert refusal(raw, "INSERT INTO settings VALUES (%s, 'k', 'v')", f"id-{other}") == DENIED
    assert refusal(raw, 'UPDATE settings SET "user" = %s', f"id-{other}") == DENIED
    assert refusal(raw, "INSERT INTO settings VALUES (person(), 'k', 'v')") == ""


# ---- functions with their owner's rights


def test_no_search_path_of_the_callers_reaches_into_a_function(postgres_url: str, person: Person) -> None:
    """Tables, functions and operators of the caller's own, in front of ours by name, by temporary schema and by path."""
    with connected(address(postgres_url, person.name)) as server:
        server.execute(
            "CREATE TEMP TABLE users (id text, name text, role text, state text, role_version int, password_hash text)"
        )
        server.execute("CREATE TEMP TABLE audit_log (chain text, sequence bigint, hash text)")
        server.execute("INSERT INTO pg_temp.audit_log VALUES ('c', 99, 'forged')")
        server.execute(
            "INSERT INTO pg_temp.users SELECT 'boss', session_user, 'Admin', 'active', 1, '$argon2id$v=19$m=8,t=1,p=1$c2FsdA$eA'"
        )
        server.execute("CREATE FUNCTION pg_temp.lower(text) RETURNS text LANGUAGE sql AS $$ SELECT 'somebody' $$")
        server.execute("CREATE FUNCTION pg_temp.same(text, text) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$")
        server.execute("CREATE OPERATOR pg_temp.= (LEFTARG = text, RIGHTARG = text, FUNCTION = pg_temp.same)")
        server.execute(f"SET ROLE {person.group}".encode())
        server.execute("SET search_path = pg_temp, pg_catalog, public")
        assert server.execute("SELECT sequence FROM audit_head('c')").fetchall()[0][0] < 99
        assert server.execute("SELECT person()").fetchall() == [(f"id-{person.name}",)]
        assert server.execute("SELECT acting('qv_admin')").fetchall() == [(person.role is Role.ADMIN,)]
        assert "m=8," not in server.execute("SELECT door_salt()").fetchall()[0][0]
        if person.role in (Role.VIEWER, Role.ANALYST):
            assert refusal(server, an_order(id="n").replace("INTO orders", "INTO public.orders")) == DENIED


def test_every_function_with_its_owners_rights_has_its_path_pinned_and_is_not_for_everybody(postgres_url: str) -> None:
    query = """SELECT proname, proconfig::text, has_function_privilege('public', oid, 'EXECUTE') FROM pg_proc
               WHERE pronamespace = 'public'::regnamespace AND prosecdef"""
    rows = run(
        postgres_url,
        query.replace(
            "has_function_privilege('public', oid, 'EXECUTE')",
            "EXISTS (SELECT FROM aclexplode(coalesce(proacl, acldefault('f', proowner))) WHERE grantee = 0)",
        ),
    )
    assert len(rows) >= 12
    for name, config, public in rows:
        assert "search_path=pg_catalog, pg_temp" in config, name
        assert not public, name


def test_the_first_admin_is_made_once_and_by_no_other_login(raw: Raw) -> None:
    hashed = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA"
    asked = "SELECT door_first_admin('x', session_user, %s)"
    assert raw.execute(asked.encode(), (hashed,)).fetchone() == (False,)


def test_the_server_counts_and_locks_by_itself(postgres_url: str, who: dict[Role, Person]) -> None:
    analyst = who[Role.ANALYST]
    run(postgres_url, "DELETE FROM lockouts")
    with psycopg.connect(plain(address(postgres_url, analyst.name)), autocommit=True) as server:
        server.execute("SET ROLE qv_door")
        right = passwords.proof(server.execute("SELECT door_salt()").fetchall()[0][0], WORDS)
        told = [entered(server, guess)[:2]
                for guess in ("", None, right[:-1], "$argon2id$", right[:-1] + "\N{GREEK SMALL LETTER ALPHA}")]  # fmt: skip
        assert told == [("wrong", False)] * 4 + [("wrong", True)]
        assert entered(server, right)[0] == "locked"
        run(postgres_url, "UPDATE lockouts SET locked_until = now() - interval '1 second'")
        assert entered(server, right) == ("ok", False, "Analyst")
    assert run(postgres_url, "SELECT count(*) FROM lockouts") == [(0,)]
    assert WORDS not in right


def entered(server: Raw, proof: str | None) -> tuple[Any, ...]:
    """Outcome, whether locked, and role, of an attempt that is committed."""
    attempt = server.execute("SELECT door_enter(%s)", (proof,)).fetchall()[0][0]
    return server.execute(
        "SELECT outcome, locked_until IS NOT NULL, role FROM door_outcome(%s)", (attempt,)
    ).fetchall()[0]


def test_a_guess_that_is_rolled_back_tells_nothing(postgres_url: str, who: dict[Role, Person]) -> None:
    analyst = who[Role.ANALYST]
    run(postgres_url, "DELETE FROM lockouts")
    with psycopg.connect(plain(address(postgres_url, analyst.name)), autocommit=True) as server:
        server.execute("SET ROLE qv_door")
        right = passwords.proof(server.execute("SELECT door_salt()").fetchall()[0][0], WORDS)
        for guess in (right, "wrong"):
            with server.transaction(force_rollback=True):
                with server.transaction():  # a savepoint is no transaction of its own
                    attempt = server.execute("SELECT door_enter(%s)", (guess,)).fetchall()[0][0]
                assert server.execute("SELECT * FROM door_outcome(%s)", (attempt,)).fetchall() == []
                changed = server.execute("SELECT door_change_password(%s, '$argon2id$x')", (attempt,))
                assert changed.fetchall() == [(False,)]
                for look in ("SELECT * FROM lockouts", "SELECT * FROM door_attempts"):
                    assert refusal(server, look) == DENIED
            assert server.execute("SELECT * FROM door_outcome(%s)", (attempt,)).fetchall() == []
        with server.transaction():
            attempt = server.execute("SELECT door_enter(%s)", (right,)).fetchall()[0][0]
            server.execute("SELECT * FROM door_outcome(%s)", (attempt,))
        assert run(postgres_url, "SELECT failures FROM lockouts") == [
            (1,)
        ]  # what was not told takes nothing back either
        attempts = [server.execute("SELECT door_enter(%s)", (guess,)).fetchall()[0][0] for guess in ("wrong", right)]
        assert run(postgres_url, "SELECT failures FROM lockouts") == [(3,)]  # counted until it is told
        changes = [server.execute("SELECT door_change_password(%s, password_hash) FROM (SELECT %s AS password_hash) x", (attempt, right))
                   .fetchall()[0][0] for attempt in attempts]  # fmt: skip
        assert changes == [False, True]
        assert server.execute("SELECT * FROM door_outcome(%s)", (attempts[1],)).fetchall() == []  # good once
    run(postgres_url, "DELETE FROM lockouts")


def test_a_guess_at_a_reset_code_that_is_rolled_back_tells_nothing(postgres_url: str, who: dict[Role, Person]) -> None:
    analyst, right, wrong = who[Role.ANALYST], b"r" * 32, b"w" * 32
    run(postgres_url, "DELETE FROM lockouts")
    run(postgres_url, "INSERT INTO password_resets SELECT id, %s, now(), now() + interval '1 day', 'x' FROM users WHERE name = %s",
        right, analyst.name)  # fmt: skip
    try:
        with psycopg.connect(plain(address(postgres_url, analyst.name)), autocommit=True) as server:
            server.execute("SET ROLE qv_door")
            for code in (right, wrong):
                with server.transaction(force_rollback=True):
                    with server.transaction():  # a savepoint is no transaction of its own
                        attempt = shown(server, code)
                    assert server.execute("SELECT * FROM door_outcome(%s)", (attempt,)).fetchall() == []
                    assert redeemed(server, attempt, code) == []
                assert server.execute("SELECT * FROM door_outcome(%s)", (attempt,)).fetchall() == []
                assert redeemed(server, attempt, code) == []
            assert run(postgres_url, "SELECT * FROM lockouts") == []  # nothing was told, so nothing had to be counted
            attempts = [shown(server, code) for code in (wrong, right)]
            assert run(postgres_url, "SELECT failures FROM lockouts") == [(2,)]
            outcomes = [
                server.execute("SELECT outcome, id FROM door_outcome(%s)", (attempt,)).fetchall()
                for attempt in attempts
            ]
            assert outcomes == [[("wrong", None)], [("code", None)]]
            change = server.execute("SELECT door_change_password(%s, '$argon2id$x')", (attempts[1],)).fetchall()
            assert change == [(False,)]  # a code is no password
            assert redeemed(server, attempts[0], right) == []
            assert redeemed(server, attempts[1], wrong) == []  # and that attempt is used up
            assert redeemed(server, attempts[1], right) == []
            for _ in range(4):
                attempt = shown(server, wrong)
            late = shown(server, right)
            assert server.execute(
                "SELECT outcome, locked_until IS NOT NULL FROM door_outcome(%s)", (late,)
            ).fetchall() == [("locked", True)]
            assert redeemed(server, late, right) == []  # the sixth is not looked at
    finally:
        run(postgres_url, "DELETE FROM password_resets")
        run(postgres_url, "DELETE FROM lockouts")


def shown(server: Raw, code: bytes) -> Any:
    """The id of an attempt with a reset code's hash."""
    return server.execute("SELECT door_show_code(%s)", (code,)).fetchall()[0][0]


def redeemed(server: Raw, attempt: Any, code: bytes) -> list[Any]:
    """Whose password was set with it."""
    return server.execute("SELECT name FROM door_redeem(%s, %s, '$argon2id$x')", (attempt, code)).fetchall()


def test_many_guesses_at_once_are_counted_one_after_another(postgres_url: str, who: dict[Role, Person]) -> None:
    """At the server's own door, by as many connections as there are guesses: five are looked at."""
    run(postgres_url, "DELETE FROM lockouts")
    analyst = who[Role.ANALYST]

    def guessed(number: int) -> str:
        with psycopg.connect(plain(address(postgres_url, analyst.name)), autocommit=True) as server:
            server.execute("SET ROLE qv_door")
            together.wait(30)
            return str(entered(server, f"guess {number}")[0])

    together = threading.Barrier(GUESSES)
    with ThreadPoolExecutor(GUESSES) as threads:
        told = Counter(threads.map(guessed, range(GUESSES)))
    assert told == {"wrong": 5, "locked": GUESSES - 5}
    run(postgres_url, "DELETE FROM lockouts")


def test_an_attempt_is_told_to_nobody_else_and_not_after_a_minute(postgres_url: str, who: dict[Role, Person]) -> None:
    run(postgres_url, "DELETE FROM lockouts")
    with (psycopg.connect(plain(address(postgres_url, who[Role.ANALYST].name)), autocommit=True) as server,
          psycopg.connect(plain(address(postgres_url, who[Role.VIEWER].name)), autocommit=True) as other):  # fmt: skip
        for each in (server, other):
            each.execute("SET ROLE qv_door")
        attempt = server.execute("SELECT door_enter('wrong')").fetchall()[0][0]
        assert other.execute("SELECT * FROM door_outcome(%s)", (attempt,)).fetchall() == []
        assert len(server.execute("SELECT * FROM door_outcome(%s)", (attempt,)).fetchall()) == 1
        run(postgres_url, "UPDATE door_attempts SET at = at - interval '1 minute'")
        assert server.execute("SELECT * FROM door_outcome(%s)", (attempt,)).fetchall() == []
    run(postgres_url, "DELETE FROM lockouts")
