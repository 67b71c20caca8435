"""What one run of a strategy may take of this machine, as four numbers in a row."""

from dataclasses import dataclass

from PySide6.QtWidgets import QFrame, QGridLayout, QSpinBox, QWidget

from qv_desktop.ui import theme

FIELDS = {  # attribute -> title, least, most, unit, tip
    "workers": ("Runs at once", 0, 64, "", "0: the processors less one, four at most"),
    "seconds": ("Longest", 1, 86_400, " s", "Of one run, by the clock; then it is ended"),
    "cpu_seconds": ("Processor time", 1, 86_400, " s", "Of one run; then it is ended"),
    "memory_mb": ("Memory", 64, 1_000_000, " MB", "Of one run; then it is ended"),
}


@dataclass(frozen=True, slots=True)
class RunLimits:
    """``workers`` 0 is the program's own choice; seconds by the clock and of processor time, and megabytes, of one run."""

    workers: int = 0
    seconds: int = 600
    cpu_seconds: int = 600
    memory_mb: int = 4096


class RunLimitsFields(QFrame):
    """Shows them and gives them back; what is out of range cannot be typed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields: dict[str, QSpinBox] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(4)
        for place, (name, (title, least, most, unit, tip)) in enumerate(FIELDS.items()):
            field = QSpinBox()
            field.setRange(least, most)
            field.setSuffix(unit)
            field.setToolTip(tip)
            field.setAccessibleName(title)
            if not least:
                field.setSpecialValueText("automatic")
            self.fields[name] = field
            grid.addWidget(theme.label(title, "label"), 0, place)
            grid.addWidget(field, 1, place)
        grid.addWidget(theme.label("Of strategies’ code, in a backtest, a sweep or a deployment. Takes effect at the next start.", "hint"),
                       2, 0, 1, len(FIELDS))  # fmt: skip

    def show_limits(self, limits: RunLimits) -> None:
        """Those in force."""
        for name, field in self.fields.items():
            field.setValue(getattr(limits, name))

    def limits(self) -> RunLimits:
        """As they stand."""
        return RunLimits(**{name: field.value() for name, field in self.fields.items()})
