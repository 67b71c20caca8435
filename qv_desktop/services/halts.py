"""Halts: when trading in which symbol stood still in this sitting."""

from collections.abc import Sequence

from qv_desktop.domain.events import HaltsChanged
from qv_desktop.domain.halts import Stop, continued
from qv_desktop.domain.market import Halt
from qv_desktop.services.ports.callbacks import Publish

MOST = 100  # stops of one symbol; the oldest give way
MOST_SYMBOLS = 5_000  # the one that has not changed for longest gives way


class Halts:
    """Takes what streams say of halts, as far as the program is shown it."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._stops: dict[str, tuple[Stop, ...]] = {}  # symbol -> its stops, oldest first; newest change last

    def hear(self, halts: Sequence[Halt]) -> None:
        """Halts and resumptions, oldest first."""
        for symbol in dict.fromkeys(halt.symbol for halt in halts):
            before = now = self._stops.get(symbol, ())
            for halt in halts:
                now = continued(now, halt) if halt.symbol == symbol else now
            if now != before:
                self._keep(symbol, now[-MOST:])

    def of(self, symbol: str) -> tuple[Stop, ...]:
        """The stops of a symbol that are known, oldest first."""
        return self._stops.get(symbol, ())

    def _keep(self, symbol: str, stops: tuple[Stop, ...]) -> None:
        self._stops.pop(symbol, None)
        self._stops[symbol] = stops
        if len(self._stops) > MOST_SYMBOLS:
            del self._stops[next(iter(self._stops))]
        self._publish(HaltsChanged(symbol))
