"""Limits are tightened at once and loosened with the password, given for that."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from qv_desktop.domain.access import Role
from qv_desktop.domain.errors import BadInput, NotPermitted
from qv_desktop.domain.limits import Limits, loosened
from qv_desktop.services.risk import RAISE
from tests.services.test_orders import Desk, on_a_desk

TIGHT = replace(Limits(), order_value=Decimal(1_000), duplicate_seconds=Decimal(5), orders_per_minute=10)


def test_more_is_looser_but_for_the_time_between_two_orders_that_are_the_same() -> None:
    assert loosened(TIGHT, Limits()) == ("order_value", "orders_per_minute", "duplicate_seconds")
    assert loosened(Limits(), TIGHT) == ()
    assert loosened(TIGHT, TIGHT) == ()


def told(story: Callable[[Desk], Coroutine[Any, Any, None]], role: Role = Role.ADMIN) -> None:
    on_a_desk(story, role)


def test_tightening_needs_no_password_and_loosening_one_each_time() -> None:
    async def story(desk: Desk) -> None:
        risk, login = desk.risk, desk.orders._login
        await risk.set_limits(TIGHT)
        assert risk.limits == TIGHT
        with pytest.raises(NotPermitted, match="password"):
            await risk.set_limits(Limits())
        assert await login.confirm("right", "something else") == ""
        with pytest.raises(NotPermitted, match="password"):
            await risk.set_limits(Limits())
        assert await login.confirm("right", RAISE) == ""
        await risk.set_limits(Limits())
        assert risk.limits == Limits()
        await risk.set_limits(TIGHT)
        with pytest.raises(NotPermitted, match="password"):
            await risk.set_limits(Limits())

    told(story)


def test_what_is_no_limit_and_who_may_not_is_refused() -> None:
    async def admin(desk: Desk) -> None:
        for value in (Decimal(-1), Decimal("Infinity")):
            with pytest.raises(BadInput):
                await desk.risk.set_limits(replace(Limits(), daily_loss=value))

    async def trader(desk: Desk) -> None:
        with pytest.raises(NotPermitted, match="risk: change"):
            await desk.risk.set_limits(TIGHT)

    told(admin)
    told(trader, Role.TRADER)
