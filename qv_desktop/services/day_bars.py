"""The daily bars that a deployment's signals are reckoned on: history's, read anew when a session opens or closes."""

from collections.abc import Sequence

from qv_desktop.domain.market import Bar
from qv_desktop.services.signal_times import BarTimes


class DayBars:
    """One symbol's bars of days, in the manner of ``SignalBars``. No minute makes one: a vendor's day knows auctions and corrections."""

    def __init__(self, symbol: str, times: BarTimes, anchor: int) -> None:
        self._times, self.symbol, self.anchor = times, symbol, anchor
        self._closed: list[Bar] = []
        self._turn = self._opened = 0
        self.heard, self.doubts = 0, 1
        self.doubtful = True

    def closed(self) -> list[Bar]:
        """Whole bars, oldest first."""
        return list(self._closed)

    def doubt(self) -> None:
        """Something of what is held may be wrong: it is to be read again."""
        self.doubtful, self.doubts, self.heard = True, self.doubts + 1, self.heard + 1

    def seed(self, bars: Sequence[Bar], minutes: Sequence[Bar], mark: int, until: int) -> None:
        """What history has by ``until`` (ns); the day under way is left out."""
        self._closed = [bar for bar in bars if self._times.whole(bar.start) <= until]
        self._turn = max(self._turn, self._times.turn(until))
        self.doubtful = self.doubts != mark

    def take(self, minute: Bar, heard_since: int | None) -> bool:
        """Minutes change nothing."""
        return False

    def close(self, now: int) -> bool:
        """Whether there is something to do: a session closed, is about to open, or has opened."""
        if self.doubtful:
            return True
        if (turn := self._times.turn(now)) > self._turn:
            self._turn = turn
            self.doubt()
            return True
        if (opened := self._times.opened(now)) > self._opened:
            self._opened, self.heard = opened, self.heard + 1
            return True
        return False
