"""A list to choose from, whose entries can be greyed out with the reason."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox

from qv_desktop.ui import theme

# where Qt keeps an entry's flags
_FLAGS = Qt.ItemDataRole.UserRole - 1


class Choice(QComboBox):
    """A list that the mouse wheel does not change: scrolling past a ticket must not alter an order."""

    def __init__(self, name: str, options: Sequence[str]) -> None:
        super().__init__()
        self.addItems(options)
        self.setAccessibleName(name)
        self.setFont(theme.bold())
        self.setMinimumWidth(56)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._reasons: dict[str, str] = {}  # option -> why it cannot be chosen
        self._off = ""  # why nothing can be chosen

    def forbid(self, option: str, why: str) -> None:
        """Grey an entry out with the reason, or give it back with nothing. Whoever hears the list hears the reasons too."""
        if self._reasons.get(option, "") == why:
            return
        self._reasons[option] = why
        place = self.findText(option)
        self.setItemData(place, 0 if why else None, _FLAGS)
        self.setItemData(place, why, Qt.ItemDataRole.ToolTipRole)
        self.setItemData(place, why, Qt.ItemDataRole.AccessibleDescriptionRole)
        self._describe()

    def switch_off(self, why: str) -> None:
        """Grey the whole list out with the reason, or give it back with nothing."""
        if why or self._off:
            self.setToolTip(why)
        self._off = why
        self.setEnabled(not why)
        self._describe()

    def reason(self, option: str) -> str:
        """Why ``option`` cannot be chosen; empty when it can."""
        return self._reasons.get(option, "")

    def _describe(self) -> None:
        told = [f"{option} cannot be chosen: {why}" for option, why in self._reasons.items() if why]
        self.setAccessibleDescription(" ".join(filter(None, (self._off, *told))))

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()
