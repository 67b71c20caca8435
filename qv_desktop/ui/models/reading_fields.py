"""What a person says of a file because it does not say so itself."""

from collections.abc import Sequence
from typing import Literal, cast

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QLineEdit, QWidget

from qv_desktop.domain.imports import Reading
from qv_desktop.domain.market import timeframe
from qv_desktop.ui import theme

FOUND = "as the file says"
ZONES = ("America/New_York", "America/Chicago", "UTC", "Europe/London")
FRAMES = ("1s", "1m", "1h", "1D")
DATES = {"month / day / year": "mdy", "day / month / year": "dmy", "year / month / day": "ymd"}
PRICES = {"as traded": "traded", "divided by later splits": "adjusted"}
STAMPS = {"the start of its bar": "start", "the end of its bar": "end"}


class ReadingFields(QWidget):
    """Six fields that may stay as the file says; ``settled`` comes when the person has said something of one."""

    settled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.symbol = QLineEdit(placeholderText=FOUND)
        self.frame, self.zone = _choice(FRAMES, editable=True), _choice(ZONES, editable=True)
        self.dates, self.prices, self.stamps = _choice(tuple(DATES)), _choice(tuple(PRICES)), _choice(tuple(STAMPS))
        self._arrange()
        self.symbol.editingFinished.connect(self.settled)
        for combo in (self.frame, self.zone, self.dates, self.prices, self.stamps):
            combo.activated.connect(lambda _: self.settled.emit())
            line = combo.lineEdit()
            if line is not None:
                line.editingFinished.connect(self.settled)

    def reading(self) -> Reading:
        """What the fields say. Raises BadInput for a timeframe that is none."""
        typed = _said(self.frame)
        return Reading(self.symbol.text().strip().upper(), timeframe(typed) if typed else None, _said(self.zone),
                       cast(Literal["", "mdy", "dmy", "ymd"], DATES.get(_said(self.dates), "")),
                       cast(Literal["", "traded", "adjusted"], PRICES.get(_said(self.prices), "")),
                       cast(Literal["", "start", "end"], STAMPS.get(_said(self.stamps), "")))  # fmt: skip

    def _arrange(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        fields: tuple[tuple[str, QWidget], ...] = (
            ("Symbol", self.symbol), ("Timeframe", self.frame), ("Times without an offset are", self.zone),
            ("Dates are", self.dates), ("Prices are", self.prices), ("A time is", self.stamps))  # fmt: skip
        for place, (title, field) in enumerate(fields):
            row, side = divmod(place, 3)
            field.setAccessibleName(title)
            grid.addWidget(theme.caption(title), 2 * row, side)
            grid.addWidget(field, 2 * row + 1, side)
            grid.setColumnStretch(side, 1)


def _choice(options: Sequence[str], *, editable: bool = False) -> QComboBox:
    combo = QComboBox(editable=editable)
    combo.addItems([FOUND, *options])
    return combo


def _said(combo: QComboBox) -> str:
    text = combo.currentText().strip()
    return "" if text == FOUND else text
