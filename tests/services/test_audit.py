"""An order's story is for whoever may see the orders; the chain's hashes are for those who may view the trail."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from qv_desktop.domain.access import Role
from qv_desktop.domain.audit import SYSTEM, Draft
from qv_desktop.domain.errors import BadInput, NotPermitted
from qv_desktop.services.audit import Audit
from qv_desktop.services.checkpoints import Checkpoints
from qv_desktop.services.login import Login
from tests.fakes import NOW, Trail
from tests.services.test_checkpoints import Seals
from tests.services.test_orders import Desk, on_a_desk


class Bundles:
    """Writes nothing; remembers what was asked. ``trouble`` is raised instead."""

    def __init__(self) -> None:
        self.asked: list[tuple[int | None, int | None, datetime | None, datetime | None, str]] = []
        self.trouble: BadInput | None = None

    async def write(self, first: int | None, last: int | None, start: datetime | None, end: datetime | None, by: str,
                    progress: Callable[[int, int], None]) -> Path:  # fmt: skip
        if self.trouble:
            raise self.trouble
        self.asked.append((first, last, start, end, by))
        return Path("audit.bundle.jsonl")


async def sealed_audit(desk: Desk) -> tuple[Audit, Trail, Seals, Bundles]:
    _, trail = await audit_of(desk)
    seals, bundles = Seals(), Bundles()
    seals.trail = trail
    return Audit(trail, desk.orders._login, Checkpoints(seals, trail, lambda: NOW), bundles), trail, seals, bundles


async def audit_of(desk: Desk) -> tuple[Audit, Trail]:
    trail = Trail()
    for key in ("qv-1", "qv-2", "qv-1"):
        await trail.append(Draft(SYSTEM, "order.submit", "order", key, correlation=key))
    login: Login = desk.orders._login
    return Audit(trail, login), trail


@pytest.mark.parametrize(("role", "hashes"), [(Role.TRADER, True), (Role.ANALYST, False), (Role.VIEWER, False)])
def test_a_story_has_hashes_for_those_who_may_view_the_trail(role: Role, hashes: bool) -> None:
    async def story(desk: Desk) -> None:
        audit, trail = await audit_of(desk)
        rows, why = await audit.story("qv-1")
        assert [row.sequence for row in rows] == [1, 3]
        assert [row.hash for row in rows] == ([trail.rows[0].hash, trail.rows[2].hash] if hashes else ["", ""])
        assert ("ask an Admin" in why) is not hashes

    on_a_desk(story, role)


def test_nobody_signed_out_reads_a_story() -> None:
    async def story(desk: Desk) -> None:
        audit, _ = await audit_of(desk)
        await desk.orders._login.sign_out()
        with pytest.raises(NotPermitted):
            await audit.story("qv-1")

    on_a_desk(story)


def test_a_checkpoint_on_demand_covers_the_wish_for_it() -> None:
    async def story(desk: Desk) -> None:
        audit, trail, seals, _ = await sealed_audit(desk)
        point = await audit.checkpoint()
        assert seals.signed == [point]
        assert [row.draft.action for row in trail.rows[3:]] == ["audit.checkpoint", "audit.key"]

    on_a_desk(story)


def test_without_checkpoints_nothing_can_be_signed_and_it_says_so() -> None:
    async def story(desk: Desk) -> None:
        audit, _ = await audit_of(desk)
        for asked in (audit.checkpoint, audit.bundle):
            with pytest.raises(BadInput, match="without checkpoints"):
                await asked()

    on_a_desk(story, Role.ADMIN)


def test_a_bundle_is_recorded_then_signed_then_written() -> None:
    async def story(desk: Desk) -> None:
        audit, trail, seals, bundles = await sealed_audit(desk)
        assert await audit.bundle(first=2, end=NOW) == Path("audit.bundle.jsonl")
        assert len(seals.signed) == 1
        assert bundles.asked == [(2, None, None, NOW, trail.rows[3].draft.actor.name)]
        row = trail.rows[3].draft
        assert (row.action, row.outcome, row.after) == ("export.bundle", "ok", f'{{"first": "2", "until": "{NOW}"}}')

    on_a_desk(story, Role.ADMIN)


def test_a_bundle_that_failed_is_recorded_as_failed() -> None:
    async def story(desk: Desk) -> None:
        audit, trail, _, bundles = await sealed_audit(desk)
        bundles.trouble = BadInput("The disk is full.")
        with pytest.raises(BadInput):
            await audit.bundle()
        assert (trail.rows[-1].draft.outcome, trail.rows[-1].draft.reason) == ("failed", "The disk is full.")

    on_a_desk(story, Role.ADMIN)


@pytest.mark.parametrize("role", [Role.TRADER, Role.ANALYST, Role.VIEWER])
def test_a_bundle_is_for_those_who_may_export_the_trail(role: Role) -> None:
    async def story(desk: Desk) -> None:
        audit, trail, seals, bundles = await sealed_audit(desk)
        with pytest.raises(NotPermitted):
            await audit.bundle()
        assert (seals.signed, bundles.asked) == ([], [])
        assert all(row.draft.action != "export.bundle" for row in trail.rows)

    on_a_desk(story, role)
