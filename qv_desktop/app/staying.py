"""Staying signed in: this installation's refresh token in the system's keyring, and nowhere else."""

import asyncio
from collections.abc import Callable

import structlog

from qv_desktop.adapters.secrets import Secret, Secrets
from qv_desktop.domain.errors import BadInput, QvError

log = structlog.get_logger(__name__)

NO_KEYRING = "You must log in at the next start: staying signed in needs a keyring, which this system lacks."
PATIENCE = 5.0  # seconds for a keyring that may be asking its owner something; nobody's order waits longer for it
NO_LONGER = "You must log in at the next start: the keyring did not take what staying signed in needs."


class Staying:
    """Reads and keeps on a thread. ``tell`` takes a sentence for the person when what they stayed signed in with cannot be kept.

    Installations on one keyring do not get in each other's way: ``install`` is part of the name.
    """

    def __init__(self, kept: Secrets, install: str, tell: Callable[[str], None]) -> None:
        self._kept, self._name, self.tell = kept, f"refresh_token {install}", tell

    async def read(self) -> str:
        """What was kept, or nothing; a keyring that cannot be opened keeps nobody from signing in."""
        return await asyncio.to_thread(self._read)

    async def begin(self, text: str) -> None:
        """Keep for the first time. Raises BadInput where there is no keyring, or it refuses."""
        await asyncio.to_thread(self._write, text)

    async def keep(self, text: str) -> None:
        """Keep in place of what was kept before; an empty text is forgotten. What cannot be kept is said, once it matters."""
        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.to_thread(self._write if text else self._forget, text)
        except (QvError, TimeoutError) as error:
            log.warning("refresh_token_not_kept", reason=str(error) or "the keyring does not answer")
            if text:
                self.tell(NO_LONGER)

    def _read(self) -> str:
        try:
            found = self._kept.read(self._name) if self._kept.place == "keyring" else None
        except QvError:
            return ""
        return found.reveal() if found else ""

    def _write(self, text: str) -> None:
        if self._kept.place != "keyring":
            raise BadInput(NO_KEYRING)
        self._kept.write(self._name, Secret(text))

    def _forget(self, _text: str = "") -> None:
        if self._kept.place == "keyring":
            self._kept.forget(self._name)
