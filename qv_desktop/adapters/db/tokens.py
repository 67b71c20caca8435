"""Access tokens: short-lived JWTs of one install, with everything pinned that a forger could choose (ASVS 5.0, 9.1 and 9.2)."""

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt

from qv_desktop.domain.access import Session
from qv_desktop.domain.errors import NotPermitted

ALGORITHM, ISSUER, AUDIENCE, TYPE = "HS256", "qv-desktop", "qv-desktop", "access"
LIFE = timedelta(minutes=15)
LEEWAY = timedelta(seconds=30)
REQUIRED = ["iss", "aud", "exp", "nbf", "iat", "jti", "sub", "typ", "sid", "role_ver"]


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid token says; the session and the role's version must still be checked against the database."""

    user: str
    session: str
    role_version: int
    expires: datetime


class AccessTokens:
    """Mints and verifies with one key of at least 32 bytes."""

    def __init__(self, key: bytes, now: Callable[[], datetime]) -> None:
        if len(key) < 32:
            raise ValueError("the key of an HS256 token has at least 32 bytes (RFC 7518, 3.2)")
        self._key = key
        self._now = now

    def mint(self, session: Session) -> str:
        """A token for the session, good for 15 minutes or until the session expires."""
        now = self._now()
        claims = {"iss": ISSUER, "aud": AUDIENCE, "typ": TYPE, "iat": now, "nbf": now, "exp": min(now + LIFE, session.expires),
                  "jti": secrets.token_hex(16), "sub": session.user.id, "sid": session.id,
                  "role_ver": session.user.role_version}  # fmt: skip
        return jwt.encode(claims, self._key, ALGORITHM)

    def verified(self, token: str) -> Claims:
        """What the token says. Raises NotPermitted, whatever is wrong with it."""
        ours = {
            "require": REQUIRED,
            "verify_exp": False,
            "verify_nbf": False,
            "verify_iat": False,
        }  # by our clock, below
        try:
            found = jwt.decode(token, self._key, [ALGORITHM], audience=AUDIENCE, issuer=ISSUER, options=ours)  # type: ignore[arg-type]
            begins, ends = (datetime.fromtimestamp(found[name], UTC) for name in ("nbf", "exp"))
            claims = Claims(str(found["sub"]), str(found["sid"]), int(found["role_ver"]), ends)
        except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError, OSError) as error:
            raise NotPermitted("This session cannot be verified; log in again.") from error
        if found["typ"] != TYPE or not begins - LEEWAY <= self._now() < ends + LEEWAY or ends - begins > LIFE:
            raise NotPermitted("This session has run out; log in again.")
        return claims


def install_key(path: Path) -> bytes:
    """This install's key of 32 random bytes, made on first use and readable by its owner alone."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(file, "wb") as opened:
        opened.write(secrets.token_bytes(32))
    return path.read_bytes()
