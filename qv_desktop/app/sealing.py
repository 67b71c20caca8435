"""The audit trail's seals of this installation: its key in the secrets, its checkpoints in the file and in the database."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import structlog

from qv_desktop import paths
from qv_desktop.adapters.audit_signatures import AuditKey, Signer
from qv_desktop.adapters.checkpoint_file import CheckpointFile
from qv_desktop.adapters.db.checkpoints import CheckpointBook, KeyChanged
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.secrets import Secret, Secrets
from qv_desktop.app.backend import trail_place
from qv_desktop.config import Settings
from qv_desktop.domain.audit import Mark
from qv_desktop.domain.checkpoints import Checkpoint, digest
from qv_desktop.domain.errors import BadInput, BrokenTrail

log = structlog.get_logger(__name__)

UNSIGNED = "Audit checkpoints are not signed: this system has no keyring, so the demo's trail stands only by its chain."
LOCKED = ("this installation's key, because the secrets could not be opened; run it at a terminal and give their passphrase, "
          "or say --key with your copy of the public key")  # fmt: skip
NO_KEY = ("this installation's key, because none is among the secrets that can be seen from here; run it where your keyring is, "
          "or say --key with your copy of the public key")  # fmt: skip
GIVEN_UP = "The key in your keyring was given up for another one, which is not there; put the newer keyring back."
NO_PLACE = ("Audit checkpoints cannot be signed, for there is nowhere safe for their key: this system has no keyring. Keep any secret "
            "under Connections and choose a passphrase; until then the trail stands only by its chain.")  # fmt: skip


class KeptTexts:
    """The secrets as texts, for the audit key."""

    def __init__(self, secrets: Secrets, no_place: str = NO_PLACE) -> None:
        self._secrets, self._no_place = secrets, no_place

    def read(self, name: str) -> str:
        """The text, or nothing. Raises BadInput."""
        found = self._secrets.read(name)
        return found.reveal() if found else ""

    def write(self, name: str, text: str) -> None:
        """Keep the text. Raises BadInput."""
        if self._secrets.place == "nowhere yet":
            raise BadInput(self._no_place)
        self._secrets.write(name, Secret(text))


class Sealing:
    """Signs checkpoints of one chain in one database; the public key lies beside them in the file ``public``."""

    def __init__(self, book: CheckpointBook, key: AuditKey, public: Path, now: Callable[[], datetime]) -> None:
        self.book, self.secret, self.public, self._now = book, key, public, now
        self._signer: Signer | None = None

    async def signer(self) -> Signer:
        """This installation's key at work. Raises BadInput where it can be kept nowhere safe, DatabaseDown."""
        if self._signer is not None:
            return self._signer
        newest, _ = await self.newest()
        signer = await asyncio.to_thread(self.secret.opened, newest.successor if newest else "")
        self._signer, self.book.key = signer, signer.public
        self.book.remembered = await asyncio.to_thread(self.secret.remembered)
        await asyncio.to_thread(self._beside, signer.public)
        return signer

    async def _kept(self, point: Checkpoint | None) -> Checkpoint | None:
        """The checkpoint, once it is remembered beside the key too."""
        if point is not None:
            self.book.remembered = point.number, digest(point)
            await asyncio.to_thread(self.secret.remember, *self.book.remembered)
        return point

    async def key(self) -> str:
        """The public key, made if need be. Raises BadInput, DatabaseDown."""
        return (await self.signer()).public

    async def recorded(self, key: str) -> bool:
        """Whether a row of the trail records the key's first use."""
        return await self.book.recorded(key)

    async def newest(self) -> tuple[Checkpoint | None, int]:
        """The newest checkpoint and how many rows there are after it. Raises DatabaseDown, BadInput for a damaged file."""
        return await self.book.newest()

    async def sign(self) -> Checkpoint | None:
        """Sign what is new; None if nothing is. Raises BrokenTrail, BadInput, DatabaseDown."""
        try:
            point = await self.book.sign(await self.signer(), self._now())
        except KeyChanged:  # by the command line, while this program ran
            self._signer = None
            point = await self._signed_anew()
        return await self._kept(point)

    async def _signed_anew(self) -> Checkpoint | None:
        try:
            return await self.book.sign(await self.signer(), self._now())
        except KeyChanged:
            raise BrokenTrail(GIVEN_UP) from None

    async def renew(self) -> Checkpoint:
        """The old key's last checkpoint, which names the new one. Raises BrokenTrail, BadInput, DatabaseDown."""
        old = await self.signer()
        fresh = await asyncio.to_thread(self.secret.renewed)
        point = await self._kept(await self.book.sign(old, self._now(), fresh.public))
        if point is None:
            raise BadInput("There is no row to sign yet, so there is no key to change.")
        self._signer = None
        await self.signer()
        return point

    def _beside(self, public: str) -> None:
        """The public key as a file, for whoever verifies without the secrets."""
        file = self.public
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{public}\n", encoding="ascii")
        except OSError as error:
            raise BadInput(f"{file} cannot be written ({error.strerror}); free some space.") from error


def sealing(
    settings: Settings, database: Database, chain: str, secrets: Secrets, now: Callable[[], datetime],
    mark: Callable[[], Mark | None],
) -> Sealing:  # fmt: skip
    """The seals of ``chain`` in ``database``; ``mark`` gives the newest row that this installation remembers."""
    place = trail_place(settings, database)
    file = CheckpointFile(paths.checkpoints(settings.home), place)
    book = CheckpointBook(database, chain, file, mark)
    kept = KeptTexts(secrets, UNSIGNED if settings.environment == "SIMULATION" else NO_PLACE)
    return Sealing(book, AuditKey(kept, chain, place), file.public, now)


def recall(seals: Sealing) -> str:
    """Tell the book what the secrets know of this installation's key; why they do not, as the end of “it was not compared with …”.

    The public key beside the checkpoints then stands in for it, and proves nothing: whoever forges them can replace it as well.
    """
    book, key, why = seals.book, seals.secret, NO_KEY
    try:
        found, book.remembered = key.found(), key.remembered()
    except BadInput as locked:
        log.info("audit_key_locked", reason=str(locked))
        found, why = None, LOCKED
    book.key = found.public if found else _beside(seals.public)
    return "" if found else why


def _beside(public: Path) -> str:
    try:
        return public.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
