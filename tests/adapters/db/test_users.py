"""Signing in, being locked out, resuming, and losing one's standing; argon2 is real though cheap, only the clock is ours."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from qv_desktop.adapters.db import passwords
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.door import AGAIN, SUSPENDED, WRONG
from qv_desktop.adapters.db.users import Users
from qv_desktop.domain.access import Role, SignIn, User, UserState
from qv_desktop.domain.audit import SYSTEM, Draft, Entry
from qv_desktop.domain.errors import BadInput
from tests.adapters.db.conftest import Clock

RIGHT = "correct horse battery"
WRONG_ONE = "wrong password"
BY = Draft(SYSTEM, "user.create", "user", "someone")


@pytest.fixture
def users(database: Database, trail: AuditTrail, clock: Clock) -> Users:
    """The door, with the brake on guessing over many names let off: the tests of this file share a database."""
    asyncio.run(database.write(lambda connection: connection.execute(text("DELETE FROM login_brake"))))
    return Users(database, trail, clock)


def made(users: Users, name: str, role: Role = Role.TRADER) -> User:
    return asyncio.run(users.create(name, RIGHT, role, BY))


def tried(users: Users, name: str, password: str = WRONG_ONE) -> SignIn:
    return asyncio.run(users.sign_in(name, password, "desk-4"))


@pytest.mark.parametrize(("name", "password", "role", "because"), [
    ("First", RIGHT, "Trader", "exists already"), ("fIRST", RIGHT, "Trader", "exists already"), ("", RIGHT, "Trader", "1 to 64"),
    ("n" * 65, RIGHT, "Trader", "1 to 64"), ("a\nb", RIGHT, "Trader", "1 to 64"), ("King", RIGHT, "King", "no role"),
    ("Short", "1234567", "Trader", "too short"), ("Long", "x1" * 65, "Trader", "too long"), ("Common", "Password123", "Trader", "guessed"),
    ("SameAsMe", "sameasme", "Trader", "guessed"), ("Same", "zzzzzzzzz", "Trader", "guessed"),
])  # fmt: skip
def test_who_cannot_be_made_is_told_why(users: Users, name: str, password: str, role: str, because: str) -> None:
    if "first" not in [user.name.lower() for user in asyncio.run(users.all())]:
        made(users, "First")
    with pytest.raises(BadInput, match=because):
        asyncio.run(users.create(name, password, role, BY))


def test_the_right_password_begins_a_session_of_seven_days(
    users: Users, server_clock: Clock, recorded: list[Entry]
) -> None:
    maria = made(users, "Maria")
    answer = tried(users, " maria ", RIGHT)
    assert answer.session is not None
    assert answer.session.user == maria
    assert answer.session.expires - server_clock() == timedelta(days=7)
    assert len(answer.refresh_token) >= 43  # 256 bits
    last = recorded[-1].draft
    assert (last.action, last.outcome, last.actor.name, last.actor.session) == (
        "session.start",
        "ok",
        "Maria",
        answer.session.id,
    )


def test_wrong_and_unknown_are_told_alike_and_recorded(users: Users, recorded: list[Entry]) -> None:
    made(users, "Known")
    known, unknown = tried(users, "Known"), tried(users, "Unknown")
    assert known == unknown == SignIn(None, WRONG)
    assert [(entry.draft.action, entry.draft.outcome) for entry in recorded[-2:]] == [("session.start", "refused")] * 2
    assert not passwords.matches(None, RIGHT)


def test_a_password_is_the_same_however_its_accents_were_typed(users: Users) -> None:
    asyncio.run(users.create("Renée", "caf\u00e9 au lait", "Viewer", BY))
    assert tried(users, "Renée", "cafe\u0301 au lait").session is not None


@pytest.mark.parametrize("name", ["Locked", "nobody-by-this-name"])
def test_the_fifth_failure_locks_the_name_for_exactly_fifteen_minutes(
    users: Users, server_clock: Clock, name: str
) -> None:
    if name == "Locked":
        made(users, name)
    for _ in range(4):
        assert tried(users, name).locked_until is None
    fifth = tried(users, name)
    until = server_clock() + timedelta(minutes=15)
    assert (fifth.locked_until, fifth.locked_for) == (until, timedelta(minutes=15))
    assert "15 more minutes" in fifth.message
    server_clock.advance(minutes=14, seconds=59)
    almost = tried(users, name, RIGHT)
    assert (almost.session, almost.locked_until, almost.locked_for) == (None, until, timedelta(seconds=1))
    assert "1 more minute." in almost.message
    server_clock.advance(seconds=1)
    after = tried(users, name, RIGHT)
    assert (after.session is not None) == (name == "Locked")
    assert after.locked_until is None


def test_after_a_lock_five_more_failures_lock_again(users: Users, server_clock: Clock) -> None:
    made(users, "Again")
    for _ in range(5):
        tried(users, "again")
    server_clock.advance(minutes=15)
    assert [tried(users, "AGAIN").locked_until is not None for _ in range(5)] == [False, False, False, False, True]


def test_a_success_forgets_the_failures(users: Users) -> None:
    made(users, "Clumsy")
    for _ in range(2):
        for _ in range(4):
            assert tried(users, "Clumsy").locked_until is None
        assert tried(users, "Clumsy", RIGHT).session is not None


def test_setting_the_databases_clock_back_neither_clears_nor_shortens_a_lock(users: Users, server_clock: Clock) -> None:
    made(users, "Backwards")
    for _ in range(4):
        tried(users, "Backwards")
    server_clock.advance(hours=-2)
    fifth = tried(users, "Backwards")
    server_clock.advance(hours=2, minutes=14, seconds=59)
    assert tried(users, "Backwards", RIGHT).session is None
    assert fifth.locked_until is not None
    server_clock.advance(seconds=1)
    assert tried(users, "Backwards", RIGHT).session is not None


@pytest.mark.parametrize("days", [-366, 366])
def test_what_the_terminals_clock_says_changes_nothing_of_a_lock(users: Users, clock: Clock, days: int) -> None:
    """The database's own clock: rows are moved instead of it, the terminal's is set a year off between any two attempts."""
    name = f"shifted-{days}"
    made(users, name)
    for _ in range(4):
        assert tried(users, name).locked_until is None
        clock.advance(days=days)
    fifth = tried(users, name)
    assert fifth.locked_for == timedelta(minutes=15)
    assert "15 more minutes" in fifth.message
    for shift in (days, -2 * days, days):
        clock.advance(days=shift)
        assert tried(users, name, RIGHT).locked_until == fifth.locked_until
    later(users, minutes=14)
    assert "1 more minute." in tried(users, name, RIGHT).message
    later(users, minutes=1)
    assert tried(users, name, RIGHT).session is not None
    for _ in range(4):
        assert tried(users, name).locked_until is None


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("İpek", "İpek"),
        ("Łukasz", "ŁUKASZ"),
        ("Élodie", "élodie"),
        ("ΣΊΣΥΦΟΣ", "ΣΊΣΥΦΟΣ"),
        ("Ǆana", "ǆana"),
        ("KKelvin", "KKelvin"),
    ],
)
def test_whoever_can_be_made_can_sign_in_and_is_locked_whatever_the_alphabet(
    users: Users, name: str, typed: str
) -> None:
    """Python and Postgres make small letters each in their own way, and one of them has to say what is one name."""
    user = made(users, name)
    assert tried(users, typed, RIGHT).session is not None
    answers = [tried(users, typed if number % 2 else name) for number in range(5)]
    assert [answer.locked_until is not None for answer in answers] == [False] * 4 + [True]
    assert tried(users, name, RIGHT).session is None
    asyncio.run(users.unlock(user, BY))
    assert tried(users, name, RIGHT).session is not None
    code = asyncio.run(users.reset(user, BY))
    assert asyncio.run(users.redeem(typed, code, "another horse battery", "h")).session is not None


def later(users: Users, minutes: int) -> None:
    """So many minutes have gone by, for every name."""
    span = {"span": timedelta(minutes=minutes)}
    moved = text("UPDATE lockouts SET last_at = last_at - :span, locked_until = locked_until - :span")
    asyncio.run(users._database.write(lambda connection: connection.execute(moved, span)))


def test_a_restart_does_not_clear_a_lock(users: Users, postgres_url: str, trail: AuditTrail, clock: Clock) -> None:
    made(users, "Restarted")
    for _ in range(5):
        tried(users, "Restarted")
    fresh = Database(postgres_url)
    assert (
        tried(Users(fresh, AuditTrail(fresh, "restart", "1", clock, lambda _: None), clock), "Restarted", RIGHT).session
        is None
    )
    fresh.close()


def test_of_many_attempts_at_once_five_look_at_the_password(users: Users, monkeypatch: pytest.MonkeyPatch) -> None:
    made(users, "Stormed")
    looked: list[str] = []
    real = passwords.matches

    def counted(stored: str | None, password: str) -> bool:
        looked.append(password)
        return real(stored, password)

    monkeypatch.setattr(passwords, "matches", counted)

    async def storm() -> list[SignIn]:
        return await asyncio.gather(*(users.sign_in("Stormed", f"guess {n}", "host") for n in range(20)))

    answers = asyncio.run(storm())
    assert len(looked) == 5
    assert all(answer.session is None for answer in answers)
    assert sum(answer.locked_until is not None for answer in answers) == 16


def test_names_and_passwords_that_are_no_text_are_only_wrong(users: Users) -> None:
    for name in ("\0", "a\0b", "\ud800", "' OR 1=1 --", "%", "x" * 100_000):
        assert tried(users, name).message == WRONG
    made(users, "Plain")
    for password in ("", "\0", "\ud800", "x" * 100_000, RIGHT + "\0", RIGHT + " "):
        assert tried(users, "Plain", password).session is None
        asyncio.run(users._database.write(lambda connection: connection.execute(text("DELETE FROM lockouts"))))


def test_a_session_is_resumed_with_a_new_token_each_time(users: Users, server_clock: Clock) -> None:
    made(users, "Returning")
    first = tried(users, "Returning", RIGHT)
    server_clock.advance(days=3)
    second = asyncio.run(users.resume(first.refresh_token, "desk-4"))
    assert second.session == first.session
    assert second.refresh_token not in ("", first.refresh_token)
    third = asyncio.run(users.resume(second.refresh_token, "desk-4"))
    assert third.session is not None


def test_a_token_used_twice_ends_the_whole_family(users: Users, recorded: list[Entry]) -> None:
    made(users, "Robbed")
    first = tried(users, "Robbed", RIGHT)
    second = asyncio.run(users.resume(first.refresh_token, "desk-4"))
    thief = asyncio.run(users.resume(first.refresh_token, "elsewhere"))
    assert thief == SignIn(None, AGAIN)
    assert "used twice" in recorded[-1].draft.reason
    assert asyncio.run(users.resume(second.refresh_token, "desk-4")) == SignIn(None, AGAIN)
    assert second.session is not None
    assert asyncio.run(users.standing(second.session)) is None


@pytest.mark.parametrize("days", [-366, 366])
def test_what_the_terminals_clock_says_changes_nothing_of_a_session_or_a_code(
    users: Users, clock: Clock, days: int
) -> None:
    """The database's own clock: the rows are moved instead of it, the terminal's is set a year off."""
    name = f"elsewhen-{days}"
    user = made(users, name)
    answer = tried(users, name, RIGHT)
    assert answer.session is not None
    clock.advance(days=days)
    assert asyncio.run(users.standing(answer.session)) is not None
    again = asyncio.run(users.resume(answer.refresh_token, "h"))
    assert again.session == answer.session
    assert asyncio.run(users.vouch(answer.session, again.access_token)) == user
    moved(users, "UPDATE sessions SET started = started - interval '7 days', expires = expires - interval '7 days'")
    assert asyncio.run(users.standing(answer.session)) is None
    assert asyncio.run(users.resume(again.refresh_token, "h")).session is None
    code = asyncio.run(users.reset(user, BY))
    clock.advance(days=-days)
    moved(users, "UPDATE password_resets SET issued = issued - interval '1 day', expires = expires - interval '1 day'")
    assert asyncio.run(users.redeem(name, code, "another horse battery", "h")).session is None
    code = asyncio.run(users.reset(user, BY))
    clock.advance(days=days)
    assert asyncio.run(users.redeem(name, code, "another horse battery", "h")).session is not None


def moved(users: Users, statement: str) -> None:
    asyncio.run(users._database.write(lambda connection: connection.execute(text(statement))))


def test_tokens_run_out_seven_days_after_the_password(users: Users, server_clock: Clock) -> None:
    made(users, "Away")
    token = tried(users, "Away", RIGHT).refresh_token
    server_clock.advance(days=6, hours=23)
    token = asyncio.run(users.resume(token, "h")).refresh_token
    server_clock.advance(hours=1)
    assert asyncio.run(users.resume(token, "h")).session is None
    assert asyncio.run(users.resume("made up", "h")) == SignIn(None, AGAIN)


def test_tokens_and_passwords_are_nowhere_in_the_database(users: Users, database: Database) -> None:
    made(users, "Secret")
    token = tried(users, "Secret", RIGHT).refresh_token
    everything = text("SELECT string_agg(t::text, '') FROM (SELECT u::text AS t FROM users u "
                      "UNION ALL SELECT r::text FROM refresh_tokens r "
                      "UNION ALL SELECT s::text FROM sessions s "
                      "UNION ALL SELECT a::text FROM audit_log a) AS rows")  # fmt: skip
    found = asyncio.run(database.read(lambda connection: connection.execute(everything).scalar_one()))
    assert token not in found
    assert RIGHT not in found
    assert "$argon2id$" in found


def test_signing_out_ends_the_session_once(users: Users, recorded: list[Entry]) -> None:
    made(users, "Leaving")
    answer = tried(users, "Leaving", RIGHT)
    assert answer.session is not None
    asyncio.run(users.sign_out(answer.session))
    asyncio.run(users.sign_out(answer.session))
    assert [entry.draft.action for entry in recorded].count("session.end") == 1
    assert asyncio.run(users.standing(answer.session)) is None
    assert asyncio.run(users.resume(answer.refresh_token, "h")).session is None


def test_a_demotion_is_seen_at_once_and_a_suspension_ends_every_session(users: Users) -> None:
    maria = made(users, "Demoted")
    answer = tried(users, "Demoted", RIGHT)
    assert answer.session is not None
    demoted = asyncio.run(users.change(maria, Role.VIEWER, UserState.ACTIVE, BY))
    assert asyncio.run(users.standing(answer.session)) == demoted
    assert demoted.role_version == 2
    with pytest.raises(BadInput, match="changed by someone else"):
        asyncio.run(users.change(maria, Role.ADMIN, UserState.ACTIVE, BY))
    asyncio.run(users.change(demoted, Role.VIEWER, UserState.SUSPENDED, BY))
    assert asyncio.run(users.standing(answer.session)) is None
    assert asyncio.run(users.resume(answer.refresh_token, "h")).session is None
    assert tried(users, "Demoted", RIGHT).message == SUSPENDED
    assert [user.name for user in asyncio.run(users.all())] == sorted(
        (user.name for user in asyncio.run(users.all())), key=str.lower
    )


def test_the_password_is_given_again_without_a_new_session_and_wrong_ones_count(
    database: Database, trail: AuditTrail, clock: Clock
) -> None:
    users, name = Users(database, trail, clock), f"confirmer-{uuid4().hex[:6]}"

    async def story() -> None:
        await users.create(name, "four plain words here", Role.TRADER, Draft(SYSTEM, "user.create", "user", name))
        session = (await users.sign_in(name, "four plain words here", "here")).session
        assert session is not None
        assert await users.confirm(session, "four plain words here") == ""
        for _ in range(4):
            assert "wrong" in await users.confirm(session, "guess")
        assert await users.confirm(session, "four plain words here") == ""  # which begins the count anew
        for _ in range(4):
            await users.confirm(session, "guess")
        assert "locked" in await users.confirm(session, "guess")
        assert "Too many wrong passwords" in await users.confirm(session, "four plain words here")
        assert (await users.sign_in(name, "four plain words here", "here")).session is None  # one count for both doors
        rows = [entry.draft for entry in await trail.page(limit=50, action="password.confirm")]
        assert len(rows) == 10
        assert {(row.actor.name, row.outcome) for row in rows} == {(name, "refused")}
        assert len(await trail.page(limit=50, action="session.start", outcome="ok")) == 1

    asyncio.run(story())
