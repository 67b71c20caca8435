"""An order's story is for whoever may see the orders; the chain's hashes are for those who may view the trail."""

import pytest

from qv_desktop.domain.access import Role
from qv_desktop.domain.audit import SYSTEM, Draft
from qv_desktop.domain.errors import NotPermitted
from qv_desktop.services.audit import Audit
from qv_desktop.services.login import Login
from tests.fakes import Trail
from tests.services.test_orders import Desk, on_a_desk


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
