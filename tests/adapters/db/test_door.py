"""Reset codes, another password, the brake on many names, tokens that are asked for twice, and storms from two machines."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from qv_desktop.adapters.db import login_brake, passwords, resets, sessions
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.door import AGAIN, RESET, SUSPENDED, WRONG, WRONG_CODE
from qv_desktop.adapters.db.users import Users
from qv_desktop.domain.access import Role, Session, SignIn, User, UserState
from qv_desktop.domain.audit import SYSTEM, Actor, Draft, Entry
from qv_desktop.domain.errors import BadInput, NotPermitted
from tests.adapters.db.conftest import Clock

RIGHT, OTHER = "correct horse battery", "another horse battery"
ADMIN = Draft(Actor("root", "human", "Admin"), "password.reset", "user", "someone")


@pytest.fixture
def users(database: Database, trail: AuditTrail, clock: Clock) -> Users:
    asyncio.run(database.write(lambda connection: connection.execute(text("DELETE FROM login_brake"))))
    return Users(database, trail, clock)


@contextmanager
def another_machine(url: str, clock: Clock) -> Iterator[Users]:
    """A second program on the same database, with its own connections and its own chain."""
    database = Database(url)
    try:
        yield Users(database, AuditTrail(database, f"other-{uuid4().hex[:8]}", "1", clock, lambda entry: None), clock)
    finally:
        database.close()


def made(users: Users, role: Role = Role.TRADER) -> User:
    name = f"user-{uuid4().hex[:8]}"
    return asyncio.run(users.create(name, RIGHT, role, Draft(SYSTEM, "user.create", "user", name)))


def inside(users: Users, user: User, password: str = RIGHT) -> tuple[Session, SignIn]:
    answer = asyncio.run(users.sign_in(user.name, password, "desk"))
    assert answer.session is not None, answer.message
    return answer.session, answer


def said(users: Users, name: str, password: str) -> str:
    return asyncio.run(users.sign_in(name, password, "desk")).message


# ---- reset codes


def test_a_reset_ends_the_old_password_and_the_code_lets_its_user_choose_a_new_one(
    users: Users, recorded: list[Entry]
) -> None:
    user = made(users)
    session, before = inside(users, user)
    code = asyncio.run(users.reset(user, ADMIN))
    assert asyncio.run(users.standing(session)) is None
    assert asyncio.run(users.resume(before.refresh_token, "desk")).message == AGAIN
    assert said(users, user.name, RIGHT) == RESET
    assert (
        said(users, user.name, "a wrong password") == WRONG
    )  # who does not know the old one learns nothing of the reset
    answer = asyncio.run(users.redeem(user.name.upper(), code.lower().replace("-", " "), OTHER, "desk"))
    assert answer.session is not None
    assert answer.session.user == user
    assert [entry.draft.action for entry in recorded[-2:]] == ["password.redeem", "session.start"]
    assert (said(users, user.name, RIGHT), said(users, user.name, OTHER)) == (WRONG, "")


def test_a_code_is_good_once_for_one_user_within_a_day(users: Users, server_clock: Clock) -> None:
    user, other = made(users), made(users)
    code = asyncio.run(users.reset(user, ADMIN))
    newer = asyncio.run(users.reset(user, ADMIN))
    for name, guess in ((user.name, code), (other.name, newer), ("nobody", newer), (user.name, "")):
        assert asyncio.run(users.redeem(name, guess, OTHER, "desk")) == SignIn(None, WRONG_CODE)
    server_clock.advance(hours=23, minutes=59)
    assert asyncio.run(users.redeem(user.name, newer, OTHER, "desk")).session is not None
    assert asyncio.run(users.redeem(user.name, newer, OTHER, "desk")).message == WRONG_CODE
    late = asyncio.run(users.reset(other, ADMIN))
    server_clock.advance(hours=24)
    assert asyncio.run(users.redeem(other.name, late, OTHER, "desk")).message == WRONG_CODE
    assert said(users, other.name, RIGHT) == RESET  # a code that has run out does not bring the old password back


def test_wrong_codes_lock_like_wrong_passwords_and_a_reset_lifts_the_lock(users: Users) -> None:
    user = made(users)
    answers = [asyncio.run(users.redeem(user.name, "WRONG", OTHER, "desk")) for _ in range(6)]
    assert [answer.locked_until is not None for answer in answers] == [False] * 4 + [True] * 2
    assert user.name in asyncio.run(users.locked())
    code = asyncio.run(users.reset(user, ADMIN))
    assert user.name not in asyncio.run(users.locked())
    assert asyncio.run(users.redeem(user.name, code, OTHER, "desk")).session is not None


def test_a_weak_password_is_refused_before_the_code_is_used_up(users: Users) -> None:
    user = made(users)
    code = asyncio.run(users.reset(user, ADMIN))
    with pytest.raises(BadInput, match="too short"):
        asyncio.run(users.redeem(user.name, code, "short", "desk"))
    assert asyncio.run(users.redeem(user.name, code, OTHER, "desk")).session is not None


def test_a_suspended_user_cannot_use_a_code(users: Users) -> None:
    user = made(users)
    code = asyncio.run(users.reset(user, ADMIN))
    asyncio.run(users.change(user, Role.TRADER, UserState.SUSPENDED, ADMIN))
    assert asyncio.run(users.redeem(user.name, code, OTHER, "desk")).message == WRONG_CODE
    assert said(users, user.name, RIGHT) == SUSPENDED


def test_codes_are_nowhere_in_the_database_and_hard_to_guess(users: Users, database: Database) -> None:
    code = asyncio.run(users.reset(made(users), ADMIN))
    assert len(code.replace("-", "")) == 20
    assert set(code) <= set(resets.LETTERS + "-")
    assert len({asyncio.run(users.reset(made(users), ADMIN)) for _ in range(3)}) == 3
    everything = text(
        "SELECT string_agg(t, '') FROM (SELECT p::text AS t FROM password_resets p UNION ALL SELECT a::text FROM audit_log a) r"
    )
    found = asyncio.run(database.read(lambda connection: connection.execute(everything).scalar_one()))
    assert code not in found
    assert code.replace("-", "") not in found


def test_an_admin_lifts_a_lock_before_its_time(users: Users, recorded: list[Entry]) -> None:
    user = made(users)
    for _ in range(5):
        said(users, user.name, "a wrong password")
    assert "locked" in said(users, user.name, RIGHT)
    asyncio.run(users.unlock(user, Draft(ADMIN.actor, "user.unlock", "user", user.name)))
    assert recorded[-1].draft.action == "user.unlock"
    inside(users, user)


# ---- another password


def test_a_person_changes_the_password_and_stays_in_alone(users: Users, recorded: list[Entry]) -> None:
    user = made(users)
    (here, _), (there, _) = inside(users, user), inside(users, user)
    assert asyncio.run(users.change_password(here, RIGHT, OTHER)) == ""
    assert asyncio.run(users.standing(here)) == user
    assert asyncio.run(users.standing(there)) is None
    last = recorded[-1].draft
    assert (last.action, last.actor.name, last.reason) == ("password.change", user.name, "1 other sessions ended")
    assert (said(users, user.name, RIGHT), said(users, user.name, OTHER)) == (WRONG, "")


@pytest.mark.parametrize(("old", "new", "because"), [
    ("a wrong password", OTHER, "wrong"), (RIGHT, RIGHT, "you have"), (RIGHT, "short", "too short"), (RIGHT, "password123", "guessed"),
])  # fmt: skip
def test_a_password_that_cannot_be_changed_stays(users: Users, old: str, new: str, because: str) -> None:
    user = made(users)
    session, _ = inside(users, user)
    assert because in asyncio.run(users.change_password(session, old, new))
    inside(users, user)


def test_the_old_password_cannot_be_guessed_by_changing_it(users: Users) -> None:
    user = made(users)
    session, _ = inside(users, user)
    for _ in range(5):
        asyncio.run(users.change_password(session, "a wrong password", OTHER))
    assert "locked" in asyncio.run(users.change_password(session, RIGHT, OTHER))
    assert asyncio.run(users.standing(session)) == user  # whoever is in stays in


# ---- storms


def test_of_fifty_wrong_log_ins_at_once_from_two_machines_five_are_verified(
    users: Users, postgres_url: str, server_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = made(users)
    verified: list[bytes] = []

    class Counting:
        """The real hasher, counted."""

        def verify(self, stored: str, password: bytes) -> bool:
            verified.append(password)
            return real.verify(stored, password)

        def __getattr__(self, name: str) -> object:
            return getattr(real, name)

    real = passwords._hasher
    monkeypatch.setattr(passwords, "_hasher", Counting())

    async def storm(other: Users) -> list[SignIn]:
        doors = (users, other)
        return await asyncio.gather(*(doors[n % 2].sign_in(user.name, f"guess {n}", "host") for n in range(50)))

    with another_machine(postgres_url, server_clock) as other:
        answers = asyncio.run(storm(other))
        assert len(verified) == 5
        assert all(answer.session is None for answer in answers)
        server_clock.advance(minutes=14, seconds=59)
        assert asyncio.run(other.sign_in(user.name, RIGHT, "host")).session is None
        assert len(verified) == 5  # a locked name's password is not even looked at
        server_clock.advance(seconds=1)
        assert asyncio.run(other.sign_in(user.name, RIGHT, "host")).session is not None


def test_right_and_wrong_log_ins_at_once_from_two_machines_never_wait_for_each_other_in_a_ring(
    users: Users, postgres_url: str, clock: Clock
) -> None:
    people = [made(users) for _ in range(8)]

    async def crowd(other: Users) -> list[SignIn]:
        doors = (users, other)
        tries = [(doors[n % 2], people[n % 8].name, RIGHT if n % 3 else "a wrong password") for n in range(24)]
        return await asyncio.gather(*(door.sign_in(name, password, "host") for door, name, password in tries))

    with another_machine(postgres_url, clock) as other:
        answers = asyncio.run(crowd(other))
    assert sum(answer.session is not None for answer in answers) == 16
    assert {answer.message for answer in answers if answer.session is None} == {WRONG}


def test_known_and_unknown_names_cost_the_same_work(users: Users, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same hashes, statements and rows; ``dev bench login`` measures that the time is the same, too."""
    user, work = made(users), dict[str, list[str]]()
    real, write, read = passwords._hasher, users._database.write, users._database.read

    class Told:
        def verify(self, stored: str, password: bytes) -> bool:
            steps.append(f"verify {real.check_needs_rehash(stored)}")
            return real.verify(stored, password)

        def __getattr__(self, name: str) -> object:
            return getattr(real, name)

    def told(name: str, door: object) -> object:
        def asked(*words: object, **more: object) -> object:
            steps.append(" ".join((name, *map(str, words[1:]), *map(str, more.values()))))
            return door(*words, **more)  # type: ignore[operator]

        return asked

    monkeypatch.setattr(passwords, "_hasher", Told())
    monkeypatch.setattr(users._database, "write", told("write", write))
    monkeypatch.setattr(users._database, "read", told("read", read))
    for name in (user.name, f"nobody-{uuid4().hex[:8]}"):
        steps = work[name] = []
        assert said(users, name, "a wrong password") == WRONG
    known, unknown = work.values()
    assert known == unknown == ["write", "read", "verify False", "write records"]


def test_guessing_over_many_names_is_braked_and_not_held_against_them(users: Users, server_clock: Clock) -> None:
    user = made(users)
    session, _ = inside(users, user)
    messages = [said(users, f"name-{n}", "Spring2026!") for n in range(login_brake.BURST + 2)]
    assert set(messages[: login_brake.BURST]) == {WRONG}
    assert all("Too many failed log-ins" in words for words in messages[login_brake.BURST :])
    for _ in range(6):
        assert "Too many failed log-ins" in said(users, user.name, RIGHT)
    assert user.name not in asyncio.run(users.locked())
    assert asyncio.run(users.confirm(session, RIGHT)) == ""  # who is in already is not held up
    server_clock.advance(hours=-1)
    assert "Too many failed log-ins" in said(users, user.name, RIGHT)
    server_clock.advance(hours=1, seconds=10)
    for _ in range(3):
        inside(users, user)  # one that succeeds gives its place back
    assert said(users, "yet another", "Spring2026!") == WRONG
    assert "try again in 10 seconds" in said(users, "one more", "Spring2026!")


def test_what_the_terminals_clock_says_lets_no_guess_past_the_brake_and_fills_it_for_nobody(
    users: Users, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        passwords, "matches", lambda stored, password: False
    )  # on a busy machine the work would let the bucket leak
    for number in range(login_brake.BURST):
        clock.advance(days=366)
        assert said(users, f"ahead-{number}", "Spring2026!") == WRONG
    clock.advance(days=366)
    assert "Too many failed log-ins" in said(users, "ahead too", "Spring2026!")
    clock.advance(days=-40 * 366)
    assert "Too many failed log-ins" in said(users, "behind", "Spring2026!")
    gone = text("UPDATE login_brake SET at = at - interval '10 seconds'")
    asyncio.run(users._database.write(lambda connection: connection.execute(gone)))
    assert said(users, "after ten seconds", "Spring2026!") == WRONG


# ---- tokens


def test_the_same_use_of_a_token_may_be_asked_for_again_while_its_successor_is_unused(users: Users) -> None:
    user = made(users)
    _, answer = inside(users, user)
    successor, third = sessions.fresh(), sessions.fresh()
    first = asyncio.run(users.renew(answer.refresh_token, successor, "desk"))
    again = asyncio.run(users.resume(answer.refresh_token, "desk", successor))  # the answer was lost in a crash
    assert first.session == again.session != None  # noqa: E711
    assert again.refresh_token == successor
    later = asyncio.run(users.renew(successor, third, "desk"))
    assert later.session is not None
    assert asyncio.run(users.renew(answer.refresh_token, successor, "desk")).message == AGAIN
    assert asyncio.run(users.renew(third, sessions.fresh(), "desk")).message == AGAIN  # the family has ended


@pytest.mark.parametrize("guess", ["", "mine", "used", "self"])
def test_a_thief_who_does_not_know_the_successor_ends_the_family(
    users: Users, recorded: list[Entry], guess: str
) -> None:
    user = made(users)
    session, answer = inside(users, user)
    asyncio.run(users.renew(answer.refresh_token, sessions.fresh(), "desk"))
    successor = answer.refresh_token if guess == "self" else guess
    assert asyncio.run(users.renew(answer.refresh_token, successor, "elsewhere")).session is None
    assert (recorded[-1].draft.outcome, recorded[-1].draft.reason) == ("refused", "refresh token used twice")
    assert asyncio.run(users.standing(session)) is None


def test_suspending_demoting_and_revoking_are_seen_on_every_machine_at_once(
    users: Users, postgres_url: str, clock: Clock
) -> None:
    user = made(users)
    session, answer = inside(users, user)
    following = sessions.fresh()
    with another_machine(postgres_url, clock) as other:
        demoted = asyncio.run(other.change(user, Role.VIEWER, UserState.ACTIVE, ADMIN))
        with pytest.raises(NotPermitted, match="role has changed"):
            asyncio.run(users.vouch(session, answer.access_token))
        renewed = asyncio.run(users.renew(answer.refresh_token, following, "desk"))
        assert asyncio.run(users.vouch(session, renewed.access_token)) == demoted
        asyncio.run(other.change(demoted, Role.VIEWER, UserState.SUSPENDED, ADMIN))
        assert asyncio.run(users.vouch(session, renewed.access_token)) is None
        assert asyncio.run(users.renew(following, sessions.fresh(), "desk")).message == AGAIN


def test_an_access_token_lives_a_quarter_of_an_hour(users: Users, clock: Clock) -> None:
    user = made(users)
    session, answer = inside(users, user)
    assert answer.access_ends is not None
    assert answer.access_ends - clock() == timedelta(minutes=15)
    assert asyncio.run(users.vouch(session, answer.access_token)) == user
    clock.advance(minutes=15, seconds=31)
    with pytest.raises(NotPermitted, match="run out"):
        asyncio.run(users.vouch(session, answer.access_token))


def test_an_answer_shows_no_token_when_it_is_printed(users: Users) -> None:
    _, answer = inside(users, made(users))
    assert answer.refresh_token not in repr(answer)
    assert answer.access_token not in repr(answer)
