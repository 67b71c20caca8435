"""The VaR beside what days brought: a picture with its exceptions, and what Kupiec's and Christoffersen's tests say of them."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QResizeEvent
from PySide6.QtWidgets import QLabel, QWidget

from qv_desktop.domain.risk_measures import Method, SlowMeasures
from qv_desktop.ui import theme
from qv_desktop.ui.models import risk_words
from qv_desktop.ui.models.risk_figures import LINE, FigureGrid
from qv_desktop.ui.models.risk_pictures import HIGH, VarPicture

CONFIDENCES = {"99%": 0.99, "95%": 0.95}
METHODS = {"Hist.": Method.HISTORICAL, "Param.": Method.PARAMETRIC, "M. C.": Method.MONTE_CARLO, "t": Method.STUDENT}
CHOICE = 26  # px of the choice's row


class VarBody(QWidget):
    """``chosen`` says that another confidence is to be shown."""

    chosen = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.choice = theme.Segmented(list(CONFIDENCES))
        self.choice.setAccessibleName("Confidence")
        self.method = theme.Segmented(list(METHODS))
        self.method.setAccessibleName("Method")
        for short, method in METHODS.items():
            self.method.segment(short).setToolTip(method.value)
            self.method.segment(short).setAccessibleName(method.value)
        self.picture = VarPicture("No day of history to hold the VaR against yet.")
        self.tests = FigureGrid("Tests of the VaR")
        self._sentence = QLabel()
        self._sentence.setWordWrap(True)
        self._sentence.setFont(theme.small())
        theme.wear(self._sentence, lambda: f"color:{theme.TX1};")
        for part in (self.choice, self.method, self.picture, self.tests, self._sentence):
            part.setParent(self)
        self.choice.chosen.connect(lambda _: self._draw())
        self.method.chosen.connect(lambda _: self._draw())
        self._slow: SlowMeasures | None = None
        self.verdict = ("", "TX2")

    def show_slow(self, slow: SlowMeasures | None) -> None:
        """Draw these, unless they are drawn already."""
        if slow is not self._slow:
            self._slow = slow
            self._draw()

    def _draw(self) -> None:
        slow, confidence = self._slow, CONFIDENCES[self.choice.choice()]
        method = METHODS[self.method.choice()]
        history, test = risk_words.chosen_history(slow, confidence, method) if slow else (None, None)
        self.picture.show_days(history.days if history else (), confidence)
        self.tests.show_grid(("Test", "ratio", "p"), risk_words.tests(test) if test else [])
        self.verdict = risk_words.verdict(test) if test else ("", "TX2")
        basis = f"{method.value}, of {history.basis.value}. " if history else ""
        self._sentence.setText(f"{basis}{test.sentence if test else ''}".strip())
        self._sentence.setToolTip(self._sentence.text())
        self.chosen.emit()

    def tall(self, wide: int) -> int:
        """px of height that it takes."""
        return CHOICE + HIGH + 4 * LINE + self._said(wide) + 6

    def _said(self, wide: int) -> int:
        """px of height of the sentence."""
        box = QFontMetricsF(theme.small()).boundingRect(
            QRectF(0, 0, wide, 1_000), Qt.TextFlag.TextWordWrap, self._sentence.text()
        )
        return int(box.height()) + 4

    def resizeEvent(self, event: QResizeEvent) -> None:
        wide = self.width()
        near = min(wide * 2 // 5, 140)
        self.choice.setGeometry(0, 0, near, CHOICE)
        self.method.setGeometry(near + 8, 0, min(wide - near - 8, 210), CHOICE)
        top = CHOICE + 4
        self.picture.setGeometry(0, top, wide, HIGH)
        self.tests.setGeometry(0, top + HIGH, wide, 4 * LINE)
        self._sentence.setGeometry(0, top + HIGH + 4 * LINE + 2, wide, self._said(wide))

    def text(self) -> str:
        """What it says, for a screen reader."""
        return "\n".join(filter(None, (self.picture.text(), self.tests.text(), self._sentence.text())))
