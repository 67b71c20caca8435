"""What the newest comparison found: facts over the queue, and the page that stands there when nothing differs."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from qv_desktop.domain.reconciliation import Reconciliation
from qv_desktop.ui import format as words
from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import paint_pill, pill, tint


class RunFacts:
    """Labels that the panel lays out."""

    def __init__(self) -> None:
        self.as_of, self.account, self.matched, self.breaks, self.tolerances = (pill() for _ in range(5))
        self.verdict, self.detail = theme.label("", "title"), theme.label("", "label")
        self.lacking = theme.label("", "hint")

    @property
    def pills(self) -> tuple[QLabel, ...]:
        """The facts, the most important first."""
        return self.breaks, self.matched, self.as_of, self.account, self.tolerances

    def show_run(self, run: Reconciliation) -> None:
        """The verdict with its circumstances."""
        limits = run.tolerances
        self.as_of.setText(f"As of {words.clock(run.at)} ET")
        self.as_of.setToolTip(f"Ours at {run.local_at.isoformat()}, the broker's at {run.broker_at.isoformat()}")
        self.account.setText(f"Account {run.account}")
        self.matched.setText(f"Matched {run.matched:,}")
        self.tolerances.setText(f"Tolerance {words.money(limits.price)} a share · {words.quantity(limits.quantity)} sh")
        self.tolerances.setToolTip(f"No difference up to {words.money(limits.price)} a share, {words.quantity(limits.quantity)} shares and "
                                   f"{words.money(limits.cash)} of cash is a break; see Rules.")  # fmt: skip
        self.breaks.setText(
            f"Breaks {len(run.breaks)} · {words.money(run.at_risk)} at risk" if run.breaks else "✓ No breaks"
        )
        paint_pill(self.breaks, "WARN" if run.breaks else "GOOD", "WARN" if run.breaks else "LINE")
        self._show_verdict(run)
        self.detail.setText(
            f"{run.matched:,} rows matched at {words.clock(run.at)} ET · account {run.account} · run by {run.operator} · "
            f"input {run.input_hash[:8]}"
        )
        tint(self.verdict, "TX0")

    def _show_verdict(self, run: Reconciliation) -> None:
        """What could not be compared is never passed over in silence."""
        lacking = [f"{one.section}, {one.key}: {one.why}" for one in run.uncompared]
        self.verdict.setText("What was compared is the same" if lacking else "Our books and the broker's are the same")
        self.lacking.setText("Not compared · " + "\n".join(lacking) if lacking else "")
        self.lacking.setVisible(bool(lacking))
        self.matched.setToolTip("\n".join(("Not compared:", *lacking)) if lacking else "")


def centred(sign: str, *parts: QWidget) -> QWidget:
    """A quiet page: a large green sign where there is one, and lines under it."""
    page = QWidget()
    column = QVBoxLayout(page)
    column.setSpacing(8)
    column.addStretch(1)
    if sign:
        big = theme.label(sign, "title")
        font = QFont(theme.strong())
        font.setPixelSize(34)
        big.setFont(font)
        tint(big, "GOOD")
        column.addWidget(big, 0, Qt.AlignmentFlag.AlignHCenter)
    for part in parts:
        column.addWidget(part, 0, Qt.AlignmentFlag.AlignHCenter)
    column.addStretch(1)
    return page
