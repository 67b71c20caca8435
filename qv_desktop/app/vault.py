"""This installation's secrets with the person who can open them: a passphrase is asked for where there is no keyring."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from qv_desktop.adapters.secrets import Secret, Secrets
from qv_desktop.domain.errors import BadInput

if TYPE_CHECKING:
    from qv_desktop.ui.passphrase_dialog import PassphraseDialog

NOT_KEPT = "Nothing was kept: without a keyring your keys need a passphrase. Try again and choose one."
LOCKED = "Your keys are locked; open them with your passphrase under Connections."
PLACES = {
    "keyring": "Secrets are kept in this system's keyring.",
    "locked file": "Secrets are kept in a file that your passphrase locks.",
    "nowhere yet": "This system has no keyring: you choose a passphrase when the first secret is kept.",
}


class KeyVault:
    """``kept`` is what blocks; everything here asks on a thread. ``parent`` is the window that dialogs open over."""

    def __init__(self, kept: Secrets) -> None:
        self.kept = kept
        self.parent: QWidget | None = None
        self._asking = asyncio.Lock()  # one dialog for all who wait

    async def place(self) -> str:
        """Where secrets are kept, as a sentence."""
        return PLACES[await asyncio.to_thread(lambda: self.kept.place)]

    async def opened(self, parent: QWidget | None = None) -> bool:
        """Whether what is kept can be read, once the person has been asked for the passphrase if one is needed."""
        async with self._asking:
            if not await asyncio.to_thread(lambda: self.kept.waits):
                return True
            return await _asked(self.kept.unlock, parent or self.parent, choosing=False)

    async def has(self, name: str) -> bool:
        """Whether a secret of that name is kept. Raises BadInput."""
        return bool(await asyncio.to_thread(self.kept.read, name))

    async def texts(self, names: Collection[str]) -> dict[str, str]:
        """The secrets as texts for the adapters; "" for those that are not kept. Raises BadInput."""
        found = await asyncio.to_thread(lambda: {name: self.kept.read(name) for name in names})
        return {name: secret.reveal() if secret else "" for name, secret in found.items()}

    async def stored(self, names: Collection[str]) -> set[str]:
        """Which of ``names`` are kept; none while what is kept cannot be read."""
        try:
            return {name for name, text in (await self.texts(names)).items() if text}
        except BadInput:
            return set()

    async def keep(self, texts: Mapping[str, str], parent: QWidget | None = None) -> None:
        """Keep texts by name. Raises BadInput when the person chooses or gives no passphrase where one is needed."""
        if not texts:
            return
        await self._writable(parent)
        await asyncio.to_thread(self._keep_all, {name: Secret(text) for name, text in texts.items()})

    def _keep_all(self, secrets: Mapping[str, Secret]) -> None:
        """All or none: half of a new pair beside half of an old one opens nothing."""
        before = {name: self.kept.read(name) for name in secrets}
        try:
            for name, secret in secrets.items():
                self.kept.write(name, secret)
        except BadInput:
            for name, old in before.items():
                with suppress(BadInput):
                    self.kept.write(name, old) if old else self.kept.forget(name)
            raise

    async def forget(self, name: str) -> None:
        """Remove a secret, if it is kept. Raises BadInput."""
        if not await self.opened():
            raise BadInput(LOCKED)
        await asyncio.to_thread(self.kept.forget, name)

    async def _writable(self, parent: QWidget | None) -> None:
        if not await self.opened(parent):
            raise BadInput(NOT_KEPT)
        async with self._asking:
            if await asyncio.to_thread(lambda: self.kept.place) != "nowhere yet":
                return
            if not await _asked(self.kept.choose, parent or self.parent, choosing=True):
                raise BadInput(NOT_KEPT)


async def _asked(take: Callable[[Secret], None], parent: QWidget | None, *, choosing: bool) -> bool:
    """Ask until ``take`` accepts a passphrase (True) or the person declines (False)."""
    from qv_desktop.ui.passphrase_dialog import (
        PassphraseDialog,
    )  # most systems have a keyring, and a start is to be quick

    given: asyncio.Queue[Secret | None] = asyncio.Queue()
    dialog = PassphraseDialog(choosing=choosing, parent=parent)
    dialog.given.connect(lambda text: given.put_nowait(Secret(text)))
    dialog.declined.connect(lambda: given.put_nowait(None))
    dialog.open()
    try:
        return await _taken(take, dialog, given)
    finally:
        if isValid(dialog):
            dialog.hide()  # also when nobody waits for the answer any more


async def _taken(
    take: Callable[[Secret], None], dialog: "PassphraseDialog", given: "asyncio.Queue[Secret | None]"
) -> bool:
    while (phrase := await given.get()) is not None:
        try:
            await asyncio.to_thread(take, phrase)
        except BadInput as no:
            dialog.show_message(str(no))
        else:
            dialog.grant()
            return True
    return False
