"""The log-in: from a dialog to a session."""

import asyncio
import secrets
from pathlib import Path

from qv_desktop.adapters.secrets import Secret, Secrets
from qv_desktop.app.entrance import Entrance
from qv_desktop.domain.access import Role, Session
from qv_desktop.domain.audit import SYSTEM, Draft
from qv_desktop.domain.errors import BadInput, NotPermitted, QvError
from qv_desktop.services.login import Login
from qv_desktop.services.ports import SignIn
from qv_desktop.ui.login_dialog import LoginDialog
from qv_desktop.ui.tasks import Tasks

DEMO_USER = "demo"
REFRESH_TOKEN = "refresh_token"  # noqa: S105 - the name in the keyring, not a token


class SigningIn:
    """Answers one dialog; ``session`` is done once somebody is signed in, with None when the dialog was closed.

    ``unseen`` says that nobody sees the dialog: then a refusal ends the wait with NotPermitted.
    """

    def __init__(self, dialog: LoginDialog, login: Login, tasks: Tasks, kept: Secrets, *, unseen: bool = False) -> None:
        self._dialog, self._login, self._tasks, self._kept, self._unseen = dialog, login, tasks, kept, unseen
        self.said: list[str] = []  # what a person should hear once there is a desk
        self.session: asyncio.Future[Session | None] = asyncio.get_running_loop().create_future()
        dialog.submitted.connect(lambda name, password, stay: self._spawn(name, password, stay))
        dialog.admin_created.connect(
            lambda name, password: tasks.spawn(self._create(name, password), on_error=self._failed)
        )
        dialog.closed.connect(lambda: self._done(None))

    def _spawn(self, name: str, password: str, stay: bool) -> None:
        self._tasks.spawn(self._sign_in(name, password, stay), on_error=self._failed)

    async def offer(self, *, resume: bool) -> None:
        """Show the page that fits: the first Admin, the log-in, or with ``resume`` none where a session was kept."""
        if await self._login.first_run():
            self._dialog.show_first_run()
            return
        self._dialog.show_login()
        token = await asyncio.to_thread(self._kept_token) if resume else ""
        if token:
            await self._take(await self._login.resume(token), True)

    def _kept_token(self) -> str:
        try:
            found = self._kept.read(REFRESH_TOKEN)
        except QvError:
            return ""  # a keyring that cannot be opened keeps nobody from signing in
        return found.reveal() if found else ""

    async def _create(self, name: str, password: str) -> None:
        await self._login.create_first_admin(name, password)
        await self._sign_in(name, password, False)

    async def _sign_in(self, name: str, password: str, stay: bool) -> None:
        self._dialog.show_busy("Signing in…")
        answer = await self._login.sign_in(name, password)
        if answer.session is None:
            self._say(answer.message)
            return
        await self._take(answer, stay)

    async def _take(self, answer: SignIn, stay: bool) -> None:
        if answer.session is None:
            await asyncio.to_thread(self._forget)
            return
        if stay:
            await self._stay(answer.refresh_token)
        self._done(answer.session)

    async def _stay(self, token: str) -> None:
        """Keep the token where that is safe; where it is not, the person is in all the same."""
        try:
            await asyncio.to_thread(self._keep, token)
        except BadInput:
            self.said.append(
                "You must log in at the next start: staying signed in needs a keyring, which this system lacks."
            )

    def _keep(self, token: str) -> None:
        self._kept.write(REFRESH_TOKEN, Secret(token))

    def _forget(self) -> None:
        self._kept.forget(REFRESH_TOKEN)

    def _failed(self, error: BaseException) -> None:
        words = str(error) if isinstance(error, QvError) else "Signing in failed unexpectedly; the log has the details."
        self._say(words)

    def _say(self, words: str) -> None:
        self._dialog.show_message(words)
        if self._unseen and not self.session.done():
            self.session.set_exception(NotPermitted(words))

    def _done(self, session: Session | None) -> None:
        if not self.session.done():
            self.session.set_result(session)


async def demo_password(door: Entrance, home: Path) -> str:
    """The demo trader's password, made once for this installation; the user is made with it when there is none.

    Raises BadInput when the database is somebody else's, or the password can be kept nowhere.
    """
    file, anybody = home / "demo-password", await door.users.any()
    if anybody and not file.exists():
        raise BadInput("This database has accounts of its own; give the demo an empty one in QV_DATABASE_URL, or none.")
    password = _kept_in(file)
    if not anybody:
        await door.users.create(
            DEMO_USER, password, Role.TRADER, Draft(SYSTEM, "user.create", "user", DEMO_USER, reason="demo")
        )
    return password


def _kept_in(file: Path) -> str:
    """The password in ``file``, made whole or not at all when there is none."""
    try:
        if not file.exists():
            fresh = file.with_suffix(".new")
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_urlsafe(12), encoding="utf-8")
            fresh.replace(file)
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput(
            f"{file} cannot be written ({error.strerror}); free some space or choose another folder with QV_HOME."
        ) from None
