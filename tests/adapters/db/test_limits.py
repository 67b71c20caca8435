"""Limits in Postgres: versions, four eyes and the restricted list, through the store and at a prompt, with a login of one's own."""

import asyncio
import importlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from qv_desktop.adapters.db import logins, passwords
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.limits import LimitStore
from qv_desktop.domain.access import Role
from qv_desktop.domain.audit import Actor, Draft, Entry
from qv_desktop.domain.errors import BadInput, DatabaseDown
from qv_desktop.domain.limit_changes import Decision, Proposal, Restriction
from qv_desktop.domain.limits import Limits, Scope, ScopedLimits, base_of
from tests.adapters.db.personal import ROLES, WORDS, Person, address, connected, people, refusal, run
from tests.adapters.db.test_attacks import Raw
from tests.adapters.db.test_lasting import BROKEN, DENIED

NOW = datetime.now(UTC)


def draft(name: str, action: str = "risk.limits") -> Draft:
    return Draft(Actor(name, "human"), action, "limits", "x")


@pytest.fixture(scope="module")
def who(postgres_url: str) -> dict[Role, Person]:
    return people(postgres_url, uuid4().hex[:6])


@pytest.fixture(scope="module")
def second(postgres_url: str, who: dict[Role, Person]) -> Person:
    """Another Admin."""
    person = Person(f"second_{uuid4().hex[:6]}", Role.ADMIN)
    logins.let_in(postgres_url, ROLES, logins.Login(person.name, person.role, WORDS))
    run(postgres_url, 'INSERT INTO users VALUES (%s, %s, %s, %s, 1, %s, now())', f"id-{person.name}", person.name, person.role, "active",
        passwords.hashed(WORDS))  # fmt: skip
    return person


@pytest.fixture(autouse=True)
def sessions(postgres_url: str, who: dict[Role, Person], second: Person) -> None:
    for person in (*who.values(), second):
        run(postgres_url, "INSERT INTO sessions VALUES (%s, %s, 'h', now(), now() + interval '1 day', NULL, '') ON CONFLICT DO NOTHING",
            f"s-{person.name}", f"id-{person.name}")  # fmt: skip


@pytest.fixture
def symbol() -> str:
    """A scope that no other test has seen."""
    return f"T{uuid4().hex[:7].upper()}"


@pytest.fixture
def raw(postgres_url: str) -> Iterator[Callable[[Person], Raw]]:
    """A person at a prompt, as their group."""
    opened = []

    def begin(person: Person) -> Raw:
        opened.append(connected(address(postgres_url, person.name), person.group))
        return opened[-1].__enter__()

    yield begin
    for one in opened:
        one.__exit__(None, None, None)


@pytest.fixture
def store(database: Database, trail: AuditTrail) -> LimitStore:
    return LimitStore(database, trail)


# ---- through the store


def asked(symbol: str, by: str, value: str = "9", base: int = 1) -> Proposal:
    return Proposal(
        0, Scope.SYMBOL, symbol, {"order_value": Decimal(value)}, base, None, "more", by, NOW, NOW + timedelta(days=1)
    )


def test_the_firm_begins_with_what_the_program_comes_with(store: LimitStore) -> None:
    book = asyncio.run(store.book())
    firm = book.version(Scope.FIRM, "")
    assert (firm.version, firm.set_by, base_of(firm.values)) == (1, "QuantVision", Limits())


def test_every_version_is_kept_with_who_and_why_and_its_row_in_the_trail(
    store: LimitStore, symbol: str, recorded: list[Entry]
) -> None:
    first = ScopedLimits(Scope.SYMBOL, symbol, {"order_value": Decimal("10.50"), "opens": 570}, 1, "ada")
    second = ScopedLimits(Scope.SYMBOL, symbol, {"order_value": Decimal(3), "opens": 600}, 2, "bob")

    async def story() -> list[tuple[ScopedLimits, str]]:
        await store.tighten(first, "a start", draft("ada"))
        await store.tighten(second, "calmer", draft("bob"))
        with pytest.raises(BadInput, match="meanwhile"):
            await store.tighten(second, "again", draft("bob"))
        return await store.history(Scope.SYMBOL, symbol)

    told = asyncio.run(story())
    assert [(one.values, one.version, one.set_by, why) for one, why in told] == [
        (first.values, 1, "ada", "a start"),
        (second.values, 2, "bob", "calmer"),
    ]
    assert [entry.draft.actor.name for entry in recorded] == ["ada", "bob"]
    assert asyncio.run(store.book()).version(Scope.SYMBOL, symbol).values == second.values


def test_what_is_raised_is_in_force_only_with_the_name_of_a_second_person(
    store: LimitStore, symbol: str, who: dict[Role, Person], second: Person
) -> None:
    a, b = who[Role.ADMIN].name, second.name

    async def story() -> None:
        await store.tighten(ScopedLimits(Scope.SYMBOL, symbol, {"order_value": Decimal(5)}, 1, a), "", draft(a))
        with pytest.raises(DatabaseDown, match="second person"):
            await store.tighten(ScopedLimits(Scope.SYMBOL, symbol, {"order_value": Decimal(6)}, 2, a), "", draft(a))
        await store.propose(asked(symbol, a), draft(a))
        (proposal,) = [p for p in (await store.book()).proposals if p.of == symbol]
        with pytest.raises(DatabaseDown, match="second person"):
            await store.decide(proposal, Decision.APPROVED, a, "", draft(a))
        await store.decide(proposal, Decision.APPROVED, b, "fine", draft(b))
        with pytest.raises(BadInput, match="meanwhile"):
            await store.decide(proposal, Decision.DECLINED, b, "no", draft(b))
        book = await store.book()
        now = book.version(Scope.SYMBOL, symbol)
        assert (now.values, now.version, now.set_by, now.approved_by) == ({"order_value": Decimal(9)}, 2, a, b)
        assert [(p.decision, p.decided_by, p.because) for p in book.proposals if p.of == symbol] == [
            (Decision.APPROVED, b, "fine")
        ]

    asyncio.run(story())


def test_what_was_proposed_on_other_limits_is_not_put_over_them(
    store: LimitStore, symbol: str, who: dict[Role, Person], second: Person, recorded: list[Entry]
) -> None:
    a, b = who[Role.ADMIN].name, second.name

    async def story() -> None:
        await store.tighten(ScopedLimits(Scope.SYMBOL, symbol, {"order_value": Decimal(5)}, 1, a), "", draft(a))
        await store.propose(asked(symbol, a), draft(a))
        await store.tighten(ScopedLimits(Scope.SYMBOL, symbol, {"order_value": Decimal(2)}, 2, a), "", draft(a))
        (proposal,) = [p for p in (await store.book()).proposals if p.of == symbol]
        with pytest.raises(BadInput, match="meanwhile"):
            await store.decide(proposal, Decision.APPROVED, b, "", draft(b, "risk.limits_approved"))
        assert (await store.book()).version(Scope.SYMBOL, symbol).values == {"order_value": Decimal(2)}

    asyncio.run(story())
    assert "risk.limits_approved" not in [entry.draft.action for entry in recorded]


def test_what_nobody_decided_in_time_is_noted_once(
    store: LimitStore, symbol: str, who: dict[Role, Person], second: Person, recorded: list[Entry]
) -> None:
    a, b = who[Role.ADMIN].name, second.name
    soon = Proposal(0, Scope.SYMBOL, symbol, {}, 0, None, "more", a, NOW, NOW)

    async def story() -> Proposal:
        await store.propose(soon, draft(a))
        (proposal,) = [p for p in (await store.book()).proposals if p.of == symbol]
        with pytest.raises(DatabaseDown, match="has expired"):
            await store.decide(proposal, Decision.APPROVED, b, "", draft(b))
        recorded.clear()
        for _ in range(2):
            await store.expire(proposal, "system", draft("system", "risk.limits_expired"))
        return next(p for p in (await store.book()).proposals if p.of == symbol)

    assert asyncio.run(story()).decision is Decision.EXPIRED
    assert [entry.draft.action for entry in recorded] == ["risk.limits_expired"]


def test_a_restriction_is_lifted_by_a_second_person(
    store: LimitStore, symbol: str, who: dict[Role, Person], second: Person
) -> None:
    a, b = who[Role.ADMIN].name, second.name

    async def story() -> None:
        await store.restrict(Restriction(0, "", symbol, "merger", a, NOW), draft(a))
        (held,) = [r for r in (await store.book()).restrictions if r.symbol == symbol]
        assert held.holds(datetime.now(UTC))
        lift = Proposal(0, Scope.FIRM, "", {}, 0, held.id, "over", a, NOW, NOW + timedelta(days=1))
        await store.propose(lift, draft(a))
        (proposal,) = [p for p in (await store.book()).proposals if p.lifts == held.id]
        await store.decide(proposal, Decision.APPROVED, b, "", draft(b))
        (held,) = [r for r in (await store.book()).restrictions if r.symbol == symbol]
        assert held.lifted

    asyncio.run(story())


# ---- at a prompt

VERSION = "INSERT INTO limit_versions VALUES ('symbol', %s, {}, {}, '', {}, now(), {}, {})"
ASKED = ("INSERT INTO limit_proposals (scope, of, amounts, base, lifts, reason, proposed_by, proposed_at, expires) "
         "VALUES ('symbol', %s, '{{\"order_value\": \"9\"}}', 1, NULL, 'more', {}, now(), now() + interval '1 day')")  # fmt: skip
FIVE, NINE = '\'{"order_value": "5"}\'', '\'{"order_value": "9"}\''
NEWEST = "(SELECT max(id) FROM limit_proposals)"
SAID = "INSERT INTO limit_decisions VALUES ({}, '{}', {}, now(), '')"
TIGHT = VERSION.format(1, FIVE, "session_user", "''", "NULL")
RAISED = VERSION.format(2, NINE, "session_user", "''", "NULL")


def test_who_proposed_does_not_approve_and_nothing_is_raised_without_it(
    raw: Callable[[Person], Raw], who: dict[Role, Person], second: Person, symbol: str
) -> None:
    admin = raw(who[Role.ADMIN])
    admin.execute(TIGHT.encode(), (symbol,))
    assert refusal(admin, RAISED, symbol) == DENIED
    admin.execute(ASKED.format("session_user").encode(), (symbol,))
    for decision, by in (("approved", "session_user"), ("approved", f"'{second.name}'"), ("declined", "session_user")):
        assert refusal(admin, SAID.format(NEWEST, decision, by)) == DENIED, (decision, by)
    for approver in ("''", f"'{second.name}'", "session_user"):
        assert refusal(admin, VERSION.format(2, NINE, "session_user", approver, NEWEST), symbol) in (DENIED, BROKEN)
    assert refusal(admin, ASKED.format(f"'{second.name}'"), symbol) == DENIED
    assert refusal(admin, SAID.format(NEWEST, "expired", "'system'")) == DENIED
    assert refusal(admin, SAID.format(NEWEST, "withdrawn", "session_user")) == ""


def test_a_second_person_puts_just_what_was_proposed_in_force(
    raw: Callable[[Person], Raw], who: dict[Role, Person], second: Person, symbol: str
) -> None:
    admin, other = raw(who[Role.ADMIN]), raw(second)
    admin.execute(TIGHT.encode(), (symbol,))
    admin.execute(ASKED.format("session_user").encode(), (symbol,))
    admin.commit()
    one = f"(SELECT id FROM limit_proposals WHERE of = '{symbol}')"  # noqa: S608 - a name of ours
    by, proposer = f"'{second.name}'", f"'{who[Role.ADMIN].name}'"
    assert refusal(other, VERSION.format(2, NINE, proposer, by, one), symbol) == DENIED
    other.execute(SAID.format(one, "approved", "session_user").encode())
    assert refusal(other, VERSION.format(2, '\'{"order_value": "10"}\'', proposer, by, one), symbol) == DENIED
    assert refusal(other, VERSION.format(2, "'{}'", proposer, by, one), symbol) == DENIED
    assert refusal(other, VERSION.format(2, NINE, by, proposer, one), symbol) == DENIED
    assert refusal(other, VERSION.format(3, NINE, proposer, by, one), symbol) == BROKEN
    assert refusal(other, VERSION.format(2, NINE, proposer, by, one), symbol) == ""
    assert refusal(other, SAID.format(one, "declined", "session_user")) == "23505"


@pytest.mark.parametrize("change", ["state = 'suspended'", "role = 'Trader'"])
def test_the_wish_of_somebody_who_may_not_change_limits_any_more_is_not_approved(
    postgres_url: str, raw: Callable[[Person], Raw], who: dict[Role, Person], second: Person, symbol: str, change: str
) -> None:
    admin, other = raw(who[Role.ADMIN]), raw(second)
    admin.execute(ASKED.format("session_user").encode(), (symbol,))
    admin.commit()
    one = f"(SELECT id FROM limit_proposals WHERE of = '{symbol}')"  # noqa: S608 - a name of ours
    run(postgres_url, f"UPDATE users SET {change} WHERE name = %s", who[Role.ADMIN].name)  # noqa: S608 - constants
    try:
        assert refusal(other, SAID.format(one, "approved", "session_user")) == DENIED
        assert refusal(other, SAID.format(one, "declined", "session_user")) == ""
    finally:
        run(postgres_url, "UPDATE users SET state = 'active', role = 'Admin' WHERE name = %s", who[Role.ADMIN].name)


@pytest.mark.parametrize("role", [Role.TRADER, Role.ANALYST, Role.VIEWER])
def test_who_may_not_change_limits_writes_none_of_it(
    raw: Callable[[Person], Raw], who: dict[Role, Person], role: Role, symbol: str
) -> None:
    server = raw(who[role])
    restrict = (
        "INSERT INTO restrictions (of, symbol, reason, added_by, added_at) VALUES ('', %s, 'x', session_user, now())"
    )
    for statement in (TIGHT, ASKED.format("session_user"), restrict):
        assert refusal(server, statement, symbol) == DENIED
    assert refusal(server, SAID.format(1, "approved", "session_user")) == DENIED


def test_nobody_approves_more_for_themselves_though_somebody_else_proposed_it(
    raw: Callable[[Person], Raw], who: dict[Role, Person], second: Person
) -> None:
    admin, other = raw(who[Role.ADMIN]), raw(second)
    asked_for = ("INSERT INTO limit_proposals (scope, of, amounts, base, reason, proposed_by, proposed_at, expires) "
                 "VALUES ('user', %s, '{}', 1, 'more', session_user, now(), now() + interval '1 day') RETURNING id")  # fmt: skip
    ((number,),) = admin.execute(asked_for.encode(), (second.name,)).fetchall()
    admin.commit()
    assert refusal(other, SAID.format(number, "approved", "session_user")) == DENIED
    assert refusal(other, SAID.format(number, "declined", "session_user")) == ""


@pytest.mark.parametrize("table", ["limit_versions", "limit_proposals", "limit_decisions", "restrictions"])
def test_nothing_is_changed_or_taken_away_by_anybody(postgres_url: str, who: dict[Role, Person], table: str) -> None:
    column = "because" if table == "limit_decisions" else "reason"
    for statement in (f"UPDATE {table} SET {column} = 'x'", f"DELETE FROM {table}"):  # noqa: S608 - constants
        for url, role in (
            (address(postgres_url, who[Role.ADMIN].name), who[Role.ADMIN].group),
            (postgres_url, "qv_app"),
            (postgres_url, None),
        ):
            with connected(url, role) as server:
                assert refusal(server, statement) == DENIED


def test_nobody_sees_what_is_set_for_another_user_but_who_may_change_it(
    raw: Callable[[Person], Raw], who: dict[Role, Person], postgres_url: str
) -> None:
    trader, viewer, admin = (who[role] for role in (Role.TRADER, Role.VIEWER, Role.ADMIN))
    server = raw(admin)
    server.execute(
        b"INSERT INTO limit_versions VALUES ('user', %s, 1, '{}', '', session_user, now(), '', NULL)", (trader.name,)
    )
    server.execute(b"INSERT INTO restrictions (of, symbol, reason, added_by, added_at) VALUES (%s, 'KO', 'x', session_user, now())",
                   (trader.name,))  # fmt: skip
    server.commit()
    seen = {}
    for person in (trader, viewer, admin):
        with connected(address(postgres_url, person.name), person.group) as at:
            mine = at.execute(b"SELECT count(*) FROM limit_versions WHERE of = %s", (trader.name,)).fetchone()
            held = at.execute(b"SELECT count(*) FROM restrictions WHERE of = %s", (trader.name,)).fetchone()
            seen[person.role] = mine, held
    assert seen == {Role.TRADER: ((1,), (1,)), Role.VIEWER: ((0,), (0,)), Role.ADMIN: ((1,), (1,))}


@pytest.mark.parametrize(
    "amounts", ['{"order_value": "-1"}', '{"order_value": "NaN"}', '{"order_value": 5}', '{"order_value": "1e9"}', "[]"]
)
def test_what_is_no_limit_is_refused(
    raw: Callable[[Person], Raw], who: dict[Role, Person], symbol: str, amounts: str
) -> None:
    server = raw(who[Role.ADMIN])
    assert refusal(server, VERSION.format(1, f"'{amounts}'", "session_user", "''", "NULL"), symbol) == BROKEN


def test_for_the_longer_a_pause_the_tighter(raw: Callable[[Person], Raw], who: dict[Role, Person], symbol: str) -> None:
    server = raw(who[Role.ADMIN])
    for name in ("duplicate_seconds", "cooldown_seconds", "opens"):
        first = VERSION.format(1, f'\'{{"{name}": "60"}}\'', "session_user", "''", "NULL")
        server.execute(first.encode(), (symbol + name[:2].upper(),))
        later = VERSION.format(2, '\'{{"{}": "{}"}}\'', "session_user", "''", "NULL")
        assert refusal(server, later.format(name, "59"), symbol + name[:2].upper()) == DENIED
        assert refusal(server, later.format(name, "61"), symbol + name[:2].upper()) == ""


# ---- what was there before


def test_what_was_set_before_becomes_the_accounts_and_nobody_is_held_tighter(postgres_url: str) -> None:
    step = importlib.import_module("qv_desktop.adapters.db.migrations.versions.0029_scoped_limits")
    older = importlib.import_module("qv_desktop.adapters.db.migrations.versions.0004_control")
    made = next(each for each in older.STATEMENTS if "CREATE TABLE risk_limits" in each)
    engine = create_engine(postgres_url, poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("CREATE TEMP TABLE kept AS SELECT * FROM limit_versions WITH NO DATA"))
        connection.execute(text(made.replace("CREATE TABLE", "CREATE TEMP TABLE")))
        row = "INSERT INTO risk_limits VALUES ('a', :version, now(), 'ada', :value, 1, 0.3, 1, 1, 1, 1, 1, :seconds)"
        for version, (value, seconds) in enumerate(((500_000, 1), (250_000, 0.5)), 1):
            connection.execute(text(row), {"version": version, "value": value, "seconds": seconds})
        connection.execute(text("INSERT INTO risk_limits VALUES ('b', 1, now(), 'bob', 5, 1, 0.1, 1, 1, 1, 1, 1, 9)"))
        for statement in step.CARRIED[:2]:
            connection.execute(text(statement.replace("INTO limit_versions", "INTO kept")))
        told = {
            (r.scope, r.of, r.version): (r.amounts, r.set_by) for r in connection.execute(text("SELECT * FROM kept"))
        }
        connection.rollback()
    engine.dispose()
    assert set(told) == {("account", "a", 1), ("account", "a", 2), ("account", "b", 1), ("firm", "", 1)}
    assert (told["account", "a", 2][0]["order_value"], told["account", "a", 2][1]) == ("250000", "ada")
    firm = told["firm", "", 1][0]
    assert firm.keys() == step.DEFAULTS.keys()
    assert (firm["order_value"], firm["position_fraction"], firm["daily_loss"], firm["duplicate_seconds"]) == (
        "250000",
        "0.3",
        "2000",
        "0.5",
    )


def test_the_seeded_limits_are_those_of_the_program() -> None:
    step = importlib.import_module("qv_desktop.adapters.db.migrations.versions.0029_scoped_limits")
    assert {name: Decimal(value) for name, value in step.DEFAULTS.items()} == {
        name: Decimal(getattr(Limits(), name)) for name in Limits.__dataclass_fields__
    }
