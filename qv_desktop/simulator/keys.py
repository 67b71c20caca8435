"""The credentials the simulator accepts, checked as the vendors check them."""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Keys:
    """One Alpaca key pair, the secret of one OAuth client, the Alpaca OAuth tokens and one Polygon key."""

    alpaca_key: str = "PKSIM"
    alpaca_secret: str = "simulated"  # noqa: S105 - the key of a simulation protects nothing
    polygon_key: str = "simulated"
    oauth_token: str = "simulated-oauth-token"  # noqa: S105 - as above
    client_secret: str = "simulated-client-secret"  # noqa: S105 - as above
    tokens: set[str] = field(default_factory=set, compare=False)  # every OAuth token that is good now

    def __post_init__(self) -> None:
        self.tokens.add(self.oauth_token)

    def issued(self) -> str:
        """A new OAuth token."""
        token = secrets.token_urlsafe(27)
        self.tokens.add(token)
        return token

    def alpaca_ok(self, request: web.Request) -> bool:
        """Whether an Alpaca REST request (or WebSocket upgrade) carries the right key headers or bearer token."""
        bearer = _bearer(request)
        if bearer is not None:
            return self.oauth_ok(bearer)
        headers = request.headers
        return self.alpaca_pair_ok(headers.get("APCA-API-KEY-ID"), headers.get("APCA-API-SECRET-KEY"))

    def alpaca_pair_ok(self, key: object, secret: object) -> bool:
        """Whether this is the Alpaca key pair, as sent in a stream's auth message."""
        return _same(key, self.alpaca_key) and _same(secret, self.alpaca_secret)

    def oauth_ok(self, token: object) -> bool:
        """Whether this is a good Alpaca OAuth token (trading only: data streams take none)."""
        return any(_same(token, good) for good in self.tokens)

    def polygon_ok(self, request: web.Request) -> bool:
        """Whether a Polygon REST request carries the key, as a bearer token or as `apiKey`."""
        given = _bearer(request)
        return self.polygon_key_ok(request.query.get("apiKey") if given is None else given)

    def polygon_key_ok(self, key: object) -> bool:
        """Whether this is the Polygon key, as sent in the stream's auth message."""
        return _same(key, self.polygon_key)


def told(environment: Mapping[str, str]) -> Keys:
    """The keys that the environment names, so that they stand in no command line; the usual ones otherwise."""
    usual = Keys()
    return Keys(
        environment.get("SIMULATED_ALPACA_KEY", usual.alpaca_key),
        environment.get("SIMULATED_ALPACA_SECRET", usual.alpaca_secret),
        environment.get("SIMULATED_POLYGON_KEY", usual.polygon_key),
        environment.get("SIMULATED_OAUTH_TOKEN", usual.oauth_token),
        environment.get("SIMULATED_CLIENT_SECRET", usual.client_secret),
    )


def _bearer(request: web.Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _same(given: object, wanted: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode(), wanted.encode())
