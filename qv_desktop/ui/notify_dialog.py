"""How a person is told of what happens: by which ways, how loud, when it is quiet; and when idle hands disarm the trading keys."""

from typing import cast

from PySide6.QtCore import Qt, QTime, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QSlider,
    QSpinBox,
    QTimeEdit,
    QVBoxLayout,
    QWidget,
)

from qv_desktop.domain.alerts import Kind
from qv_desktop.domain.notifying import (
    CHANNELS,
    IDLE_MINUTES,
    KINDS,
    TONES,
    ZONES,
    Channel,
    Notifying,
    QuietHours,
    Tone,
    Zone,
)
from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import across, tint

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SOUNDS: dict[Tone, str] = {
    "fill": "Fill", "reject": "Reject", "disconnect": "Disconnect", "critical": "Critical", "alert": "Alert",
}  # fmt: skip


class NotifyDialog(QDialog):
    """Shows a choice, gives it back when saved, and asks for a tone to be played."""

    saved = Signal(object)  # Notifying
    test_asked = Signal(str, int)  # tone, volume in percent

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Notify")
        self.setMinimumWidth(560)
        self.boxes: dict[tuple[Kind, Channel], QCheckBox] = {}
        self.volume = QSlider()
        self.tests = {tone: theme.button(SOUNDS[tone]) for tone in TONES}
        self.quiet, self.through = (
            QCheckBox("Quiet hours: no sound and no tray"),
            QCheckBox("Critical ones break through"),
        )
        self.start, self.end = QTimeEdit(), QTimeEdit()
        self.zone = theme.Segmented([f"{zone} time" for zone in ZONES])
        self.days = [QCheckBox(day) for day in DAYS]
        self.idle = QSpinBox()
        self.save, self._cancel = theme.button("Save", "primary"), theme.button("Cancel", "ghost")
        self._can, self._loud = theme.label("", "hint"), theme.label("", "hint")
        self._message = theme.label("", "label")
        self._lay_out()
        self._connect()
        self.show_choice(Notifying())

    def show_choice(self, choice: Notifying) -> None:
        """Show the choice in force."""
        for pair, box in self.boxes.items():
            box.setChecked(pair not in choice.off)
        quiet = choice.quiet
        self.volume.setValue(choice.volume)
        self.quiet.setChecked(quiet.on)
        self.through.setChecked(quiet.critical_through)
        self.start.setTime(QTime(quiet.start.hour, quiet.start.minute))
        self.end.setTime(QTime(quiet.end.hour, quiet.end.minute))
        self.zone.choose(f"{quiet.zone} time")
        for place, box in enumerate(self.days):
            box.setChecked(place in quiet.days)
        self.idle.setValue(choice.idle_minutes)
        self._turn()

    def choice(self) -> Notifying:
        """The choice as it stands in the dialog."""
        start, end = (edit.time().toPython() for edit in (self.start, self.end))
        days = frozenset(place for place, box in enumerate(self.days) if box.isChecked())
        zone = cast(Zone, self.zone.choice().removesuffix(" time"))
        quiet = QuietHours(self.quiet.isChecked(), start, end, zone, days, self.through.isChecked())  # type: ignore[arg-type]
        off = frozenset(pair for pair, box in self.boxes.items() if not box.isChecked())
        return Notifying(off, self.volume.value(), quiet, self.idle.value())

    def show_means(self, sound: bool, tray: bool) -> None:
        """Say which ways this machine has at all."""
        lacking = [
            words
            for there, words in ((sound, "nothing that plays sounds (the system's beep is used)"), (tray, "no tray"))
            if not there
        ]
        self._can.setText(f"This machine has {' and '.join(lacking)}." if lacking else "")
        self._can.setVisible(bool(lacking))

    def show_message(self, text: str) -> None:
        """Show one sentence over the buttons, such as why nothing was saved."""
        self._message.setText(text)
        tint(self._message, "BAD")

    def _connect(self) -> None:
        self.volume.valueChanged.connect(self._turn)
        self.quiet.toggled.connect(self._turn)
        for tone, button in self.tests.items():
            button.clicked.connect(lambda _=False, tone=tone: self.test_asked.emit(tone, self.volume.value()))
        self.save.clicked.connect(self._ask_save)
        self._cancel.clicked.connect(self.reject)

    def _ask_save(self) -> None:
        if self.quiet.isChecked() and not any(day.isChecked() for day in self.days):
            self.show_message("Choose at least one day for the quiet hours, or switch them off.")
            return
        self.show_message("")
        self.saved.emit(self.choice())

    def _turn(self) -> None:
        """What has no effect is grey."""
        self._loud.setText(f"{self.volume.value()} %" if self.volume.value() else "mute")
        for part in (self.through, self.start, self.end, self.zone, *self.days):
            part.setEnabled(self.quiet.isChecked())

    # ---- building

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 18)
        column.setSpacing(8)
        parts = (("What, and by which way", self._grid()), ("Sound", self._sound()), ("Quiet hours", self._hours()),
                 ("Trading keys", self._keys()))  # fmt: skip
        for title, part in parts:
            column.addWidget(theme.caption(title))
            column.addWidget(part)
            column.addSpacing(8)
        self._message.setWordWrap(True)
        column.addWidget(self._message)
        column.addLayout(across(None, self._cancel, self.save))

    def _grid(self) -> QWidget:
        box = QFrame()
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(3)
        grid.setHorizontalSpacing(24)
        grid.setColumnStretch(0, 1)
        for place, channel in enumerate(CHANNELS, 1):
            grid.addWidget(theme.label(channel.title(), "hint"), 0, place)
        for row, (kind, title) in enumerate(KINDS.items(), 1):
            grid.addWidget(theme.label(title), row, 0)
            for place, channel in enumerate(CHANNELS, 1):
                check = self.boxes[kind, channel] = QCheckBox()
                check.setAccessibleName(f"{title} by {channel}")
                grid.addWidget(check, row, place)
        grid.addWidget(theme.label("The Alerts panel lists everything. The tray speaks while another program is in front.", "hint"),
                       len(KINDS) + 1, 0, 1, 4)  # fmt: skip
        grid.addWidget(self._can, len(KINDS) + 2, 0, 1, 4)
        return box

    def _sound(self) -> QWidget:
        self.volume.setOrientation(Qt.Orientation.Horizontal)
        self.volume.setRange(0, 100)
        self.volume.setAccessibleName("Volume in percent")
        self._loud.setFixedWidth(40)
        box = QFrame()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(across(theme.label("Volume"), self.volume, self._loud, spacing=10))
        row = across(theme.label("Test"), *self.tests.values(), None)
        column.addLayout(row)
        return box

    def _hours(self) -> QWidget:
        for edit, name in ((self.start, "Quiet from"), (self.end, "Quiet until")):
            edit.setDisplayFormat("HH:mm")
            edit.setAccessibleName(name)
        box = QFrame()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.quiet)
        column.addLayout(
            across(theme.label("From"), self.start, theme.label("until"), self.end, self.zone, None, spacing=8)
        )
        column.addLayout(across(*self.days, None, spacing=10))
        column.addWidget(self.through)
        return box

    def _keys(self) -> QWidget:
        self.idle.setRange(*IDLE_MINUTES)
        self.idle.setSuffix(" min")
        self.idle.setAccessibleName("Minutes without keyboard or mouse after which trading keys are disarmed")
        box = QFrame()
        row = QHBoxLayout(box)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(theme.label("Disarm after"))
        row.addWidget(self.idle)
        row.addWidget(theme.label("without keyboard or mouse", "hint"), 1)
        return box
