"""Being asked to end by the system: noted at once, acted upon when the program can end cleanly."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Asked:
    """Which signal asked first. A handler only notes it: an exception out of a handler would tear imports and Qt apart."""

    def __init__(self) -> None:
        self.number: int | None = None
        self.wake: Callable[[], object] = lambda: None  # called from the handler, on the main thread

    @property
    def code(self) -> int | None:
        """The exit code as a shell says it, or None while nobody has asked."""
        return None if self.number is None else 128 + self.number

    def note(self, number: int, _frame: object) -> None:
        """The signal handler."""
        if self.number is None:
            self.number = number
        self.wake()


@contextmanager
def noted() -> Iterator[Asked]:
    """Note every wish to end; what was in force before is put back afterwards. For the main thread."""
    asked = Asked()
    before = {number: signal.signal(number, asked.note) for number in SIGNALS}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
