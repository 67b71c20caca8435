"""Colour groups: panels of one colour show the same symbol and, as each chooses, timeframe and crosshair."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from PySide6.QtCore import QObject, Signal

GROUPS: dict[str, str] = {
    "blue": "ACCENT",
    "green": "GOOD",
    "amber": "WARN",
    "violet": "VIOLET",
    "": "TX2",
}  # group -> token

type Aspect = Literal["symbol", "timeframe", "crosshair"]

ASPECTS: tuple[Aspect, ...] = get_args(Aspect.__value__)
USUAL: frozenset[Aspect] = frozenset({"symbol", "crosshair"})  # what a panel shares that has chosen nothing else


@dataclass
class _Group:
    symbol: str = ""
    timeframe: str = ""


class Links(QObject):
    """The hub. A panel says what a person chose in it; every other panel of its group is told to follow.

    What a panel does not share it neither takes from its group nor gives to it.
    """

    followed = Signal(str, str, str)  # panel, symbol, timeframe; "" where that panel is to keep its own
    pointed = Signal(str, object)  # panel, moment under the crosshair of another (ns), None when it left
    regrouped = Signal(str, str)  # panel, group
    shared = Signal(str)  # a panel that shares other things now

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._members: dict[str, str] = {}  # panel -> group, "" is none
        self._shares: dict[str, frozenset[Aspect]] = {}  # panel -> what it shares, where that is not the usual
        self._groups = {name: _Group() for name in GROUPS if name}

    def join(self, panel: str, group: str) -> None:
        """Put ``panel`` into ``group`` ("" leaves all); it is told what the group shows at once. Raises KeyError."""
        if group:
            _ = self._groups[group]
        self._members[panel] = group
        self.regrouped.emit(panel, group)
        self._tell(panel)

    def leave(self, panel: str) -> None:
        """The panel is gone."""
        self._members.pop(panel, None)
        self._shares.pop(panel, None)

    def group(self, panel: str) -> str:
        """The panel's group, or "" for none."""
        return self._members.get(panel, "")

    def next_group(self, panel: str) -> str:
        """Move ``panel`` on to the next colour and say which; the last one is none."""
        names = list(GROUPS)
        chosen = names[(names.index(self.group(panel)) + 1) % len(names)]
        self.join(panel, chosen)
        return chosen

    def shares(self, panel: str, aspect: Aspect) -> bool:
        """Whether the panel takes this from its group and gives it to it."""
        return aspect in self._shares.get(panel, USUAL)

    def share(self, panel: str, aspect: Aspect, on: bool) -> None:
        """Take and give this from now on, or no more; what the group shows is taken at once."""
        now = self._shares.get(panel, USUAL)
        self._shares[panel] = now | {aspect} if on else now - {aspect}
        self.shared.emit(panel)
        if on:
            self._tell(panel)

    def choose(self, panel: str, symbol: str, timeframe: str = "") -> None:
        """A person chose in ``panel``: the others of its group follow in what both share."""
        if not (group := self.group(panel)):
            return
        shown = self._groups[group]
        shown.symbol = symbol if self.shares(panel, "symbol") and symbol else shown.symbol
        shown.timeframe = timeframe if self.shares(panel, "timeframe") and timeframe else shown.timeframe
        for other in self._others(panel):
            self._tell(other)

    def point(self, panel: str, at: int | None) -> None:
        """The crosshair of ``panel`` stands at this moment (ns), or has left."""
        if self.shares(panel, "crosshair"):
            for other in self._others(panel):
                if self.shares(other, "crosshair"):
                    self.pointed.emit(other, at)

    def symbol(self, group: str = "blue") -> str:
        """The symbol that the group shows, or "" before the first choice."""
        return self._groups[group].symbol

    # ---- kept with a layout

    def saved(self) -> dict[str, object]:
        """Every panel's group and what it shares, as JSON values."""
        return {
            panel: [group, *(one for one in ASPECTS if self.shares(panel, one))]
            for panel, group in self._members.items()
        }

    def restore(self, saved: object) -> None:
        """Group the panels that are here as ``saved`` once gave; what cannot be used is passed over."""
        for panel, words in saved.items() if isinstance(saved, Mapping) else ():
            if panel in self._members and isinstance(words, list) and words and words[0] in GROUPS:
                self._shares[panel] = frozenset(one for one in ASPECTS if one in words[1:])
                self.shared.emit(panel)
                self.join(panel, words[0])

    def _others(self, panel: str) -> list[str]:
        group = self.group(panel)
        return [other for other, theirs in self._members.items() if group and theirs == group and other != panel]

    def _tell(self, panel: str) -> None:
        """Let a panel follow its group in what it shares."""
        if not (group := self.group(panel)):
            return
        shown = self._groups[group]
        symbol = shown.symbol if self.shares(panel, "symbol") else ""
        timeframe = shown.timeframe if self.shares(panel, "timeframe") else ""
        if symbol or timeframe:
            self.followed.emit(panel, symbol, timeframe)
