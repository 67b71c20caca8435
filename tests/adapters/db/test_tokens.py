"""Access tokens: only ours, only now, only for access."""

import base64
import json
from datetime import timedelta

import jwt
import pytest

from qv_desktop.adapters.db.tokens import AccessTokens
from qv_desktop.domain.access import Role, Session, User
from qv_desktop.domain.errors import NotPermitted
from tests.adapters.db.conftest import Clock

KEY = b"k" * 32


@pytest.fixture
def tokens(clock: Clock) -> AccessTokens:
    return AccessTokens(clock, KEY)


def a_session(clock: Clock) -> Session:
    return Session("s1", User("u1", "maria", Role.TRADER, role_version=3), "h", clock(), clock() + timedelta(days=7))


def claims(tokens: AccessTokens, clock: Clock) -> dict[str, object]:
    decoded: dict[str, object] = jwt.decode(tokens.mint(a_session(clock))[0], options={"verify_signature": False})
    return decoded


def test_a_token_says_who_in_which_session_and_for_how_long(tokens: AccessTokens, clock: Clock) -> None:
    found = tokens.verified(tokens.mint(a_session(clock))[0])
    assert (found.user, found.session, found.role_version, found.expires) == (
        "u1",
        "s1",
        3,
        clock() + timedelta(minutes=15),
    )


def test_a_token_runs_out_after_fifteen_minutes(tokens: AccessTokens, clock: Clock) -> None:
    """That it outlives no session is the database's to say, by its own clock: see what vouches for it."""
    token = tokens.mint(a_session(clock))[0]
    clock.advance(minutes=15, seconds=29)
    tokens.verified(token)  # within the leeway
    clock.advance(seconds=1)
    with pytest.raises(NotPermitted, match="run out"):
        tokens.verified(token)


@pytest.mark.parametrize("change", [
    {"typ": "refresh"}, {"aud": "other"}, {"iss": "other"}, {"nbf": 99_999_999_999, "exp": 99_999_999_999}, {"exp": 0}, {"exp": "soon"},
    {"exp": 10**30}, {"sid": None, "role_ver": "x"}, {"exp": 1_900_000_000},
])  # fmt: skip
def test_wrong_claims_are_refused_even_when_signed_by_us(
    tokens: AccessTokens, clock: Clock, change: dict[str, object]
) -> None:
    with pytest.raises(NotPermitted):
        tokens.verified(jwt.encode(claims(tokens, clock) | change, KEY, "HS256"))


@pytest.mark.parametrize("missing", ["iss", "aud", "exp", "nbf", "iat", "jti", "sub", "typ", "sid", "role_ver"])
def test_every_claim_must_be_there(tokens: AccessTokens, clock: Clock, missing: str) -> None:
    rest = {name: value for name, value in claims(tokens, clock).items() if name != missing}
    with pytest.raises(NotPermitted):
        tokens.verified(jwt.encode(rest, KEY, "HS256"))


def test_no_other_algorithm_key_or_change_passes(tokens: AccessTokens, clock: Clock) -> None:
    good = claims(tokens, clock)
    none = (
        ".".join(
            base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({"alg": "none"}, good)
        )
        + "."
    )
    head, body, signature = tokens.mint(a_session(clock))[0].split(".")
    raised = base64.urlsafe_b64encode(json.dumps(good | {"role_ver": 4}).encode()).decode().rstrip("=")
    for forged in (none, jwt.encode(good, KEY * 2, "HS512"), jwt.encode(good, b"x" * 32, "HS256"), f"{head}.{raised}.{signature}",
                   f"{head}.{body}.", "", "a.b.c", "\0"):  # fmt: skip
        with pytest.raises(NotPermitted, match="cannot be verified"):
            tokens.verified(forged)


def test_a_short_key_is_refused(clock: Clock) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        AccessTokens(clock, b"short")


def test_each_run_has_a_key_of_its_own(clock: Clock) -> None:
    one, two = AccessTokens(clock), AccessTokens(clock)
    token, ends = one.mint(a_session(clock))
    assert one.verified(token).expires == ends
    with pytest.raises(NotPermitted, match="cannot be verified"):
        two.verified(token)
