"""Alpaca's live sockets: trade updates of the account, and prices as a fallback to Polygon's."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import msgspec
import structlog
from websockets.asyncio.client import ClientConnection

from qv_desktop.adapters.alpaca import messages
from qv_desktop.adapters.alpaca.fields import Raw, Unreadable
from qv_desktop.adapters.alpaca.outcomes import NO_ACCOUNT, REVOKED
from qv_desktop.adapters.alpaca.price_messages import heard
from qv_desktop.adapters.alpaca.price_words import ErrorMessage
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
from qv_desktop.domain.orders import Report

log = structlog.get_logger()

REFUSED = "Alpaca refused the API keys; enter valid keys under Connections. They are tried again every five minutes."
NO_PAIR = (
    "Alpaca's prices need a key pair, for its price sockets take no OAuth; add one under Connections, or a Polygon key."
)
EVICTED = "Another program holds the only connection that Alpaca allows these keys; close it, or use keys of their own."
NOT_ALLOWED = "Your Alpaca plan does not include this price feed; choose the IEX feed or Polygon in the settings."
CHANNELS = ("trades", "quotes", "bars", "updatedBars", "dailyBars", "statuses")
TICKS_ALLOWED = 30  # on the free feed, of trades and quotes together; bars are not counted

type Hear = Callable[[Batch], None]


def _encoded(words: object) -> str:
    return msgspec.json.encode(words).decode()


LISTEN = _encoded(
    {"action": "listen", "data": {"streams": ["trade_updates"]}}
)  # said again, it is only confirmed again
PROBE = _encoded(
    {"action": "subscribe", "trades": [], "quotes": [], "bars": []}
)  # changes nothing, draws the whole subscription


class TradeUpdates:
    """What happens to the account's orders, from ``url`` (such as wss://paper-api.alpaca.markets/stream).

    Alpaca may repeat a report with the same execution id, and repeats nothing that was missed while disconnected: after every
    ``on_gap`` the orders and activities must be asked for. Frames are text or binary JSON.
    """

    name = "Alpaca orders"

    def __init__(self, url: str, key: str, secret: str, hear: Callable[[Report], None], on_state: OnState, *, now: Now,
                 on_gap: OnGap = lambda start, end, reason: None, patience: Patience | None = None,
                 token: str = "") -> None:  # fmt: skip
        self._key, self._secret, self._token = key, secret, token
        self._out, self._now = hear, now
        self.unread: Callable[[str], None] = lambda reason: (
            None
        )  # hears of an update that could not be read: something may be missed
        # nothing is heard while nothing is traded: only pings and probes tell a live link from a dead one
        patience = replace(patience or Patience(), silence=None)
        self._socket = Socket(self.name, url, self._sign_in, self._hear, on_state, on_gap, now=now, patience=patience,
                              probe=lambda symbols: LISTEN)  # fmt: skip
        self.counts = self._socket.counts

    async def run(self) -> None:
        """Connect, listen, reconnect; returns after ``stop``."""
        await self._socket.run()

    async def stop(self) -> None:
        """Close and return within a second."""
        await self._socket.stop()

    async def _sign_in(self, connection: ClientConnection) -> None:
        if not (self._token or self._key):
            raise Refused(NO_ACCOUNT)
        pair = {"key_id": self._key, "secret_key": self._secret}
        data = {"oauth_token": self._token} if self._token else pair
        await connection.send(_encoded({"action": "authenticate", "data": data}))
        await self._awaited(connection, "authorization")
        await connection.send(LISTEN)
        await self._awaited(connection, "listening")

    async def _awaited(self, connection: ClientConnection, stream: str) -> None:
        while True:
            found = self._decoded(await connection.recv())
            data = found.get("data")
            if found.get("stream") == "authorization" and isinstance(data, dict) and data.get("status") != "authorized":
                raise Refused(REVOKED if self._token else REFUSED)
            if found.get("stream") == stream:
                return

    def _decoded(self, frame: bytes | str) -> Raw:
        """The message, empty when it is none."""
        try:
            found = msgspec.json.decode(frame)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            self.counts.bad += 1
            return {}
        self.counts.messages += 1
        return found

    def _hear(self, frames: Sequence[Frame]) -> None:
        for frame in frames:
            found = self._decoded(frame)
            data = found.get("data")
            if found.get("stream") == "trade_updates" and isinstance(data, dict):
                self._report(data)

    def _report(self, data: Raw) -> None:
        order = data.get("order")
        if isinstance(order, dict) and not messages.is_equity_order(order):
            return
        try:
            report = messages.report(data, self._now())
        except Unreadable as reason:
            self.counts.bad += 1
            log.warning("a trade update could not be read", reason=str(reason))
            self.unread(str(reason))
            return
        try:
            self._out(report)
        except Exception:  # one report that cannot be taken in must not cost the next
            log.exception("a trade update could not be taken in", order=report.client_order_id)


class AlpacaPrices(PriceStream):
    """Trades, quotes, bars, halts and corrections from ``url`` (such as wss://stream.data.alpaca.markets/v2/iex)."""

    name = "Alpaca prices"

    def __init__(self, url: str, key: str, secret: str, hear: Hear, on_state: OnState, on_gap: OnGap, *, now: Now,
                 expecting: Callable[[], bool] = lambda: True, patience: Patience | None = None) -> None:  # fmt: skip
        self._key, self._secret = key, secret
        self._out = hear
        self.most = TICKS_ALLOWED // 2 if url.rstrip("/").endswith("/iex") else None
        super().__init__(Socket(self.name, url, self._sign_in, self._hear, on_state, on_gap, now=now, wording=wording,
                              expecting=expecting, patience=patience, probe=lambda symbols: PROBE, most=self.most))  # fmt: skip

    async def _sign_in(self, connection: ClientConnection) -> None:
        """Alpaca greets with ``connected``, takes ``auth`` and answers ``authenticated`` or an error."""
        if not self._key:
            raise Refused(NO_PAIR)
        await self._awaited(connection, "connected")
        await connection.send(_encoded({"action": "auth", "key": self._key, "secret": self._secret}))
        await self._awaited(connection, "authenticated")

    async def _awaited(self, connection: ClientConnection, word: str) -> None:
        while True:
            found = heard([await connection.recv()])
            for error in found.errors:
                raise ending(error) or Lost(f"the server says: {error.msg}")
            if word in found.successes:
                return

    def _hear(self, frames: Sequence[Frame]) -> None:
        found = heard(frames)
        self.counts.messages += found.messages
        self.counts.bad += found.bad
        for error in found.errors:
            self._heed(error)
        if found.events:
            self._out(found.batch())

    def _heed(self, error: ErrorMessage) -> None:
        if (end := ending(error)) is not None:
            self._socket.end(end)
        else:
            log.warning("Alpaca's price stream complains", code=error.code, message=error.msg)
            self._socket.tell(f"Alpaca says: {error.msg} ({error.code}).")


def wording(added: frozenset[str], removed: frozenset[str]) -> list[str]:
    """The messages that change what we hear of."""
    changes = (("unsubscribe", sorted(removed)), ("subscribe", sorted(added)))
    return [_encoded({"action": action, **dict.fromkeys(CHANNELS, symbols)}) for action, symbols in changes if symbols]


def ending(error: ErrorMessage) -> Exception | None:
    """How an error ends the connection, or None when it does not. Codes are those of Alpaca's stream reference."""
    match error.code:
        case 401 | 402:
            return Refused(REFUSED)
        case 406:
            return Evicted(EVICTED)
        case 408 | 409:
            return Refused(NOT_ALLOWED)
        case 404 | 407 | 500:
            return Lost(f"the server says: {error.msg}")
        case _:
            return None
