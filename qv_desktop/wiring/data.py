"""The state of the data itself: feeds, whose prices are in force, holes and how they are filled, and questions under way."""

import asyncio
from collections import deque
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from qv_desktop.domain.errors import QvError
from qv_desktop.domain.events import GapFilled, GapFound, RequestChanged, SourceChanged
from qv_desktop.domain.history import HistoryRequest
from qv_desktop.domain.imports import Imported, Reading, Stored
from qv_desktop.domain.market import Gap
from qv_desktop.ui.import_dialog import ImportDialog
from qv_desktop.ui.panels.data import FeedRow
from qv_desktop.wiring import Desk

ENDED_KEPT = 40  # questions that have ended, for the eye
GAPS_SHOWN = 200


class Counted(Protocol):
    """What a socket counts."""

    messages: int
    bad: int
    reconnects: int
    gaps: int
    heard_at: float | None  # loop time


@dataclass(frozen=True, slots=True)
class FeedFigures:
    """A feed and what its socket counts."""

    name: str
    counts: Counted

    def age(self) -> float | None:
        """Seconds since the feed was last heard; None before."""
        at = self.counts.heard_at
        return None if at is None else asyncio.get_running_loop().time() - at


class DataWiring:
    """Shows the Data panel and its summary in the status bar, and imports files."""

    def __init__(self, desk: Desk, feeds: Sequence[FeedFigures]) -> None:
        self._desk, self._feeds = desk, feeds
        self._messages: dict[str, int] = {}  # feed -> counted a second ago
        self._gaps: dict[tuple[str, Any, tuple[str, ...]], Gap] = {}  # by feed, start and symbols
        self._requests: dict[int, HistoryRequest] = {}
        self._ended: deque[HistoryRequest] = deque(maxlen=ENDED_KEPT)
        self._changed = False
        self._connect()

    def _connect(self) -> None:
        bus, panel, window = self._desk.services.bus, self._desk.panels.data, self._desk.window
        bus.subscribe(SourceChanged, self._source_changed)
        bus.subscribe(GapFound, lambda event: self._gap(event.gap))
        bus.subscribe(GapFilled, lambda event: self._gap(event.gap))
        bus.subscribe(RequestChanged, lambda event: self._request(event.request))
        panel.fill_asked.connect(lambda gap: self._desk.services.backfill.look())
        panel.cancel_asked.connect(self._desk.services.history.requests.cancel)
        window.health.data_asked.connect(lambda: window.raise_panel("data"))
        window.command.connect(self._command)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        self._desk.tasks.spawn(work)

    async def start(self) -> None:
        """Show the holes that are stored."""
        for gap in reversed(await self._desk.services.gaps.stored(GAPS_SHOWN)):
            self._gap(gap)

    # ---- what is shown

    def _source_changed(self, event: SourceChanged) -> None:
        feeds = self._desk.services.feeds
        self._desk.window.health.show_source(event.source, event.reason, fallback=event.source == feeds.fallback)

    def _gap(self, gap: Gap) -> None:
        self._gaps[gap.feed, gap.start, gap.symbols] = gap
        self._changed = True

    def _request(self, request: HistoryRequest) -> None:
        if request.state in ("waiting", "asking"):
            self._requests[request.id] = request
        else:
            self._requests.pop(request.id, None)
            self._ended.appendleft(request)
        self._changed = True

    def tick(self) -> None:
        """Once a second: feeds with their rates and ages, and whatever else changed."""
        self._desk.panels.data.show_feeds([self._row(feed) for feed in self._feeds])
        if self._changed:
            self._changed = False
            self._show()

    def _show(self) -> None:
        gaps = sorted(self._gaps.values(), key=lambda gap: gap.start, reverse=True)[:GAPS_SHOWN]
        panel, health = self._desk.panels.data, self._desk.window.health
        panel.show_gaps(gaps)
        panel.show_requests([*reversed(self._requests.values()), *self._ended])
        health.show_requests(len(self._requests))
        health.show_gaps(sum(gap.filled_at is None for gap in gaps))
        self._desk.window.set_count("data", sum(gap.filled_at is None for gap in gaps) or None)

    def _row(self, feed: FeedFigures) -> FeedRow:
        counts, feeds = feed.counts, self._desk.services.feeds
        told = feeds.states.get(feed.name)
        rate = counts.messages - self._messages.get(feed.name, counts.messages)
        self._messages[feed.name] = counts.messages
        return FeedRow(feed.name, told.state if told else "off", told.detail if told else "", feeds.source == feed.name, rate,
                       feed.age(), counts.reconnects, counts.gaps, counts.bad)  # fmt: skip

    # ---- importing

    def _command(self, id_: str) -> None:
        if id_ == "market.import":
            Importing(self._desk).open()


class Importing:
    """One dialog from the choice of a file to its storing."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._found: Imported | None = None
        self._dialog = ImportDialog(desk.window)
        self._dialog.read_asked.connect(lambda file, reading: desk.tasks.spawn(self._read(file, reading)))
        self._dialog.import_asked.connect(lambda: desk.tasks.spawn(self._store()))
        self._dialog.finished.connect(self._forget)

    def open(self) -> None:
        """Show the dialog."""
        self._dialog.open()

    def _forget(self) -> None:
        """A file that was read may be large."""
        self._found = None

    async def _read(self, file: Path, reading: Reading) -> None:
        try:
            found = await self._desk.services.imports.understood(file, reading)
        except QvError as error:
            if self._dialog.waits_for(file, reading):
                self._dialog.show_problem(str(error))
            return
        if self._dialog.waits_for(file, reading):  # else a large file answers after a small one that was chosen since
            self._found = found
            self._dialog.show_understood(found)

    async def _store(self) -> None:
        def told(fraction: float, what: str) -> None:
            self._dialog.show_progress(f"Storing {what}: {fraction:.0%}")

        if self._found is None:
            return
        try:
            stored = await self._desk.services.imports.store(self._found, told)
        except QvError as error:
            self._dialog.show_problem(str(error))
        else:
            self._dialog.show_done(_words(stored))


def _words(stored: Stored) -> str:
    parts = [f"{stored.new:,} new rows stored", f"{stored.same:,} were there already" if stored.same else "",
             f"{stored.kept:,} differ from what is stored, which stays" if stored.kept else "",
             f"{stored.actions} splits and dividends" if stored.actions else "", *stored.notes]  # fmt: skip
    return "; ".join(part for part in parts if part) + "."
