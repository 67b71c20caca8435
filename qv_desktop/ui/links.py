"""Colour groups: panels of one colour show the same symbol and timeframe."""

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

GROUPS: dict[str, str] = {
    "blue": "ACCENT",
    "green": "GOOD",
    "amber": "WARN",
    "violet": "VIOLET",
    "": "TX2",
}  # group -> token


@dataclass
class _Group:
    symbol: str = ""
    timeframe: str = ""


class Links(QObject):
    """The hub. A panel says what a person chose in it; every other panel of its group is told to follow."""

    followed = Signal(str, str, str)  # panel, symbol, timeframe ("" when the group has none)
    regrouped = Signal(str, str)  # panel, group

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._members: dict[str, str] = {}  # panel -> group, "" is none
        self._groups = {name: _Group() for name in GROUPS if name}

    def join(self, panel: str, group: str) -> None:
        """Put ``panel`` into ``group`` ("" leaves all); it is told the group's symbol at once. Raises KeyError."""
        if group:
            shown = self._groups[group]
        self._members[panel] = group
        self.regrouped.emit(panel, group)
        if group and shown.symbol:
            self.followed.emit(panel, shown.symbol, shown.timeframe)

    def group(self, panel: str) -> str:
        """The panel's group, or "" for none."""
        return self._members.get(panel, "")

    def next_group(self, panel: str) -> str:
        """Move ``panel`` on to the next colour and say which; the last one is none."""
        names = list(GROUPS)
        chosen = names[(names.index(self.group(panel)) + 1) % len(names)]
        self.join(panel, chosen)
        return chosen

    def choose(self, panel: str, symbol: str, timeframe: str = "") -> None:
        """A person chose ``symbol`` in ``panel``: the others of its group follow."""
        group = self.group(panel)
        if not group:
            return
        shown = self._groups[group]
        shown.symbol, shown.timeframe = symbol, timeframe or shown.timeframe
        for other, theirs in self._members.items():
            if theirs == group and other != panel:
                self.followed.emit(other, shown.symbol, shown.timeframe)

    def symbol(self, group: str = "blue") -> str:
        """The symbol that the group shows, or "" before the first choice."""
        return self._groups[group].symbol
