"""Connections: what may be added, changed, removed and put to use, and what the trail says of it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from qv_desktop.domain.access import Role
from qv_desktop.domain.accounts import Account
from qv_desktop.domain.connections import FIRST, Connection, Known, check_pair, named, secret_names
from qv_desktop.domain.errors import BadInput, DatabaseDown, NotPermitted
from qv_desktop.services.connections import KEYS, MOST, Connections
from qv_desktop.services.login import Login
from tests.builders import NOW
from tests.fakes import Trail, Users

PAIR = {"key": "PKONE", "secret": "s1"}
CANARY = {"key": "PKCANARY", "secret": "canary-secret-22"}


@dataclass
class Store:
    """A file in memory."""

    known: Known | None = None

    async def read(self) -> Known | None:
        return self.known

    async def write(self, known: Known) -> None:
        self.known = known


@dataclass
class Vault:
    """Secrets in memory."""

    kept: dict[str, str] = field(default_factory=dict)

    async def has(self, name: str) -> bool:
        return name in self.kept

    async def keep(self, texts: Mapping[str, str]) -> None:
        self.kept |= texts

    async def forget(self, name: str) -> None:
        self.kept.pop(name, None)


async def probe(connection: Connection) -> Account:
    return Account("id", "PA12345", "ACTIVE", NOW)


class Room:
    """A service over memory, with somebody signed in."""

    def __init__(self, role: Role = Role.ADMIN, known: Known | None = None, trail: Trail | None = None) -> None:
        self.store, self.vault, self.trail, users = Store(known), Vault(), trail or Trail(), Users()
        users.session = replace(users.session, user=replace(users.session.user, role=role))
        users.user = users.session.user
        self.login = Login(users, self.trail, lambda: NOW, "here")
        self.login.session = users.session
        self.service = Connections(self.store, self.vault, probe, self.login, self.trail)
        self.service.known = known or Known()

    def told(self) -> list[tuple[str, str]]:
        return [(draft.action, draft.outcome) for draft in (entry.draft for entry in self.trail.rows)]


PAPER, LIVE = Connection("p", "Paper"), Connection("l", "Real", "LIVE")
BOTH = Known((PAPER, LIVE), "p")


def test_keys_from_before_there_were_connections_become_the_first_one_and_stay_where_they_are() -> None:
    room = Room()
    room.vault.kept = {"alpaca_key": "PKOLD", "alpaca_secret": "s"}
    known = asyncio.run(room.service.load("PAPER"))
    assert (known.active, known.connections) == (FIRST, (Connection(FIRST, "Alpaca paper"),))
    assert secret_names(FIRST)["key"] == "alpaca_key"
    assert room.store.known == known
    assert asyncio.run(room.service.load("LIVE")) == known  # read, not made again


def test_a_live_installation_stays_live_and_one_without_keys_has_no_account() -> None:
    room = Room()
    room.vault.kept = {"alpaca_key": "AKOLD"}
    current = asyncio.run(room.service.load("LIVE")).current
    assert current is not None
    assert current.environment == "LIVE"
    empty = Room()
    assert asyncio.run(empty.service.load("PAPER")) == Known()
    assert empty.store.known is None  # keys may still come by the environment


def test_a_connection_is_added_with_its_secrets_and_the_trail_shows_none_of_them() -> None:
    room = Room(Role.TRADER)
    made = asyncio.run(room.service.add(Connection("", "  My   paper "), CANARY))
    assert made.name == "My paper"
    assert room.vault.kept == {
        f"connection.{made.id}.key": "PKCANARY",
        f"connection.{made.id}.secret": "canary-secret-22",
    }
    assert room.store.known == Known((made,))
    assert room.told() == [("connection.add", "ok")]
    assert not any(text in repr(room.trail.rows) for text in CANARY.values())


@pytest.mark.parametrize(
    ("draft", "secrets", "words"),
    [
        (Connection("", ""), PAIR, "1 to 40 visible characters"),
        (Connection("", "x" * 41), PAIR, "1 to 40 visible characters"),
        (Connection("", "a\x00b"), PAIR, "1 to 40 visible characters"),
        (Connection("", "PAPER"), PAIR, "exists already"),
        (Connection("", "New"), {}, "paste both"),
        (Connection("", "New"), {"key": "PK1"}, "paste both"),
        (Connection("", "New", "LIVE"), PAIR, "paper keys begin with PK, live keys with AK"),
        (Connection("", "New"), {"key": "AK1", "secret": "s"}, "paper keys begin with PK, live keys with AK"),
        (Connection("", "New", kind="oauth"), {}, "not connected in the browser yet"),
        (Connection("", "New", kind="oauth"), {"token": "t", "key": "PK1"}, "belong together"),
    ],
)
def test_what_cannot_be_a_connection_is_a_sentence_and_nothing_is_kept(
    draft: Connection, secrets: dict[str, str], words: str
) -> None:
    room = Room(known=BOTH)
    with pytest.raises(BadInput, match=words):
        asyncio.run(room.service.add(draft, secrets))
    assert (room.store.known, room.vault.kept, room.told()) == (BOTH, {}, [])


REAL = {"key": "AKONE", "secret": "s1"}


@pytest.mark.parametrize("token", [False, True])
def test_a_live_accounts_keys_take_the_password_each_time_and_a_refusal_is_written_down(token: bool) -> None:
    room = Room(known=BOTH)
    fresh = Connection("", "New", "LIVE", "oauth" if token else "keys")
    secrets = {"token": "t"} if token else REAL

    async def story() -> None:
        for work in (room.service.change(LIVE, REAL), room.service.add(fresh, secrets)):
            with pytest.raises(NotPermitted, match="This takes your password"):
                await work
        assert (room.store.known, room.vault.kept) == (BOTH, {})
        await room.login.confirm("wrong", KEYS)
        await room.login.confirm("right", "user.role")  # what was given for another deed is not for this one
        with pytest.raises(NotPermitted):
            await room.service.change(LIVE, REAL)
        await room.login.confirm("right", KEYS)
        await room.service.change(LIVE, REAL)
        with pytest.raises(NotPermitted):
            await room.service.add(fresh, secrets)
        await room.login.confirm("right", KEYS)
        await room.service.add(fresh, secrets)

    asyncio.run(story())
    refused = [("connection.change", "refused"), ("connection.add", "refused"), ("connection.change", "refused")]
    assert room.told() == [
        *refused,
        ("connection.change", "ok"),
        ("connection.add", "refused"),
        ("connection.add", "ok"),
    ]
    assert room.vault.kept["connection.l.key"] == "AKONE"


def test_a_live_accounts_name_and_a_paper_accounts_keys_take_no_password() -> None:
    room = Room(known=BOTH)
    asyncio.run(room.service.change(replace(LIVE, name="Other"), {"key": "", "secret": ""}))
    asyncio.run(room.service.change(replace(PAPER, environment="LIVE"), PAIR))  # the environment stays
    assert room.told() == [("connection.change", "ok")] * 2


def test_there_is_an_end_to_how_many() -> None:
    full = Known(tuple(Connection(str(n), f"Account {n}") for n in range(MOST)))
    with pytest.raises(BadInput, match="which is the most"):
        asyncio.run(Room(known=full).service.add(Connection("", "One more"), PAIR))


def test_a_change_keeps_kind_and_environment_and_takes_only_what_was_typed() -> None:
    room = Room(known=BOTH)
    asked = Connection("p", "Renamed", "LIVE", "oauth", "alpaca")
    changed = asyncio.run(room.service.change(asked, {"key": "", "secret": ""}))
    assert changed == Connection("p", "Renamed", "PAPER", "keys", "alpaca")
    assert room.vault.kept == {}
    assert room.told() == [("connection.change", "ok")]


def test_only_who_may_change_settings_changes_connections_and_only_who_trades_switches() -> None:
    for role in (Role.ANALYST, Role.VIEWER):
        service = Room(role, BOTH).service
        for work in (
            service.add(Connection("", "New"), PAIR),
            service.change(PAPER, {}),
            service.remove("l"),
            service.switch("l"),
        ):
            with pytest.raises(NotPermitted):
                asyncio.run(work)


def test_live_is_switched_to_once_for_each_confirmation() -> None:
    room = Room(known=BOTH)

    async def story() -> None:
        with pytest.raises(NotPermitted, match="confirm it with your password first"):
            await room.service.switch("l")
        assert await room.service.confirm(LIVE, "wrong") == "That is not right."
        with pytest.raises(NotPermitted):
            await room.service.switch("l")
        assert await room.service.confirm(LIVE, "right") == ""
        await room.service.switch("l")
        await room.service.switch("p")
        with pytest.raises(NotPermitted):
            await room.service.switch("l")

    asyncio.run(story())
    assert room.told() == [
        ("live.confirm", "refused"),
        ("live.confirm", "ok"),
        ("connection.switch", "ok"),
        ("connection.switch", "ok"),
    ]
    assert room.store.known == BOTH


def test_a_confirmation_of_one_live_account_is_none_of_another() -> None:
    room = Room(known=Known((PAPER, LIVE, Connection("m", "Other", "LIVE")), "p"))

    async def story() -> None:
        await room.service.confirm(LIVE, "right")
        with pytest.raises(NotPermitted):
            await room.service.switch("m")

    asyncio.run(story())


def test_what_cannot_be_written_down_is_not_done() -> None:
    room = Room(known=BOTH, trail=Trail(down=True))

    async def story() -> None:
        room.service.confirmed = "l"
        for work in (room.service.switch("l"), room.service.remove("l"), room.service.add(Connection("", "New"), PAIR)):
            with pytest.raises(DatabaseDown):
                await work

    asyncio.run(story())
    assert (room.store.known, room.vault.kept) == (BOTH, {})


def test_going_back_is_written_down_too() -> None:
    room = Room(known=BOTH)
    asyncio.run(room.service.declined(LIVE))
    assert room.told() == [("live.confirm", "refused")]


def test_the_one_in_use_stays_and_another_goes_with_its_secrets() -> None:
    room = Room(known=BOTH)
    room.vault.kept = dict.fromkeys((*secret_names("l").values(), "polygon_key"), "x")

    async def story() -> None:
        with pytest.raises(BadInput, match="is in use"):
            await room.service.remove("p")
        await room.service.remove("l")
        with pytest.raises(BadInput, match="is gone"):
            await room.service.remove("l")

    asyncio.run(story())
    assert room.store.known == Known((PAPER,), "p")
    assert room.vault.kept == {"polygon_key": "x"}


def test_a_key_that_begins_otherwise_is_left_for_alpaca_to_judge() -> None:
    check_pair("CKBROKER", "PAPER")
    check_pair("CKBROKER", "LIVE")
    assert named("A  b", ["a c"]) == "A b"


def test_a_session_goes_on_at_the_next_desk_and_leaves_the_former() -> None:
    room = Room()
    other = Login(Users(), Trail(), lambda: NOW, "here")
    session = room.login.session
    other.follow(room.login)
    assert (other.session, room.login.session) == (session, None)
    assert asyncio.run(room.login.confirm("right")) == "Your session has ended; sign in again."
