"""Alpaca's OAuth endpoints: /oauth/authorize, where everybody consents at once, and /oauth/token, which is strict.

`POST /sim/oauth` turns it: {"deny": true} refuses the next to ask, {"revoke": true} takes every token back.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from qv_desktop.simulator.control import answered
from qv_desktop.simulator.keys import Keys

CLIENT_ID = "simulated-client"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code was given for."""

    redirect: str
    challenge: str
    scope: str
    environment: str


def routes(keys: Keys) -> list[web.RouteDef]:
    """The endpoints, and their control."""
    house = OAuth(keys)
    return [
        web.get("/oauth/authorize", house.authorize),
        web.post("/oauth/token", house.token),
        web.post("/sim/oauth", answered(house.turn)),
    ]


class OAuth:
    """Gives codes for consent and tokens for codes."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._grants: dict[str, Grant] = {}  # code -> what it is for; taken once
        self._deny = False

    def turn(self, body: dict[str, Any]) -> dict[str, Any]:
        """Deny the next to ask, or take every token back."""
        self._deny = self._deny or bool(body.get("deny"))
        if body.get("revoke"):
            self._keys.tokens.clear()
        return {"deny": self._deny, "tokens": len(self._keys.tokens)}

    async def authorize(self, request: web.Request) -> web.StreamResponse:
        """Send the browser back with a code, or with an error; a client or redirect that is not known is told here."""
        asked = request.query
        redirect = asked.get("redirect_uri", "")
        if asked.get("client_id") != CLIENT_ID or urlsplit(redirect).hostname != "127.0.0.1":
            return web.Response(status=400, text="unknown client_id or redirect_uri")
        answer = {"state": asked["state"]} if "state" in asked else {}
        if asked.get("response_type") != "code":
            answer |= {"error": "unsupported_response_type"}
        elif self._deny:
            self._deny = False
            answer |= {"error": "access_denied", "error_description": "the user said no"}
        else:
            code = secrets.token_hex(16)
            self._grants[code] = Grant(
                redirect, asked.get("code_challenge", ""), asked.get("scope", ""), asked.get("env", "")
            )
            answer |= {"code": code}
        raise web.HTTPFound(f"{redirect}?{urlencode(answer)}")

    async def token(self, request: web.Request) -> web.StreamResponse:
        """A token for a code: once, to the same client, with the same redirect and the verifier of its challenge."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        if form.get("grant_type") != "authorization_code":
            return _no("unsupported_grant_type")
        if form.get("client_id") != CLIENT_ID or not _same(form.get("client_secret", ""), self._keys.client_secret):
            return _no("invalid_client", 401)
        grant = self._grants.pop(form.get("code", ""), None)
        if grant is None or form.get("redirect_uri") != grant.redirect or not _proven(grant, form):
            return _no("invalid_grant")
        return web.json_response({"access_token": self._keys.issued(), "token_type": "bearer", "scope": grant.scope})


def _proven(grant: Grant, form: Mapping[str, str]) -> bool:
    """RFC 7636, section 4.6."""
    hashed = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    return _same(base64.urlsafe_b64encode(hashed).rstrip(b"=").decode(), grant.challenge)


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


def _no(error: str, status: int = 400) -> web.Response:
    return web.json_response({"error": error}, status=status)
