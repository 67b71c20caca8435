"""Which account a sitting trades: its keys, its addresses, and the question before real money."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import structlog

from qv_desktop.adapters.alpaca.broker import AlpacaBroker
from qv_desktop.adapters.connections import ConnectionFile
from qv_desktop.adapters.secrets import Secret
from qv_desktop.app.addressing import addressed as addressed
from qv_desktop.app.backend import Keys
from qv_desktop.app.entrance import Entrance
from qv_desktop.app.going_live import confirmed
from qv_desktop.app.vault import KeyVault
from qv_desktop.config import Settings
from qv_desktop.domain.accounts import Account
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.connections import Connection, Known, Traded, secret_names
from qv_desktop.domain.errors import BadInput
from qv_desktop.services.connections import CHANGE, Connections
from qv_desktop.ui.main_window import MainWindow

log = structlog.get_logger(__name__)

POLYGON = "polygon_key"
CLIENT = {
    "id": "oauth_client_id",
    "secret": "oauth_client_secret",
}  # of the person's own OAuth app, for all connections
NO_KEYS = "Your keys stay locked, so nothing is traded and no prices come in this sitting; Connections asks for the passphrase."
NO_SECRETS = "The keys of “{}” are not where this system keeps keys; type them again under Connections and press “Use this account”."
PRICES_ONLY = "“{}” was not confirmed, so nothing is traded in this sitting; choose it again at the pill to confirm it."


class Accounts:
    """The accounts for the session at ``door``. ``said`` holds what a person should hear once there is a desk."""

    def __init__(self, settings: Settings, vault: KeyVault, door: Entrance) -> None:
        self._settings, self._vault, self._door = settings, vault, door
        store = ConnectionFile(settings.home)
        self.connections = Connections(_Store(store), vault, self._probe, door.login, door.trail)
        self.said: list[str] = []
        self.in_use: Connection | None = None  # the connection that this sitting trades, None while nothing is traded

    async def opened(self, window: MainWindow) -> tuple[Keys, Settings]:
        """Keys and addresses of the active account, with what the person must give for it: passphrase, and password for LIVE."""
        try:
            if not await self._vault.opened(window):
                self.said.append(NO_KEYS)
                await self._known()
                return Keys(trading=False), self._addressed(self.connections.known.current)
            await self.connections.load(self._settings.environment)
            return await self._allowed(self.connections.known.current, window)
        except BadInput as error:
            self.said.append(str(error))
            return Keys(trading=False), self._addressed(None)

    async def _known(self) -> None:
        """The list alone, for the keys cannot be looked at."""
        found = await _Store(ConnectionFile(self._settings.home)).read()
        self.connections.known = found or Known()

    async def _allowed(self, wanted: Connection | None, window: MainWindow) -> tuple[Keys, Settings]:
        if wanted is not None and wanted.environment == "LIVE" and self.connections.confirmed != wanted.id:
            otherwise = "Without it you see prices only, and nothing is traded."
            if not await confirmed(self.connections, wanted, self.person, otherwise, window):
                self.said.append(PRICES_ONLY.format(wanted.name))
                return replace(await self.keys(wanted), trading=False), self._addressed(wanted)
        self.in_use, keys = wanted, await self.keys(wanted)
        if wanted is not None and not any(keys.account):
            self.said.append(NO_SECRETS.format(wanted.name))
        return keys, self._addressed(wanted)

    @property
    def person(self) -> str:
        """Who is signed in."""
        session = self._door.login.session
        return session.user.name if session else ""

    async def keys(self, connection: Connection | None) -> Keys:
        """What opens a connection. Raises BadInput while secrets cannot be read."""
        if connection is None:
            polygon = await self._vault.texts([POLYGON])
            return Keys(polygon=polygon[POLYGON], trading=False)
        names = secret_names(connection.id)
        found = await self._vault.texts([*names.values(), POLYGON])
        token = found[names["token"]] if connection.kind == "oauth" else ""
        polygon_key = "" if connection.prices == "alpaca" else found[POLYGON]
        return Keys(found[names["key"]], found[names["secret"]], polygon_key, token, connection.prices)

    def _addressed(self, connection: Connection | None) -> Settings:
        """The settings with the addresses of the connection's environment."""
        if connection is None:
            return addressed(self._settings, "PAPER")
        return addressed(self._settings, connection.environment)

    async def _probe(self, connection: Connection) -> Account:
        """Ask the broker whose account it is. Raises BrokerDown, BadInput."""
        if not await self._vault.opened():
            raise BadInput(NO_KEYS)
        key, secret, token = (await self.keys(connection)).account
        if connection.kind == "oauth" and not token:
            raise BadInput("This account was not connected in the browser yet; do that first.")
        settings = addressed(self._settings, connection.environment)
        broker = AlpacaBroker(
            key, secret, settings.alpaca_url, lambda: datetime.now(UTC), connection.environment, token=token
        )
        try:
            return await broker.account()
        finally:
            broker.close()

    # ---- OAuth

    @property
    def redirect(self) -> str:
        """The address that an OAuth app must have registered."""
        port = self._settings.oauth_port
        return f"http://127.0.0.1:{port or '(any port)'}/callback"

    async def permitted(self, environment: Traded, client: Mapping[str, str], browse: Callable[[str], object]) -> str:
        """An access token, asked for in the browser; a client that was typed is kept once it worked. Raises BadInput, NotPermitted."""
        from qv_desktop.adapters.alpaca import oauth

        await self._door.login.require(CHANGE)
        what = json.dumps(
            {"environment": environment, "client renewed": ", ".join(sorted(p for p, t in client.items() if t))}
        )
        await self._door.trail.append(
            Draft(self._door.login.actor, "connection.authorise", "connection", "oauth", after=what)
        )
        typed = {CLIENT[part]: text for part, text in client.items() if text}
        found = {**await self._vault.texts(list(CLIENT.values())), **typed}
        app = oauth.Client(Secret(found[CLIENT["id"]]), Secret(found[CLIENT["secret"]]))
        settings = self._settings
        where = oauth.Addresses(settings.oauth_authorize_url, settings.oauth_token_url, settings.oauth_port)
        token = (await oauth.connected(app, environment, where, browse)).reveal()
        await self._vault.keep(typed)
        return token

    async def stored(self) -> dict[str, set[str]]:
        """Which secrets are kept: parts by connection id, and under "" those that every connection has."""
        client = await self._vault.stored(list(CLIENT.values()))
        common = {f"client_{part}" for part, name in CLIENT.items() if name in client}
        found = {"": common}
        for one in self.connections.known.connections:
            names = secret_names(one.id)
            kept = await self._vault.stored(list(names.values()))
            found[one.id] = common | {part for part, name in names.items() if name in kept}
        return found

    async def place(self) -> str:
        """Where secrets are kept, as a sentence."""
        return await self._vault.place()


class _Store:
    """The file, on a thread."""

    def __init__(self, file: ConnectionFile) -> None:
        self._file = file

    async def read(self) -> Known | None:
        """What is written."""
        return await asyncio.to_thread(self._file.read)

    async def write(self, known: Known) -> None:
        """Replace it whole."""
        await asyncio.to_thread(self._file.write, known)
