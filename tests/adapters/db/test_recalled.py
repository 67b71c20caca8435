"""Back to one's desk while the database is away: with the password that was right, five tries at a time."""

import asyncio
from uuid import uuid4

import pytest

from qv_desktop.adapters.db import passwords
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.recalled import UNKNOWN, WRONG, Recalled
from qv_desktop.adapters.db.users import Users
from qv_desktop.domain.access import Action, Permission, Resource, Role
from qv_desktop.domain.audit import SYSTEM, Draft
from qv_desktop.domain.errors import DatabaseDown
from qv_desktop.services.login import Login
from tests.adapters.db.conftest import Clock

RIGHT, NEW = "correct horse battery", "another horse battery"


def test_only_what_the_database_said_and_five_tries_at_a_time() -> None:
    now = [0.0]
    recalled = Recalled(lambda: now[0])
    assert recalled.asked("u1", RIGHT) == UNKNOWN
    recalled.heard("u1", passwords.hashed(RIGHT))
    assert recalled.asked("u1", RIGHT) == ""
    assert [recalled.asked("u1", "guess") for _ in range(5)] == [WRONG] * 5
    now[0] = 899.0
    assert "quarter of an hour" in recalled.asked("u1", RIGHT)
    now[0] = 900.0
    assert recalled.asked("u1", RIGHT) == ""
    assert recalled.asked("u2", RIGHT) == UNKNOWN


def test_the_desk_opens_without_the_database_and_permits_nothing_by_that(
    database: Database, trail: AuditTrail, clock: Clock, postgres_url: str
) -> None:
    mine = Database(postgres_url)
    users = Users(mine, AuditTrail(mine, f"chain-{uuid4().hex[:6]}", "1", clock, lambda entry: None), clock)
    login, name = Login(users, trail, clock, "here"), f"maria-{uuid4().hex[:6]}"

    async def story() -> None:
        await users.create(name, RIGHT, Role.TRADER, Draft(SYSTEM, "user.create", "user", name))
        await login.sign_in(name, RIGHT)
        assert await login.change_password(RIGHT, NEW) == ""
        await asyncio.to_thread(mine.close)  # as far as this program can see, the server is gone
        clock.advance(minutes=20)
        assert await login.unlock(name, RIGHT) == WRONG
        assert await login.unlock(name, NEW) == ""
        with pytest.raises(DatabaseDown):
            await login.require(Permission(Resource.TRADING, Action.CREATE))
        assert await login.require(Permission(Resource.TRADING, Action.DELETE), even_without_database=True)

    asyncio.run(story())
