"""The audit trail's seals of this installation: its key in the secrets, its checkpoints in the file and in the database."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import structlog

from qv_desktop.adapters.audit_signatures import AuditKey, Signer
from qv_desktop.adapters.db.checkpoints import CheckpointBook
from qv_desktop.adapters.secrets import Secret, Secrets
from qv_desktop.domain.checkpoints import Checkpoint
from qv_desktop.domain.errors import BadInput

log = structlog.get_logger(__name__)

NO_PLACE = ("Audit checkpoints cannot be signed, for there is nowhere safe for their key: this system has no keyring. Keep any secret "
            "under Connections and choose a passphrase; until then the trail stands only by its chain.")  # fmt: skip


class KeptTexts:
    """The secrets as texts, for the audit key."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def read(self, name: str) -> str:
        """The text, or nothing. Raises BadInput."""
        found = self._secrets.read(name)
        return found.reveal() if found else ""

    def write(self, name: str, text: str) -> None:
        """Keep the text. Raises BadInput."""
        if self._secrets.place == "nowhere yet":
            raise BadInput(NO_PLACE)
        self._secrets.write(name, Secret(text))


class Sealing:
    """Signs checkpoints of one chain; the public key lies beside them in ``folder``."""

    def __init__(self, book: CheckpointBook, key: AuditKey, folder: Path, now: Callable[[], datetime]) -> None:
        self._book, self._key, self._folder, self._now = book, key, folder, now
        self._signer: Signer | None = None

    async def signer(self) -> Signer:
        """This installation's key at work. Raises BadInput where it can be kept nowhere safe, DatabaseDown."""
        if self._signer is not None:
            return self._signer
        newest, _ = await self.newest()
        signer = await asyncio.to_thread(self._key.opened, newest.successor if newest else "")
        self._signer, self._book.key = signer, signer.public
        await asyncio.to_thread(self._beside, signer.public)
        return signer

    async def key(self) -> str:
        """The public key, made if need be. Raises BadInput, DatabaseDown."""
        return (await self.signer()).public

    async def recorded(self, key: str) -> bool:
        """Whether a row of the trail records the key's first use."""
        return await self._book.recorded(key)

    async def newest(self) -> tuple[Checkpoint | None, int]:
        """The newest checkpoint and how many rows there are after it. Raises DatabaseDown, BadInput for a damaged file."""
        worth = await self._book.worth()
        return (worth.genuine[-1] if worth.genuine else None), await self._book.uncovered()

    async def sign(self) -> Checkpoint | None:
        """Sign what is new; None if nothing is. Raises BrokenTrail, BadInput, DatabaseDown."""
        return await self._book.sign(await self.signer(), self._now())

    async def renew(self) -> Checkpoint:
        """The old key's last checkpoint, which names the new one. Raises BrokenTrail, BadInput, DatabaseDown."""
        old = await self.signer()
        fresh = await asyncio.to_thread(self._key.renewed)
        point = await self._book.sign(old, self._now(), fresh.public)
        if point is None:
            raise BadInput("There is no row to sign yet, so there is no key to change.")
        self._signer = None
        await self.signer()
        return point

    def _beside(self, public: str) -> None:
        """The public key as a file, for whoever verifies without the secrets."""
        file = self._folder / "key.pub"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{public}\n", encoding="ascii")
        except OSError as error:
            raise BadInput(f"{file} cannot be written ({error.strerror}); free some space.") from error


def public_key(folder: Path, key: AuditKey | None) -> str:
    """This installation's public key as far as it is known without asking anybody: from the secrets, else from the file beside."""
    try:
        found = key.found() if key else None
    except BadInput as locked:
        log.info("audit key stays locked", reason=str(locked))
        found = None
    if found is not None:
        return found.public
    try:
        return (folder / "key.pub").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
