"""The socket itself: dial, sign in, listen, notice silence, reconnect."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import structlog
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import WebSocketException

from qv_desktop.adapters.websocket.counts import Counts
from qv_desktop.adapters.websocket.dialling import dialled, hang_up
from qv_desktop.adapters.websocket.endings import Evicted, Lost, Refused, reason
from qv_desktop.adapters.websocket.holes import Holes, OnGap
from qv_desktop.adapters.websocket.inbox import BYTES, FRAMES, Frame, Inbox
from qv_desktop.adapters.websocket.patience import Backoff, Patience
from qv_desktop.adapters.websocket.pulse import Pulse
from qv_desktop.adapters.websocket.wanted import Wanted, Wording
from qv_desktop.domain.market import FeedState

log = structlog.get_logger()

type OnState = Callable[[FeedState, str], None]
type Now = Callable[[], datetime]  # aware UTC
type Handshake = Callable[[ClientConnection], Awaitable[None]]
type Probe = Callable[
    [Sequence[str]], str
]  # symbols heard of -> a message that the server answers and that changes nothing


class Socket:
    """Connects, authenticates, listens, notices silence and reconnects until stopped.

    ``hear`` gets frames in order, a portion at a time, on the loop. ``expecting`` tells whether data must be flowing now; only
    then is mere silence a fault, else ``probe`` asks for a word. ``on_gap`` is told of each hole once it has ended. ``most`` is the
    number of symbols that the vendor's plan allows.
    """

    def __init__(self, name: str, url: str, handshake: Handshake, hear: Callable[[Sequence[Frame]], None],
                 on_state: OnState, on_gap: OnGap, *, now: Now, wording: Wording = lambda added, removed: (),
                 expecting: Callable[[], bool] = lambda: True, patience: Patience | None = None, probe: Probe | None = None,
                 most: int | None = None, bound: int = FRAMES, size: int = BYTES) -> None:  # fmt: skip
        # at DEBUG the library logs whole frames, and with them the key
        logging.getLogger("websockets").setLevel(logging.INFO)
        self.name = name
        self.state: FeedState = "off"
        self.detail = ""
        self.counts = Counts()
        self._url, self._handshake, self._on_state = url, handshake, on_state
        self._expecting, self._probe = expecting, probe
        self._patience = patience or Patience()
        self._wanted = Wanted(wording, most)
        self._holes = Holes(on_gap, now, self.counts)
        self._inbox = Inbox(name, hear, self.counts, self._holes, now, bound, size)
        self._verdict: asyncio.Future[None] | None = None
        self._work: asyncio.Task[None] | None = None
        self._settling: asyncio.TimerHandle | None = None
        self._subscribed = False  # whether the present link was told what is wanted, and has not spoken since
        self._stopping = False
        self._live_since: float | None = None  # loop time

    def want(self, symbols: Sequence[str]) -> None:
        """Replace the symbols to hear of, most wanted first, now and after every reconnect."""
        self._wanted.replace(symbols)
        if self.state in ("live", "quiet"):
            self._set(self.state, self._words(self.state))

    def end(self, ending: Exception) -> None:
        """End the present connection for something found in its messages: Refused, Evicted or Lost."""
        if self._verdict is not None and not self._verdict.done():
            self._verdict.set_exception(ending)

    def tell(self, detail: str) -> None:
        """Report something of note without a change of state."""
        self._set(self.state, detail)

    def backfilling(self, on: bool) -> None:
        """Show that holes are being filled, or no longer; the state of a link that is not up stays as it is."""
        if on and self.state in ("live", "quiet"):
            self._set("backfilling", f"{self.name}: live; what was missed is being fetched.")
        elif not on and self.state == "backfilling":
            self._set("live", self._words("live"))

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
            self._holes.ended()
            self._set("off", f"{self.name}: stopped.")

    async def stop(self) -> None:
        """Hang up and return within a second."""
        self._stopping = True
        if self._work is not None and not self._work.done():
            self._work.cancel()
            await asyncio.wait({self._work}, timeout=0.9)

    async def _supervised(self) -> None:
        backoff = Backoff(self._patience, asyncio.get_running_loop().time)
        while True:
            state: FeedState = "backing off"
            try:
                await self._connection()
            except Refused as refusal:
                state, wait, words = "off", backoff.at_least(self._patience.refused), str(refusal)
            except Evicted as eviction:
                state, wait, words = "evicted", backoff.at_least(self._patience.evicted), str(eviction)
            except (Lost, OSError, WebSocketException) as failure:
                wait = backoff.after(self._lived())
                words = f"{self.name}: {reason(failure)}; trying again" + (f" in {wait:.0f} s." if wait >= 1 else ".")
            self._live_since = None
            self.counts.reconnects += 1
            self._set(state, words)
            await asyncio.sleep(wait)

    async def _connection(self) -> None:
        """One connection from dialling to its end; raises what ended it."""
        self._set("connecting", f"{self.name}: connecting.")
        connection = await dialled(self.name, self._url, self._patience)
        try:
            self._set("authenticating", f"{self.name}: signing in.")
            async with asyncio.timeout(self._patience.opening):
                await self._handshake(connection)
            await self._listening(connection)
        finally:
            await hang_up(connection, self._patience)

    async def _listening(self, connection: ClientConnection) -> None:
        """Read, speak and watch until one of them ends the connection; raises why."""
        loop = asyncio.get_running_loop()
        self._live_since = loop.time()
        self._subscribed = False
        self._holes.begun()
        self._set("live", self._words("live"))
        self._verdict = verdict = loop.create_future()
        pulse = Pulse(self._patience, loop.time)
        work = (self._read(connection, pulse), self._speak(connection), self._watch(connection, pulse))
        jobs = [asyncio.create_task(job) for job in work]
        try:
            done, _ = await asyncio.wait([*jobs, verdict], return_when=asyncio.FIRST_COMPLETED)
            await self._inbox.drained()  # the last words say why a server hangs up
            for ended in [verdict] if verdict.done() else done:
                ended.result()
        except Exception as failure:
            self._holes.lost(reason(failure))
            raise
        finally:
            self._verdict = None
            if self._settling is not None:
                self._settling.cancel()
            verdict.cancel()
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)

    async def _read(self, connection: ClientConnection, pulse: Pulse) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            frame = await connection.recv(decode=False)
            received = clock()
            if pulse.heard(received) and self.state == "quiet":
                self._set("live", self._words("live"))
            if self._subscribed:
                self._subscribed = False
                self._settle()
            self._inbox.put(frame, received)

    async def _speak(self, connection: ClientConnection) -> None:
        """Tell the server what is wanted, now and whenever that changes."""
        applied: frozenset[str] = frozenset()
        first = True
        while True:
            applied, messages = self._wanted.changed(applied)
            for message in messages:
                await connection.send(message)
            if first and messages:
                self._subscribed = True
            elif first:
                self._holes.linked()
            first = False
            await self._wanted.change()

    async def _watch(self, connection: ClientConnection, pulse: Pulse) -> None:
        """Raise Lost when the link is silent that should speak, or does not answer when asked."""
        while True:
            await asyncio.sleep(pulse.look)
            finding = self._finding(pulse)
            if finding in ("silent", "unanswered"):
                await asyncio.sleep(pulse.look / 2)  # a loop that was held up lets the reader speak first
                finding = self._finding(pulse)
            match finding:
                case "still" if self.state == "live" and self._patience.silence is not None:
                    self._set("quiet", self._words("quiet"))
                case "ask" if self._probe is not None:
                    await self._ask(connection, pulse, self._probe)
                case "silent":
                    self._mute(f"nothing was heard for {self._patience.silence:.0f} s")
                case "unanswered":
                    self._mute(f"it did not answer for {self._patience.answer:.0f} s")

    def _finding(self, pulse: Pulse) -> str:
        return pulse.finding(bool(self._wanted.heard) and self._expecting(), self._probe is not None)

    async def _ask(self, connection: ClientConnection, pulse: Pulse, probe: Probe) -> None:
        pulse.asked()
        self.counts.probes += 1
        async with asyncio.timeout(self._patience.answer):
            await connection.send(probe(self._wanted.heard))

    def _mute(self, why: str) -> None:
        self._set("mute", f"{self.name}: connected, yet {why}.")
        raise Lost(why)

    def _settle(self) -> None:
        """The first answer to a subscription came; a moment later the last one will have."""
        self._settling = asyncio.get_running_loop().call_later(self._patience.settle, self._holes.linked)

    def _lived(self) -> float:
        return 0.0 if self._live_since is None else asyncio.get_running_loop().time() - self._live_since

    def _words(self, state: FeedState) -> str:
        said = "live" if state == "live" else "connected; nothing is trading"
        return f"{self.name}: {said}." + self._wanted.beyond

    def _set(self, state: FeedState, detail: str) -> None:
        if (state, detail) == (self.state, self.detail):
            return
        if state != self.state:
            log.info("feed state", feed=self.name, state=state, detail=detail)
        self.state, self.detail = state, detail
        self._on_state(state, detail)
