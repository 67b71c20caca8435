"""Limits on a real server, everybody with a database login of their own: a Trader cannot raise them, nor one Admin alone, nor by SQL."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest

from qv_desktop.adapters.db import logins, passwords
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.limits import LimitStore
from qv_desktop.adapters.db.personal import PersonalUsers
from qv_desktop.domain.access import Role
from qv_desktop.domain.audit import Entry
from qv_desktop.domain.errors import NotPermitted
from qv_desktop.domain.events import Event
from qv_desktop.domain.limits import Scope
from qv_desktop.services.limits import APPROVE, RAISE, RiskLimits
from qv_desktop.services.login import Login
from tests.adapters.db.personal import ROLES, WORDS, Person, address, connected, people, refusal, run
from tests.adapters.db.test_attacks import DENIED

ACCOUNT = "acc-story"


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Sitting:
    """One person's program over the server, with what it needs of limits."""

    url: str
    person: Person
    rows: list[Entry] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.database = Database(address(self.url, self.person.name))
        self.database.migrate()
        trail = AuditTrail(self.database, f"chain-{self.person.name}", "1.0", now, self.rows.append)
        self.login = Login(PersonalUsers(self.database, trail, now), trail, now, "desk")
        self.limits = RiskLimits(
            LimitStore(self.database, trail), self.login, self.events.append, now, lambda: ACCOUNT, trail.append
        )

    async def begin(self) -> None:
        """Signed in, with the limits read."""
        assert (await self.login.sign_in(self.person.name, WORDS)).session is not None
        await self.limits.load()

    async def password(self, deed: str) -> None:
        assert await self.login.confirm(WORDS, deed) == ""

    def value(self) -> Decimal:
        """How much an order of the account may be worth."""
        return self.limits.limits_for(self.person.name, "Ticket", "KO").order_value


@pytest.fixture
def sat(postgres_url: str) -> Iterator[Callable[[Person], Sitting]]:
    """Begins sittings, and ends them."""
    every: list[Sitting] = []

    def begin(person: Person) -> Sitting:
        every.append(Sitting(postgres_url, person))
        return every[-1]

    yield begin
    for one in every:
        one.database.close()


@pytest.fixture(scope="module")
def persons(postgres_url: str) -> dict[str, Person]:
    mark = uuid4().hex[:6]
    found = people(postgres_url, mark)
    bob = Person(f"bob_{mark}", Role.ADMIN)
    logins.let_in(postgres_url, ROLES, logins.Login(bob.name, bob.role, WORDS))
    run(postgres_url, "INSERT INTO users VALUES (%s, %s, %s, 'active', 1, %s, now())", f"id-{bob.name}", bob.name, bob.role,
        passwords.hashed(WORDS))  # fmt: skip
    return {"tom": found[Role.TRADER], "ada": found[Role.ADMIN], "bob": bob, "eve": found[Role.VIEWER]}


def test_from_a_traders_wish_to_two_signatures_and_a_restart(
    postgres_url: str, persons: dict[str, Person], sat: Callable[[Person], Sitting]
) -> None:
    tom, ada, bob = (sat(persons[name]) for name in ("tom", "ada", "bob"))
    five, nine = {"order_value": Decimal(5_000)}, {"order_value": Decimal(9_000)}

    async def story() -> None:
        for one in (tom, ada, bob):
            await one.begin()
        assert tom.value() == Decimal(100_000)
        with pytest.raises(NotPermitted, match="risk: change"):
            await tom.limits.change(Scope.ACCOUNT, ACCOUNT, nine, "more")
        await ada.limits.change(Scope.ACCOUNT, ACCOUNT, five, "a calm week")
        await tom.limits.refresh()
        assert tom.value() == Decimal(5_000)
        await ada.password(RAISE)
        await ada.limits.change(Scope.ACCOUNT, ACCOUNT, nine, "more clients")
        number = ada.limits.book.proposals[-1].id
        await ada.password(APPROVE)
        with pytest.raises(NotPermitted, match="second person"):
            await ada.limits.approve(number)
        assert ada.value() == Decimal(5_000)
        _by_sql(postgres_url, persons["ada"], number)
        await bob.limits.refresh()
        await bob.password(APPROVE)
        await bob.limits.approve(number)
        assert bob.value() == Decimal(9_000)
        await tom.limits.refresh()
        assert tom.value() == Decimal(9_000)

    asyncio.run(story())
    assert [(row.draft.action, row.draft.outcome) for row in ada.rows if row.draft.action.startswith("risk.")] == [
        ("risk.limits", "ok"), ("risk.limits_proposed", "ok"), ("risk.limits_approved", "refused")]  # fmt: skip
    assert [row.draft.action for row in bob.rows if row.draft.action.startswith("risk.")] == ["risk.limits_approved"]
    again = sat(persons["eve"])  # a restart, by somebody else

    async def later() -> None:
        await again.begin()
        assert again.value() == Decimal(9_000)
        told = await again.limits.history(Scope.ACCOUNT, ACCOUNT)
        assert [(one.version, one.set_by, one.approved_by, why) for one, why in told] == [
            (1, persons["ada"].name, "", "a calm week"), (2, persons["ada"].name, persons["bob"].name, "more clients")]  # fmt: skip

    asyncio.run(later())


def _by_sql(postgres_url: str, ada: Person, number: int) -> None:
    """At a prompt she can neither sign her own proposal nor put it in force without a signature."""
    version = ("INSERT INTO limit_versions SELECT scope, of, base + 1, amounts, reason, proposed_by, now(), {}, id "
               "FROM limit_proposals WHERE id = %s")  # fmt: skip
    with connected(address(postgres_url, ada.name), ada.group) as server:
        assert (
            refusal(server, "INSERT INTO limit_decisions VALUES (%s, 'approved', session_user, now(), '')", number)
            == DENIED
        )
        assert (
            refusal(server, "INSERT INTO limit_decisions VALUES (%s, 'approved', 'somebody', now(), '')", number)
            == DENIED
        )
        assert refusal(server, version.format("'somebody'"), number) == DENIED
        assert refusal(server, "UPDATE limit_versions SET amounts = '{}'") == DENIED
        assert refusal(server, "DELETE FROM limit_versions") == DENIED
