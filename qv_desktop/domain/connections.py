"""Connections: which accounts this installation can trade, described without any secret."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from qv_desktop.domain.accounts import Environment
from qv_desktop.domain.errors import BadInput

type Kind = Literal["keys", "oauth"]
type Prices = Literal["auto", "alpaca", "polygon"]  # auto: Polygon where there is a key, Alpaca standing in
type Traded = Literal["PAPER", "LIVE"]

FIRST = "main"  # the id of the connection whose keys were there before there were connections
LONGEST = 40  # characters of a name
STARTS: dict[Environment, str] = {"PAPER": "PK", "LIVE": "AK"}  # how Alpaca's key ids begin
WORDS: dict[Environment, str] = {"PAPER": "paper", "LIVE": "live"}


@dataclass(frozen=True, slots=True)
class Connection:
    """One account at the broker, by its ``id`` here; its secrets lie elsewhere, under names that ``secret_names`` gives."""

    id: str
    name: str
    environment: Traded = "PAPER"
    kind: Kind = "keys"
    prices: Prices = "auto"


@dataclass(frozen=True, slots=True)
class Known:
    """Every connection of this installation, and which one is used; ``active`` is empty when none is."""

    connections: tuple[Connection, ...] = ()
    active: str = ""

    def get(self, id_: str) -> Connection | None:
        """The connection of that id."""
        return next((one for one in self.connections if one.id == id_), None)

    @property
    def current(self) -> Connection | None:
        """The connection that is used."""
        return self.get(self.active)

    def having(self, connection: Connection) -> "Known":
        """These with ``connection`` added, or put in the place of the one with its id."""
        if self.get(connection.id) is None:
            return replace(self, connections=(*self.connections, connection))
        return replace(
            self, connections=tuple(connection if one.id == connection.id else one for one in self.connections)
        )

    def without(self, id_: str) -> "Known":
        """These but for one."""
        return replace(self, connections=tuple(one for one in self.connections if one.id != id_),
                       active="" if self.active == id_ else self.active)  # fmt: skip


def secret_names(id_: str) -> dict[str, str]:
    """What a connection keeps secret (``key``, ``secret``, ``token``) -> the name it is kept under."""
    if id_ == FIRST:
        return {"key": "alpaca_key", "secret": "alpaca_secret", "token": "alpaca_token"}
    return {part: f"connection.{id_}.{part}" for part in ("key", "secret", "token")}


def named(name: str, taken: Iterable[str]) -> str:
    """The name as it is kept. Raises BadInput when it is empty, too long, unprintable or taken."""
    found = " ".join(name.split())
    if not 1 <= len(found) <= LONGEST or not found.isprintable():
        raise BadInput(f"A connection's name has 1 to {LONGEST} visible characters; type one.")
    if found.casefold() in {other.casefold() for other in taken}:
        raise BadInput(f"A connection named “{found}” exists already; choose another name.")
    return found


def check_pair(key: str, environment: Traded) -> None:
    """Raises BadInput when a key id belongs to the other environment; one that begins otherwise is left for Alpaca to judge."""
    other: Traded = "LIVE" if environment == "PAPER" else "PAPER"
    if key.startswith(STARTS[other]):
        raise BadInput(
            f"This is a {WORDS[other]} key, and the connection is {environment}: paper keys begin with PK, live keys with AK. "
            f"Choose {other}, or paste the {WORDS[environment]} key."
        )


def described(connection: Connection) -> Mapping[str, str]:
    """The connection for the audit trail."""
    return {"name": connection.name, "environment": connection.environment, "kind": connection.kind,
            "prices": connection.prices}  # fmt: skip
