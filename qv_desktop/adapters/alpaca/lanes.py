"""Threads for the vendor's blocking client: each thread has a client of its own, for a session is not made to be shared."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from qv_desktop.adapters.alpaca.outcomes import Unanswered

SLACK = 2.0  # seconds beyond the read limit after which an answer that trickles in is given up


class Lane:
    """A few threads that ask ``make()``'s clients; the import of the vendor's package happens on them, at the first question."""

    def __init__(self, name: str, threads: int, make: Callable[[], Any], read: float) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._make = make
        self._limit = read + SLACK
        self._own = threading.local()

    async def ask(self, method: str, path: str, data: dict[str, object] | None = None) -> Any:
        """The answer's JSON. Raises Refusal, Unanswered; the latter also once the lane is closed."""
        loop = asyncio.get_running_loop()
        started = asyncio.Event()
        try:
            work = loop.run_in_executor(
                self._threads, self._ask, method, path, data, lambda: loop.call_soon_threadsafe(started.set)
            )
        except RuntimeError as closed:
            raise Unanswered("the connection is closed") from closed
        work.add_done_callback(lambda _: started.set())
        try:
            await asyncio.wait_for(started.wait(), self._limit * 4)
            if work.cancelled():
                raise Unanswered("the connection is closed")
            return await asyncio.wait_for(work, self._limit)
        except TimeoutError as slow:
            work.cancel()
            raise Unanswered("no answer in time") from slow

    def close(self) -> None:
        """Let the threads go; a question under way ends by its own time limit."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _ask(self, method: str, path: str, data: dict[str, object] | None, started: Callable[[], object]) -> Any:
        from qv_desktop.adapters.alpaca.client import asked

        try:
            if not hasattr(self._own, "client"):
                self._own.client = self._make()
        finally:
            started()  # the clock starts once the import is over
        return asked(self._own.client, method, path, data)
