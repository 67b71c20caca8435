"""Ed25519 signatures of the audit trail's checkpoints and bundles, and the key of this installation that makes them."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Signer:
    """A private key at work; it never shows itself."""

    __slots__ = ("_key", "public")

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = key.public_key().public_bytes_raw().hex()  # 64 hexadecimal digits

    def sign(self, content: bytes) -> str:
        """The signature in 128 hexadecimal digits."""
        return self._key.sign(content).hex()

    def __repr__(self) -> str:
        return f"Signer({self.public[:8]}…)"

    def __reduce__(self) -> str:
        raise TypeError("A private key is not to be pickled.")


class Kept(Protocol):
    """Where texts are kept safe: the system's keyring, or a file that a passphrase locks."""

    def read(self, name: str) -> str:
        """The text, or nothing. Raises BadInput where it cannot be opened."""

    def write(self, name: str, text: str) -> None:
        """Keep the text. Raises BadInput where it can be kept nowhere safe."""


class AuditKey:
    """The signing key of one ``chain`` in the database ``place``, kept in ``kept`` alone. Its methods block: call them on a thread."""

    def __init__(self, kept: Kept, chain: str, place: str) -> None:
        self._kept, self._name = kept, f"audit_key_{chain}_{place}"

    def found(self) -> Signer | None:
        """The key, if there is one. Raises BadInput where what is kept cannot be opened."""
        return _signer(self._kept.read(self._name))

    def opened(self, named: str = "") -> Signer:
        """The key, made now if there is none; ``named`` is the public key that the newest checkpoint says will follow.

        Raises BadInput where it can be kept nowhere safe: then nothing is signed.
        """
        coming = _signer(self._kept.read(self._next)) if named else None
        if coming is not None and coming.public == named:
            self._kept.write(self._name, self._kept.read(self._next))  # a change of keys that was not finished
        return self.found() or self._made(self._name)

    def renewed(self) -> Signer:
        """A key that will follow this one, kept beside it until ``opened`` is told that a checkpoint names it."""
        return self._made(self._next)

    def remember(self, number: int, digest: str) -> None:
        """Keep which checkpoint was the newest, beside the key. Raises BadInput."""
        self._kept.write(self._newest, f"{number} {digest}")

    def remembered(self) -> tuple[int, str] | None:
        """Number and digest of the newest checkpoint, if any is remembered. Raises BadInput where it cannot be opened."""
        number, _, digest = self._kept.read(self._newest).partition(" ")
        return (int(number), digest) if number.isdecimal() else None

    @property
    def _newest(self) -> str:
        return f"{self._name}_newest"

    @property
    def _next(self) -> str:
        return f"{self._name}_next"

    def _made(self, name: str) -> Signer:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        key = Ed25519PrivateKey.from_private_bytes(
            secrets.token_bytes(32)
        )  # any 32 random bytes are one (RFC 8032, 5.1.5)
        self._kept.write(name, key.private_bytes_raw().hex())
        return Signer(key)


def genuine(key: str, content: bytes, signature: str) -> bool:
    """Whether ``signature`` over ``content`` was made by the owner of the public ``key``; nonsense is none."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), content)
    except (InvalidSignature, ValueError):
        return False
    return True


def _signer(text: str) -> Signer | None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        return Signer(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text))) if text else None
    except ValueError:
        return None
