"""The bars that a deployment's signals are reckoned on: whole ones since an anchor, from history and then from closed minutes."""

from collections.abc import Sequence

from qv_desktop.domain.market import SECOND, Bar, Timeframe, bar_start, merged

MINUTE, DAY = Timeframe(1, "m"), Timeframe(1, "D")
LENGTH = MINUTE.seconds * SECOND
MOST_YOUNG = 2_000


class SignalBars:
    """One symbol's bars of ``frame``. ``doubtful`` until ``seed``, and again when something may be missing or has changed.

    ``heard`` rises with all that changes them, so that whoever waits sees whether more came meanwhile.
    """

    def __init__(self, symbol: str, frame: Timeframe, anchor: int) -> None:
        self._frame, self.symbol, self.anchor = frame, symbol, anchor
        self._closed: dict[int, Bar] = {}  # start -> bar, oldest first
        self._minutes: dict[int, Bar] = {}  # of the bar under way
        self._young: dict[int, Bar] = {}  # what the stream told since the last read began
        self._until = 0  # end of the newest minute that was taken, or up to which history was read
        self.heard, self.doubts = 0, 1
        self.doubtful = True

    def closed(self) -> list[Bar]:
        """Whole bars, oldest first."""
        return list(self._closed.values())

    def doubt(self) -> None:
        """Something of what is held may be wrong: it is to be read again."""
        self.doubtful, self.doubts, self.heard = True, self.doubts + 1, self.heard + 1

    def seed(self, bars: Sequence[Bar], minutes: Sequence[Bar], mark: int, until: int) -> None:
        """What history has: whole ``bars``, and the ``minutes`` of the one under way, as far as ``until`` (ns).

        ``mark`` is ``doubts`` as it was when the question was asked: a doubt that came meanwhile stands. What the stream told
        meanwhile counts on.
        """
        self._closed = {bar.start: bar for bar in bars}
        self._minutes = {minute.start: minute for minute in minutes}
        self.doubtful = self.doubts != mark
        young, self._young = self._young, {}
        self._until = bar_start(until, MINUTE)
        for minute in sorted(young.values(), key=lambda bar: bar.start):
            self._fold(minute)

    def take(self, minute: Bar, heard_since: int | None) -> bool:
        """Take a minute that the stream completed; whether there is something new to evaluate."""
        if self.doubtful:
            self._young[minute.start] = minute
            self._trim()
            self.heard += 1
            return True
        whole = heard_since is not None and heard_since <= self._until
        turned = minute.start >= self._until and bar_start(minute.start, DAY) > bar_start(self._until - 1, DAY)
        if turned or (minute.start - self._until >= LENGTH and not whole):  # a split of today changes all bars before
            self._young[minute.start] = minute
            self.doubt()
            return True
        return self._fold(minute)

    def close(self, now: int) -> bool:
        """Close the bar under way if it ended by ``now`` (ns) though its last minutes did not trade; whether it was."""
        if self.doubtful:
            return True
        if not self._minutes:
            return False
        start = bar_start(next(iter(self._minutes)), self._frame)
        if start + self._frame.seconds * SECOND > now:
            return False
        self._shut(start)
        return True

    def _trim(self) -> None:
        while len(self._young) > MOST_YOUNG:  # days without an answer: history will have them
            del self._young[next(iter(self._young))]

    def _fold(self, minute: Bar) -> bool:
        self._until = max(self._until, minute.start + LENGTH)
        if self._frame == MINUTE:
            return self._keep(minute)
        start, length = bar_start(minute.start, self._frame), self._frame.seconds * SECOND
        if start in self._closed:  # a minute of a bar that was closed without it: history knows the whole
            self.doubt()
            return True
        shut = False
        current = bar_start(next(iter(self._minutes)), self._frame) if self._minutes else start
        if start > current:
            self._shut(current)
            shut = True
        elif start < current:
            self.doubt()
            return True
        self._minutes[minute.start] = minute
        if minute.start + LENGTH == start + length:
            self._shut(start)
            shut = True
        return shut

    def _keep(self, bar: Bar) -> bool:
        last = next(reversed(self._closed), -1)
        if bar.start > last:
            self._closed[bar.start] = bar
        elif self._closed.get(bar.start) == bar:
            return False
        else:
            self._closed[bar.start] = bar
            if bar.start != last:
                self._closed = dict(sorted(self._closed.items()))
        self.heard += 1
        return True

    def _shut(self, start: int) -> None:
        parts = [self._minutes[key] for key in sorted(self._minutes)]
        self._minutes = {}
        whole = merged(parts, self._frame)
        if whole:
            self._keep(whole[-1])
