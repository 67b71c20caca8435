"""Polygon's live socket: trades, quotes, bars of a second and a minute, and halts of the symbols that are wanted."""

from collections.abc import Callable, Sequence

import msgspec
import structlog
from websockets.asyncio.client import ClientConnection

from qv_desktop.adapters.polygon.messages import StatusMessage, heard
from qv_desktop.adapters.websocket import (
    Evicted,
    Frame,
    Lost,
    Now,
    OnGap,
    OnState,
    Patience,
    PriceStream,
    Refused,
    Socket,
)
from qv_desktop.domain.market import Batch

log = structlog.get_logger()

TOPICS = ("T", "Q", "A", "AM", "LULD")
ANY = "SPY"  # asked about when nothing is wanted, to draw a word from the server
REFUSED = "Polygon refused the API key; enter a valid key in the settings. It is tried again every five minutes."
EVICTED = "Another program uses this Polygon key and took over the connection; close it, or give it a key of its own."

type Hear = Callable[[Batch], None]


class PolygonStream(PriceStream):
    """A supervised connection to ``url`` (such as wss://socket.polygon.io/stocks); one per key, a newer one evicts the older."""

    name = "Polygon"
    most: int | None = None

    def __init__(self, url: str, key: str, hear: Hear, on_state: OnState, on_gap: OnGap, *, now: Now,
                 expecting: Callable[[], bool] = lambda: True, patience: Patience | None = None) -> None:  # fmt: skip
        self._key = key
        self._out = hear
        super().__init__(Socket(self.name, url, self._sign_in, self._hear, on_state, on_gap, now=now, wording=wording,
                              expecting=expecting, patience=patience, probe=probe))  # fmt: skip

    async def _sign_in(self, connection: ClientConnection) -> None:
        """Polygon greets with ``connected``, takes ``auth`` and answers ``auth_success`` or ``auth_failed``."""
        await connection.send(msgspec.json.encode({"action": "auth", "params": self._key}).decode())
        while True:
            for status in heard([await connection.recv()]).statuses:
                if status.status == "auth_success":
                    return
                if (ending := _ending(status)) is not None:
                    raise ending

    def _hear(self, frames: Sequence[Frame]) -> None:
        found = heard(frames)
        self.counts.messages += found.messages
        self.counts.bad += found.bad
        for status in found.statuses:
            self._heed(status)
        if found.messages > len(found.statuses):
            self._out(found.batch())

    def _heed(self, status: StatusMessage) -> None:
        if (ending := _ending(status)) is not None:
            self._socket.end(ending)
        elif status.status not in ("success", "connected", "auth_success"):
            log.warning("Polygon says", status=status.status, message=status.message)
            self._socket.tell(f"Polygon says: {status.message or status.status}")


def wording(added: frozenset[str], removed: frozenset[str]) -> list[str]:
    """The messages that change what we hear of."""
    changes = (("unsubscribe", removed), ("subscribe", added))
    return [_encoded(action, _topics(symbols)) for action, symbols in changes if symbols]


def probe(symbols: Sequence[str]) -> str:
    """A subscription that stands already, or to a topic that hardly speaks: the server confirms either."""
    return _encoded("subscribe", f"LULD.{symbols[0] if symbols else ANY}")


def _encoded(action: str, topics: str) -> str:
    return msgspec.json.encode({"action": action, "params": topics}).decode()


def _topics(symbols: frozenset[str]) -> str:
    return ",".join(f"{topic}.{symbol}" for symbol in sorted(symbols) for topic in TOPICS)


def _ending(status: StatusMessage) -> Exception | None:
    """How a status ends the connection, or None when it does not."""
    match status.status:
        case "auth_failed":
            return Refused(REFUSED)
        case "max_connections":
            return Evicted(EVICTED)
        case "auth_timeout" | "force_disconnect":
            return Lost(f"the server ended the connection ({status.message.strip() or status.status})")
        case _:
            return None
