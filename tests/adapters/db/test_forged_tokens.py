"""Every way to forge or bend a token, at the door itself: each is refused, and each refusal is in the audit trail."""

import asyncio
import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tokens import AccessTokens
from qv_desktop.adapters.db.users import Users
from qv_desktop.domain.access import Role, Session, SignIn
from qv_desktop.domain.audit import SYSTEM, Draft, Entry
from qv_desktop.domain.errors import NotPermitted, TokenOutdated
from tests.adapters.db.conftest import Clock

RIGHT = "correct horse battery"
KEY = b"k" * 32
PAIR = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC = PAIR.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


@dataclass
class Inside:
    """Somebody who is signed in, with everything that a forger could know but the key; ``claims`` are those of the token."""

    users: Users
    session: Session
    answer: SignIn
    claims: dict[str, Any]

    def signed(self, **change: object) -> str:
        """Signed by us, with these claims changed."""
        return jwt.encode(self.claims | change, KEY, "HS256")

    def spoken(self, head: dict[str, str], signature: str = "", **change: object) -> str:
        """Put together by hand."""
        parts = [
            base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
            for part in (head, self.claims | change)
        ]
        return ".".join([*parts, signature])


@pytest.fixture
def inside(database: Database, trail: AuditTrail, clock: Clock) -> Inside:
    users, name = Users(database, trail, clock, AccessTokens(clock, KEY)), f"user-{uuid4().hex[:8]}"
    asyncio.run(users.create(name, RIGHT, Role.VIEWER, Draft(SYSTEM, "user.create", "user", name)))
    answer = asyncio.run(users.sign_in(name, RIGHT, "desk"))
    assert answer.session is not None
    claims = jwt.decode(answer.access_token, options={"verify_signature": False})
    return Inside(users, answer.session, answer, claims)


FORGERIES: dict[str, Callable[[Inside], str]] = {
    "no algorithm": lambda i: i.spoken({"alg": "none", "typ": "JWT"}),
    "no algorithm, spelled otherwise": lambda i: i.spoken({"alg": "nOnE", "typ": "JWT"}),
    "no algorithm, with the signature of a good one": lambda i: i.spoken({"alg": "none"}, i.answer.access_token.split(".")[2]),
    "another algorithm with our key": lambda i: jwt.encode(i.claims, KEY * 2, "HS512"),
    "signed with a private key": lambda i: jwt.encode(i.claims, PAIR, "RS256"),
    "HS256 named, signed with a private key": lambda i: i.spoken(
        {"alg": "HS256", "typ": "JWT"}, jwt.encode(i.claims, PAIR, "RS256").split(".")[2]
    ),
    "RS256 named, signed with our key": lambda i: i.spoken({"alg": "RS256", "typ": "JWT"}, i.signed().split(".")[2]),
    "a public key as the secret": lambda i: _hmac(i, PUBLIC),
    "another key": lambda i: jwt.encode(i.claims, b"x" * 32, "HS256"),
    "a key that the token brings": lambda i: jwt.encode(i.claims, b"x" * 32, "HS256", headers={"jwk": {"kty": "oct", "k": "eHh4"}}),
    "another audience": lambda i: i.signed(aud="other"),
    "another issuer": lambda i: i.signed(iss="other"),
    "another type": lambda i: i.signed(typ="refresh"),
    "the refresh token": lambda i: i.answer.refresh_token,
    "run out": lambda i: i.signed(exp=i.claims["exp"] - 1000, nbf=i.claims["nbf"] - 1000),
    "not yet begun": lambda i: i.signed(nbf=i.claims["nbf"] + 600, exp=i.claims["exp"] + 600),
    "good for a year": lambda i: i.signed(exp=i.claims["exp"] + 31_536_000),
    "without an end": lambda i: jwt.encode({k: v for k, v in i.claims.items() if k != "exp"}, KEY, "HS256"),
    "a raised role": lambda i: i.spoken({"alg": "HS256", "typ": "JWT"}, i.answer.access_token.split(".")[2], role="Admin", role_ver=2),
    "another version of the role": lambda i: i.signed(role_ver=2),
    "another session": lambda i: i.signed(sid=str(uuid4())),
    "another person": lambda i: i.signed(sub=str(uuid4())),
    "no signature": lambda i: i.answer.access_token.rsplit(".", 1)[0] + ".",
    "nothing": lambda i: "",
    "no token": lambda i: "a.b.c",
}  # fmt: skip


def _hmac(inside: Inside, key: bytes) -> str:
    """By hand, for the library refuses to sign with a public key."""
    import hashlib
    import hmac

    unsigned = inside.spoken({"alg": "HS256", "typ": "JWT"}).rstrip(".")
    made = hmac.new(key, unsigned.encode(), hashlib.sha256).digest()
    return f"{unsigned}.{base64.urlsafe_b64encode(made).decode().rstrip('=')}"


@pytest.mark.parametrize("forged", FORGERIES.values(), ids=FORGERIES.keys())
def test_it_is_refused_and_recorded(inside: Inside, recorded: list[Entry], forged: Callable[[Inside], str]) -> None:
    assert asyncio.run(inside.users.vouch(inside.session, inside.answer.access_token)) == inside.session.user
    before = len(recorded)
    with pytest.raises(NotPermitted):
        asyncio.run(inside.users.vouch(inside.session, forged(inside)))
    (row,) = recorded[before:]
    assert (row.draft.action, row.draft.outcome, row.draft.actor.session) == (
        "token.refuse",
        "refused",
        inside.session.id,
    )
    assert row.draft.reason


@pytest.mark.parametrize("kind", ["run out", "not yet begun", "another version of the role"])
def test_only_what_a_renewal_mends_may_be_renewed(inside: Inside, kind: str) -> None:
    with pytest.raises(TokenOutdated):
        asyncio.run(inside.users.vouch(inside.session, FORGERIES[kind](inside)))


def test_a_good_token_is_of_no_use_once_its_session_was_ended_elsewhere(inside: Inside) -> None:
    asyncio.run(inside.users.sign_out(inside.session))
    assert asyncio.run(inside.users.vouch(inside.session, inside.answer.access_token)) is None
