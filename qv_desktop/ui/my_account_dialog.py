"""What a person sets for themselves: another password, and after how long their desk locks; an Admin also a bound for all."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import tint

WIDTH = 420  # px


class MyAccountDialog(QDialog):
    """Asks for changes and waits to be told what became of them."""

    password_asked = Signal(str, str)  # the old one, the new one
    minutes_asked = Signal(int)  # 0 is never
    bound_asked = Signal(int)  # 0 is none

    def __init__(self, name: str, role: str, longest: int, parent: QWidget | None = None) -> None:
        """``longest`` is the most minutes that can be chosen."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("My account")
        self.setFixedWidth(WIDTH)
        self.old, self.new, self.again = (QLineEdit(echoMode=QLineEdit.EchoMode.Password) for _ in range(3))
        self.change = theme.button("Change password", "primary")
        self.minutes, self.most = (_spin(longest, words) for words in ("never", "no bound"))
        self.set_minutes, self.set_most = theme.button("Set"), theme.button("Set for everybody")
        self._of_password, self._of_lock = theme.label("", "label"), theme.label("", "label")
        self._bound = theme.label("", "hint")
        self._everybody = QWidget()
        self._lay_out(f"{name} · {role}")
        self.change.clicked.connect(self._ask_password)
        self.again.returnPressed.connect(self._ask_password)
        self.set_minutes.clicked.connect(lambda: self.minutes_asked.emit(self.minutes.value()))
        self.set_most.clicked.connect(lambda: self.bound_asked.emit(self.most.value()))

    def show_lock(self, minutes: int, most: int, *, may_bound: bool) -> None:
        """The minutes and the bound in force; an Admin may change the bound."""
        self.minutes.setValue(minutes)
        self.most.setValue(most)
        self._bound.setText(f"An Admin has set that every desk locks after at most {most} minutes." if most else
                            "0 is never. Ctrl+Shift+L locks at once.")  # fmt: skip
        self._everybody.setVisible(may_bound)
        self.adjustSize()

    def show_password(self, text: str, *, good: bool = False) -> None:
        """What became of the change: a sentence, after which the fields are empty when it was ``good``."""
        self.change.setEnabled(True)
        for field in (self.old, self.new, self.again):
            if good:
                field.clear()
        _say(self._of_password, text, good=good)
        self.adjustSize()

    def show_set(self, text: str, *, good: bool = False) -> None:
        """What became of a time that was set."""
        _say(self._of_lock, text, good=good)
        self.adjustSize()

    def messages(self) -> tuple[str, str]:
        """The sentences that are shown: about the password, about the lock."""
        return self._of_password.text(), self._of_lock.text()

    def _ask_password(self) -> None:
        old, new = self.old.text(), self.new.text()
        if not old or not new:
            self.show_password("Type your present password and the new one.")
        elif new != self.again.text():
            self.show_password("The two new passwords differ; type the same one twice.")
        else:
            self.change.setEnabled(False)
            self.password_asked.emit(old, new)

    def _lay_out(self, who: str) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(6)
        column.addWidget(theme.label(who, "title"))
        column.addSpacing(6)
        fields = {"Present password": self.old, "New password": self.new, "New password again": self.again}
        for title, field in fields.items():
            field.setAccessibleName(title)
            column.addWidget(theme.caption(title))
            column.addWidget(field)
        hint = theme.label(
            "At least 8 characters, best a few words. Your other sessions end; this one goes on.", "hint"
        )
        for widget in (hint, self._of_password):
            widget.setWordWrap(True)
            column.addWidget(widget)
        column.addWidget(self.change, 0, Qt.AlignmentFlag.AlignRight)
        column.addSpacing(10)
        column.addWidget(theme.caption("Lock this desk when nobody touches it for"))
        column.addLayout(_row(self.minutes, self.set_minutes))
        self._bound.setWordWrap(True)
        column.addWidget(self._bound)
        whole = QVBoxLayout(self._everybody)
        whole.setContentsMargins(0, 6, 0, 0)
        whole.addWidget(theme.caption("Everybody's desk locks after at most"))
        whole.addLayout(_row(self.most, self.set_most))
        column.addWidget(self._everybody)
        self._of_lock.setWordWrap(True)
        column.addWidget(self._of_lock)
        for label in (self._of_password, self._of_lock):
            label.hide()
        for button in (self.change, self.set_minutes, self.set_most):
            button.setAutoDefault(False)


def _spin(longest: int, nothing: str) -> QSpinBox:
    spin = QSpinBox()
    spin.setRange(0, longest)
    spin.setSuffix(" min")
    spin.setSpecialValueText(nothing)
    spin.setMinimumWidth(120)
    spin.lineEdit().setTextMargins(6, 0, 0, 0)
    return spin


def _row(spin: QSpinBox, button: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.addWidget(spin)
    row.addWidget(button)
    row.addStretch(1)
    return row


def _say(label: QLabel, text: str, *, good: bool) -> None:
    tint(label, "GOOD" if good else "BAD")
    label.setText(text)
    label.setVisible(bool(text))
