"""Who may, while the database is away: what makes things safer works by the role as last read, everything else waits."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from qv_desktop.domain.access import Action, Permission, Resource, Role
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.errors import DatabaseDown, NotPermitted
from qv_desktop.services import login
from tests.builders import a_limit
from tests.services.test_orders import Desk, on_a_desk

CANCEL = Permission(Resource.TRADING, Action.DELETE)


def without_a_database(story: Callable[[Desk], Coroutine[Any, Any, None]], role: Role = Role.TRADER) -> None:
    """``story`` on a desk whose last look at the role is too old, and whose database has just gone away."""

    async def told(desk: Desk) -> None:
        await desk.orders.submit(a_limit("100.00")) if role is Role.TRADER else None
        desk.users.down = desk.trail.down = desk.journal.down = True
        desk.later(5)
        await story(desk)

    on_a_desk(told, role)


def test_a_cancel_goes_out_though_the_role_cannot_be_read() -> None:
    async def story(desk: Desk) -> None:
        await desk.orders.cancel(["qv-1"])
        assert desk.broker.steps[-1] == "cancel qv-1"

    without_a_database(story)


def test_a_database_that_never_answers_holds_a_cancel_up_for_a_moment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "BRAKE_WAITS", 0.01)

    async def story(desk: Desk) -> None:
        desk.users.mute = True
        await desk.orders.cancel(["qv-1"])
        assert desk.broker.steps[-1] == "cancel qv-1"

    without_a_database(story)


def test_an_order_still_needs_a_role_that_was_read() -> None:
    async def story(desk: Desk) -> None:
        with pytest.raises(DatabaseDown):
            await desk.orders.submit(a_limit("100.00", id="qv-2"))

    without_a_database(story)


def test_who_lacked_the_permission_lacks_it_still_and_the_refusal_waits_in_the_spool() -> None:
    async def story(desk: Desk) -> None:
        kept: list[Draft] = []
        desk.orders._login.spool = kept.append
        with pytest.raises(NotPermitted, match="trading: delete"):
            await desk.orders._login.require(CANCEL, even_without_database=True)
        assert [(draft.action, draft.outcome) for draft in kept] == [("permission.refuse", "refused")]

    without_a_database(story, Role.VIEWER)
