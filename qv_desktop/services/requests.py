"""The book of questions to the vendors' histories: equal ones are asked once, what is on screen goes first, each can be cancelled."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Any

from qv_desktop.domain.errors import FeedDown, QvError
from qv_desktop.domain.events import RequestChanged
from qv_desktop.domain.history import HistoryRequest, RequestState
from qv_desktop.services.ports.callbacks import Now, Progress, Publish

TOGETHER = 2  # questions that one vendor is asked at a time
BEHIND = 1  # of these, at most so many that nobody looks at
PACE = 0.1  # seconds between two words of progress

type Work[Answer] = Callable[[Progress], Awaitable[Answer]]


class RequestCancelled(FeedDown):
    """A person wants the answer no more: no other vendor is to be asked either."""


@dataclass(slots=True, eq=False)
class _Entry:
    """A question with its waiters."""

    request: HistoryRequest
    key: Hashable
    urgent: bool
    task: "asyncio.Task[Any]" = field(init=False)
    go: asyncio.Event = field(default_factory=asyncio.Event)
    waiters: int = 0
    running: bool = False
    cancelled: bool = False  # by a person
    told: float = float("-inf")  # loop time of the last event


class Requests:
    """Publishes RequestChanged as a question waits, is asked, gets on and ends."""

    def __init__(self, publish: Publish, now: Now) -> None:
        self._publish, self._now = publish, now
        self._entries: dict[Hashable, _Entry] = {}  # key -> question under way, oldest first
        self._last = 0

    @property
    def active(self) -> tuple[HistoryRequest, ...]:
        """The questions that wait or are being asked, oldest first."""
        return tuple(entry.request for entry in self._entries.values())

    def cancel(self, number: int) -> None:
        """End a question; whoever waits for it hears that it was cancelled."""
        for entry in list(self._entries.values()):
            if entry.request.id == number:
                entry.cancelled = True
                self._give_up(entry)

    async def ask[Answer](
        self, key: Hashable, label: str, vendor: str, work: Work[Answer], urgent: bool = True
    ) -> Answer:
        """What ``work`` answers; equal keys under way share one answer, and it ends when nobody waits for it any more.

        ``work`` gets a progress to report to. Not ``urgent``: only what is left over of the vendor's time. Raises what ``work``
        raises, and RequestCancelled when a person cancelled the question.
        """
        entry = self._entries.get((vendor, key)) or self._begun((vendor, key), label, vendor, work)
        entry.urgent = entry.urgent or urgent
        entry.waiters += 1
        self._admit(vendor)
        try:
            answer: Answer = await asyncio.shield(entry.task)  # equal keys have equal answers
            return answer
        except asyncio.CancelledError:
            if entry.cancelled:
                raise RequestCancelled(f"{label} was cancelled; ask again to have it.") from None
            raise
        finally:
            entry.waiters -= 1
            if not entry.waiters:
                self._give_up(entry)

    def _begun[Answer](self, key: Hashable, label: str, vendor: str, work: Work[Answer]) -> _Entry:
        self._last += 1
        entry = _Entry(HistoryRequest(self._last, label, vendor, "waiting", 0.0, "", self._now()), key, urgent=False)
        self._entries[key] = entry
        entry.task = asyncio.ensure_future(self._worked(entry, work))
        # a task that is cancelled before its first step never gets to its own end
        entry.task.add_done_callback(lambda task: self._ended(entry, task))
        self._tell(entry)
        return entry

    async def _worked[Answer](self, entry: _Entry, work: Work[Answer]) -> object:
        await entry.go.wait()
        self._change(entry, "asking")
        return await work(lambda fraction, detail: self._progress(entry, fraction, detail))

    def _progress(self, entry: _Entry, fraction: float, detail: str) -> None:
        if not entry.running:
            return  # a late word
        entry.request = replace(entry.request, fraction=min(1.0, max(entry.request.fraction, fraction)), detail=detail)
        if asyncio.get_running_loop().time() - entry.told >= PACE:
            self._tell(entry)

    def _give_up(self, entry: _Entry) -> None:
        """End it now: whoever asks the same in the next moment must not get an answer that is being torn down."""
        if self._entries.get(entry.key) is entry:
            del self._entries[entry.key]
        entry.task.cancel()

    def _ended(self, entry: _Entry, task: "asyncio.Task[Any]") -> None:
        entry.running = False
        if self._entries.get(entry.key) is entry:
            del self._entries[entry.key]
        self._admit(entry.request.vendor)
        if task.cancelled():
            self._change(entry, "cancelled")
        elif error := task.exception():
            self._change(
                entry, "failed", str(error) if isinstance(error, QvError) else "an error of the program; see the log"
            )
        else:
            entry.request = replace(entry.request, fraction=1.0)
            self._change(entry, "done")

    def _admit(self, vendor: str) -> None:
        """Let questions begin while there is room: urgent ones before others, and then in their order."""
        mine = [entry for entry in self._entries.values() if entry.request.vendor == vendor]
        for entry in sorted((one for one in mine if not one.running), key=lambda one: not one.urgent):
            under_way = sum(one.running for one in mine)
            if under_way < (TOGETHER if entry.urgent else BEHIND):
                entry.running = True
                entry.go.set()

    def _change(self, entry: _Entry, state: RequestState, detail: str = "") -> None:
        entry.request = replace(entry.request, state=state, detail=detail)
        self._tell(entry)

    def _tell(self, entry: _Entry) -> None:
        entry.told = asyncio.get_running_loop().time()
        self._publish(RequestChanged(entry.request))
