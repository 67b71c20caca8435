"""What an exchange changes of a minute that has been told: prints taken back, prints corrected, and prints told late."""

from collections.abc import Iterable, Iterator

from qv_desktop.simulator.ticks import MINUTE, Trade


class Amendments:
    """The changes to one symbol's prints, by the minute that they are of."""

    def __init__(self) -> None:
        self._changed: dict[int, dict[int, Trade | None]] = {}  # minute's start ns -> trade id -> what stands there now
        self._late: dict[int, list[Trade]] = {}  # minute's start ns -> prints

    def change(self, trade: Trade, now: Trade | None) -> None:
        """`now` stands in the place of `trade`, nothing when None."""
        self._changed.setdefault(_minute(trade), {})[trade.id] = now

    def add(self, trade: Trade) -> None:
        """`trade` belongs to its minute too."""
        self._late.setdefault(_minute(trade), []).append(trade)

    def touch(self, start: int, end: int) -> bool:
        """Whether anything between `start` and `end` (ns) was changed."""
        return any(start <= minute < end for minute in (*self._changed, *self._late))

    def applied(self, minute: int, trades: Iterable[Trade]) -> Iterator[Trade]:
        """The prints of the minute that starts at `minute` ns as they stand now, late ones last."""
        changed = self._changed.get(minute, {})
        for trade in (*trades, *self._late.get(minute, ())):
            stands = changed.get(trade.id, trade)
            if stands is not None:
                yield stands


def _minute(trade: Trade) -> int:
    return trade.t - trade.t % MINUTE
