"""The symbols that a socket is to hear of, and what must be said for it."""

import asyncio
from collections.abc import Callable, Sequence

type Wording = Callable[[frozenset[str], frozenset[str]], Sequence[str]]  # symbols added, symbols removed -> messages


class Wanted:
    """Keeps what is wanted, most wanted first; beyond ``most`` symbols it is not heard."""

    def __init__(self, wording: Wording, most: int | None) -> None:
        self._wording, self._most = wording, most
        self._symbols: tuple[str, ...] = ()
        self._changed = asyncio.Event()

    @property
    def heard(self) -> tuple[str, ...]:
        """The symbols that are heard of, most wanted first."""
        return self._symbols[: self._most]

    @property
    def beyond(self) -> str:
        """What to say of symbols that are wanted and not heard; empty without any."""
        heard, wanted = len(self.heard), len(self._symbols)
        return "" if heard == wanted else f" It hears {heard} of {wanted} symbols; the plan allows no more."

    def replace(self, symbols: Sequence[str]) -> None:
        """Want these, and no others."""
        self._symbols = tuple(dict.fromkeys(symbols))
        self._changed.set()

    async def change(self) -> None:
        """Return when something else may be wanted."""
        await self._changed.wait()

    def changed(self, applied: frozenset[str]) -> tuple[frozenset[str], Sequence[str]]:
        """What is to be heard now, and the messages that get there from ``applied``; none when only the order changed."""
        self._changed.clear()
        wanted = frozenset(self.heard)
        return wanted, self._wording(wanted - applied, applied - wanted) if wanted != applied else ()
