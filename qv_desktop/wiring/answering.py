"""What was asked for in a panel or a dialog, done: why it was not is said where it was asked."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

from shiboken6 import isValid

from qv_desktop.domain.errors import QvError
from qv_desktop.wiring import Desk


class Says(Protocol):
    """A panel that says why something was not done."""

    def show_failed(self, sentence: str) -> None:
        """The sentence."""


class Asks(Protocol):
    """A dialog that stays until what it asked for is done."""

    def show_message(self, text: str) -> None:
        """Why it was not."""

    def accept(self) -> None:
        """It was."""


def do(desk: Desk, panel: Says, work: Coroutine[Any, Any, object]) -> None:
    """Do it; why it was not done is said in the panel."""

    async def tried() -> None:
        try:
            await work
        except QvError as error:
            panel.show_failed(str(error))

    desk.tasks.spawn(tried())


def answer(desk: Desk, dialog: Asks, deed: Callable[[], Awaitable[object]]) -> None:
    """Do what a dialog asks for and close it, or say there why not; it may be gone by then."""

    async def done() -> None:
        try:
            await deed()
        except QvError as error:
            if isValid(dialog):
                dialog.show_message(str(error))
            return
        if isValid(dialog):
            dialog.accept()

    desk.tasks.spawn(done())


def me(desk: Desk) -> str:
    """Who is signed in, nothing when nobody is."""
    session = desk.services.login.session
    return session.user.name if session is not None else ""
