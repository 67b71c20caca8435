"""The way back in: whoever owns the database makes an Admin of somebody, and nothing hides that they did."""

import asyncio
from datetime import timedelta

import psycopg
import pytest

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.people import PeopleStore
from qv_desktop.adapters.db.recovery import NOT_THE_OWNER, Recovery
from qv_desktop.adapters.db.users import Users
from qv_desktop.domain.access import UserState
from qv_desktop.domain.audit import SYSTEM, Actor, Draft, Entry
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.people import Recovered
from tests.adapters.db.conftest import Clock

RIGHT = "correct horse battery"
ROOT = Actor("root (command line)", "human", host="box")


def test_a_suspended_locked_viewer_is_an_admin_with_a_code_and_their_sessions_end(
    database: Database, trail: AuditTrail, clock: Clock, recorded: list[Entry]
) -> None:
    users, people = Users(database, trail, clock), PeopleStore(database, trail)

    async def story() -> None:
        maria = await users.create("Maria", RIGHT, "Viewer", Draft(SYSTEM, "user.create", "user", "Maria"))
        inside = await users.sign_in("Maria", RIGHT, "desk-4")
        for _ in range(5):
            await users.sign_in("Maria", "wrong password", "desk-4")
        await people.change(maria, "Viewer", UserState.SUSPENDED, Draft(SYSTEM, "user.suspend", "user", "Maria"))
        code = await Recovery(trail, clock).admin(" mARIA ", ROOT)
        assert inside.session is not None
        assert await users.standing(inside.session) is None
        answer = await users.redeem("Maria", code, "another good password", "desk-4")
        assert answer.session is not None
        assert (answer.session.user.id, answer.session.user.role, answer.session.user.role_version) == (
            maria.id,
            "Admin",
            3,
        )
        draft = next(row.draft for row in recorded if row.draft.action == "user.recover")
        assert (draft.actor, draft.object_id) == (ROOT, "Maria")
        assert draft.before == '{"role": "Viewer", "state": "suspended"}'
        assert code not in repr(recorded)
        assert await people.recovered(clock() - timedelta(days=1)) == [
            Recovered("user.recover", "Maria", ROOT.name, "box", clock())
        ]
        await users.reset(maria, Draft(ROOT, "password.reset", "user", "Maria", reason="recovery"), freely=True)
        await users.reset(maria, Draft(SYSTEM, "user.reset", "user", "Maria"), freely=True)
        assert [str(each).partition(" by ")[0] for each in await people.recovered(clock() - timedelta(days=1))] == [
            "Maria was made an Admin from the command line", "Maria was given a reset code from the command line"]  # fmt: skip
        assert await people.recovered(clock() + timedelta(seconds=1)) == []

    asyncio.run(story())


def test_a_login_that_does_not_own_the_tables_can_recover_nobody(postgres_url: str, clock: Clock) -> None:
    plain = postgres_url.replace("+psycopg", "", 1)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(
            "DO $$ BEGIN CREATE ROLE onlooker LOGIN PASSWORD 'looks'; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        )
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO onlooker")
    before, _, rest = plain.partition("://")
    looking = Database(f"{before}://onlooker:looks@{rest.partition('@')[2]}")
    trail = AuditTrail(looking, "chain", "1", clock, lambda entry: None)
    try:
        with pytest.raises(BadInput, match=NOT_THE_OWNER):
            asyncio.run(Recovery(trail, clock).admin("Eve", ROOT))
    finally:
        looking.close()
