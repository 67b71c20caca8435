"""The table of permissions, walked through in Postgres: every role, every resource, every action, by direct SQL with a login of its own."""

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text

from qv_desktop.adapters.db import grants, logins, privileges
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.privileges import LETTERS, NEEDS, group
from qv_desktop.adapters.db.tables import metadata
from qv_desktop.domain.access import Action, Permission, Resource, Role, allowed
from qv_desktop.domain.errors import BadInput
from tests.adapters.db.personal import ROLES, WORDS, Person, address, connected, people, plain, refusal, run
from tests.adapters.db.test_schema import an_order
from tests.conftest import _execute, named

type Raw = "psycopg.Connection[tuple[Any, ...]]"

R, A = Resource, Action
BACKTEST = ("INSERT INTO backtests VALUES ('b2', 's', 1, 'A', '1m', '2026-01-02', '2026-01-02', '{}', '{}', 0, 0, 1, 1, "
            "session_user, now(), 0, "
            "'{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', 0, 'c', 'd', 'e', 'f')")  # fmt: skip
RUN = (
    "INSERT INTO reconciliation_runs VALUES ('r2', now(), 'a', 'o', '', now(), now(), 0, 0, 0, 0, 'h', 'a', 'r2', 0, 0)"
)
DEPLOYMENT = (
    "INSERT INTO deployments VALUES ('{}', 's', 1, 'a', 'PAPER', '{{{}}}', '1m', '{{}}', encode(sha256('{{}}'), 'hex'), 'draft', "
    "'not started', '', session_user, now(), '', NULL, '', NULL, '', NULL, 0, 0, 1)"
)

# what each permission lets a person do to what is stored; of the rest the test below says that it is nothing
PROBES: dict[Permission, str] = {
    Permission(R.MARKET, A.VIEW): "SELECT * FROM bars",
    Permission(R.MARKET, A.CREATE): "INSERT INTO instruments VALUES ('NEW', '', '', 1, true, true, true, true, true)",
    Permission(R.MARKET, A.CHANGE): "INSERT INTO watchlists VALUES (person(), 'mine', '{}', 0)",
    Permission(R.MARKET, A.DELETE): "DELETE FROM trades",
    Permission(R.TRADING, A.VIEW): "SELECT * FROM orders, order_events, fills, positions, account_snapshots",
    Permission(R.TRADING, A.CREATE): an_order(id="new"),
    Permission(R.TRADING, A.CHANGE): "UPDATE orders SET quantity = 2 WHERE client_order_id = 'old'",
    Permission(R.TRADING, A.DELETE): "UPDATE orders SET status = 'cancel sent' WHERE client_order_id = 'old'",
    Permission(R.STRATEGIES, A.VIEW): "SELECT * FROM strategies, strategy_versions, deployments, deployment_steps, "
                                      "deployment_approvals, signals",
    Permission(R.STRATEGIES, A.CREATE): "INSERT INTO strategies VALUES ('t', 'T')",
    Permission(R.STRATEGIES, A.CHANGE): "INSERT INTO strategy_versions VALUES ('s', 2, '', '[]', '', 'c2', session_user, now())",
    Permission(R.STRATEGIES, A.DELETE): "DELETE FROM deployments",
    Permission(R.STRATEGIES, A.APPROVE): "INSERT INTO deployment_approvals VALUES ('d1', 1, '', session_user, now())",
    Permission(R.STRATEGIES, A.RUN): DEPLOYMENT.format("d2", "MSFT"),
    Permission(R.BACKTESTS, A.VIEW): "SELECT * FROM backtests, sweeps",
    Permission(R.BACKTESTS, A.CREATE): BACKTEST,
    Permission(R.BACKTESTS, A.CHANGE): "UPDATE backtests SET seconds = 1",
    Permission(R.BACKTESTS, A.DELETE): "DELETE FROM backtests",
    Permission(R.BACKTESTS, A.RUN): BACKTEST,
    Permission(R.RISK, A.VIEW): "SELECT * FROM limit_versions, limit_proposals, limit_decisions, restrictions, risk_events, "
                                "sector_overrides, risk_scenarios, risk_settings, risk_days, margin_terms, margin_events, "
                                "risk_counters, risk_peaks",
    Permission(R.RISK, A.CHANGE): "INSERT INTO limit_versions VALUES ('account', 'a', 1, '{}', '', session_user, now(), '', NULL)",
    Permission(R.RISK, A.RUN): "INSERT INTO risk_events (account, at, kind, state, actor, reason) "
                               "VALUES ('a', now(), 'state', 'HALTED', 'u', '')",
    Permission(R.AUDIT, A.VIEW): "SELECT * FROM audit_log",
    Permission(R.RECONCILIATION, A.VIEW): "SELECT * FROM reconciliation_runs, reconciliation_breaks, reconciliation_days, breaks, "
                                          "break_remarks, break_signatures",
    Permission(R.RECONCILIATION, A.CHANGE): "UPDATE breaks SET owner = 'x' WHERE id = 'k'",
    Permission(R.RECONCILIATION, A.APPROVE): "INSERT INTO break_signatures VALUES ('k', 1, session_user, now())",
    Permission(R.RECONCILIATION, A.RUN): RUN,
    Permission(R.USERS, A.VIEW): "SELECT 1 / count(*) FROM users WHERE lower(name) <> lower(session_user)",  # of none: a division by zero
    Permission(R.USERS, A.CREATE): "INSERT INTO users VALUES ('n', 'New', 'Viewer', 'active', 1, '$argon2id$x', now())",
    Permission(R.USERS, A.DELETE): "DELETE FROM roles WHERE name = 'Spare'",
    Permission(R.USERS, A.CHANGE): "UPDATE users SET role = 'Analyst', role_version = 2 WHERE lower(name) <> lower(session_user)",
}  # fmt: skip
EVERY = [Permission(resource, action) for resource in Resource for action in Action]


@pytest.fixture(scope="module")
def who(postgres_url: str) -> dict[Role, Person]:
    """One person of each role, and something of everything that is stored."""
    found = people(postgres_url, uuid4().hex[:6])
    for statement in (
        an_order(id="old"), "INSERT INTO roles VALUES ('Spare', '{}', 1, now(), '')", "INSERT INTO strategies VALUES ('s', 'S')",
        "INSERT INTO strategy_versions VALUES ('s', 1, '', '[]', '', 'c1', '', now())", DEPLOYMENT.format("d1", "AAPL"),
        BACKTEST.replace("'b2'", "'b1'"), "INSERT INTO positions VALUES ('a', 'AAPL', 1, 1, 0)",
        "INSERT INTO breaks VALUES ('k', 'a', 'positions', 'KO', 'quantity', 'high', '1', '2', '+1', 1, '', now(), now(), now(), 'r', "
        "'resolved', '', 'tom', now(), 'because', NULL, '', NULL, 1, 1)",
    ):  # fmt: skip
        run(postgres_url, statement)
    return found


@pytest.fixture(params=list(Role))
def person(request: pytest.FixtureRequest, who: dict[Role, Person]) -> Person:
    return who[request.param]


@pytest.fixture
def raw(postgres_url: str, person: Person) -> Iterator[Raw]:
    """The person at a prompt, as the group."""
    with connected(address(postgres_url, person.name), person.group) as server:
        yield server


def test_every_permission_that_changes_what_is_stored_is_probed_and_no_other() -> None:
    assert set(PROBES) == set(NEEDS)
    assert all(isinstance(permission, Permission) for permission in set(EVERY) - set(NEEDS))


def test_the_whole_matrix_is_what_postgres_does(raw: Raw, person: Person) -> None:
    told = {permission: refusal(raw, statement) for permission, statement in PROBES.items()}
    wrong = [
        f"{person.role} {permission}: {state or 'done'}"
        for permission, state in told.items()
        if (state == "") != allowed(person.role, permission)
    ]
    assert wrong == []
    assert set(told.values()) <= {
        "",
        "42501",
        "22012",
    }  # refused for want of a right, never for a mistake in the question


def test_a_group_holds_what_its_permissions_need_and_nothing_beside_it(raw: Raw, person: Person) -> None:
    verbs = (*LETTERS.values(), "TRUNCATE", "REFERENCES", "TRIGGER")
    query = """SELECT relname, verb, has_table_privilege(current_user, c.oid, verb)
                   OR CASE WHEN verb NOT IN ('DELETE', 'TRUNCATE', 'TRIGGER') THEN has_any_column_privilege(current_user, c.oid, verb) END
               FROM pg_class c, unnest(%s::text[]) verb
               WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')"""
    held = {(table, verb) for table, verb, has in raw.execute(query.encode(), [list(verbs)]).fetchall() if has}
    door = set(privileges.pairs(privileges.AT_THE_DOOR))
    assert held == privileges.rights(ROLES[person.role]) | door


def test_every_table_has_its_place_in_the_mapping() -> None:
    named = {table for needs in NEEDS.values() for table, _ in privileges.pairs(needs)}
    named |= {table for table, _ in privileges.pairs(privileges.AT_THE_DOOR)}
    named |= set(privileges.CLOSED.split())
    assert named - {"alembic_version"} == {table.name for table in metadata.sorted_tables}


def test_every_table_of_persons_and_accounts_has_row_security(postgres_url: str, who: dict[Role, Person]) -> None:
    open_to_all = set(privileges.SHARED.split()) | {"alembic_version"}
    query = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relrowsecurity " \
            "AND NOT relispartition"  # fmt: skip
    assert {row[0] for row in run(postgres_url, query)} == open_to_all


def test_granting_twice_changes_nothing(postgres_url: str, who: dict[Role, Person]) -> None:
    assert not grants.granted(postgres_url, ROLES)


@pytest.mark.parametrize("undone", [
    "GRANT UPDATE ON audit_log TO qv_viewer", "GRANT INSERT ON orders TO PUBLIC", "GRANT SELECT (password_hash) ON users TO qv_trader",
    "GRANT EXECUTE ON FUNCTION drop_partitions(text, bigint) TO qv_viewer", "REVOKE INSERT ON orders FROM qv_trader",
    "ALTER TABLE orders DISABLE ROW LEVEL SECURITY", "DROP POLICY qv_own ON users",
    "GRANT qv_admin TO qv_viewer", "GRANT pg_write_all_data TO qv_viewer", "GRANT pg_read_all_data TO qv_door",
    "GRANT TRIGGER, TRUNCATE ON audit_log TO qv_admin", "GRANT CREATE ON SCHEMA public TO qv_viewer",
    "CREATE POLICY qv_extra ON users FOR SELECT TO qv_viewer USING (true)",
    "CREATE POLICY another ON users FOR SELECT TO PUBLIC USING (true)",
])  # fmt: skip
def test_what_was_granted_beside_the_table_is_taken_away_again(
    postgres_url: str, who: dict[Role, Person], undone: str
) -> None:
    before = grants_of(postgres_url)
    run(postgres_url, undone)
    assert grants.granted(postgres_url, ROLES)
    assert grants_of(postgres_url) == before


def grants_of(url: str) -> list[tuple[str, ...]]:
    with psycopg.connect(plain(url)) as server:
        return grants.standing(server)


def test_a_role_that_is_gone_holds_nothing_any_more(postgres_url: str, who: dict[Role, Person]) -> None:
    desk = {**ROLES, "Night desk": [Permission(R.TRADING, A.VIEW), Permission(R.TRADING, A.DELETE)]}
    assert grants.granted(postgres_url, desk)
    night = group("Night desk")
    assert run(postgres_url, "SELECT has_column_privilege(%s, 'orders', 'status', 'UPDATE'), "
                             "has_table_privilege(%s, 'orders', 'INSERT')", night, night) == [(True, False)]  # fmt: skip
    assert grants.granted(postgres_url, ROLES)
    assert run(postgres_url, "SELECT has_any_column_privilege(%s, 'orders', 'SELECT')", night) == [(False,)]


ALIKE = ["Desk Lead", "Desk-Lead", "desk lead", "Door", "app", "  ", "Trader!", "admin "]


def test_roles_whose_names_are_alike_are_groups_apart(postgres_url: str, who: dict[Role, Person]) -> None:
    desk = {**ROLES, **dict.fromkeys(ALIKE, ROLES[Role.VIEWER]), "Desk-Lead": ROLES[Role.TRADER]}
    assert len({*map(group, desk), "qv_app", "qv_door", "qv_owner"}) == len(desk) + 3
    assert grants.granted(postgres_url, desk)
    query = "SELECT has_any_column_privilege(%s, 'orders', 'INSERT')"
    told = [run(postgres_url, query, group(role))[0][0] for role in ("Desk Lead", "Desk-Lead", "desk lead", "Door")]
    assert told == [False, True, False, False]
    assert grants.granted(postgres_url, ROLES)


def test_a_group_of_its_former_name_is_renamed_and_keeps_its_members(
    postgres_url: str, who: dict[Role, Person]
) -> None:
    desk, member = {**ROLES, "Day desk": ROLES[Role.VIEWER]}, f"day_{uuid4().hex[:6]}"
    for statement in ("CREATE ROLE qv_day_desk", f"CREATE ROLE {member} LOGIN", f"GRANT qv_day_desk TO {member}"):
        run(postgres_url, statement)
    assert grants.granted(postgres_url, desk)
    assert run(
        postgres_url, "SELECT roleid::regrole::text FROM pg_auth_members WHERE member = %s::regrole", member
    ) == [(group("Day desk"),)]
    assert run(postgres_url, "SELECT FROM pg_roles WHERE rolname = 'qv_day_desk'") == []
    assert grants.granted(postgres_url, ROLES)


def test_python_and_postgres_name_the_groups_alike(postgres_url: str) -> None:
    for role in (*ROLES, *ALIKE, "Night desk", "Ops/2 (EU)", "Händler", "x" * 80):
        assert run(postgres_url, "SELECT group_of(%s)", role) == [(group(role),)]


def test_a_login_is_in_one_group_and_in_nothing_else_whatever_it_was_given(
    postgres_url: str, who: dict[Role, Person]
) -> None:
    trader = who[Role.TRADER].name
    run(postgres_url, f'GRANT qv_app, pg_write_all_data, qv_admin TO "{trader}"')
    grants.granted(postgres_url, ROLES)
    query = "SELECT array_agg(roleid::regrole::text) FROM pg_auth_members WHERE member = %s::regrole"
    assert run(postgres_url, query, trader) == [(["qv_trader"],)]


def test_a_login_whose_person_has_another_role_is_moved_and_one_against_the_role_is_refused(
    postgres_url: str, who: dict[Role, Person]
) -> None:
    viewer = who[Role.VIEWER].name
    run(postgres_url, "UPDATE users SET role = 'Analyst' WHERE name = %s", viewer)
    run(postgres_url, f"REVOKE qv_analyst FROM {viewer}")  # as if the owner could not have moved it
    run(postgres_url, f"GRANT qv_viewer TO {viewer}")
    try:
        with pytest.raises(BadInput, match="has the role Analyst"):
            logins.let_in(postgres_url, ROLES, logins.Login(viewer, "Viewer"))
        assert grants.granted(postgres_url, ROLES)
        assert "qv_analyst" in str(
            run(postgres_url, "SELECT roleid::regrole FROM pg_auth_members WHERE member = %s::regrole", viewer)
        )
    finally:
        run(postgres_url, "UPDATE users SET role = 'Viewer' WHERE name = %s", viewer)
        grants.granted(postgres_url, ROLES)


def test_who_leaves_can_no_longer_log_in_and_is_cut_off(postgres_url: str, who: dict[Role, Person]) -> None:
    logins.let_in(postgres_url, ROLES, logins.Login("leaver", "Viewer", WORDS))
    with psycopg.connect(plain(address(postgres_url, "leaver"))) as still_open:
        logins.let_in(postgres_url, ROLES, logins.Login("leaver", None))
        with pytest.raises(psycopg.OperationalError):
            still_open.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(plain(address(postgres_url, "leaver")))


@pytest.mark.parametrize(("login", "role", "because"), [
    ("qv_trader", "Trader", "no name for a person"), ("postgres", "Admin", "no name for a person"), ("", "Viewer", "visible characters"),
    ("x" * 64, "Viewer", "visible characters"), ("a\nb", "Viewer", "visible characters"), ("qv", "Admin", "keeps the database"),
    ("somebody", "King", "There is no role"), ("nobody here", None, "There is no login"),
])  # fmt: skip
def test_a_login_that_cannot_be_is_refused_in_a_sentence(
    postgres_url: str, who: dict[Role, Person], login: str, role: str | None, because: str
) -> None:
    with pytest.raises(BadInput, match=because):
        logins.let_in(postgres_url, ROLES, logins.Login(login, role, WORDS))


@pytest.mark.parametrize("login", ['o"Brien', "Renée", "x'; DROP TABLE users; --", "ΩMEGA"])
def test_a_name_is_only_ever_a_name(postgres_url: str, who: dict[Role, Person], login: str) -> None:
    theirs = logins.let_in(postgres_url, ROLES, logins.Login(login, "Viewer", WORDS, ("acc'ount",)))
    assert WORDS not in theirs
    assert run(address(postgres_url, login), "SELECT session_user::text") == [(login,)]
    assert run(postgres_url, "SELECT account FROM account_access WHERE login = lower(%s)", login) == [("acc'ount",)]
    logins.let_in(postgres_url, ROLES, logins.Login(login, None))


def test_a_person_changes_the_own_database_password(postgres_url: str, who: dict[Role, Person]) -> None:
    logins.let_in(postgres_url, ROLES, logins.Login("changer", "Viewer", WORDS))
    logins.change_own_password(address(postgres_url, "changer"), "five other words than before")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(plain(address(postgres_url, "changer")))
    stored = run(postgres_url, "SELECT rolpassword FROM pg_authid WHERE rolname = 'changer'")
    assert str(stored[0][0]).startswith("SCRAM-SHA-256$")


def test_only_the_owner_of_the_tables_grants(postgres_url: str, who: dict[Role, Person]) -> None:
    with pytest.raises(BadInput, match="may not grant rights on them"):
        grants.granted(address(postgres_url, who[Role.ADMIN].name), ROLES)


def test_an_owner_who_is_no_superuser_works_as_the_programs_role_and_grants_all_the_same(
    postgres_template: str,
) -> None:
    """Since PostgreSQL 16 whoever makes a role is a member who may not act as it; the roles of a real server are made so."""
    mark = uuid4().hex[:6]
    keeper, base = f"keeper_{mark}", f"t_{mark}"
    for statement in (
        f"CREATE ROLE {keeper} LOGIN CREATEROLE PASSWORD '{WORDS}'",
        f"CREATE DATABASE {base} OWNER {keeper}",
    ):
        _execute(postgres_template, statement)
    for name in ("qv_app", *map(group, ROLES), "qv_door"):
        run(
            postgres_template,
            f'GRANT "{name}" TO {keeper} WITH ADMIN TRUE, SET FALSE, INHERIT FALSE'
            if exists(postgres_template, name)
            else "SELECT 1",
        )
    url = address(named(postgres_template, base), keeper)
    try:
        database = Database(url)
        database.migrate()
        told = asyncio.run(database.read(lambda c: c.execute(text("SELECT current_user::text")).scalar()))
        database.close()
        assert told == "qv_app"
        assert grants.granted(url, ROLES)
        assert not grants.granted(url, ROLES)
        logins.let_in(url, ROLES, logins.Login(f"anna_{mark}", "Trader", WORDS))
        with connected(address(url, f"anna_{mark}"), "qv_trader") as server:
            assert server.execute("SELECT current_user::text").fetchall() == [("qv_trader",)]
        logins.let_in(url, ROLES, logins.Login(f"anna_{mark}", "Viewer"))
        logins.let_in(url, ROLES, logins.Login(f"anna_{mark}", None))
    finally:
        _execute(postgres_template, f"DROP DATABASE {base} WITH (FORCE)")


def exists(url: str, role: str) -> bool:
    return run(url, "SELECT 1 FROM pg_roles WHERE rolname = %s", role) != []
