"""Alerts, deeds, own rules and desk settings as Postgres keeps them, and what a person at a prompt cannot do to them."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from qv_desktop.adapters.db.alert_rules import AlertStore
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.domain.access import Role
from qv_desktop.domain.alert_rules import Level
from qv_desktop.domain.audit import Actor, Draft
from qv_desktop.domain.desk_alert_rules import RULES
from qv_desktop.domain.desk_alerts import Alert, Deed, Done
from qv_desktop.domain.own_alert_rules import OwnRule
from tests.adapters.db.personal import Person, address, connected, people, refusal, run
from tests.adapters.db.test_attacks import DENIED, Raw
from tests.builders import NOW

ALERT = Alert("x1", "u1", "a", "loss_limit", "", "Loss limit", "critical", Level.BREACHED, 120.0, 100.0, "% of the limit", "So it is.", NOW,
              panel="risk")  # fmt: skip
RULE = OwnRule("r1", "high", "AAPL price > 230", "warning", True, NOW)
MARIA = Actor("maria", "human", "Admin", "s1", "host")


def deed(what: Deed, actor: str = "maria", alert: str = "x1") -> Done:
    return Done(alert, NOW + timedelta(seconds=1), actor, what, 120.0, 100.0, "So it is.")


@pytest.fixture
def store(database: Database, trail: AuditTrail) -> AlertStore:
    return AlertStore(database, trail)


def test_an_alert_comes_back_as_it_stands_with_who_acknowledged_it(store: AlertStore) -> None:
    async def story() -> list[list[Alert]]:
        await store.keep([ALERT], [deed("raised")])
        first = await store.active("u1", NOW)
        await store.keep([], [deed("acknowledged", "pete")])
        second = await store.active("u1", NOW)
        await store.keep([replace(ALERT, value=150.0)], [deed("worse")])
        third = await store.active("u1", NOW)
        over = replace(ALERT, cleared=NOW)
        await store.keep([over], [deed("cleared")])
        fourth = await store.active("u1", NOW)
        await store.keep([replace(over, snoozed_until=NOW + timedelta(hours=1))], [deed("snoozed")])
        return [first, second, third, fourth, await store.active("u1", NOW), await store.active("u2", NOW)]

    first, second, third, fourth, snoozed, other = asyncio.run(story())
    assert first == [ALERT]
    assert [(one.acknowledged_by, one.waits) for one in second] == [("pete", False)]
    assert [(one.acknowledged_by, one.value) for one in third] == [("", 150.0)]
    assert (fourth, other) == ([], [])
    assert [one.snoozed_by for one in snoozed] == ["maria"]


def test_what_is_escalated_is_seen_by_others_until_somebody_acknowledges_it(store: AlertStore) -> None:
    async def story() -> list[list[str]]:
        await store.keep([replace(ALERT, escalated=NOW)], [deed("raised"), deed("escalated")])
        seen = [await store.escalated(user, NOW - timedelta(hours=1)) for user in ("u2", "u1")]
        late = await store.escalated("u2", NOW + timedelta(hours=1))
        await store.keep([], [deed("acknowledged", "pete")])
        return [
            [whose for whose, _ in found]
            for found in (*seen, late, await store.escalated("u2", NOW - timedelta(hours=1)))
        ]

    assert asyncio.run(story()) == [["maria"], [], [], []]


def test_the_history_tells_everything_newest_first(store: AlertStore) -> None:
    async def story() -> list[str]:
        own = replace(ALERT, id="x9")
        await store.keep([own], [deed(what, alert="x9") for what in ("raised", "acknowledged", "cleared")])
        found = [one for one in await store.history(NOW, NOW + timedelta(minutes=1)) if one.alert.id == "x9"]
        assert await store.history(NOW + timedelta(minutes=1), NOW + timedelta(hours=1)) == []
        assert {one.alert for one in found} == {own}
        return [one.done.what for one in found]

    assert asyncio.run(story()) == ["cleared", "acknowledged", "raised"]


def test_settings_and_own_rules_come_back_newest(store: AlertStore) -> None:
    margin = replace(RULES["margin"], near=50.0, breached=60.0)

    async def story() -> None:
        draft = Draft(MARIA, "alerts.rule", "alert rule", "margin")
        await store.set(replace(margin, on=False), draft)
        await store.set(margin, draft)
        assert await store.settings() == {"margin": ("critical", True, 50.0, 60.0, 2.0, 5.0)}
        await store.save_own("u1", RULE)
        await store.save_own("u1", replace(RULE, on=False))
        await store.save_own("u2", replace(RULE, name="theirs"))
        assert await store.own("u1") == [replace(RULE, on=False)]
        await store.delete_own("u1", "r1")
        assert await store.own("u1") == []

    asyncio.run(story())


def test_the_database_tells_how_quick_it_is(store: AlertStore) -> None:
    assert asyncio.run(store.ping()) > 0


# ---- at a prompt

RAISE = ("INSERT INTO alerts VALUES ('{}', {}, 'a', 'loss_limit', '', 'Loss', 'critical', 2, 1, 1, '', '', now(), 1, now(), NULL, NULL, "
         "'', '')")  # fmt: skip
DID = "INSERT INTO alert_deeds (alert, at, actor, what, words) VALUES ('{}', now(), %s, '{}', '')"
CHANGE = "UPDATE alerts SET {} WHERE id = %s"
SET = "INSERT INTO alert_settings VALUES ('slippage', {}, now(), %s, 'critical', true, 80, 100, 0, 5)"


@pytest.fixture(scope="module")
def who(postgres_url: str) -> dict[Role, Person]:
    found = people(postgres_url, uuid4().hex[:6])
    admin = found[Role.ADMIN]
    run(postgres_url, RAISE.format("of-admin", f"'id-{admin.name}'"))
    return found


def at_prompt(url: str, person: Person) -> Iterator[Raw]:
    with connected(address(url, person.name), person.group) as server:
        yield server


@pytest.fixture
def trader(postgres_url: str, who: dict[Role, Person]) -> Iterator[Raw]:
    yield from at_prompt(postgres_url, who[Role.TRADER])


@pytest.fixture
def admin(postgres_url: str, who: dict[Role, Person]) -> Iterator[Raw]:
    yield from at_prompt(postgres_url, who[Role.ADMIN])


@pytest.fixture
def viewer(postgres_url: str, who: dict[Role, Person]) -> Iterator[Raw]:
    yield from at_prompt(postgres_url, who[Role.VIEWER])


def test_everybody_raises_their_own_alerts_and_reads_the_desks(viewer: Raw, who: dict[Role, Person]) -> None:
    assert refusal(viewer, RAISE.format("own", "person()")) == ""
    assert refusal(viewer, RAISE.format("other", f"'id-{who[Role.ADMIN].name}'")) == DENIED
    assert viewer.execute("SELECT count(*) FROM alerts WHERE id = 'of-admin'").fetchone() == (1,)
    assert viewer.execute("UPDATE alerts SET cleared = now() WHERE id = 'of-admin'").rowcount == 0


def test_nobody_writes_down_what_somebody_else_did(trader: Raw, who: dict[Role, Person]) -> None:
    me, boss = who[Role.TRADER].name, who[Role.ADMIN].name
    assert refusal(trader, DID.format("of-admin", "acknowledged"), me) == ""
    assert refusal(trader, DID.format("of-admin", "acknowledged"), boss) == DENIED
    for what in ("cleared", "snoozed", "raised", "escalated"):
        assert refusal(trader, DID.format("of-admin", what), me) == DENIED
    trader.execute(RAISE.format("mine", "person()").encode())
    assert refusal(trader, DID.format("mine", "cleared"), me) == ""


def test_what_was_done_stays_as_it_was_written(admin: Raw, who: dict[Role, Person]) -> None:
    admin.execute(DID.format("of-admin", "raised").encode(), (who[Role.ADMIN].name,))
    for statement in ("UPDATE alert_deeds SET words = 'x'", "DELETE FROM alert_deeds", "DELETE FROM alerts",
                      "UPDATE alerts SET raised = now()", "UPDATE alert_settings SET near = 1", "DELETE FROM alert_settings"):  # fmt: skip
        assert refusal(admin, statement) == DENIED


def test_desk_rules_are_set_by_who_may_change_risk_in_their_own_name_as_the_next_version(
    admin: Raw, trader: Raw, who: dict[Role, Person]
) -> None:
    assert refusal(trader, SET.format(1), who[Role.TRADER].name) == DENIED
    assert refusal(admin, SET.format(1), who[Role.TRADER].name) == DENIED
    assert refusal(admin, SET.format(7), who[Role.ADMIN].name) == DENIED
    assert refusal(admin, SET.format(1), who[Role.ADMIN].name) == ""
    assert trader.execute("SELECT count(*) FROM alert_settings WHERE rule = 'slippage'").fetchone() == (0,)


def test_own_rules_are_seen_by_nobody_else(admin: Raw, trader: Raw) -> None:
    row = "INSERT INTO alert_rules VALUES ({}, 'r', 'n', 'AAPL price > 1', 'info', true, now())"
    assert refusal(trader, row.format("person()")) == ""
    assert refusal(admin, row.format("'somebody'")) == DENIED


@pytest.mark.parametrize("role", Role)
def test_the_words_of_an_own_alert_change_only_with_a_line_of_its_history(
    postgres_url: str, who: dict[Role, Person], role: Role
) -> None:
    me = who[role]
    with connected(address(postgres_url, me.name), me.group) as server:
        id_ = f"words-{me.name}"
        server.execute(RAISE.format(id_, "person()").encode())
        server.execute(b"SET CONSTRAINTS ALL IMMEDIATE")
        for change in (
            "words = 'nothing'",
            "severity = 'info'",
            "level = 0",
            "cleared = now()",
            "snoozed_until = now()",
        ):
            assert refusal(server, CHANGE.format(change), id_) == DENIED
        assert refusal(server, CHANGE.format("words = words"), id_) == ""
        server.execute(b"SET CONSTRAINTS ALL DEFERRED")
        server.execute(CHANGE.format("words = 'worse'").encode(), (id_,))
        server.execute(DID.format(id_, "worse").encode(), (me.name,))
        assert refusal(server, "SET CONSTRAINTS ALL IMMEDIATE") == ""


def test_a_line_of_an_earlier_transaction_covers_no_later_change(postgres_url: str, who: dict[Role, Person]) -> None:
    me = who[Role.TRADER]
    id_ = f"later-{me.name}"
    run(postgres_url, RAISE.format(id_, f"'id-{me.name}'"))
    run(postgres_url, DID.format(id_, "raised"), me.name)
    with connected(address(postgres_url, me.name), me.group) as server:
        server.execute(b"SET CONSTRAINTS ALL IMMEDIATE")
        assert refusal(server, CHANGE.format("words = 'x'"), id_) == DENIED
