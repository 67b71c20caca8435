"""A strip that asks for a name, in place of a window that takes the keyboard away."""

from collections.abc import Callable, Collection

from PySide6.QtWidgets import QLineEdit

from qv_desktop.ui.models.confirm_bar import ConfirmBar

LONGEST = 60  # characters


class NameBar(ConfirmBar):
    """Enter takes the name, Esc leaves all as it is; names that are taken are refused on the spot."""

    def __init__(self) -> None:
        super().__init__(keep="Cancel", kind="primary")
        self.field = QLineEdit(maxLength=LONGEST)
        self.field.setMinimumWidth(90)
        self.body.addWidget(self.field)
        self._taken: frozenset[str] = frozenset()
        self.field.textChanged.connect(self._judge)

    def ask_name(self, question: str, answer: str, done: Callable[[str], None], *, old: str = "",
                 taken: Collection[str] = ()) -> None:  # fmt: skip
        """``done`` is called with the trimmed name when the person presses ``answer``; not with an empty or ``taken`` one."""
        self._taken = frozenset(name.casefold() for name in taken)
        self.field.setAccessibleName(question)
        self.field.setText(old)
        self.ask(question, answer, lambda: done(self.field.text().strip()))
        self._judge()
        self.field.setFocus()
        self.field.selectAll()

    def accept(self) -> None:
        """Take the name, if it can be one."""
        if self.yes.isEnabled():
            super().accept()

    def _judge(self) -> None:
        name = self.field.text().strip()
        taken = name.casefold() in self._taken
        self.yes.setEnabled(bool(name) and not taken)
        self.yes.setToolTip(f"“{name}” exists already" if taken else "")
