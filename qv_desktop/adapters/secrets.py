"""Broker and feed keys: from the environment, the system's keyring, or a file locked with a passphrase."""

import base64
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import structlog

from qv_desktop.domain.errors import BadInput

log = structlog.get_logger()

SERVICE = "QuantVision Desktop"
VARIABLES = {"alpaca_key": "QV_ALPACA_KEY", "alpaca_secret": "QV_ALPACA_SECRET", "polygon_key": "QV_POLYGON_KEY"}
# Argon2id, RFC 9106's second recommendation: passes, KiB, lanes
PASSES, MEMORY, LANES = 3, 65_536, 4
FORMAT = 1

type Place = Literal["keyring", "locked file", "nowhere yet"]


class Secret:
    """A text that never shows itself: only ``reveal`` gives it, where it is sent."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(••••)"

    __str__ = __repr__

    def __format__(self, _: str) -> str:
        return repr(self)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> str:
        raise TypeError("A secret is not to be pickled.")


class Secrets:
    """Named keys. All methods block, some for a second: call them on a thread.

    ``passphrase`` is asked for, once, only where no keyring exists; it gives None when the person declines.
    """

    def __init__(self, folder: Path, passphrase: Callable[[], Secret | None],
                 environment: Mapping[str, str] | None = None) -> None:  # fmt: skip
        self._file = KeyFile(folder / "keys.locked")
        self._ask = passphrase
        self._passphrase: Secret | None = None
        self._environment = os.environ if environment is None else environment

    @property
    def place(self) -> Place:
        """Where keys are kept on this system."""
        if _keyring() is not None:
            return "keyring"
        return "locked file" if self._file.exists else "nowhere yet"

    @property
    def waits(self) -> bool:
        """Whether a passphrase must be given before anything that is kept can be read."""
        return not self._passphrase and self.place == "locked file"

    def unlock(self, passphrase: Secret) -> None:
        """Open the locked file for this sitting. Raises BadInput for a wrong passphrase or a damaged file."""
        self._file.read(passphrase)
        self._passphrase = passphrase

    def choose(self, passphrase: Secret) -> None:
        """Make the locked file under a passphrase. Raises BadInput when there is one already or it cannot be written."""
        if self._file.exists:
            raise BadInput("There is a key file already; give its passphrase.")
        self._file.write(passphrase, {})
        self._passphrase = passphrase

    def read(self, name: str) -> Secret | None:
        """The secret, or None when there is none. Raises BadInput when the locked file cannot be opened."""
        override = self._environment.get(VARIABLES.get(name, ""), "")
        if override:
            return Secret(override)
        ring = _keyring()
        if ring is not None:
            found = _asked(lambda: ring.get_password(SERVICE, name))
            return Secret(found) if found else None
        return self._file.read(self._phrase()).get(name) if self._file.exists else None

    def write(self, name: str, secret: Secret) -> None:
        """Keep the secret. Raises BadInput when it can be kept nowhere safe."""
        ring = _keyring()
        if ring is not None:
            _asked(lambda: ring.set_password(SERVICE, name, secret.reveal()))
            return
        phrase = self._phrase()
        kept = self._file.read(phrase) if self._file.exists else {}
        self._file.write(phrase, {**kept, name: secret})

    def forget(self, name: str) -> None:
        """Remove the secret, if it is kept."""
        ring = _keyring()
        if ring is not None:
            if _asked(lambda: ring.get_password(SERVICE, name)) is not None:
                _asked(lambda: ring.delete_password(SERVICE, name))
        elif self._file.exists:
            kept = self._file.read(self._phrase())
            self._file.write(self._phrase(), {key: value for key, value in kept.items() if key != name})

    def _phrase(self) -> Secret:
        self._passphrase = self._passphrase or self._ask()
        if not self._passphrase:
            raise BadInput("This system has no keyring; choose a passphrase to lock the keys with, or set them as "
                           f"{', '.join(VARIABLES.values())}.")  # fmt: skip
        return self._passphrase


class KeyFile:
    """Secrets in one file, sealed by AES-256-GCM under an Argon2id key; the header is authenticated too."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def exists(self) -> bool:
        """Whether there is a file to open."""
        return self._path.exists()

    def read(self, passphrase: Secret) -> dict[str, Secret]:
        """All secrets by name. Raises BadInput for a wrong passphrase or a damaged file."""
        from argon2.exceptions import Argon2Error
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            outer = json.loads(self._path.read_bytes())
            header, nonce, sealed = outer["header"], _bytes(outer["nonce"]), _bytes(outer["sealed"])
            key = _key(passphrase, _bytes(header["salt"]), header["passes"], header["memory"], header["lanes"])
            found = json.loads(AESGCM(key).decrypt(nonce, sealed, _header(header)))
        except InvalidTag:
            raise BadInput("That passphrase does not open the key file, or the file was changed; try again.") from None
        except OSError as error:
            raise BadInput(
                f"The key file {self._path} cannot be read ({error.strerror}); try again in a moment."
            ) from error
        except (ValueError, KeyError, TypeError, Argon2Error) as damage:
            raise BadInput(f"The key file {self._path} is damaged; delete it and enter the keys again.") from damage
        return {name: Secret(text) for name, text in found.items()}

    def write(self, passphrase: Secret, secrets: Mapping[str, Secret]) -> None:
        """Replace the file whole, with a fresh salt and nonce, readable by its owner alone. Raises BadInput when it cannot be."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        header = {"format": FORMAT, "salt": _text(os.urandom(16)), "passes": PASSES, "memory": MEMORY, "lanes": LANES}
        nonce = os.urandom(12)
        key = _key(passphrase, _bytes(header["salt"]), PASSES, MEMORY, LANES)
        plain = json.dumps({name: secret.reveal() for name, secret in secrets.items()}).encode()
        sealed = AESGCM(key).encrypt(nonce, plain, _header(header))
        self._replace(json.dumps({"header": header, "nonce": _text(nonce), "sealed": _text(sealed)}).encode())

    def _replace(self, content: bytes) -> None:
        draft = None
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # mkstemp makes the file 0600 from its first moment
            handle, draft = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.name)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(draft).replace(self._path)
        except OSError as error:
            if draft is not None:
                Path(draft).unlink(missing_ok=True)
            raise BadInput(
                f"The key file cannot be written ({error.strerror}); free some space or choose QV_HOME."
            ) from error


def _keyring() -> Any:
    """The system's keyring, or None where there is none that keeps secrets safe."""
    import keyring

    try:
        ring = keyring.get_keyring()
        safe = ring.priority >= 1 and not type(ring).__module__.startswith("keyrings.alt")
    except Exception as reason:  # noqa: BLE001 - as below
        log.info("no keyring", reason=str(reason))
        return None
    return ring if safe else None


def _asked(ask: Callable[[], Any]) -> Any:
    """What the keyring says. Not all of what its backends raise is the library's own: D-Bus, Windows and files have errors of theirs.

    Raises BadInput.
    """
    try:
        return ask()
    except Exception as refusal:  # noqa: BLE001 - any of them means the same here
        log.info("keyring_refused", kind=type(refusal).__name__)  # its words might hold what was to be kept
        raise BadInput("The system's keyring is locked or refuses; unlock it and try again.") from None


def _key(passphrase: Secret, salt: bytes, passes: int, memory: int, lanes: int) -> bytes:
    from argon2.low_level import Type, hash_secret_raw

    if not (1 <= passes <= 16 and 8 * lanes <= memory <= 1 << 21 and 1 <= lanes <= 16):
        raise ValueError("the key file asks for absurd work")
    return hash_secret_raw(passphrase.reveal().encode(), salt, passes, memory, lanes, 32, Type.ID)


def _header(header: Mapping[str, object]) -> bytes:
    return json.dumps(header, sort_keys=True).encode()


def _bytes(text: object) -> bytes:
    return base64.b64decode(str(text), validate=True)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
