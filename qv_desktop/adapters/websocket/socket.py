"""The socket itself: dial, sign in, listen, notice silence, reconnect."""

import asyncio
import contextlib
import ipaddress
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, InvalidURI, WebSocketException

from qv_desktop.adapters.websocket.endings import Evicted, Lost, Refused, judged, reason
from qv_desktop.adapters.websocket.inbox import Frame, Inbox
from qv_desktop.adapters.websocket.patience import Backoff, Patience
from qv_desktop.domain.market import FeedState

log = structlog.get_logger()

MAX_FRAME = 16 * 1024 * 1024  # bytes; an auction's burst comes in frames of a few megabytes

type OnState = Callable[[FeedState, str], None]
type OnGap = Callable[[datetime, datetime, str], None]  # from, to, reason
type Now = Callable[[], datetime]  # aware UTC
type Handshake = Callable[[ClientConnection], Awaitable[None]]
type Wording = Callable[[frozenset[str], frozenset[str]], Sequence[str]]  # symbols added, symbols removed -> messages


@dataclass(slots=True)
class Counts:
    """What passed through a socket since it was made; messages and bad ones are counted by the vendor's parser."""

    messages: int = 0
    bad: int = 0
    reconnects: int = 0
    gaps: int = 0


class Socket:
    """Connects, authenticates, listens, notices silence and reconnects until stopped.

    ``hear`` gets frames in order, a portion at a time, on the loop. ``expecting`` tells whether data must be flowing now; only
    then is silence a fault. ``on_gap`` is told of each hole once the link is live again, or at once when frames had to be dropped.
    """

    def __init__(self, name: str, url: str, handshake: Handshake, hear: Callable[[Sequence[Frame]], None],
                 on_state: OnState, on_gap: OnGap, *, now: Now, wording: Wording = lambda added, removed: (),
                 expecting: Callable[[], bool] = lambda: True, patience: Patience | None = None, bound: int = 20_000) -> None:  # fmt: skip
        # at DEBUG the library logs whole frames, and with them the key
        logging.getLogger("websockets").setLevel(logging.INFO)
        self.name = name
        self.state: FeedState = "off"
        self.detail = ""
        self.counts = Counts()
        self._url, self._handshake, self._hear = url, handshake, hear
        self._on_state, self._on_gap, self._now = on_state, on_gap, now
        self._wording, self._expecting = wording, expecting
        self._patience = patience or Patience()
        self._backoff = Backoff(self._patience)
        self._inbox = Inbox(name, self._heard_of, self._overflowed, bound)
        self._wanted: frozenset[str] = frozenset()
        self._changed = asyncio.Event()
        self._verdict: asyncio.Future[None] | None = None
        self._work: asyncio.Task[None] | None = None
        self._stopping = False
        self._live_since: float | None = None  # loop time
        self._heard = 0.0  # loop time of the last frame
        self._known_until: datetime | None = None  # up to here nothing is missing
        self._gap: tuple[datetime, str] | None = None  # (start, reason) of the hole we are in

    def want(self, symbols: frozenset[str]) -> None:
        """Replace the symbols to hear of, now and after every reconnect."""
        self._wanted = symbols
        self._changed.set()

    def end(self, ending: Exception) -> None:
        """End the present connection for something found in its messages: Refused, Evicted or Lost."""
        if self._verdict is not None and not self._verdict.done():
            self._verdict.set_exception(ending)

    def tell(self, detail: str) -> None:
        """Report something of note without a change of state."""
        self._set(self.state, detail)

    async def run(self) -> None:
        """Connect, listen and reconnect; returns after ``stop``."""
        if self._stopping:
            return
        self._work = asyncio.create_task(self._supervised(), name=f"{self.name} socket")
        try:
            await self._work
        except asyncio.CancelledError:
            if not self._stopping:
                raise
        finally:
            self._inbox.clear()
            self._set("off", f"{self.name}: stopped.")

    async def stop(self) -> None:
        """Hang up and return within a second."""
        self._stopping = True
        if self._work is not None and not self._work.done():
            self._work.cancel()
            await asyncio.wait({self._work}, timeout=0.9)

    async def _supervised(self) -> None:
        while True:
            state: FeedState = "backing off"
            try:
                await self._connection()
            except Refused as refusal:
                state, wait, words = "off", self._patience.refused, str(refusal)
            except Evicted as eviction:
                state, wait, words = "evicted", self._patience.evicted, str(eviction)
            except (Lost, OSError, WebSocketException) as failure:
                wait = self._backoff.after(self._lived())
                words = f"{self.name}: {reason(failure)}; trying again" + (f" in {wait:.0f} s." if wait >= 1 else ".")
            self._live_since = None
            self.counts.reconnects += 1
            self._set(state, words)
            await asyncio.sleep(wait)

    async def _connection(self) -> None:
        """One connection from dialling to its end; raises what ended it."""
        self._set("connecting", f"{self.name}: connecting.")
        connection = await self._dialled()
        try:
            self._set("authenticating", f"{self.name}: signing in.")
            async with asyncio.timeout(self._patience.opening):
                await self._handshake(connection)
            self._begin()
            await self._listening(connection)
        finally:
            await self._hang_up(connection)

    async def _dialled(self) -> ClientConnection:
        patience = self._patience
        try:
            return await connect(self._url, proxy=None if is_loopback(self._url) else True, max_size=MAX_FRAME,
                                 open_timeout=patience.opening, ping_interval=patience.ping, ping_timeout=patience.ping,
                                 close_timeout=patience.hang_up)  # fmt: skip
        except InvalidURI:
            raise Refused(f"{self.name}: {self._url} is no websocket address; correct it in the settings.") from None
        except InvalidStatus as answer:
            raise judged(self.name, answer.response.status_code) from answer

    async def _listening(self, connection: ClientConnection) -> None:
        """Read, speak and watch until one of them ends the connection; raises why."""
        self._verdict = verdict = asyncio.get_running_loop().create_future()
        jobs = [asyncio.create_task(job) for job in (self._read(connection), self._speak(connection), self._watch())]
        try:
            done, _ = await asyncio.wait([*jobs, verdict], return_when=asyncio.FIRST_COMPLETED)
            self._inbox.drain()  # the last words say why a server hangs up
            for ended in [verdict] if verdict.done() else done:
                ended.result()
        except Exception as failure:
            self._lose(reason(failure))
            raise
        finally:
            self._verdict = None
            verdict.cancel()
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)

    async def _read(self, connection: ClientConnection) -> None:
        loop = asyncio.get_running_loop()
        while True:
            frame = await connection.recv()
            self._heard = loop.time()
            if self.state == "quiet":
                self._set("live", f"{self.name}: live.")
            self._inbox.put(frame)

    async def _speak(self, connection: ClientConnection) -> None:
        applied: frozenset[str] = frozenset()
        while True:
            self._changed.clear()
            wanted = self._wanted
            for message in self._wording(wanted - applied, applied - wanted):
                await connection.send(message)
            applied = wanted
            await self._changed.wait()

    async def _watch(self) -> None:
        """Raise Lost when nothing was heard for too long although data must be flowing."""
        limit = self._patience.silence
        loop = asyncio.get_running_loop()
        expected_since = loop.time()
        while limit is not None:
            if not (self._wanted and self._expecting()):
                expected_since = loop.time()
                if loop.time() - self._heard >= limit and self.state == "live":
                    self._set("quiet", f"{self.name}: connected; nothing is trading.")
            elif loop.time() - max(self._heard, expected_since) >= limit:
                await asyncio.sleep(limit / 20)  # a loop that was held up lets the reader speak first
                if loop.time() - max(self._heard, expected_since) >= limit:
                    self._set("mute", f"{self.name}: connected, yet nothing was heard for {limit:.0f} s.")
                    raise Lost(f"nothing was heard for {limit:.0f} s")
            await asyncio.sleep(limit / 10)
        await asyncio.Event().wait()

    def _heard_of(self, batch: Sequence[Frame]) -> None:
        self._known_until = self._now()
        self._hear(batch)

    def _overflowed(self) -> None:
        self._report_gap(self._known_until or self._now(), "messages came faster than they could be read")

    def _begin(self) -> None:
        self._live_since = self._heard = asyncio.get_running_loop().time()
        self._known_until = self._now()
        self._set("live", f"{self.name}: live.")
        if self._gap is not None:
            start, why = self._gap
            self._gap = None
            self._report_gap(start, why)

    def _lose(self, why: str) -> None:
        if self._gap is None and self._known_until is not None:
            self._gap = (self._known_until, why)

    def _report_gap(self, start: datetime, why: str) -> None:
        self.counts.gaps += 1
        self._on_gap(start, self._now(), why)

    def _lived(self) -> float:
        return 0.0 if self._live_since is None else asyncio.get_running_loop().time() - self._live_since

    async def _hang_up(self, connection: ClientConnection) -> None:
        try:
            async with asyncio.timeout(self._patience.hang_up):
                await connection.close()
        except TimeoutError:
            pass  # a half-open peer answers nothing
        finally:
            with contextlib.suppress(AttributeError):  # no transport is left once it closed by itself
                connection.transport.abort()

    def _set(self, state: FeedState, detail: str) -> None:
        if (state, detail) == (self.state, self.detail):
            return
        if state != self.state:
            log.info("feed state", feed=self.name, state=state, detail=detail)
        self.state, self.detail = state, detail
        self._on_state(state, detail)


def is_loopback(url: str) -> bool:
    """Whether ``url`` names this machine; proxies must not stand between us and ourselves."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
