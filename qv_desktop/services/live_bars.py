"""Bars under way: a chart's live bar is what came before the minute, joined with the minute that its symbol is folding."""

from collections.abc import Iterable
from dataclasses import replace

from qv_desktop.domain.market import Bar, Timeframe, Trade, bar_start, folded, merged

MINUTE = Timeframe(1, "m")


class LiveBar:
    """The bar of one symbol and timeframe of a minute or longer. It costs nothing per trade, for minutes nest in all of them."""

    __slots__ = ("_before", "_frame", "owners")

    def __init__(self, frame: Timeframe) -> None:
        self.owners: set[str] = set()
        self._frame = frame
        self._before: Bar | None = None  # of trades before the minute under way

    def resume(self, last: Bar | None, minute: Bar | None, whole: bool) -> None:
        """Continue ``last``, which history just told.

        History asked the vendor for the minute under way unless the stream had heard it ``whole``. What both know of it is
        counted once.
        """
        if last is None:
            return
        if minute is None or bar_start(minute.start, self._frame) != last.start:
            self._before = last
        elif not whole:
            self._before = _less(last, minute)
        elif last.start < minute.start:
            self._before = last

    def bar(self, minute: Bar | None) -> Bar | None:
        """The bar as it stands with the ``minute`` under way in it."""
        parts = [part for part in (self._before, minute) if part is not None]
        return merged(parts, self._frame)[-1] if parts else None

    def turn(self, minute: Bar | None) -> Bar | None:
        """The ``minute`` is over; the bar as it stands with it, which may go on or be complete."""
        self._before = self.bar(minute)
        return self._before


class SecondsBar:
    """The bar of one symbol and a timeframe of seconds, folded trade by trade."""

    __slots__ = ("_frame", "bar", "closed", "owners")

    def __init__(self, frame: Timeframe) -> None:
        self.owners: set[str] = set()
        self.bar: Bar | None = None
        self.closed: list[Bar] = []  # complete since they were last taken
        self._frame = frame

    def resume(self, last: Bar | None) -> None:
        """Continue ``last``, unless the one under way is newer."""
        if last is not None and (self.bar is None or last.start > self.bar.start):
            self.bar = last

    def take(self, trade: Trade) -> None:
        """Fold a trade of this symbol; one of an earlier bar leaves it as it is."""
        before, self.bar = self.bar, folded(self.bar, trade, self._frame)
        if before is not None and self.bar.start > before.start:
            self.closed.append(before)

    def again(self, trades: Iterable[Trade], since: int) -> None:
        """Fold anew from ``trades``, which are all from ``since`` (ns) on; a bar that began before is left for the backfill."""
        if self.bar is None or self.bar.start < since:
            return
        start, self.bar = self.bar.start, None
        for trade in trades:
            if trade.at >= start:
                self.take(trade)


def _less(bar: Bar, minute: Bar) -> Bar:
    """``bar`` without the shares of ``minute``, which is in it already; its range stays, for joining finds it again."""
    return replace(bar, volume=max(0.0, bar.volume - minute.volume), count=max(0, bar.count - minute.count))
