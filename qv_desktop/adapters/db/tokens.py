"""Access tokens: short-lived JWTs of one run, with everything pinned that a forger could choose (ASVS 5.0, 9.1 and 9.2).

The key is random, made at the program's start and kept in memory alone: a token lives no longer than its program, since the
next start gets one for its refresh token. So there is no key on the disk or in a keyring that could be stolen or restored.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from qv_desktop.domain.access import Session
from qv_desktop.domain.errors import NotPermitted, TokenOutdated

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
    """Mints and verifies with one key of at least 32 bytes, its own unless it is given one."""

    def __init__(self, now: Callable[[], datetime], key: bytes | None = None) -> None:
        key = secrets.token_bytes(32) if key is None else key
        if len(key) < 32:
            raise ValueError("the key of an HS256 token has at least 32 bytes (RFC 7518, 3.2)")
        self._key = key
        self._now = now

    def mint(self, session: Session) -> tuple[str, datetime]:
        """A token for the session, and until when it is good; that the session lasts as long says the database. For a thread at first."""
        import jwt  # with all its cryptography it takes as long as a dialog

        now = self._now()
        ends = now + LIFE
        claims = {"iss": ISSUER, "aud": AUDIENCE, "typ": TYPE, "iat": now, "nbf": now, "exp": ends,
                  "jti": secrets.token_hex(16), "sub": session.user.id, "sid": session.id,
                  "role_ver": session.user.role_version}  # fmt: skip
        return jwt.encode(claims, self._key, ALGORITHM), ends

    def verified(self, token: str) -> Claims:
        """What the token says. Raises TokenOutdated for one that was good, NotPermitted for whatever else is wrong with it."""
        import jwt

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
        if found["typ"] != TYPE or ends - begins > LIFE:
            raise NotPermitted("This session cannot be verified; log in again.")
        if not begins - LEEWAY <= self._now() < ends + LEEWAY:  # before it begins: the clock was set back
            raise TokenOutdated("This session has run out; log in again.")
        return claims
