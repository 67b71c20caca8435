"""What one login could write once and for good, so that others are stopped, blinded or not obeyed from then on; what ends, stays so."""

# ruff: noqa: S608 - the statements are constants of this file

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest

from qv_desktop.adapters.db import grants, logins, privileges
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.people import PeopleStore
from qv_desktop.adapters.db.privileges import group
from qv_desktop.adapters.db.roles import RoleStore
from qv_desktop.domain.access import Action, Permission, Resource, Role
from qv_desktop.domain.audit_query import AuditQuery
from tests.adapters.db.personal import ROLES, WORDS, Person, address, connected, people, plain, refusal, run
from tests.adapters.db.test_guarded import CLERK, a_row, added
from tests.adapters.db.test_schema import an_order

DENIED, BROKEN = "42501", "23514"
LAST = 2_147_483_647  # the greatest integer: nothing counts on from there


@pytest.fixture(scope="module")
def who(postgres_url: str) -> dict[Role, Person]:
    found = people(postgres_url, uuid4().hex[:6])
    run(postgres_url, an_order(id="old"))
    run(postgres_url, "INSERT INTO breaks VALUES ('b', 'a', 'cash', 'k', 'x', 'high', '', '', '', 0, '', now(), now(), now(), 'r', 'open', "
                      "'', '', NULL, '', NULL, '', NULL, 1, 3)")  # fmt: skip
    for person in found.values():
        run(postgres_url, "INSERT INTO sessions VALUES (%s, %s, 'h', now(), now() + interval '1 day', NULL, '')", f"s-{person.name}",
            f"id-{person.name}")  # fmt: skip
    return found


@pytest.fixture(scope="module")
def clerk(postgres_url: str, who: dict[Role, Person]) -> Iterator[str]:
    """The login of somebody who administers users below the own role."""
    name = f"clerk_{uuid4().hex[:6]}"
    run(postgres_url, "INSERT INTO roles VALUES ('Clerk', %s, 1, now(), '')", CLERK.split(","))
    roles = grants.stored(postgres_url)
    grants.granted(postgres_url, roles)
    logins.let_in(postgres_url, roles, logins.Login(name, "Clerk", WORDS))
    run(postgres_url, "INSERT INTO users VALUES (%s, %s, 'Clerk', 'active', 1, '$argon2id$x', now())", name, name)
    yield name
    run(postgres_url, "UPDATE users SET role = 'Viewer' WHERE role = 'Clerk'")
    run(postgres_url, "DELETE FROM roles WHERE name = 'Clerk'")
    grants.granted(postgres_url, ROLES)


# ---- numbers that others count on from


NUMBERED = {
    "risk_events": "(id, account, at, kind, state, actor, reason) OVERRIDING SYSTEM VALUE "
                   "VALUES (9223372036854775807, 'a', now(), 'state', 'ACTIVE', 'u', '')",
    "order_events": "(id, client_order_id, kind, status, at, reason) OVERRIDING SYSTEM VALUE VALUES (%(n)s, 'old', 'x', 'x', now(), '')",
    "margin_terms": "(id, account, at, set_by, terms) OVERRIDING SYSTEM VALUE VALUES (%(n)s, 'a', now(), 'u', '{}')",
    "margin_events": "(id, account, at, kind, day, key, symbol, amount, words, actor) OVERRIDING SYSTEM VALUE "
                     "VALUES (%(n)s, 'a', now(), 'met', '2026-01-02', 'k', '', 0, '', '')",
    "break_remarks": "(id, item, at, actor, what, words) OVERRIDING SYSTEM VALUE VALUES (%(n)s, 'b', now(), 'u', 'x', '')",
}  # fmt: skip


@pytest.mark.parametrize("role", [Role.TRADER, Role.ADMIN])
@pytest.mark.parametrize("table", NUMBERED)
def test_nobody_chooses_the_number_of_a_row_that_the_server_numbers(
    postgres_url: str, who: dict[Role, Person], table: str, role: Role
) -> None:
    """A state of trading with the greatest number would be the newest for ever, whatever is halted after it."""
    person = who[role]
    with connected(address(postgres_url, person.name), person.group) as server:
        assert refusal(server, f"INSERT INTO {table} {NUMBERED[table]}" % {"n": 7}) == DENIED


def test_what_the_server_numbers_is_still_written(postgres_url: str, who: dict[Role, Person]) -> None:
    trader = who[Role.TRADER]
    with connected(address(postgres_url, trader.name), trader.group) as server:
        for row in ("risk_events (account, at, kind, state, actor, reason) VALUES ('a', now(), 'state', 'HALTED', 'u', '')",
                    "order_events (client_order_id, kind, status, at, reason) VALUES ('old', 'x', 'x', now(), '')"):  # fmt: skip
            assert refusal(server, f"INSERT INTO {row}") == ""


def test_versions_follow_one_another(postgres_url: str, who: dict[Role, Person]) -> None:
    """Behind the greatest there is none: limits could never be set again, nor a strategy be kept."""
    admin = who[Role.ADMIN]
    run(postgres_url, "INSERT INTO strategies VALUES ('s', 's')")
    limits = "INSERT INTO limit_versions VALUES ('account', 'a', {}, '{{}}', '', session_user, now(), '', NULL)"
    version = "INSERT INTO strategy_versions VALUES ('s', {}, '', '[]', '', 'h', session_user, now())"
    for url, role in ((address(postgres_url, admin.name), admin.group), (postgres_url, "qv_app")):
        with connected(url, role) as server:
            for row in (limits, version):
                assert refusal(server, row.format(LAST)) == BROKEN
                assert refusal(server, row.format(2)) == BROKEN
                assert refusal(server, row.format(1)) == ""
                server.execute(row.format(1).encode())
                assert refusal(server, row.format(2).replace("'h'", "'i'")) == ""
                assert refusal(server, row.format(3).replace("'h'", "'i'")) == BROKEN


def test_a_version_is_of_who_saved_it_and_what_ships_is_the_programs(
    postgres_url: str, who: dict[Role, Person]
) -> None:
    trader = who[Role.TRADER]
    run(postgres_url, "INSERT INTO strategies VALUES ('own', 'own', false, false), ('kit', 'kit', false, true)")
    version = "INSERT INTO strategy_versions VALUES ('{}', 1, '', '[]', '', 'h', '{}', now())"
    with connected(address(postgres_url, trader.name), trader.group) as server:
        assert refusal(server, version.format("own", "somebody else")) == DENIED
        assert refusal(server, version.format("own", "QuantVision")) == DENIED
        assert refusal(server, version.format("kit", "QuantVision")) == ""
        assert refusal(server, version.format("own", trader.name.upper())) == ""
        assert refusal(server, "UPDATE strategies SET name = 'other' WHERE id = 'own'") == DENIED
        assert refusal(server, "UPDATE strategies SET archived = true WHERE id = 'own'") == DENIED
    admin = who[Role.ADMIN]
    with connected(address(postgres_url, admin.name), admin.group) as server:
        assert refusal(server, "UPDATE strategies SET archived = true WHERE id = 'own'") == ""


def test_nobody_allows_code_or_keeps_a_text_for_somebody_else_and_an_answer_stays(
    postgres_url: str, who: dict[Role, Person]
) -> None:
    trader = who[Role.TRADER]
    run(postgres_url, "INSERT INTO strategies VALUES ('asked', 'asked')")
    consent = "INSERT INTO strategy_consents VALUES ({}, 'h', 'asked', 1, now())"
    draft = "INSERT INTO strategy_drafts VALUES ({}, 'asked', 1, '', now())"
    with connected(address(postgres_url, trader.name), trader.group) as server:
        for row in (consent, draft):
            assert refusal(server, row.format("'another'")) == DENIED
            assert refusal(server, row.format("person()")) == ""
        server.execute(consent.format("person()").encode())
        assert refusal(server, "UPDATE strategy_consents SET code_hash = 'i'") == DENIED
        assert refusal(server, "DELETE FROM strategy_consents") == DENIED


def test_rules_of_comparisons_follow_one_another_say_something_and_are_of_who_set_them(
    postgres_url: str, who: dict[Role, Person]
) -> None:
    """Behind the greatest version none could be set again, and a tolerance without end would let every difference pass."""
    admin = who[Role.ADMIN]
    rules = "INSERT INTO reconciliation_rules VALUES ('a', {}, now(), '{}', {}, {}, {}, '{{}}')"
    for url, role, name in (
        (address(postgres_url, admin.name), admin.group, admin.name.upper()),
        (postgres_url, "qv_app", "ann"),
    ):
        with connected(url, role) as server:
            assert refusal(server, rules.format(LAST, name, 0, 0, 0)) == BROKEN
            assert refusal(server, rules.format(2, name, 0, 0, 0)) == BROKEN
            for limits in ((2, 0, 0), (0, 2, 0), (0, 0, 101), (0, "'NaN'", 0)):
                assert refusal(server, rules.format(1, name, *limits)) == BROKEN
            assert refusal(server, rules.format(1, name, 1, 1, 100)) == ""
    with connected(address(postgres_url, admin.name), admin.group) as server:
        assert refusal(server, rules.format(1, "somebody else", 0, 0, 0)) == DENIED


def test_only_who_may_approve_says_that_an_entry_was_booked(postgres_url: str, who: dict[Role, Person]) -> None:
    """Every terminal of the account follows it: a Trader's word would open trading over what nobody approved."""
    remark = "INSERT INTO break_remarks (item, at, actor, what, words) VALUES ('b', now(), '{}', '{}', '')"
    for role, refused in ((Role.TRADER, DENIED), (Role.ADMIN, "")):
        person = who[role]
        with connected(address(postgres_url, person.name), person.group) as server:
            assert refusal(server, remark.format(person.name, "book")) == refused
            assert refusal(server, remark.format(person.name, "comment")) == ""
    with connected(postgres_url, "qv_app") as server:
        assert refusal(server, remark.format("ann", "book")) == ""


IMMUNE = {
    "own": "UPDATE users SET role_version = 2147483647 WHERE lower(name) = lower(session_user)",
    "back": "UPDATE users SET role_version = role_version - 1 WHERE lower(name) = lower(session_user)",
    "another's": "UPDATE users SET role_version = role_version + 2 WHERE role = 'Viewer'",
    "a new one's": "INSERT INTO users VALUES ('x', 'x', 'Viewer', 'active', 2147483647, '$argon2id$x', now())",
    "a role's": "UPDATE roles SET version = 2147483647 WHERE name = 'Clerk'",
    "a new role's": "INSERT INTO roles VALUES ('Less', '{trading: view}', 2147483647, now(), 'me')",
}


@pytest.mark.parametrize("attack", IMMUNE)
def test_nobody_makes_a_person_or_role_that_can_never_be_changed_again(
    postgres_url: str, clerk: str, attack: str
) -> None:
    """The program raises the version with every change: behind the greatest integer nobody is suspended any more."""
    run(postgres_url, "UPDATE users SET role_version = 5 WHERE name = %s", clerk)
    with connected(address(postgres_url, clerk), group("Clerk")) as server:
        assert refusal(server, IMMUNE[attack]) == DENIED
        step = "UPDATE users SET role_version = role_version + 1 WHERE lower(name) = lower(session_user)"
        assert refusal(server, step) == ""


# ---- breaks and their signatures


@pytest.fixture
def queue(postgres_url: str, who: dict[Role, Person]) -> Iterator[str]:
    """The Admin signed the second version of a break; it was opened again, and waits in its fourth for another signature."""
    admin, trader = who[Role.ADMIN].name, who[Role.TRADER].name
    run(postgres_url, "INSERT INTO breaks VALUES ('q', 'a', 'cash', 'q', 'x', 'high', '', '', '', 0, '', now(), now(), now(), 'r', "
                      "'explained', '', %s, now(), 'fine', NULL, '', NULL, 1, 4)", trader)  # fmt: skip
    run(postgres_url, "INSERT INTO break_signatures VALUES ('q', 2, %s, now())", admin)
    yield admin
    run(postgres_url, "DELETE FROM break_signatures")
    run(postgres_url, "DELETE FROM breaks WHERE id = 'q'")


def test_no_trader_signs_for_somebody_else(postgres_url: str, who: dict[Role, Person], queue: str) -> None:
    trader = who[Role.TRADER]
    forged = f"UPDATE breaks SET signed_by = '{queue}', signed_at = now() WHERE id = 'q'"
    with connected(address(postgres_url, trader.name), trader.group) as server:
        for attack in (
            forged,
            "UPDATE breaks SET version = 2 WHERE id = 'q'",  # which was signed once
            "UPDATE breaks SET version = 2147483647 WHERE id = 'q'",
            forged.replace("now() WHERE", "now(), version = 2 WHERE"),
            "INSERT INTO breaks VALUES ('n', 'a', 'cash', 'n', 'x', 'high', '', '', '', 0, '', now(), now(), now(), 'r', 'explained', '', "
            f"'{trader.name}', now(), 'fine', NULL, '{queue}', now(), 1, 1)",
        ):
            assert refusal(server, attack) == DENIED, attack
        server.execute("CREATE TEMP TABLE break_signatures AS SELECT 'q'::text AS item, 4 AS version, %s::text AS signer, now() AS at",
                       (queue,))  # fmt: skip
        server.execute("SET search_path = pg_temp, public")
        assert refusal(server, forged) == DENIED


def test_what_was_signed_is_not_decided_anew_beneath_the_signature(
    postgres_url: str, who: dict[Role, Person], queue: str
) -> None:
    trader = who[Role.TRADER]
    run(postgres_url, "UPDATE breaks SET signed_by = %s, signed_at = now() WHERE id = 'q'", queue)
    with connected(address(postgres_url, trader.name), trader.group) as server:
        for attack in ("reason = 'it is mine'", "state = 'resolved'", "until = now()", "key = 'other'", "decided_at = now()",
                       "account = 'b'"):  # fmt: skip
            assert refusal(server, f"UPDATE breaks SET {attack} WHERE id = 'q'") == DENIED, attack
        for fine in ("internal = '1', last_seen = now(), version = 5", "state = 'gone', version = 5",
                     "state = 'open', decided_by = '', decided_at = NULL, reason = '', signed_by = '', signed_at = NULL"):  # fmt: skip
            assert refusal(server, f"UPDATE breaks SET {fine} WHERE id = 'q'") == "", fine


def test_who_may_sign_decides_in_nobody_elses_name_to_sign_it_alone(
    postgres_url: str, who: dict[Role, Person], queue: str
) -> None:
    admin = who[Role.ADMIN]
    decided = "UPDATE breaks SET state = 'explained', decided_by = '{}', reason = 'fine', version = version + 1 WHERE id = 'b'"
    with connected(address(postgres_url, admin.name), admin.group) as server:
        assert refusal(server, decided.format(who[Role.TRADER].name)) == DENIED
        assert refusal(server, decided.format(admin.name)) == ""


# ---- accounts, sessions and locks of others


def test_nobody_lifts_the_own_limit_to_accounts_nor_sets_anothers(
    postgres_url: str, clerk: str, who: dict[Role, Person]
) -> None:
    run(postgres_url, "INSERT INTO account_access VALUES (%s, 'a')", clerk)
    try:
        for person, role in ((clerk, group("Clerk")), (who[Role.ADMIN].name, who[Role.ADMIN].group)):
            with connected(address(postgres_url, person), role) as server:
                for attack in ("DELETE FROM account_access", "INSERT INTO account_access VALUES ('somebody', 'x')"):
                    assert refusal(server, attack) == DENIED
    finally:
        run(postgres_url, "DELETE FROM account_access")


@pytest.mark.parametrize("role", list(Role))
def test_a_session_that_was_ended_stays_ended(postgres_url: str, who: dict[Role, Person], role: Role) -> None:
    person = who[role]
    with connected(address(postgres_url, person.name), person.group) as server:
        own = f"WHERE id = 's-{person.name}'"
        assert refusal(server, f"UPDATE sessions SET seen = clock_timestamp() {own}") == ""
        server.execute(f"UPDATE sessions SET ended = now(), ended_because = 'an Admin ended it' {own}".encode())
        for attack in (
            "ended = NULL, ended_because = ''",
            "ended = now() + interval '1 day'",
            "ended_because = 'it was me'",
        ):
            assert refusal(server, f"UPDATE sessions SET {attack} {own}") == DENIED, attack


@pytest.mark.parametrize("role", list(Role))
def test_a_session_lasts_no_longer_than_seven_days_and_began_now(
    postgres_url: str, who: dict[Role, Person], role: Role
) -> None:
    person = who[role]
    row = "INSERT INTO sessions VALUES ('n', person(), 'h', {}, {}, NULL, '')"
    with connected(address(postgres_url, person.name), person.group) as server:
        assert refusal(server, row.format("clock_timestamp()", "clock_timestamp() + interval '7 days'")) == ""
        for started, expires in (("now()", "'infinity'"), ("now()", "now() + interval '8 days'"), ("'-infinity'", "now()"),
                                 ("'4000-01-01 BC'", "now() + interval '1 day'"),
                                 ("now() + interval '10 days'", "now() + interval '11 days'")):  # fmt: skip
            assert refusal(server, row.format(started, expires)) == DENIED, (started, expires)
        for seen in ("'infinity'", "'-infinity'", "now() + interval '1 day'"):
            assert refusal(server, f"UPDATE sessions SET seen = {seen} WHERE id = 's-{person.name}'") == DENIED, seen


def test_a_token_that_was_used_stays_used(postgres_url: str, who: dict[Role, Person]) -> None:
    viewer = who[Role.VIEWER]
    with connected(address(postgres_url, viewer.name), viewer.group) as server:
        server.execute(f"INSERT INTO refresh_tokens VALUES (sha256('t'), 's-{viewer.name}', now(), NULL)".encode())
        assert refusal(server, "UPDATE refresh_tokens SET used = now()") == ""
        server.execute("UPDATE refresh_tokens SET used = now()")
        for attack in ("NULL", "now() + interval '1 day'"):
            assert refusal(server, f"UPDATE refresh_tokens SET used = {attack}") == DENIED


def test_who_is_no_admin_ends_no_session_of_one_and_lifts_no_lock_of_one(
    postgres_url: str, clerk: str, who: dict[Role, Person]
) -> None:
    admin, viewer = who[Role.ADMIN].name, who[Role.VIEWER].name
    for name in (admin, viewer, clerk):
        run(postgres_url, "INSERT INTO lockouts VALUES (lower(%s), 5, now(), now() + interval '15 minutes')", name)
    try:
        with connected(address(postgres_url, clerk), group("Clerk")) as server:
            end = "UPDATE sessions SET ended = now(), ended_because = 'x' WHERE id = 's-{}' AND ended IS NULL"
            assert refusal(server, end.format(admin)) == DENIED
            assert refusal(server, f"DELETE FROM lockouts WHERE name = '{admin.lower()}'") == DENIED
            assert refusal(server, f"DELETE FROM lockouts WHERE name = '{clerk.lower()}'") == ""
        with connected(address(postgres_url, admin), who[Role.ADMIN].group) as server:
            assert refusal(server, end.format(viewer)) == ""
            assert refusal(server, "DELETE FROM lockouts") == ""
    finally:
        run(postgres_url, "DELETE FROM lockouts")


def test_a_reset_code_is_good_for_a_day_whoever_writes_it(postgres_url: str, who: dict[Role, Person]) -> None:
    admin, viewer = who[Role.ADMIN], who[Role.VIEWER]
    row = "INSERT INTO password_resets VALUES ('id-{}', sha256('code'), {}, {}, 'me')"
    with connected(address(postgres_url, admin.name), admin.group) as server:
        assert refusal(server, row.format(viewer.name, "now()", "clock_timestamp() + interval '1 day'")) == ""
        for issued, expires in (("now()", "'infinity'"), ("now()", "now() + interval '2 days'")):
            assert refusal(server, row.format(viewer.name, issued, expires)) == DENIED


# ---- times that no calendar has


def test_times_that_no_calendar_has_blind_nobody(
    postgres_url: str, database: Database, who: dict[Role, Person], clerk: str
) -> None:
    """Whoever may write a time may write ``infinity``: one such row must not keep Admins from their lists and from the trail."""
    viewer, mark = who[Role.VIEWER], uuid4().hex[:6]
    trail = AuditTrail(database, mark, "1.0", lambda: datetime.now(UTC), lambda entry: None)
    store = PeopleStore(database, trail)
    with psycopg.connect(plain(address(postgres_url, viewer.name))) as server:
        server.execute(f"SET ROLE {viewer.group}".encode())
        for number, (at, previous, own) in enumerate((("'infinity'", "0", "a"), ("'-infinity'", "a", "b"), ("'294000-01-01'", "b", "c"),
                                                      ("'4000-01-01 BC'", "c", "d")), 1):  # fmt: skip
            row = a_row(mark, number, previous, own, action="user.recover").replace("now()", at)
            server.execute(added(row).encode())
    run(postgres_url, "UPDATE users SET created = 'infinity' WHERE name = %s", clerk)
    run(postgres_url, "UPDATE roles SET changed = '-infinity' WHERE name = 'Clerk'")
    run(
        postgres_url,
        "INSERT INTO sessions VALUES ('odd', %s, 'h', '-infinity', 'infinity', NULL, '')",
        f"id-{viewer.name}",
    )

    async def read() -> None:
        assert len(await trail.found(AuditQuery())) == 4
        assert len(await store.recovered(datetime(2000, 1, 1, tzinfo=UTC))) == 2
        everybody = await store.all()
        assert viewer.name in [one.user.name for one in everybody]
        assert len(await store.seats(f"id-{viewer.name}")) == 2
        assert await RoleStore(database, trail, lambda: datetime.now(UTC)).all()
        for entry in await trail.found(AuditQuery()):
            entry.at.astimezone()  # as it is shown
        assert not (await trail.verify()).whole

    try:
        asyncio.run(read())
    finally:
        run(postgres_url, "DELETE FROM sessions WHERE id = 'odd'")
        run(postgres_url, "UPDATE users SET created = now() WHERE name = %s", clerk)
        run(postgres_url, "UPDATE roles SET changed = now() WHERE name = 'Clerk'")


# ---- calls with the owner's rights


CALLS = (
    "SELECT drop_partitions('trades', 4102444800000000000)",
    "SELECT add_partition('trades', 1)",
    "SELECT drop_partitions('second_bars', 4102444800000000000)",
)


def test_who_was_suspended_calls_nothing_with_the_owners_rights_in_an_open_connection(
    postgres_url: str, who: dict[Role, Person]
) -> None:
    trader = who[Role.TRADER]
    run(postgres_url, added(a_row(uuid4().hex[:6], 1).replace("'', '', '1'", "'old', '', '1'")))
    with psycopg.connect(plain(address(postgres_url, trader.name)), autocommit=True) as still_open:
        still_open.execute(b"SET ROLE qv_trader")
        assert len(still_open.execute(b"SELECT * FROM order_story('old')").fetchall()) == 1
        for change in ("state = 'suspended'", "role = 'Viewer'"):
            run(postgres_url, f"UPDATE users SET {change} WHERE name = %s", trader.name)
            try:
                for attack in CALLS:
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        still_open.execute(attack.encode())
                if "suspended" in change:
                    assert still_open.execute(b"SELECT * FROM order_story('old')").fetchall() == []
            finally:
                run(postgres_url, "UPDATE users SET state = 'active', role = 'Trader' WHERE name = %s", trader.name)
        for fine in CALLS[1:]:
            still_open.execute(fine.encode())


# ---- chains without end


def test_nobody_begins_chains_without_end(postgres_url: str, who: dict[Role, Person]) -> None:
    """Each is an installation that whoever reads the trail is offered: a hundred thousand would be the end of the viewer."""
    analyst, mark = who[Role.ANALYST], uuid4().hex[:6]
    with connected(address(postgres_url, analyst.name), analyst.group) as server:
        rows = [a_row(f"{mark}-{number}", 1) for number in range(21)]
        assert refusal(server, added(*rows)) == DENIED
        assert refusal(server, added(*rows[:20])) == ""
        server.execute(added(*rows[:20]).encode())
        assert refusal(server, added(rows[20])) == DENIED
        assert refusal(server, added(a_row(f"{mark}-7", 2, "a", "b"))) == ""
    with connected(postgres_url, "qv_app") as shared:
        assert refusal(shared, added(*rows)) == ""


def test_a_chain_is_taken_by_one_of_two(postgres_url: str, who: dict[Role, Person]) -> None:
    """A chain of before that nobody signed in at may go to whoever comes first, by a row or by a checkpoint, and to nobody after that."""
    mark = uuid4().hex[:6]
    run(postgres_url, added(a_row(mark, 1)))
    point = ("INSERT INTO audit_checkpoints VALUES (%s, {}, 1, repeat('a', 64), now(), repeat('{}', 64), repeat('b', 64), '', "
             "repeat('c', 128))")  # fmt: skip
    one, two = who[Role.ADMIN], who[Role.TRADER]
    with (psycopg.connect(plain(address(postgres_url, one.name))) as first, ThreadPoolExecutor(1) as beside,
          psycopg.connect(plain(address(postgres_url, two.name))) as second):  # fmt: skip
        for server, person in ((first, one), (second, two)):
            server.execute(f"SET ROLE {person.group}".encode())
        first.execute(point.format(1, "0").encode(), (mark,))
        later = beside.submit(refusal, second, point.format(2, "d"), mark)
        waits = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND wait_event_type = 'Lock'"
        end = time.monotonic() + 20
        while not later.done() and run(postgres_url, waits, two.name) == [(0,)]:
            assert time.monotonic() < end
            time.sleep(0.01)
        first.commit()
        assert later.result() == DENIED
    assert run(postgres_url, "SELECT login FROM audit_chains WHERE chain = %s", mark) == [(one.name,)]


# ---- accounts that end alike


def test_runs_of_an_account_whose_number_ends_alike_are_not_seen(postgres_url: str, who: dict[Role, Person]) -> None:
    trader = who[Role.TRADER]
    for account, number in (("mine", "PA3AAA123"), ("theirs", "PA3BBB123")):
        run(postgres_url, "INSERT INTO account_snapshots (account, at, number, status, currency) VALUES (%s, now(), %s, '', '')",
            account, number)  # fmt: skip
        run(postgres_url, "INSERT INTO reconciliation_runs VALUES (%s, now(), '••••123', '', '', now(), now(), 0, 0, 0, 0, 'h', %s, %s)",
            f"run-{account}", account, f"run-{account}")  # fmt: skip
    run(postgres_url, "INSERT INTO reconciliation_runs VALUES ('run-old', now(), '••••123', '', '', now(), now(), 0, 0, 0, 0, 'h', '', "
                      "'run-old')")  # fmt: skip
    run(postgres_url, "INSERT INTO account_access VALUES (%s, 'mine')", trader.name)
    try:
        with connected(address(postgres_url, trader.name), trader.group) as server:
            seen = server.execute("SELECT id FROM reconciliation_runs ORDER BY id").fetchall()
            assert seen == [("run-mine",), ("run-old",)]
    finally:
        run(postgres_url, "DELETE FROM account_access")


# ---- names as long as they may be


def test_roles_with_the_longest_names_are_granted_each_with_all_its_policies(postgres_url: str) -> None:
    """Postgres cuts a name after 63 bytes, and two policies of one name are an error that no desk could mend but by SQL."""
    users = [
        Permission(Resource.USERS, action) for action in (Action.VIEW, Action.CREATE, Action.CHANGE, Action.DELETE)
    ]
    risk = [Permission(Resource.RISK, action) for action in (Action.VIEW, Action.CHANGE, Action.RUN)]
    names = ["N" * 40, "n" * 39 + "!", "N" * 39 + "?"]
    try:
        grants.granted(postgres_url, {**ROLES, **{name: [*users, *risk] for name in names}})
        for name in names:
            wanted = len(privileges.policies(name, [*users, *risk]))
            found = run(
                postgres_url, "SELECT count(*) FROM pg_policy WHERE %s::regrole = ANY (polroles)", f'"{group(name)}"'
            )
            assert found == [(wanted,)]
    finally:
        grants.granted(postgres_url, ROLES)
