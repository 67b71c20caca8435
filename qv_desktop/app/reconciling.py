"""A reconciliation from the command line, for a scheduler: no window, no log-in, nothing booked and nothing traded."""

import asyncio
import getpass
import socket
from collections.abc import Collection
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from qv_desktop import __version__, config
from qv_desktop.adapters.alpaca.broker import AlpacaBroker
from qv_desktop.adapters.connections import ConnectionFile
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.orders import OrderJournal
from qv_desktop.adapters.db.reconciliation import ReconciliationStore
from qv_desktop.adapters.reports.reconciliation import ReconciliationReports
from qv_desktop.adapters.secrets import Secret, Secrets
from qv_desktop.app.addressing import addressed
from qv_desktop.app.backend import Store
from qv_desktop.app.identity import install_id
from qv_desktop.config import Settings
from qv_desktop.domain.audit import Actor
from qv_desktop.domain.connections import FIRST, Connection, Known, Traded, secret_names
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.reconciliation import Reconciliation
from qv_desktop.services.cash import Cash
from qv_desktop.services.scheduled import Scheduled

NO_KEYS = "There are no keys of a broker's account; add them under Connections in the terminal, or set QV_ALPACA_KEY and QV_ALPACA_SECRET."
NO_SUCH = "There is no connection “{}”; the terminal's Connections lists them: {}."


async def reconciled(
    account: str, out: Path | None, formats: Collection[str]
) -> tuple[Reconciliation, tuple[Path, ...]]:
    """The run, stored, and its reports in ``out`` when given. ``account`` is a connection's name, "" for the one in use.

    Raises BadInput, BrokerDown, DatabaseDown when nothing could be compared.
    """
    settings = config.load()
    secrets, clock = Secrets(settings.home, lambda: None), _BrokersClock()
    connection = _chosen(await asyncio.to_thread(_known, settings, secrets), account)
    broker = await asyncio.to_thread(_broker, settings, secrets, connection, clock)
    store: Store | None = None
    try:
        await clock.set_by(broker)
        store = Store(settings, shared=True)
        database = await store.opened()
        await asyncio.to_thread(database.become_own)
        trail = AuditTrail(database, install_id(settings.home), __version__, _now, lambda entry: None)
        journal = OrderJournal(database, trail)
        cash = Cash(broker.history, journal, clock.now)
        runs = ReconciliationStore(database, trail, lambda: work.account)
        work = Scheduled(broker, journal, runs, cash, clock.now, clock.day_start, rules=runs.rules)
        run = await work.run(_person())
        return run, await ReconciliationReports().write(run, out, formats) if out is not None else ()
    finally:
        broker.close()
        if store is not None:
            await asyncio.to_thread(store.close)


class _BrokersClock:
    """The broker's time: what it stamps is compared with when it was asked, and a machine's clock may be wrong."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)

    async def set_by(self, broker: AlpacaBroker) -> None:
        """Ask what time it is there. Raises BrokerDown."""
        self._ahead = (await broker.clock()).at - _now()

    def now(self) -> datetime:
        """Aware UTC."""
        return _now() + self._ahead

    def day_start(self) -> datetime:
        """Midnight in New York, in UTC."""
        return datetime.combine(self.now().astimezone(NEW_YORK).date(), time(), NEW_YORK).astimezone(UTC)


def _known(settings: Settings, secrets: Secrets) -> Known:
    """The connections; keys from before there were any, or from the environment, are the first one."""
    found = ConnectionFile(settings.home).read()
    if found is not None and found.connections:
        return found
    if not secrets.read(secret_names(FIRST)["key"]):
        raise BadInput(NO_KEYS)
    traded: Traded = "LIVE" if settings.environment == "LIVE" else "PAPER"
    return Known((Connection(FIRST, f"Alpaca {traded.lower()}", traded),), FIRST)


def _chosen(known: Known, name: str) -> Connection:
    found = next((one for one in known.connections if one.name == name), None) if name else known.current
    if found is None:
        names = ", ".join(one.name for one in known.connections) or "none"
        raise BadInput(
            NO_SUCH.format(name, names) if name else f"No connection is in use; name one with --account: {names}."
        )
    return found


def _broker(settings: Settings, secrets: Secrets, connection: Connection, clock: _BrokersClock) -> AlpacaBroker:
    names = secret_names(connection.id)
    kept = {part: (secrets.read(name) or Secret("")).reveal() for part, name in names.items()}
    if not kept["key"] and not kept["token"]:
        raise BadInput(NO_KEYS)
    token = kept["token"] if connection.kind == "oauth" else ""
    pair = ("", "") if token else (kept["key"], kept["secret"])
    placed = settings
    if settings.environment != "SIMULATION":
        placed = addressed(settings, connection.environment)
    environment = placed.environment
    return AlpacaBroker(*pair, placed.alpaca_url, clock.now, environment, token=token)


def _person() -> Actor:
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "somebody"  # some accounts of a system have no name
    return Actor(f"{name} (command line)", "human", host=socket.gethostname())


def _now() -> datetime:
    return datetime.now(UTC)
