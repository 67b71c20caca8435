"""The last Admin who forgot the password gets back in with the command line, and that is written down."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.server import Server
from qv_desktop.adapters.db.users import Users
from qv_desktop.domain.access import Role
from qv_desktop.domain.audit import SYSTEM, Draft
from tests.stories.program import is_one_sentence, ran, rows


def now() -> datetime:
    return datetime.now(UTC)


def test_a_code_is_printed_and_lets_the_last_admin_in(open_folder: Path) -> None:
    server = Server(open_folder / "postgres")
    database = Database(server.start())
    database.migrate()
    users = Users(database, AuditTrail(database, "chain", "1", now, lambda entry: None), now)
    asyncio.run(users.create("Root", "a password to forget", Role.ADMIN, Draft(SYSTEM, "user.create", "user", "Root")))
    for _ in range(5):
        asyncio.run(users.sign_in("root", "was it this one", "desk"))
    done = ran(open_folder, "recover", "root")  # the terminal is open meanwhile
    assert done.returncode == 0, done.stderr
    code, hint = done.stdout.splitlines()
    assert "I have a reset code" in hint
    answer = asyncio.run(users.redeem("root", code, "a password to keep", "desk"))
    assert answer.session is not None, answer.message
    nobody = ran(open_folder, "recover", "nobody")
    assert (nobody.returncode, is_one_sentence(nobody.stderr)) == (2, True)
    url = str(server.start())
    found = rows(url, "SELECT actor, object_id, reason FROM audit_log WHERE action = 'password.reset'")
    assert [(who.endswith("at the command line"), whom, why) for who, whom, why in found] == [
        (True, "Root", "recovery")
    ]
    database.close()
    server.stop()
