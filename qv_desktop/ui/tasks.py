"""Coroutines started by a click: kept until they end, their errors shown or logged, all cancelled at the close."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from qv_desktop.domain.errors import QvError

type OnError = Callable[[BaseException], None]

log = structlog.get_logger(__name__)


class Tasks:
    """The tasks of one window. ``show`` gets every QvError that no caller took; all else is a bug and is logged with its trace."""

    def __init__(self, show: Callable[[QvError], None]) -> None:
        self._show = show
        self._running: dict[asyncio.Task[Any], OnError | None] = {}  # task -> its own error callback

    def spawn(self, coro: Coroutine[Any, Any, Any], *, on_error: OnError | None = None) -> asyncio.Task[Any]:
        """Start ``coro`` on the running loop; ``on_error`` hears every error but cancellation, instead of ``show``."""
        task = asyncio.get_running_loop().create_task(coro)
        self._running[task] = on_error
        task.add_done_callback(self._ended)
        return task

    @property
    def count(self) -> int:
        """How many are under way."""
        return len(self._running)

    def close(self) -> "asyncio.Future[list[Any]]":
        """Cancel them all now; await the answer to know that they have ended."""
        for task in self._running:
            task.cancel()
        return asyncio.gather(*self._running, return_exceptions=True)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        on_error = self._running.pop(task)
        error = None if task.cancelled() else task.exception()
        if error is None:
            return
        if not isinstance(error, QvError):
            log.error("task failed", task=task.get_coro().__qualname__, exc_info=error)  # type: ignore[union-attr]
        if on_error is not None:
            on_error(error)
        elif isinstance(error, QvError):
            self._show(error)
