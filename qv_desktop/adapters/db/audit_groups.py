"""Audit rows that wait together are committed together: one trip to the disk for all of them, each still told by itself."""

import asyncio
from collections.abc import Callable, Sequence

from qv_desktop.domain.audit import Draft, Entry
from qv_desktop.domain.errors import DatabaseDown, RowRefused

MOST, MANY = 1_000, 250  # rows in one transaction, and how many must wait for a second one to queue

type Writing = asyncio.Future[tuple[None, list[Entry]]]
type Waiting = list[tuple[Draft, asyncio.Future[Entry]]]


class Groups:
    """``write`` hands over a row for each draft, to be committed all or none. Until it ends, what comes waits for its turn."""

    def __init__(self, write: Callable[[Sequence[Draft]], Writing]) -> None:
        self._write = write
        self._waiting: Waiting = []
        self._running: set[Writing] = set()

    async def append(self, draft: Draft) -> Entry:
        """The committed row. Raises what writing it raised; nothing was recorded then."""
        future: asyncio.Future[Entry] = asyncio.get_running_loop().create_future()
        self._waiting.append((draft, future))
        self._next()
        return await future  # whoever stops waiting stops nothing: the group is written all the same

    def _next(self) -> None:
        """Hand over what waits unless a group is under way; at once, so that a row asked for first is written first.

        Of many that wait a second group may queue behind the first, for the answers of the one take time as well.
        """
        running = sum(not writing.done() for writing in self._running)
        if self._waiting and (not running or (running == 1 and len(self._waiting) >= MANY)):
            group, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            self._begin(group)

    def _begin(self, group: Waiting) -> None:
        writing = self._write([draft for draft, _ in group])
        self._running.add(writing)
        writing.add_done_callback(lambda done: self._ended(group, done))

    def _ended(self, group: Waiting, done: Writing) -> None:
        self._running.discard(done)
        error = DatabaseDown("The program is ending; nothing was written.") if done.cancelled() else done.exception()
        if error is None:
            for (_, future), entry in zip(group, done.result()[1], strict=True):
                _answer(future, entry)
        elif len(group) == 1 or (isinstance(error, DatabaseDown) and not isinstance(error, RowRefused)):
            for _, future in group:
                _refuse(future, error)
        else:
            self._halve(group)
        self._next()

    def _halve(self, group: Waiting) -> None:
        """One of them cannot be recorded: halves again and again until it stands alone, so that the others can."""
        for half in (group[: len(group) // 2], group[len(group) // 2 :]):
            self._begin(half)


def _answer(future: asyncio.Future[Entry], entry: Entry) -> None:
    if not future.done():
        future.set_result(entry)


def _refuse(future: asyncio.Future[Entry], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
