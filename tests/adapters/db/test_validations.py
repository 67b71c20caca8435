"""Tests of sweeps and look-ahead checks come back as they were kept, each with its audit row."""

import asyncio
import math
from dataclasses import replace
from datetime import timedelta

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.validations import LookAheadStore, ValidationStore
from qv_desktop.domain.audit import Actor, Draft, Entry
from qv_desktop.domain.look_ahead import LookAhead
from qv_desktop.domain.validation import Validation, Verdict
from tests.adapters.db.conftest import Clock

DRAFT = Draft(Actor("maria", "human"), "thing.keep", "thing", "1", reason="because")


def a_validation(clock: Clock, name: str = "v1", sweep: str = "s1") -> Validation:
    figures = (("probability", 0.71), ("deflated", math.nan), ("years_needed", math.inf), ("low", -math.inf))
    return Validation(name, "overfitting", sweep, (), "maria", clock(), 1.5, (("seed", 1.0),), figures,
                      (("logits", (0.5, -1.25, math.nan)), ("none", ())), Verdict("bad", "Probably overfitted."))  # fmt: skip


def test_a_validation_comes_back_with_what_is_no_number(
    database: Database, trail: AuditTrail, clock: Clock, recorded: list[Entry]
) -> None:
    store = ValidationStore(database, trail)

    async def story() -> list[Validation]:
        await store.save(a_validation(clock), DRAFT)
        return await store.of(["s1", "other"])

    (found,) = asyncio.run(story())
    wanted = a_validation(clock)
    assert replace(found, figures=(), curves=()) == replace(wanted, figures=(), curves=(), at=found.at)
    assert repr(sorted(found.figures)) == repr(sorted(wanted.figures))
    assert repr(sorted(found.curves)) == repr(sorted(wanted.curves))
    assert [entry.draft for entry in recorded] == [DRAFT]


def test_the_newest_of_each_kind_and_combination_is_given(database: Database, trail: AuditTrail, clock: Clock) -> None:
    store, first = ValidationStore(database, trail), a_validation(clock, "n1", "s3")
    later = timedelta(minutes=1)
    kept = [
        first, replace(first, id="n2", at=first.at + later), replace(first, id="n3", kind="monte_carlo", values=(5.0, 20.0)),
        replace(first, id="n4", kind="monte_carlo", values=(5.0, 30.0)),
        replace(first, id="n5", kind="monte_carlo", values=(5.0, 30.0), at=first.at - later), replace(first, id="n6", sweep="s4"),
    ]  # fmt: skip

    async def story() -> list[Validation]:
        for one in kept:
            await store.save(one, DRAFT)
        return await store.of(["s3"])

    assert sorted(found.id for found in asyncio.run(story())) == ["n2", "n3", "n4"]


def test_a_check_is_kept_once_for_each_code_and_parameters(database: Database, trail: AuditTrail, clock: Clock) -> None:
    store = LookAheadStore(database, trail)
    fails = LookAhead(
        "code-1", (("fast", 5.0), ("slow", 20.0)), "fails", 17, 123_456_789_000, "SPY", 18, 30, 2, 500, "", clock()
    )
    passed = LookAhead(
        "code-1", (("fast", 6.0), ("slow", 20.0)), "passed", None, None, "", 500, 30, 0, 500, "", clock()
    )

    async def story() -> list[LookAhead]:
        await store.save(fails, DRAFT)
        await store.save(passed, DRAFT)
        await store.save(
            replace(fails, outcome="passed", bar=None, parameters=fails.parameters[::-1]), DRAFT
        )  # the same ones
        return await store.of(["code-1"])

    found = asyncio.run(story())
    assert {replace(check, at=fails.at) for check in found} == {fails, replace(passed, at=fails.at)}
    assert asyncio.run(store.of(["code-2"])) == []
