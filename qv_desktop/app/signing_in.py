"""The log-in: from a dialog to a session."""

import asyncio
import secrets
from pathlib import Path

from qv_desktop.app.entrance import Entrance
from qv_desktop.app.staying import Staying
from qv_desktop.domain.access import Role, Session, SignIn
from qv_desktop.domain.audit import SYSTEM, Draft
from qv_desktop.domain.errors import BadInput, NotPermitted, QvError
from qv_desktop.services.login import Login
from qv_desktop.ui.login_dialog import LoginDialog
from qv_desktop.ui.tasks import Tasks

DEMO_USER = "demo"


class SigningIn:
    """Answers one dialog; ``session`` is done once somebody is signed in, with None when the dialog was closed.

    ``unseen`` says that nobody sees the dialog: then a refusal ends the wait with NotPermitted.
    """

    def __init__(
        self, dialog: LoginDialog, login: Login, tasks: Tasks, staying: Staying, *, unseen: bool = False
    ) -> None:
        self._dialog, self._login, self._tasks, self._staying, self._unseen = dialog, login, tasks, staying, unseen
        self.said: list[str] = []  # what a person should hear once there is a desk
        self.session: asyncio.Future[Session | None] = asyncio.get_running_loop().create_future()
        dialog.submitted.connect(lambda name, password, stay: self._spawn(name, password, stay))
        dialog.admin_created.connect(
            lambda name, password: tasks.spawn(self._create(name, password), on_error=self._failed)
        )
        dialog.redeemed.connect(
            lambda name, code, password: tasks.spawn(self._redeem(name, code, password), on_error=self._failed)
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
        if kept := await self._staying.read() if resume else "":
            await self._resume(kept)

    async def _resume(self, kept: str) -> None:
        """Go on with an earlier sitting; a token that is refused is forgotten, and the dialog waits for a password."""
        self._login.tokens.keep = self._staying.keep
        answer = await self._login.resume(kept)
        if answer.session is None:
            await self._login.tokens.forget()
            self._login.tokens.keep = None
        self._done_when(answer)

    async def _create(self, name: str, password: str) -> None:
        try:
            await self._login.create_first_admin(name, password)
        except NotPermitted:
            self._dialog.show_login()  # somebody else was first
            raise
        await self._sign_in(name, password, False)

    async def _sign_in(self, name: str, password: str, stay: bool) -> None:
        self._dialog.show_busy("Signing in…")
        answer = await self._login.sign_in(name, password)
        if answer.session is not None and stay:
            await self._stay()
        self._done_or_say(answer)

    async def _redeem(self, name: str, code: str, password: str) -> None:
        self._dialog.show_busy("Setting the password…")
        self._done_or_say(await self._login.redeem(name, code, password))

    async def _stay(self) -> None:
        """Keep the token where that is safe; where it is not, the person is in all the same."""
        try:
            await self._login.tokens.stay(self._staying.begin)
        except BadInput as no:
            self.said.append(str(no))
        else:
            self._login.tokens.keep = self._staying.keep

    def _done_or_say(self, answer: SignIn) -> None:
        if answer.session is None:
            self._say(answer.message)
        if answer.locked_for is not None and not self._unseen:
            self._dialog.show_locked_out(round(answer.locked_for.total_seconds()))
        self._done_when(answer)

    def _done_when(self, answer: SignIn) -> None:
        if answer.session is not None:
            self._done(answer.session)

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
