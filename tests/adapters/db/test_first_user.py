"""A new database brings no user and no default password; the first one is made by a person."""

import asyncio

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.users import Users
from qv_desktop.domain.access import Role
from qv_desktop.domain.audit import SYSTEM, Draft
from tests.adapters.db.conftest import Clock


def test_a_new_database_has_no_user_until_one_is_made(database: Database, trail: AuditTrail, clock: Clock) -> None:
    users = Users(database, trail, clock)
    assert not asyncio.run(users.any())
    admin = asyncio.run(
        users.create(
            "Admin of this desk", "four plain words here", Role.ADMIN, Draft(SYSTEM, "user.create", "user", "1")
        )
    )
    assert asyncio.run(users.any())
    assert asyncio.run(users.all()) == [admin]
