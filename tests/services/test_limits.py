"""Limits by scope: the tightest counts, tighter ones at once, wider ones with a second person; what others changed is followed."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from qv_desktop.domain.access import Role
from qv_desktop.domain.errors import BadInput, DatabaseDown, NotPermitted
from qv_desktop.domain.events import LimitsChanged
from qv_desktop.domain.limit_changes import OUTDATED, Decision, LimitBook
from qv_desktop.domain.limits import Limits, Scope, ScopedLimits, whose
from qv_desktop.services.limits import APPROVE, RAISE, Outcome, strategy_of
from tests.services.limit_desk import FIRM, LimitDesk, Shelf, a_limit_desk

SYMBOL = Scope.SYMBOL


def told(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)


async def pair() -> tuple[Shelf, LimitDesk, LimitDesk]:
    """Two Admins at two desks over one store."""
    shelf = Shelf()
    ada, bob = a_limit_desk(shelf), a_limit_desk(shelf, name="bob")
    await ada.limits.load()
    await bob.limits.load()
    return shelf, ada, bob


async def a_proposal(ada: LimitDesk) -> int:
    """GME from $5,000, set at once, to $9,000."""
    await ada.limits.change(SYMBOL, "gme", {"order_value": Decimal(5_000)}, "it moves")
    await ada.password(RAISE)
    await ada.limits.change(SYMBOL, "GME", {"order_value": Decimal(9_000)}, "it calmed down")
    return ada.limits.book.proposals[-1].id


# ---- what counts


def test_the_tightest_of_all_scopes_counts_and_is_explained() -> None:
    shelf = Shelf(LimitBook((
        FIRM, ScopedLimits(Scope.ACCOUNT, "acc-1", {"order_value": Decimal(50_000)}, 1),
        ScopedLimits(Scope.ACCOUNT, "acc-2", {"order_value": Decimal(1)}, 1),
        ScopedLimits(Scope.USER, "ada", {"order_value": Decimal(900_000), "collar": Decimal("0.05")}, 1),
        ScopedLimits(Scope.STRATEGY, "sma_cross", {"opens": 600, "order_value": Decimal(20_000)}, 1),
        ScopedLimits(SYMBOL, "GME", {"opens": 590, "duplicate_seconds": Decimal(5)}, 1),
    )))  # fmt: skip
    desk = a_limit_desk(shelf, name="Ada")
    told(desk.limits.load())
    limits = desk.limits
    assert limits.limits_for("Ada", "", "KO") == replace(Limits(), order_value=Decimal(50_000), collar=Decimal("0.05"))
    found = limits.limits_for("Ada", "strategy:sma_cross-0123abcd", "GME")
    assert (found.order_value, found.opens, found.duplicate_seconds) == (Decimal(20_000), 600, Decimal(5))
    by = {
        name: whose(limits.binding(name, "Ada", "sma_cross", "GME"), "Ada")
        for name in ("order_value", "opens", "collar", "duplicate_seconds", "closes")
    }
    assert by == {
        "order_value": "the limit of the strategy sma_cross", "opens": "the limit of the strategy sma_cross", "collar": "your own limit",
        "duplicate_seconds": "the limit of GME", "closes": "the firm's limit",
    }  # fmt: skip
    assert whose(limits.binding("order_value", "Ada"), "Ada") == "the account's limit"
    assert limits.set_for(Scope.USER, "Ada")["collar"] == Decimal("0.05")
    assert limits.set_for(Scope.USER, "tom") == {}


@pytest.mark.parametrize(("source", "strategy"), [
    ("Ticket", ""), ("", ""), ("strategy:sma_cross-0123abcd", "sma_cross"), ("strategy:a-b-0123abcd", "a-b"), ("sma_cross", "sma_cross"),
])  # fmt: skip
def test_a_source_names_its_strategy(source: str, strategy: str) -> None:
    assert strategy_of(source) == strategy


def test_an_answer_known_already_takes_a_look_up_only() -> None:
    shelf = Shelf()
    desk = a_limit_desk(shelf)
    told(desk.limits.load())
    first = desk.limits.limits_for("ada", "", "KO")
    assert desk.limits.limits_for("ada", "", "KO") is first


# ---- tightened at once, raised by two


def test_tighter_limits_count_at_once_and_take_no_password() -> None:
    async def story() -> None:
        shelf, ada, bob = await pair()
        outcome = await ada.limits.change(SYMBOL, " gme ", {"order_value": Decimal(5_000)}, "it moves")
        assert outcome == Outcome(("order_value",))
        assert ada.limits.limits_for("ada", "", "GME").order_value == Decimal(5_000)
        assert LimitsChanged() in ada.events
        await bob.limits.refresh()
        assert bob.limits.limits_for("bob", "", "GME").order_value == Decimal(5_000)
        row = shelf.rows[-1]
        assert (row.action, row.object_id, row.reason, row.actor.name) == (
            "risk.limits",
            "Symbol GME",
            "it moves",
            "ada",
        )

    told(story())


def test_what_lets_more_pass_waits_and_the_rest_of_the_same_change_counts_at_once() -> None:
    async def story() -> None:
        shelf, ada, _ = await pair()
        values = {
            **FIRM.values,
            "order_value": Decimal(500_000),
            "daily_loss": Decimal(1_000),
            "opens": 0,
            "closes": 960,
        }
        with pytest.raises(NotPermitted, match="password"):
            await ada.limits.change(Scope.FIRM, "", values, "a new year")
        assert shelf.rows == []
        await ada.password(RAISE)
        outcome = await ada.limits.change(Scope.FIRM, "", values, "a new year")
        assert outcome == Outcome(("daily_loss", "closes"), ("order_value",))
        found = ada.limits.limits_for("ada", "", "KO")
        assert (found.order_value, found.daily_loss, found.closes) == (Decimal(100_000), Decimal(1_000), 960)
        assert [row.action for row in shelf.rows] == ["risk.limits", "risk.limits_proposed"]

    told(story())


def test_to_take_a_limit_away_takes_a_second_person_too() -> None:
    async def story() -> None:
        _, ada, _ = await pair()
        await ada.limits.change(SYMBOL, "GME", {"order_value": Decimal(5)}, "x")
        assert ada.limits.would_raise(SYMBOL, "GME", {}) == ("order_value",)
        await ada.password(RAISE)
        assert await ada.limits.change(SYMBOL, "GME", {}, "x") == Outcome((), ("order_value",))
        await ada.password(RAISE)
        with pytest.raises(BadInput, match="waits already"):
            await ada.limits.change(SYMBOL, "GME", {"order_value": Decimal(6)}, "x")

    told(story())


def test_a_second_person_approves_with_the_password_and_it_counts_at_once() -> None:
    async def story() -> None:
        shelf, ada, bob = await pair()
        number = await a_proposal(ada)
        await bob.limits.refresh()
        assert bob.limits.limits_for("bob", "", "GME").order_value == Decimal(5_000)
        with pytest.raises(NotPermitted, match="password"):
            await bob.limits.approve(number)
        await bob.password(APPROVE)
        await bob.limits.approve(number)
        assert bob.limits.limits_for("bob", "", "GME").order_value == Decimal(9_000)
        await ada.limits.refresh()
        one = ada.limits.book.version(SYMBOL, "GME")
        assert (one.values["order_value"], one.set_by, one.approved_by) == (Decimal(9_000), "ada", "bob")
        history = await ada.limits.history(SYMBOL, "GME")
        assert [(each.version, each.approved_by, why) for each, why in history] == [
            (1, "", "it moves"),
            (2, "bob", "it calmed down"),
        ]
        assert shelf.rows[-1].action == "risk.limits_approved"
        again = a_limit_desk(shelf)  # the next start
        await again.limits.load()
        assert again.limits.limits_for("ada", "", "GME").order_value == Decimal(9_000)

    told(story())


def test_nobody_approves_or_declines_their_own_and_only_they_withdraw_it() -> None:
    async def story() -> None:
        shelf, ada, bob = await pair()
        number = await a_proposal(ada)
        await ada.password(APPROVE)
        with pytest.raises(NotPermitted, match="second person"):
            await ada.limits.approve(number)
        assert ada.refused == ["risk.limits_approved"]
        with pytest.raises(BadInput, match="withdraw"):
            await ada.limits.decline(number, "no")
        await bob.limits.refresh()
        with pytest.raises(BadInput, match="decline"):
            await bob.limits.withdraw(number)
        await bob.limits.decline(number, "too much")
        assert bob.limits.book.proposals[-1].because == "too much"
        with pytest.raises(BadInput, match="declined"):
            await bob.limits.approve(number)
        number = await a_proposal_again(ada)
        await ada.limits.withdraw(number)
        assert ada.limits.book.proposals[-1].decision is Decision.WITHDRAWN
        assert ada.limits.limits_for("ada", "", "GME").order_value == Decimal(5_000)
        assert [row.action for row in shelf.rows][-3:] == [
            "risk.limits_declined",
            "risk.limits_proposed",
            "risk.limits_withdrawn",
        ]

    told(story())


async def a_proposal_again(ada: LimitDesk) -> int:
    await ada.limits.refresh()
    await ada.password(RAISE)
    await ada.limits.change(SYMBOL, "GME", {"order_value": Decimal(7_000)}, "less, then")
    return ada.limits.book.proposals[-1].id


def test_nobody_approves_more_for_themselves() -> None:
    async def story() -> None:
        _, ada, bob = await pair()
        await ada.limits.change(Scope.USER, "Bob", {"order_value": Decimal(5)}, "new here")
        await ada.password(RAISE)
        await ada.limits.change(Scope.USER, "bob", {"order_value": Decimal(50)}, "settled in")
        await bob.limits.refresh()
        assert bob.limits.limits_for("Bob", "", "KO").order_value == Decimal(5)
        await bob.password(APPROVE)
        with pytest.raises(NotPermitted, match="yourself"):
            await bob.limits.approve(bob.limits.book.proposals[-1].id)

    told(story())


def test_what_was_tightened_meanwhile_is_not_undone_by_an_older_proposal() -> None:
    async def story() -> None:
        _, ada, bob = await pair()
        number = await a_proposal(ada)
        await bob.limits.refresh()
        await bob.limits.change(SYMBOL, "GME", {"order_value": Decimal(100)}, "a crash")
        await bob.password(APPROVE)
        with pytest.raises(BadInput) as why:
            await bob.limits.approve(number)
        assert str(why.value) == OUTDATED
        assert bob.limits.limits_for("bob", "", "GME").order_value == Decimal(100)

    told(story())


def test_what_was_looked_at_and_is_not_so_any_more_is_not_written_over() -> None:
    async def story() -> None:
        _, ada, bob = await pair()
        await ada.limits.change(SYMBOL, "GME", {"order_value": Decimal(5)}, "x")
        with pytest.raises(BadInput, match="meanwhile"):
            await bob.limits.change(SYMBOL, "GME", {"order_value": Decimal(4)}, "x")
        await bob.limits.refresh()
        with pytest.raises(BadInput, match="meanwhile"):
            await bob.limits.change(SYMBOL, "GME", {"order_value": Decimal(4)}, "x", base=0)

    told(story())


def test_a_proposal_expires_and_that_is_written_down_once() -> None:
    async def story() -> None:
        shelf, ada, bob = await pair()
        number = await a_proposal(ada)
        await bob.limits.refresh()
        bob.moment[0] += timedelta(days=3)
        await bob.password(APPROVE)
        with pytest.raises(BadInput, match="expired"):
            await bob.limits.approve(number)
        await bob.limits.refresh()
        await bob.limits.refresh()
        assert [(row.action, row.actor.name) for row in shelf.rows[-1:]] == [("risk.limits_expired", "system")]
        assert [row.action for row in shelf.rows].count("risk.limits_expired") == 1
        assert bob.limits.book.proposals[-1].decision is Decision.EXPIRED

    told(story())


@pytest.mark.parametrize("role", [Role.TRADER, Role.ANALYST, Role.VIEWER])
def test_who_may_not_change_limits_can_do_none_of_it(role: Role) -> None:
    async def story() -> None:
        shelf, ada, _ = await pair()
        number = await a_proposal(ada)
        await ada.limits.restrict("KO", "", "merger")
        rows = len(shelf.rows)
        desk = a_limit_desk(shelf, role, "tom")
        await desk.limits.load()
        limits = desk.limits
        for deed in (limits.change(SYMBOL, "KO", {"order_value": Decimal(1)}, "x"), limits.approve(number), limits.decline(number, "x"),
                     limits.withdraw(number), limits.restrict("GE", "", "x"), limits.lift(1, "x")):  # fmt: skip
            with pytest.raises(NotPermitted, match="risk: change"):
                await deed
        assert len(shelf.rows) == rows
        assert desk.refused == ["permission.refuse"] * 6

    told(story())


@pytest.mark.parametrize(("values", "why"), [
    ({"order_value": Decimal(-1)}, "zero or more"), ({"order_value": Decimal("Infinity")}, "zero or more"),
    ({"orders_per_minute": Decimal("1.5")}, "whole"), ({"closes": 1_441}, "24:00"), ({"no_such": 1}, "no limit"),
])  # fmt: skip
def test_what_is_no_limit_is_told_in_a_sentence(values: dict[str, Any], why: str) -> None:
    async def story() -> None:
        shelf, ada, _ = await pair()
        with pytest.raises(BadInput, match=why):
            await ada.limits.change(SYMBOL, "KO", values, "x")
        with pytest.raises(BadInput, match="reason"):
            await ada.limits.change(SYMBOL, "KO", {"order_value": Decimal(1)}, " ")
        with pytest.raises(BadInput, match="symbol"):
            await ada.limits.change(SYMBOL, "", {"order_value": Decimal(1)}, "x")
        with pytest.raises(BadInput, match="every limit"):
            await ada.limits.change(Scope.FIRM, "", {}, "x")
        assert shelf.rows == []

    told(story())


# ---- without a database


def test_while_the_database_is_away_limits_stay_as_last_read() -> None:
    async def story() -> None:
        shelf, ada, _ = await pair()
        await ada.limits.change(SYMBOL, "GME", {"order_value": Decimal(5)}, "x")
        shelf.down = True
        with pytest.raises(DatabaseDown):
            await ada.limits.refresh()
        with pytest.raises(DatabaseDown):
            await ada.limits.change(SYMBOL, "GME", {"order_value": Decimal(4)}, "x")
        assert ada.limits.limits_for("ada", "", "GME").order_value == Decimal(5)

    told(story())


def test_what_was_tightened_counts_although_it_cannot_be_read_again() -> None:
    async def story() -> None:
        shelf, ada, _ = await pair()
        shelf.down_after_writing = True
        await ada.limits.change(SYMBOL, "GME", {"order_value": Decimal(5)}, "x")
        assert ada.limits.limits_for("ada", "", "GME").order_value == Decimal(5)

    told(story())


# ---- the restricted list


def test_a_symbol_is_restricted_for_all_or_one_until_a_moment_or_until_two_lift_it() -> None:
    async def story() -> None:
        shelf, ada, bob = await pair()
        limits = ada.limits
        await limits.restrict("ko", "", "merger talks")
        await limits.restrict("GE", "Tom", "his brother works there", ada.moment[0] + timedelta(hours=1))
        assert limits.restriction_for("anna", "KO") == "Nobody may trade KO: merger talks (ada)."
        assert limits.restriction_for("anna", "GE") == ""
        assert limits.restriction_for("TOM", "GE").startswith("You may not trade GE, until ")
        ada.moment[0] += timedelta(hours=2)
        assert limits.restriction_for("tom", "GE") == ""
        with pytest.raises(NotPermitted, match="password"):
            await limits.lift(1, "it is through")
        await ada.password(RAISE)
        await limits.lift(1, "it is through")
        assert limits.restriction_for("anna", "KO")
        await bob.limits.refresh()
        await bob.password(APPROVE)
        await bob.limits.approve(bob.limits.book.proposals[-1].id)
        assert bob.limits.restriction_for("anna", "KO") == ""
        assert [row.action for row in shelf.rows] == [
            "risk.restricted",
            "risk.restricted",
            "risk.limits_proposed",
            "risk.limits_approved",
        ]

    told(story())


def test_what_makes_no_sense_in_the_restricted_list_is_told() -> None:
    async def story() -> None:
        _, ada, _ = await pair()
        await ada.limits.restrict("KO", "", "x")
        for symbol, until, why in (
            ("KO", None, "already"),
            ("?", None, "symbol"),
            ("GE", ada.moment[0], "over already"),
        ):
            with pytest.raises(BadInput, match=why):
                await ada.limits.restrict(symbol, "", "x", until)
        with pytest.raises(BadInput, match="over already"):
            await ada.limits.lift(9, "x")

    told(story())


# ---- who sees what


def test_what_is_set_for_another_user_is_seen_by_who_may_change_it() -> None:
    async def story() -> None:
        shelf, ada, _ = await pair()
        await ada.limits.change(Scope.USER, "tom", {"order_value": Decimal(5)}, "x")
        await ada.limits.restrict("KO", "tom", "x")
        tom, eve = a_limit_desk(shelf, Role.TRADER, "Tom"), a_limit_desk(shelf, Role.VIEWER, "eve")
        for desk in (tom, eve):
            await desk.limits.load()
        assert (Scope.USER, "tom") in [(one.scope, one.of) for one in tom.limits.visible().versions]
        assert [r.symbol for r in tom.limits.visible().restrictions] == ["KO"]
        assert [one.scope for one in eve.limits.visible().versions] == [Scope.FIRM]
        assert eve.limits.visible().restrictions == ()
        assert len(await tom.limits.history(Scope.USER, "tom")) == 1
        with pytest.raises(NotPermitted):
            await eve.limits.history(Scope.USER, "tom")

    told(story())
