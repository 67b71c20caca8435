"""What the measures are set to: the benchmark, the share of a day's volume that is ours to trade, and a name's sector."""

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLineEdit, QWidget

from qv_desktop.domain import typed_numbers
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.risk_measures import MeasureSettings
from qv_desktop.domain.sectors import SECTORS
from qv_desktop.ui import theme
from qv_desktop.ui.models.complaint import Complaint
from qv_desktop.ui.models.layouts import forbid

BY_CODE = "by its industry code"
HIGH, SAID = 116, 32  # px of the fields, and of a sentence under them


class MeasureForm(QWidget):
    """Emits ``settings_given`` (MeasureSettings) and ``sector_given`` (symbol, sector; "" gives it back to its industry code)."""

    settings_given = Signal(object)
    sector_given = Signal(str, str)
    grown = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._shown: MeasureSettings | None = None
        self.benchmark, self.share, self.symbol = QLineEdit(), QLineEdit(), QLineEdit()
        self.newer = QCheckBox("Newer days weigh more")
        self.newer.setToolTip("In covariances: each day 0.94 of the one after it, instead of all the same")
        self.sector = QComboBox()
        self.sector.addItems([BY_CODE, *SECTORS])
        self.sector.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.sector.setMinimumContentsLength(6)
        self.set, self.assign = theme.button("Set"), theme.button("Assign")
        self.complaint = Complaint()
        for part, name, tip in (
            (self.benchmark, "Benchmark", "The symbol that beta is measured against"),
            (self.share, "Share of volume, percent", "The share of a day's volume that days to leave are counted with"),
            (self.symbol, "Symbol", "The name whose sector is assigned"),
            (self.sector, "Sector", "Its sector; by its industry code as the company states it, or as you see it"),
        ):
            part.setAccessibleName(name)
            part.setToolTip(tip)
            part.setFixedHeight(26)
        self.benchmark.setPlaceholderText("SPY")
        self.share.setPlaceholderText("% of volume")
        self.symbol.setPlaceholderText("Symbol")
        self._lay_out()
        self.set.clicked.connect(self._set)
        self.assign.clicked.connect(self._assign)

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(4)
        hints = theme.caption("Benchmark, % of volume"), theme.caption("A name's sector")
        grid.addWidget(hints[0], 0, 0, 1, 3)
        for column, part in enumerate((self.benchmark, self.share, self.set)):
            grid.addWidget(part, 1, column)
        grid.addWidget(self.newer, 2, 0, 1, 3)
        grid.addWidget(hints[1], 3, 0, 1, 3)
        for column, part in enumerate((self.symbol, self.sector, self.assign)):
            grid.addWidget(part, 4, column)
        grid.addWidget(self.complaint, 5, 0, 1, 3)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 2)
        for button in (self.set, self.assign):
            button.setMinimumWidth(64)

    def tall(self, wide: int) -> int:
        """px of height that it takes."""
        return HIGH + (SAID if self.complaint.text() else 0)

    def show_settings(self, settings: MeasureSettings) -> None:
        """What is in force; what a person types meanwhile stays."""
        if settings != self._shown:
            self._shown = settings
            self.benchmark.setText(settings.benchmark)
            self.share.setText(f"{settings.participation * 100:g}")
            self.newer.setChecked(settings.weighted)

    def show_failed(self, sentence: str) -> None:
        """Why it was not done; nothing when it was."""
        self.complaint.show_text(sentence, "")
        self.grown.emit()

    def forbid(self, why: str) -> None:
        """Why the person may not, or nothing."""
        for button in (self.set, self.assign):
            forbid(button, why)

    def text(self) -> str:
        """What is in force."""
        shown = self._shown
        if shown is None:
            return ""
        weights = ", newer days weigh more" if shown.weighted else ""
        return f"benchmark {shown.benchmark}, {shown.participation:.0%} of a day's volume{weights}"

    def _set(self) -> None:
        try:
            number = typed_numbers.read(self.share.text().strip().removesuffix("%").strip(), self.share.text())
        except BadInput as error:
            self.show_failed(str(error))
            return
        if number is None or not math.isfinite(number):
            self.show_failed("Type the share of a day's volume in percent, such as 10.")
            return
        self.show_failed("")
        benchmark = self.benchmark.text().strip().upper()
        self.settings_given.emit(MeasureSettings(benchmark, float(number / 100), self.newer.isChecked()))

    def _assign(self) -> None:
        symbol = self.symbol.text().strip().upper()
        if not symbol:
            self.show_failed("Name the symbol whose sector is assigned.")
            return
        self.show_failed("")
        chosen = self.sector.currentText()
        self.sector_given.emit(symbol, "" if chosen == BY_CODE else chosen)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            (self._assign if self.symbol.hasFocus() or self.sector.hasFocus() else self._set)()
        else:
            super().keyPressEvent(event)
