"""One sitting of the real program with planted secrets, logged at DEBUG, that ends in a crash.

``python -m tests.stories.planted`` waits for the file ``go`` in the folder PLACE_OF_THE_TEST before it crashes, so that somebody
can look at it alive; what only the program can know is told there in ``made.json``.
"""

import asyncio
import ctypes
import json
import os
import sys
from pathlib import Path

import structlog
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QWidget
from sqlalchemy import make_url

from qv_desktop import cli, config
from qv_desktop.adapters.db.server import Server
from qv_desktop.adapters.db.users import Users
from qv_desktop.adapters.secrets import Secret
from qv_desktop.app import session
from qv_desktop.domain.access import Action, Permission, Resource, Role
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.audit_query import AuditQuery
from qv_desktop.services.login import Login
from qv_desktop.ui.connections_dialog import ConnectionsDialog
from qv_desktop.ui.passphrase_dialog import PassphraseDialog
from tests.stories.keyless import SECRETS, Keyless, traded

PLACE = Path(os.environ.get("PLACE_OF_THE_TEST", "."))
log = structlog.get_logger("planted")


async def lives(person: Keyless) -> dict[str, str]:
    """Use every secret there is; those that were made meanwhile are the answer."""
    program = person.program
    await person.signs_in()
    await person.sees(lambda: program._desk is not None)
    await adds_an_account(person)
    await traded(person)
    desk = program._desk
    assert desk is not None
    login = desk.services.login
    await login.confirm(SECRETS["wrong_password"])
    await changes_the_password(person)
    made = await resets_a_colleague(login)
    await exports(person)
    made |= await embedded(person)
    config.save(program._settings, {"log_level": "DEBUG"})
    await person.sees(lambda: program._engine.pool._workers)  # type: ignore[union-attr]
    mistakes(login)
    desk.tasks.spawn(fails(SECRETS["new_password"]))
    await asyncio.sleep(1.5)
    return {**made, "refresh_token": login.tokens._refresh, "access_token": login.tokens.access}


async def adds_an_account(person: Keyless) -> None:
    """Keys, a client's secret and a token of OAuth, and the key for prices, under a passphrase; then trade with them."""
    person.program._desk.window.command.emit("connections")  # type: ignore[union-attr]
    dialog = await person.shown(ConnectionsDialog)
    dialog.form.name.setText("Paper one")
    dialog.form.key.setText(SECRETS["key"])
    dialog.form.secret.setText(SECRETS["secret"])
    dialog.save.click()
    phrase = await person.shown(PassphraseDialog)
    for field in (phrase.phrase, phrase.again):
        field.setText(SECRETS["passphrase"])
    phrase.go.click()
    await person.says(dialog, "“Paper one” is kept")
    await person.program._vault.keep(
        {"polygon_key": SECRETS["polygon_key"], "oauth_token of the test": SECRETS["oauth_token"]}
    )
    dialog.add.click()
    dialog.form.name.setText("By browser")
    dialog.form.kind.segment("OAuth in the browser").click()
    dialog.form.client_id.setText("simulated-client")
    dialog.form.client_secret.setText(SECRETS["client_secret"])
    dialog.form.connect_.click()
    await person.sees(lambda: dialog.message().startswith("✗"))
    dialog.list.setCurrentRow(0)
    dialog.use.click()


async def changes_the_password(person: Keyless) -> None:
    """By the dialog, wrong at first."""
    await person.sees(lambda: person.program._guarding is not None)
    dialog = person.program._guarding.ask()  # type: ignore[union-attr]
    assert dialog is not None
    for old, said in ((SECRETS["wrong_password"], "wrong"), (SECRETS["password"], "is changed")):
        dialog.old.setText(old)
        dialog.new.setText(SECRETS["new_password"])
        dialog.again.setText(SECRETS["new_password"])
        dialog.change.click()
        await person.sees(lambda said=said: said in dialog.messages()[0])  # type: ignore[misc]
    dialog.close()


async def resets_a_colleague(login: Login) -> dict[str, str]:
    """Somebody else forgot the password, is given a code and uses it at another terminal."""
    users = login._users
    assert isinstance(users, Users)
    bob = await users.create(
        "bob", SECRETS["bobs_password"], Role.TRADER, Draft(login.actor, "user.create", "user", "bob")
    )
    code = await users.reset(bob, Draft(login.actor, "password.reset", "user", "bob"))
    other = Login(users, login._trail, login._now, "elsewhere")
    await other.redeem("bob", SECRETS["wrong_code"], SECRETS["bobs_new_password"])
    answer = await other.redeem("bob", code, SECRETS["bobs_new_password"])
    assert answer.session is not None, answer.message
    log.debug("redeemed", answer=answer, told=repr(answer))
    token = other.tokens._refresh
    await other.resume(token)
    await Login(users, login._trail, login._now, "thief").resume(token)  # used twice
    return {"reset_code": code, "bobs_refresh_token": token}


async def exports(person: Keyless) -> None:
    """The audit trail as a person exports it: tables, the rows as JSON, and a signed bundle."""
    desk = person.program._desk
    assert desk is not None
    rows = await desk.services.audit.page(AuditQuery())
    assert rows
    table = [
        [entry.draft.actor.name, entry.draft.action, entry.draft.reason, entry.draft.before, entry.draft.after]
        for entry in rows
    ]
    for form in ("csv", "parquet"):
        await desk.services.exports.table(
            "audit", Permission(Resource.AUDIT, Action.EXPORT), list("abcde"), table, form
        )
    await desk.services.audit.bundle()


async def embedded(person: Keyless) -> dict[str, str]:
    """The database of the program's own, which this desk has no use for, runs beside it."""
    server = Server(person.program._settings.home / "postgres")
    url = await asyncio.to_thread(server.start)
    log.debug("embedded", url=url)
    return {"embedded_password": make_url(url).password or ""}


def mistakes(login: Login) -> None:
    """What somebody may log in a hurry."""
    secret = Secret(SECRETS["secret"])
    log.debug("keys", secret=secret, password=SECRETS["password"], tokens=login.tokens, users=login._users)
    log.debug("asked", url=f"https://example.test/v3/trades?apiKey={SECRETS['polygon_key']}&limit=1")
    log.debug("asked", head=f"Authorization: Bearer {SECRETS['oauth_token']}", database=os.environ["QV_DATABASE_URL"])
    log.debug("database", url=login._users._database.url)  # type: ignore[attr-defined]


async def fails(password: str) -> None:
    """A bug, with a secret at hand."""
    kept = {"password": password}
    raise RuntimeError(f"something broke with {len(kept)} thing at hand")


def words() -> list[str]:
    """Everything that can be read on the screen, or pasted from it."""
    found = [QApplication.clipboard().text()]
    for widget in QApplication.allWidgets():
        found += [widget.windowTitle(), widget.toolTip(), widget.accessibleDescription()]
        if isinstance(widget, QLabel | QAbstractButton):
            found.append(widget.text())
        if isinstance(widget, QLineEdit):
            found.append(widget.displayText())
        if isinstance(widget, QWidget) and hasattr(widget, "toPlainText"):
            found.append(widget.toPlainText())
    return [text for text in found if text]


class Watched(session.Session):
    """The program's session with a person in front of it, who ends it badly."""

    async def run(self) -> int:
        person = Keyless(self)
        acting = asyncio.ensure_future(lives(person))
        living = asyncio.ensure_future(super().run())
        await asyncio.wait({acting, living}, return_when=asyncio.FIRST_COMPLETED)
        if not acting.done() or acting.exception() is not None:
            living.cancel()
        made = await acting
        sys.stdout.write("\n".join(words()))
        sys.stdout.flush()
        (PLACE / "made.json").write_text(json.dumps(made))
        (PLACE / "ready").touch()
        while not (PLACE / "go").exists():  # noqa: ASYNC110 - another process makes it
            await asyncio.sleep(0.1)
        ctypes.string_at(0)  # as a flaw in a library would end it
        return 0


if __name__ == "__main__":
    session.Session = Watched  # type: ignore[misc]
    sys.exit(cli.command(["run"]))
