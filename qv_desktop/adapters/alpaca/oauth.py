"""Connecting an account by OAuth 2.0: the person's own client, the system's browser, and a door on this machine.

The flow is the authorization-code grant of RFC 6749 with a loopback redirect (RFC 8252) and a PKCE challenge by S256 (RFC 7636).
Alpaca's reference asks for the client's secret and does not mention PKCE; the challenge is sent all the same, for it harms nothing.
"""

import asyncio
import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import structlog

from qv_desktop.adapters.alpaca.loopback import Answer, Loopback
from qv_desktop.adapters.secrets import Secret
from qv_desktop.adapters.websocket import is_loopback
from qv_desktop.domain.connections import Traded
from qv_desktop.domain.errors import BadInput

log = structlog.get_logger()

SCOPE = "account:write trading data"
PATIENCE = 180.0  # seconds that a person has in the browser
READ = 15.0  # seconds for the exchange of the code
LONGEST = 4_096  # characters of a token


@dataclass(frozen=True, slots=True)
class Client:
    """The person's own OAuth client, as Alpaca registered it."""

    id: Secret
    secret: Secret


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where permission is asked for and exchanged, and the port of the redirect (0: any free one)."""

    authorize: str
    token: str
    port: int = 0


@dataclass(frozen=True, slots=True)
class Proof:
    """A PKCE pair: ``verifier`` stays here until the exchange, ``challenge`` goes ahead."""

    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(64), repr=False)

    @property
    def challenge(self) -> str:
        """The verifier's SHA-256 in base64url without padding."""
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


async def connected(
    client: Client, environment: Traded, where: Addresses, browse: Callable[[str], object], patience: float = PATIENCE
) -> Secret:
    """The access token, once the person has allowed it in the browser that ``browse`` opens; cancel the task to give up.

    Raises BadInput with one sentence for everything that can go wrong.
    """
    if not (client.id and client.secret):
        raise BadInput("Type the client id and the client secret of your own Alpaca OAuth app.")
    _require_safe(where.authorize)
    _require_safe(where.token)
    state, proof = secrets.token_urlsafe(32), Proof()
    door = Loopback(state, where.port)
    await door.open()
    try:
        if browse(_asking(client, environment, where, door.url, state, proof)) is False:
            raise BadInput("No browser could be opened; set a default browser for this system and try again.")
        code = _code(await asyncio.wait_for(door.answer(), patience))
    except TimeoutError:
        raise BadInput(f"The browser brought no answer within {patience:g} seconds; try again.") from None
    finally:
        await door.close()
    return await asyncio.to_thread(exchanged, client, where.token, code, door.url, proof)


def _require_safe(address: str) -> None:
    """A secret travels encrypted, or does not leave this machine. Raises BadInput."""
    if urlsplit(address).scheme != "https" and not is_loopback(address):
        raise BadInput(f"The OAuth address {address} is not safe; use one that begins with https://.")


def _asking(client: Client, environment: Traded, where: Addresses, redirect: str, state: str, proof: Proof) -> str:
    query = {"response_type": "code", "client_id": client.id.reveal(), "redirect_uri": redirect, "state": state, "scope": SCOPE,
             "env": environment.lower(), "code_challenge": proof.challenge, "code_challenge_method": "S256"}  # fmt: skip
    return f"{where.authorize}{'&' if urlsplit(where.authorize).query else '?'}{urlencode(query)}"


def _code(answer: Answer) -> Secret:
    if answer.error == "access_denied":
        raise BadInput("Access was not given in the browser; nothing was connected.")
    if answer.error:
        raise BadInput(
            f"Alpaca did not give access ({_said(answer.words or answer.error)}); check the OAuth app and try again."
        )
    return Secret(answer.code)


def _said(words: str) -> str:
    """The vendor's words, short and on one line: they came by way of a browser."""
    return "".join(letter for letter in words if letter.isprintable())[:120]


def exchanged(client: Client, address: str, code: Secret, redirect: str, proof: Proof) -> Secret:
    """The access token for a code; blocking. Raises BadInput."""
    import requests

    from qv_desktop.adapters.alpaca.client import Patient

    form = {"grant_type": "authorization_code", "code": code.reveal(), "client_id": client.id.reveal(),
            "client_secret": client.secret.reveal(), "redirect_uri": redirect, "code_verifier": proof.verifier}  # fmt: skip
    with requests.Session() as session:
        session.trust_env = not is_loopback(address)
        session.auth = lambda request: request  # else a netrc file of the person's would be sent along
        session.mount("http://", Patient(READ))
        session.mount("https://", Patient(READ))
        try:
            answer = session.post(address, data=form, headers={"Accept": "application/json"})
        except requests.RequestException as error:
            log.warning("oauth_exchange_unanswered", kind=type(error).__name__)  # its words may hold the address asked
            raise BadInput(
                "Alpaca did not answer the exchange of the code; check the network and connect again."
            ) from None
    return _token(answer.status_code, answer)


def _token(status: int, answer: Any) -> Secret:
    try:
        found = answer.json()
    except (ValueError, RecursionError):
        found = None
    body = found if isinstance(found, dict) else {}
    if status != 200:
        raise BadInput(_no(status, str(body.get("error", ""))))
    token, kind = body.get("access_token"), body.get("token_type", "bearer")
    if not (isinstance(token, str) and 0 < len(token) <= LONGEST and token.isascii() and token.isprintable()):
        raise BadInput("Alpaca's answer held no access token; connect again, and report it if that repeats.")
    if str(kind).lower() != "bearer":
        raise BadInput("Alpaca gave a kind of token that QuantVision does not know; connect by keys instead.")
    return Secret(token)


def _no(status: int, error: str) -> str:
    known = {
        "invalid_client": "Alpaca does not know this client id and secret; type those of your OAuth app.",
        "invalid_grant": "Alpaca did not take the code; it is good for one use and a short time. Connect again.",
    }
    return known.get(
        error, f"Alpaca refused the exchange of the code (HTTP {status}); check the OAuth app and connect again."
    )
