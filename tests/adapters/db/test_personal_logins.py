"""The program's own stores over a personal login of each role: what it does all day works, what it may not is one sentence."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from qv_desktop.adapters.audit_signatures import Signer
from qv_desktop.adapters.checkpoint_file import CheckpointFile
from qv_desktop.adapters.db import grants, logins
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.backtests import BacktestStore
from qv_desktop.adapters.db.bars import BarStore
from qv_desktop.adapters.db.checkpoints import CheckpointBook
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.door import RESET, SUSPENDED, WRONG, WRONG_CODE
from qv_desktop.adapters.db.drawings import Drawings
from qv_desktop.adapters.db.idle_times import IdleTimes
from qv_desktop.adapters.db.instruments import InstrumentStore
from qv_desktop.adapters.db.limits import LimitStore
from qv_desktop.adapters.db.orders import OrderJournal
from qv_desktop.adapters.db.people import PeopleStore
from qv_desktop.adapters.db.personal import PersonalUsers
from qv_desktop.adapters.db.preferences import Preferences
from qv_desktop.adapters.db.price_alerts import PriceAlerts
from qv_desktop.adapters.db.privileges import group
from qv_desktop.adapters.db.reconciliation import ReconciliationStore
from qv_desktop.adapters.db.retention import Retention
from qv_desktop.adapters.db.risk import RiskStore
from qv_desktop.adapters.db.roles import RoleStore
from qv_desktop.adapters.db.scans import Scans
from qv_desktop.adapters.db.strategies import StrategyStore
from qv_desktop.adapters.db.strategy_notes import StrategyConsents, StrategyDrafts
from qv_desktop.adapters.db.ticks import TickStore
from qv_desktop.adapters.db.watchlists import Watchlists
from qv_desktop.domain.access import Action, Permission, Resource, Role, Session, UserState, allowed
from qv_desktop.domain.accounts import Account
from qv_desktop.domain.audit import SYSTEM, Actor, Draft
from qv_desktop.domain.desks import Overtaken, Turn
from qv_desktop.domain.errors import BadInput, NotPermitted
from qv_desktop.domain.history import Span
from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.limits import Scope, ScopedLimits
from qv_desktop.domain.market import Bar, Timeframe, Trade
from qv_desktop.domain.orders import Order, OrderRequest, Report, ReportKind, Side, applied, fill_of
from qv_desktop.domain.positions import Position
from qv_desktop.domain.price_alerts import PriceAlert
from qv_desktop.domain.reconciliation import Reconciliation, Tolerances
from qv_desktop.domain.risk import TradingState
from qv_desktop.domain.roles import KnownRole, whole
from qv_desktop.domain.scans import Scan
from qv_desktop.domain.strategies import SourceDraft, Strategy
from qv_desktop.strategies.built_in import built_in
from tests.adapters.db.personal import ROLES, WORDS, Person, address, connected, people, refusal, run

AT = 1_772_496_000_000_000_000  # 2026-03-03
MINUTE = Timeframe(1, "m")


def now() -> datetime:
    return datetime.now(UTC)


class Desk:
    """A program of one person, at the door until signed in."""

    def __init__(self, url: str, name: str) -> None:
        self.name, self.database = name, Database(url)
        self.database.migrate()
        self.trail = AuditTrail(self.database, f"chain-{name}", "1.0", now, lambda entry: None)
        self.users = PersonalUsers(self.database, self.trail, now)
        self.session: Session | None = None

    async def sign_in(self, password: str = WORDS) -> str:
        """Empty once signed in, else why not."""
        answer = await self.users.sign_in(self.name, password, "desk-1")
        self.session = answer.session
        return answer.message

    @property
    def draft(self) -> Draft:
        """Something that this person did."""
        return Draft(Actor(self.name, "human", "", "s"), "thing.keep", "thing", "1")


@pytest.fixture(scope="module")
def who(postgres_url: str) -> dict[Role, Person]:
    return people(postgres_url, uuid4().hex[:6])


@pytest.fixture(params=list(Role))
def person(request: pytest.FixtureRequest, who: dict[Role, Person]) -> Person:
    return who[request.param]


@pytest.fixture
def opened(postgres_url: str) -> Iterator[Callable[[Person], Desk]]:
    """Opens desks, and closes them."""
    desks: list[Desk] = []

    def open_(person: Person) -> Desk:
        desks.append(Desk(address(postgres_url, person.name), person.name))
        return desks[-1]

    yield open_
    for desk in desks:
        desk.database.close()


@pytest.fixture
def desk(opened: Callable[[Person], Desk], person: Person) -> Desk:
    return opened(person)


def acting(desk: Desk) -> str:
    found = asyncio.run(desk.database.read(lambda c: c.execute(text("SELECT current_user::text")).scalar()))
    return str(found)


def refused(work: Any) -> bool:
    """Whether the database says no to it, in a sentence."""
    try:
        asyncio.run(work)
    except NotPermitted as error:
        return "does not let the login" in str(error)
    return False


# ---- the door


def test_every_role_logs_in_acts_as_its_group_resumes_and_leaves_by_the_door(desk: Desk, person: Person) -> None:
    async def story() -> None:
        assert await desk.users.any()
        assert await desk.sign_in("wrong words here") == WRONG
        answer = await desk.users.sign_in(person.name.upper(), WORDS, "desk-1")
        assert answer.session is not None
        assert answer.session.user.role == person.role
        assert await desk.users.confirm(answer.session, WORDS) == ""
        assert await desk.users.confirm(answer.session, "wrong words here") == WRONG
        assert await desk.users.standing(answer.session) == answer.session.user
        again = await desk.users.resume(answer.refresh_token, "desk-1")
        assert again.session is not None
        reused = await desk.users.resume(answer.refresh_token, "desk-1")
        assert reused.session is None
        assert await desk.users.standing(again.session) is None  # a token used twice ends its family

    assert acting(desk) == "qv_door"
    asyncio.run(story())
    assert acting(desk) == person.group
    assert asyncio.run(desk.sign_in()) == ""
    assert desk.session is not None
    asyncio.run(desk.users.sign_out(desk.session))
    assert acting(desk) == "qv_door"


def test_the_trail_of_a_log_in_is_kept_and_whole_whoever_may_read_it(
    desk: Desk, person: Person, postgres_url: str
) -> None:
    assert asyncio.run(desk.sign_in()) == ""
    owner = Database(postgres_url)
    try:
        trail = AuditTrail(owner, f"chain-{person.name}", "1.0", now, lambda entry: None)
        rows = asyncio.run(trail.page())
        assert rows[0].draft.action == "session.start"
        assert asyncio.run(trail.verify()).whole
    finally:
        owner.close()
    assert refused(desk.trail.verify()) is not allowed(person.role, Permission(Resource.AUDIT, Action.VIEW))


def test_the_fifth_failure_locks_on_the_server_and_a_new_start_does_not_unlock(
    opened: Callable[[Person], Desk], who: dict[Role, Person], postgres_url: str
) -> None:
    analyst = who[Role.ANALYST]
    told = [asyncio.run(opened(analyst).sign_in("wrong words here")) for _ in range(5)]
    assert told[:4] == [WRONG] * 4
    assert "locked for 15 more minutes" in told[4]
    assert "locked" in asyncio.run(opened(analyst).sign_in())
    run(postgres_url, "UPDATE lockouts SET locked_until = now()")
    assert asyncio.run(opened(analyst).sign_in()) == ""


def test_a_login_is_for_its_own_person(desk: Desk, person: Person, who: dict[Role, Person]) -> None:
    other = next(one for one in who.values() if one is not person)
    for name in (other.name, "nobody", "", "x' OR '1'='1", "a\0b"):
        answer = asyncio.run(desk.users.sign_in(name, WORDS, "desk-1"))
        assert answer.session is None
        assert f"log in as {person.name}" in answer.message


def test_a_suspended_person_is_told_so(
    opened: Callable[[Person], Desk], who: dict[Role, Person], postgres_url: str
) -> None:
    viewer = who[Role.VIEWER]
    run(postgres_url, "UPDATE users SET state = 'suspended' WHERE name = %s", viewer.name)
    try:
        assert asyncio.run(opened(viewer).sign_in()) == SUSPENDED
    finally:
        run(postgres_url, "UPDATE users SET state = 'active' WHERE name = %s", viewer.name)
        run(postgres_url, "DELETE FROM lockouts")


def test_a_login_outside_its_persons_group_is_refused_with_what_to_do(
    opened: Callable[[Person], Desk], who: dict[Role, Person], postgres_url: str
) -> None:
    analyst = who[Role.ANALYST]
    desk = opened(analyst)
    run(postgres_url, "UPDATE users SET role = 'Trader' WHERE name = %s", analyst.name)
    run(postgres_url, f"REVOKE qv_trader FROM {analyst.name}")
    run(postgres_url, f"GRANT qv_analyst TO {analyst.name} WITH INHERIT FALSE")
    try:
        said = asyncio.run(desk.sign_in())
        assert "is not in the group qv_trader" in said
        assert f"db grant --login {analyst.name}" in said
        assert acting(desk) == "qv_door"
    finally:
        run(postgres_url, "UPDATE users SET role = 'Analyst' WHERE name = %s", analyst.name)


def test_an_admin_demotes_and_suspends_and_it_counts_at_once(opened: Callable[[Person], Desk], who: dict[Role, Person],
                                                           postgres_url: str) -> None:  # fmt: skip
    trader, admin = opened(who[Role.TRADER]), opened(who[Role.ADMIN])

    async def story() -> None:
        assert await trader.sign_in() == ""
        assert await admin.sign_in() == ""
        assert trader.session is not None
        user = trader.session.user
        changed = await admin.users.change(user, Role.VIEWER, UserState.ACTIVE, admin.draft)
        with pytest.raises(NotPermitted):
            await OrderJournal(trader.database, trader.trail).intend(an_order("late"), trader.draft)
        assert await trader.users.standing(trader.session) is None
        back = await admin.users.change(changed, Role.TRADER, UserState.SUSPENDED, admin.draft)
        assert await trader.users.standing(trader.session) is None
        await admin.users.change(back, Role.TRADER, UserState.ACTIVE, admin.draft)

    asyncio.run(story())
    assert run(postgres_url, "SELECT count(*) FROM orders WHERE client_order_id = 'late'") == [(0,)]


def test_a_login_follows_the_role_that_an_admin_gives(
    opened: Callable[[Person], Desk], who: dict[Role, Person], postgres_url: str
) -> None:
    admin, analyst = opened(who[Role.ADMIN]), opened(who[Role.ANALYST])

    async def given(role: Role) -> None:
        people = PeopleStore(admin.database, admin.trail)
        user = next(each.user for each in await people.all() if each.user.name == analyst.name)
        await people.change(user, role, UserState.ACTIVE, admin.draft)

    async def story() -> None:
        assert await admin.sign_in() == ""
        assert await analyst.sign_in() == ""
        await given(Role.TRADER)
        assert analyst.session is not None
        assert await analyst.users.standing(analyst.session) is None
        assert await analyst.sign_in() == ""

    asyncio.run(story())
    assert acting(analyst) == "qv_trader"
    assert not grants.granted(postgres_url, ROLES)
    asyncio.run(given(Role.ANALYST))
    assert asyncio.run(analyst.sign_in()) == ""
    assert acting(analyst) == "qv_analyst"


def test_who_may_change_users_and_is_no_admin_makes_nobody_one_at_a_prompt(
    who: dict[Role, Person], postgres_url: str
) -> None:
    """A role of the desk's own that administers users: what it writes about roles, its own too, moves no login."""
    clerk = [Permission(Resource.USERS, Action.VIEW), Permission(Resource.USERS, Action.CHANGE)]
    viewer = who[Role.VIEWER]
    run(postgres_url, "INSERT INTO roles VALUES ('Clerk', '{users: view,users: change}', 1, now(), '')")
    run(postgres_url, "UPDATE users SET role = 'Clerk' WHERE name = %s", viewer.name)
    grants.granted(postgres_url, {**ROLES, "Clerk": clerk})
    try:
        with connected(address(postgres_url, viewer.name), group("Clerk")) as server:
            rise = "UPDATE users SET role = 'Admin' WHERE lower(name) = lower(session_user)"
            assert refusal(server, rise) == "42501"
            run(
                postgres_url, "ALTER TABLE users DISABLE TRIGGER outranked"
            )  # and were it let through, no login would follow
            try:
                server.execute(rise.encode())
                member = "SELECT pg_has_role(session_user, 'qv_admin', 'MEMBER')"
                assert server.execute(member).fetchall() == [(False,)]
                assert (
                    server.execute("UPDATE users SET state = state RETURNING 1").fetchall() == []
                )  # and acts as nobody any more
            finally:
                server.rollback()
                run(postgres_url, "ALTER TABLE users ENABLE TRIGGER outranked")
    finally:
        run(postgres_url, "UPDATE users SET role = 'Viewer' WHERE name = %s", viewer.name)
        run(postgres_url, "DELETE FROM roles WHERE name = 'Clerk'")
        grants.granted(postgres_url, ROLES)


def test_only_an_admin_makes_users_and_a_person_who_has_none_cannot_log_in(
    opened: Callable[[Person], Desk], who: dict[Role, Person], postgres_url: str
) -> None:
    admin, trader = opened(who[Role.ADMIN]), opened(who[Role.TRADER])
    fresh = Person(f"fresh_{uuid4().hex[:6]}", Role.VIEWER)
    logins.let_in(postgres_url, ROLES, logins.Login(fresh.name, "Viewer", WORDS))
    assert asyncio.run(opened(fresh).sign_in()) == WRONG
    for desk in (admin, trader):
        assert asyncio.run(desk.sign_in()) == ""
    assert refused(trader.users.create(fresh.name, WORDS, "Viewer", trader.draft))
    asyncio.run(admin.users.create(fresh.name, WORDS, "Viewer", admin.draft))
    assert asyncio.run(opened(fresh).sign_in()) == ""
    run(postgres_url, "UPDATE users SET state = 'suspended' WHERE name = %s", fresh.name)


def test_the_first_admin_of_an_empty_database_is_made_by_an_administrators_login(postgres_template: str) -> None:
    from tests.conftest import _execute, named

    name = f"t_{uuid4().hex[:12]}"
    _execute(postgres_template, f"CREATE DATABASE {name} TEMPLATE qv_template")
    url, mark = named(postgres_template, name), uuid4().hex[:6]
    try:
        grants.granted(url, ROLES)
        for role in ("Viewer", "Admin"):
            logins.let_in(url, ROLES, logins.Login(f"{role}_{mark}", role, WORDS))
        viewer, admin = (
            Desk(address(url, f"Viewer_{mark}"), f"Viewer_{mark}"),
            Desk(address(url, f"Admin_{mark}"), f"Admin_{mark}"),
        )
        assert not asyncio.run(viewer.users.any())
        with pytest.raises(NotPermitted, match="administrator's login"):
            asyncio.run(viewer.users.create_first(viewer.name, WORDS, viewer.draft))
        with pytest.raises(BadInput, match="too"):
            asyncio.run(admin.users.create_first("Somebody", WORDS, admin.draft))
        made = asyncio.run(admin.users.create_first(admin.name, WORDS, admin.draft))
        assert made.role is Role.ADMIN
        assert asyncio.run(admin.sign_in()) == ""
        viewer.database.close()
        admin.database.close()
    finally:
        _execute(postgres_template, f"DROP DATABASE {name} WITH (FORCE)")


# ---- passwords, people and roles


def test_a_person_changes_the_own_password_on_the_server_and_a_wrong_old_one_counts(
    opened: Callable[[Person], Desk], who: dict[Role, Person], postgres_url: str
) -> None:
    desk, elsewhere = opened(who[Role.ANALYST]), opened(who[Role.ANALYST])
    fresh = "five words nobody would guess"

    async def story() -> None:
        assert await desk.sign_in() == ""
        assert await elsewhere.sign_in() == ""
        assert desk.session is not None
        assert elsewhere.session is not None
        assert await desk.users.change_password(desk.session, "not this one", fresh) == WRONG
        assert await desk.users.change_password(desk.session, WORDS, "short") != ""
        assert await desk.users.change_password(desk.session, WORDS, fresh) == ""
        assert await desk.users.standing(desk.session) is not None
        assert await elsewhere.users.standing(elsewhere.session) is None
        assert await elsewhere.sign_in() == WRONG
        assert await elsewhere.sign_in(fresh) == ""
        assert elsewhere.session is not None
        assert await elsewhere.users.change_password(elsewhere.session, fresh, WORDS) == ""

    asyncio.run(story())
    run(postgres_url, "DELETE FROM lockouts")


def test_an_admin_makes_a_user_who_chooses_the_password_with_a_code(
    opened: Callable[[Person], Desk], who: dict[Role, Person], postgres_url: str
) -> None:
    admin, name = opened(who[Role.ADMIN]), f"new_{uuid4().hex[:6]}"
    grants.granted(postgres_url, ROLES)
    logins.let_in(postgres_url, ROLES, logins.Login(name, "Viewer", WORDS))
    fresh = opened(Person(name, Role.VIEWER))

    async def story() -> None:
        assert await admin.sign_in() == ""
        made = await admin.users.create(name, "something long that nobody knows", "Viewer", admin.draft)
        code = await admin.users.reset(made, admin.draft)
        assert await fresh.sign_in("something long that nobody knows") == RESET
        assert (await fresh.users.redeem(name, "AAAAA-BBBBB-CCCCC-DDDDD", WORDS, "desk-2")).message == WRONG_CODE
        assert "log in as" in (await fresh.users.redeem("somebody", code, WORDS, "desk-2")).message
        entered = await fresh.users.redeem(name, code.lower(), WORDS, "desk-2")
        assert entered.session is not None
        assert entered.session.user.role == "Viewer"
        assert (await fresh.users.redeem(name, code, WORDS, "desk-2")).session is None
        assert await fresh.sign_in() == ""

    asyncio.run(story())
    assert run(postgres_url, "SELECT password_hash LIKE '$argon2id$%%' FROM users WHERE name = %s", name) == [(True,)]


def test_people_and_roles_are_administered_by_an_admin_alone_and_a_role_of_the_desks_own_gets_its_group(
    opened: Callable[[Person], Desk], who: dict[Role, Person], postgres_url: str
) -> None:
    admin, trader = opened(who[Role.ADMIN]), opened(who[Role.TRADER])
    watch = KnownRole(
        "Night desk", whole([Permission(Resource.TRADING, Action.VIEW), Permission(Resource.RISK, Action.RUN)])
    )

    async def story() -> None:
        for desk in (admin, trader):
            assert await desk.sign_in() == ""
        people, roles = PeopleStore(admin.database, admin.trail), RoleStore(admin.database, admin.trail, now)
        assert who[Role.TRADER].name in [person.user.name for person in await people.all()]
        await roles.make(watch, admin.draft)
        viewer = next(p.user for p in await people.all() if p.user.name == who[Role.VIEWER].name)
        changed = await people.change(viewer, "Night desk", UserState.ACTIVE, admin.draft)
        assert trader.session is not None
        assert await people.seats(trader.session.user.id) != []
        await PeopleStore(trader.database, trader.trail).seen(trader.session.id)
        with pytest.raises(NotPermitted):
            await RoleStore(trader.database, trader.trail, now).make(watch, trader.draft)
        with pytest.raises(NotPermitted):
            await PeopleStore(trader.database, trader.trail).change(
                trader.session.user, "Admin", UserState.ACTIVE, trader.draft
            )
        assert await people.revoke(trader.session.user, [trader.session.id], admin.draft) == 1
        assert await trader.users.standing(trader.session) is None
        assert changed.role == "Night desk"

    asyncio.run(story())
    known = grants.stored(postgres_url)
    assert known["Night desk"] == watch.permissions
    assert grants.granted(postgres_url, known)  # makes the group, and moves the login whose person has the role
    night = opened(who[Role.VIEWER])
    assert asyncio.run(night.sign_in()) == ""
    assert acting(night) == group("Night desk")
    store = RiskStore(night.database, night.trail)
    assert not refused(store.save_state("acc", TradingState.HALTED, night.draft))
    own = ScopedLimits(Scope.ACCOUNT, "acc", {}, 1, who[Role.VIEWER].name)
    assert refused(LimitStore(night.database, night.trail).tighten(own, "", night.draft))
    assert refused(OrderJournal(night.database, night.trail).intend(an_order("night"), night.draft))
    run(postgres_url, "UPDATE users SET role = 'Viewer' WHERE name = %s", who[Role.VIEWER].name)
    run(postgres_url, "DELETE FROM roles WHERE name = 'Night desk'")
    grants.granted(postgres_url, ROLES)


def test_an_admins_bound_for_everybody_is_read_by_all_and_set_by_an_admin(
    opened: Callable[[Person], Desk], who: dict[Role, Person]
) -> None:
    for role in (Role.VIEWER, Role.ADMIN):
        desk = opened(who[role])
        assert asyncio.run(desk.sign_in()) == ""
        assert desk.session is not None
        times = IdleTimes(desk.database, desk.trail)
        assert refused(times.save_idle_bound(30, desk.draft)) is (role is Role.VIEWER)
        asyncio.run(times.save_idle_time(desk.session.user.id, 10))
    viewer = opened(who[Role.VIEWER])
    assert asyncio.run(viewer.sign_in()) == ""
    assert viewer.session is not None
    assert asyncio.run(IdleTimes(viewer.database, viewer.trail).idle_times(viewer.session.user.id)) == (10, 30)


# ---- the seals


def test_who_may_view_the_trail_signs_it_and_nobody_signs_what_they_may_not_read(
    desk: Desk, person: Person, tmp_path: Path
) -> None:
    assert asyncio.run(desk.sign_in()) == ""
    signer = Signer(Ed25519PrivateKey.generate())
    chain = f"chain-{person.name}"
    book = CheckpointBook(desk.database, chain, CheckpointFile(tmp_path / "checkpoints", "remote"))
    book.key = signer.public
    if not may(person, Resource.AUDIT, Action.VIEW):
        assert refused(book.sign(signer, now()))
        assert not (tmp_path / "checkpoints").exists() or book._file.read() == []
        return
    point = asyncio.run(book.sign(signer, now()))
    assert point is not None
    assert (point.chain, point.number) == (chain, 1)
    trail = AuditTrail(desk.database, chain, "1.0", now, lambda entry: None, book=book)
    assert asyncio.run(trail.verify()).whole
    for wrong in ("DELETE FROM audit_checkpoints", "UPDATE audit_checkpoints SET sequence = 1"):
        assert refused(desk.database.write(lambda connection, wrong=wrong: connection.execute(text(wrong))))


# ---- the day


def an_order(id: str) -> Order:
    return Order(OrderRequest(id, "AAPL", Side.BUY, Decimal(100)), "maria", "acc", now())


def may(person: Person, resource: Resource, action: Action) -> bool:
    return allowed(person.role, Permission(resource, action))


def test_orders_are_written_by_those_who_trade_and_read_by_all(desk: Desk, person: Person, postgres_url: str) -> None:
    assert asyncio.run(desk.sign_in()) == ""
    journal, order = OrderJournal(desk.database, desk.trail), an_order(f"o-{person.name}")
    report = Report(
        order.id, ReportKind.FILL, now(), f"b-{person.name}", f"e-{person.name}", Decimal(40), Decimal("10.5")
    )
    filled = applied(order, report)
    writes = [
        lambda: journal.intend(order, Draft(SYSTEM, "order.submit", "order", order.id, correlation=order.id)),
        lambda: journal.record(
            (filled, report, fill_of(filled, report), Draft(SYSTEM, "order.fill", "order", order.id))
        ),
        lambda: journal.adopt(filled, desk.draft),
        lambda: journal.save_positions("acc", [Position("AAPL", Decimal(40), Decimal("10.5"))]),
        lambda: journal.save_account(Account("acc", "PA1", "ACTIVE", now())),
    ]
    assert [refused(write()) for write in writes] == [not may(person, Resource.TRADING, Action.CREATE)] * 5
    if may(person, Resource.TRADING, Action.CREATE):
        assert [
            o.filled for o in asyncio.run(journal.orders_since("acc", now() - timedelta(days=1))) if o.id == order.id
        ] == [40]
        assert asyncio.run(journal.positions("acc")) == [Position("AAPL", Decimal(40), Decimal("10.5"))]
    run(postgres_url, "INSERT INTO orders (SELECT 'seen-' || %s, account, \"user\", symbol, side, quantity, type, limit_price, stop_price, "
        "trail_price, trail_percent, time_in_force, extended_hours, order_class, take_profit, stop_loss, source, note, submitted, status, "
        "changed, 'seen-' || %s, filled, average, reason, replaced_by, sent_at, acknowledged_at, executions, stop_loss_limit FROM orders "
        "LIMIT 1)", person.name, person.name)  # fmt: skip
    assert f"seen-{person.name}" in [o.id for o in asyncio.run(journal.orders_since("acc", now() - timedelta(days=1)))]
    for order_ in asyncio.run(journal.orders_since("acc", now() - timedelta(days=1))):
        asyncio.run(desk.trail.of(order_.id))  # whoever sees an order may see its story


def test_who_trades_writes_intents_in_turn_and_nobody_chooses_their_number(
    desk: Desk, person: Person, postgres_url: str
) -> None:
    assert asyncio.run(desk.sign_in()) == ""
    journal, other = (OrderJournal(desk.database, desk.trail) for _ in range(2))
    account = f"turns-{person.name}"
    orders = [replace(an_order(f"turn-{number}-{person.name}"), account=account) for number in range(3)]
    trades = may(person, Resource.TRADING, Action.CREATE)
    assert refused(journal.intend(orders[0], desk.draft, Turn(0))) is not trades
    assert [order.id for order in asyncio.run(other.intents(account, 0)).orders] == [orders[0].id] * trades
    if trades:
        with pytest.raises(Overtaken) as first:
            asyncio.run(other.intend(orders[1], desk.draft, Turn(0)))
        asyncio.run(other.intend(orders[1], desk.draft, Turn(first.value.by.newest)))
        asyncio.run(journal.intend(orders[2], desk.draft))  # refused: no intent, which no other desk need hear of
        assert [order.id for order in asyncio.run(journal.intents(account, 0)).orders] == [orders[1].id]
    with connected(address(postgres_url, person.name), person.group) as server:
        forged = "INSERT INTO orders (client_order_id, number) OVERRIDING SYSTEM VALUE VALUES ('forged', 9000000000)"
        assert refusal(server, forged) == "42501"
        assert refusal(server, "UPDATE orders SET desk = ''") == "42501"


def test_the_rest_of_the_day_goes_by_the_table(desk: Desk, person: Person, postgres_url: str) -> None:
    assert asyncio.run(desk.sign_in()) == ""
    assert desk.session is not None
    database, trail, user = desk.database, desk.trail, desk.session.user.id
    bar, trade = Bar("AAPL", AT, 1, 2, 0.5, 1.5, 10, 1), Trade("AAPL", AT, 1.0, 1.0, "1", "V", "A", "")
    risk, run_ = (
        RiskStore(database, trail),
        Reconciliation(f"r-{person.name}", now(), "••••123", "m", "", now(), now(), Tolerances(), 1, (), "h"),
    )
    limits, tight = (
        LimitStore(database, trail),
        ScopedLimits(Scope.SYMBOL, "KO", {"collar": Decimal(0)}, 1, person.name),
    )
    alert = PriceAlert("p1", "AAPL", 10.0, "up", "", False, "armed", now())
    instrument = Instrument("AAPL", "Apple", "NASDAQ", Decimal("0.01"), True, True, True, True, True)
    own = Strategy(f"own-{user}", f"own_{user}", "T", 0, (), "x", f"own-{user}", person.name, now())
    theirs, shipped = (
        replace(own, id="theirs", name="theirs", code_hash="h"),
        replace(built_in(now())[0], id=f"kit-{user}", name=f"kit_{user}"),
    )
    next_ = replace(theirs, code_hash=f"h-{user}")
    run(
        postgres_url,
        "INSERT INTO strategies VALUES ('theirs', 'theirs') ON CONFLICT (id) DO UPDATE SET archived = false",
    )
    run(
        postgres_url,
        "INSERT INTO strategy_versions VALUES ('theirs', 1, '', '[]', '', 'h', 'somebody', now()) ON CONFLICT DO NOTHING",
    )

    def versions() -> int:
        return int(run(postgres_url, "SELECT max(version) FROM strategy_versions WHERE strategy = 'theirs'")[0][0])

    R, A = Resource, Action  # noqa: N806 - as short as the table
    day: list[tuple[Any, Resource, Action]] = [
        (lambda: InstrumentStore(database).save([instrument]), R.MARKET, A.CREATE),
        (lambda: InstrumentStore(database).all(), R.MARKET, A.VIEW),
        (lambda: BarStore(database).save(MINUTE, [bar], "x"), R.MARKET, A.CREATE),
        (lambda: BarStore(database).save(MINUTE, [bar], "y"), R.MARKET, A.CREATE),  # the same once more, through a temporary table
        (lambda: BarStore(database).cover("AAPL", MINUTE, Span(AT, AT + 10)), R.MARKET, A.CREATE),
        (lambda: BarStore(database).uncover("AAPL", [MINUTE], Span(AT, AT + 5)), R.MARKET, A.CREATE),
        (lambda: TickStore(database).save([trade]), R.MARKET, A.CREATE),
        (lambda: Retention(database).keep_since("trades", datetime(2020, 1, 1, tzinfo=UTC)), R.MARKET, A.DELETE),
        (lambda: BarStore(database).bars("AAPL", MINUTE, now() - timedelta(days=1000), now()), R.MARKET, A.VIEW),
        (lambda: Watchlists(database).save(user, "mine", ["AAPL"]), R.MARKET, A.CHANGE),
        (lambda: Watchlists(database).all(user), R.MARKET, A.VIEW),
        (lambda: Scans(database).save(user, Scan("s", "last > 1", "all", "symbol", 10, False)), R.MARKET, A.CHANGE),
        (lambda: PriceAlerts(database).save(user, alert), R.MARKET, A.CHANGE),
        (lambda: Drawings(database).of(user, "AAPL"), R.MARKET, A.VIEW),
        (limits.book, R.RISK, A.VIEW),
        (lambda: limits.tighten(tight, "", desk.draft), R.RISK, A.CHANGE),
        (lambda: risk.save_state("acc", TradingState.HALTED, desk.draft), R.RISK, A.RUN),
        (lambda: ReconciliationStore(database, trail).save(run_, desk.draft), R.RECONCILIATION, A.RUN),
        (lambda: ReconciliationStore(database, trail).latest(), R.RECONCILIATION, A.VIEW),
        (lambda: StrategyStore(database, trail).all(), R.STRATEGIES, A.VIEW),
        (lambda: StrategyStore(database, trail).create(own, desk.draft), R.STRATEGIES, A.CREATE),
        (lambda: StrategyStore(database, trail).keep(shipped, desk.draft), R.STRATEGIES, A.CREATE),
        (lambda: StrategyStore(database, trail).save(next_, versions(), desk.draft), R.STRATEGIES, A.CHANGE),
        (lambda: StrategyStore(database, trail).archive(theirs, True, desk.draft), R.STRATEGIES, A.DELETE),
        (lambda: StrategyDrafts(database).keep(user, SourceDraft("theirs", 1, "half", now())), R.STRATEGIES, A.CHANGE),
        (lambda: StrategyDrafts(database).keep(user, SourceDraft("theirs", 1, "more", now())), R.STRATEGIES, A.CHANGE),
        (lambda: StrategyDrafts(database).drop(user, "theirs", ""), R.STRATEGIES, A.CHANGE),
        (lambda: StrategyDrafts(database).of(user), R.STRATEGIES, A.VIEW),
        (lambda: StrategyConsents(database, trail).give(user, theirs, now(), desk.draft), R.STRATEGIES, A.RUN),
        (lambda: StrategyConsents(database, trail).given(user, "h"), R.STRATEGIES, A.VIEW),
        (lambda: BacktestStore(database, trail).latest(), R.BACKTESTS, A.VIEW),
        (lambda: trail.page(), R.AUDIT, A.VIEW),
    ]  # fmt: skip
    told = [refused(work()) for work, *_ in day]
    assert told == [not may(person, resource, action) for _, resource, action in day]
    kept = Preferences(database)
    asyncio.run(kept.save_setting(user, "key", "value"))
    asyncio.run(kept.save_workspace(user, "last", b"layout"))
    assert asyncio.run(kept.setting(user, "key")) == "value"
    assert asyncio.run(kept.setting("somebody-else", "key")) is None
    if not may(person, Resource.TRADING, Action.CREATE):
        assert asyncio.run(BarStore(database).bars("AAPL", MINUTE, now() - timedelta(days=1000), now())) is not None


def test_a_login_that_nobody_granted_anything_is_refused_with_what_to_do(
    postgres_url: str, who: dict[Role, Person]
) -> None:
    run(postgres_url, f"CREATE ROLE stranger_{(mark := uuid4().hex[:6])} LOGIN PASSWORD '{WORDS}'")
    name = f"stranger_{mark}"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run(address(postgres_url, name), "SELECT * FROM users")
    run(postgres_url, f'GRANT qv_door TO "{name}"')
    assert asyncio.run(Desk(address(postgres_url, name), name).sign_in()) == WRONG


@pytest.mark.parametrize(
    ("step", "because"), [("9999", "update the program"), ("0007", "run qv-desktop db migrate and then db grant")]
)
def test_a_personal_login_changes_no_schema(
    postgres_url: str, who: dict[Role, Person], step: str, because: str
) -> None:
    head = run(postgres_url, "SELECT version_num FROM alembic_version")[0][0]
    run(postgres_url, "UPDATE alembic_version SET version_num = %s", step)
    try:
        with pytest.raises(BadInput, match=because):
            Desk(address(postgres_url, who[Role.VIEWER].name), "x")
    finally:
        run(postgres_url, "UPDATE alembic_version SET version_num = %s", head)
