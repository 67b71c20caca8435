"""The badge that says whether a strategy's code was caught using bars that came later."""

from PySide6.QtWidgets import QLabel

from qv_desktop.domain.look_ahead import LookAhead, badge, explained
from qv_desktop.ui import theme

SIGNS = {"working": "✓", "rejected": "✕", "filled": "?"}  # chip -> what says it where there is no room for words


class LookAheadChip(QLabel):
    """Shows one check, or that there is none; its tool tip tells the whole story."""

    def __init__(self) -> None:
        super().__init__()
        self._check: LookAhead | None = None
        self._short = False
        self.setFont(theme.small_bold())
        self.setFixedHeight(20)
        self.show_check(None)

    def show_check(self, check: LookAhead | None) -> None:
        """What is known now."""
        self._check = check
        words, chip = badge(check)
        theme.wear(self, lambda: f"{theme.chip(chip)} border-radius:4px; padding:1px 8px;")
        self.setText(f"{SIGNS[chip]} look-ahead" if self._short else words)
        self.setFixedWidth(self.fontMetrics().horizontalAdvance(self.text()) + 18)
        self.setToolTip(explained(check))
        self.setAccessibleName(words)

    def shorten(self, short: bool) -> None:
        """A sign instead of the sentence."""
        if short != self._short:
            self._short = short
            self.show_check(self._check)
