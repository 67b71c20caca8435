"""Replay on the chart: choosing the bar it begins at, its controls, and the mark that nobody can mistake for the market."""

from PySide6.QtCore import QObject, QPointF, Qt, Signal

from qv_desktop.ui.chart.explorer import Explorer
from qv_desktop.ui.chart.replay_bar import ReplayBar


class Replaying(QObject):
    """Signals: ``began`` (the start in ns of the chosen bar), ``stepped``, ``played``, ``speed_chosen``, ``left``."""

    began = Signal(object)
    stepped = Signal(int)
    played = Signal(bool)
    speed_chosen = Signal(float)
    left = Signal()

    def __init__(self, canvas: Explorer) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.picking = self.on = False
        self.bar = ReplayBar(canvas)
        for ours, theirs in ((self.stepped, self.bar.stepped), (self.played, self.bar.played),
                             (self.speed_chosen, self.bar.speed_chosen), (self.left, self.bar.left)):  # fmt: skip
            theirs.connect(ours)
        canvas.hands.insert(0, self)
        canvas.looked.connect(self.bar.place)

    def pick(self) -> None:
        """Ask which bar to begin at; asked again, or while replaying, leave."""
        if self.on:
            self.left.emit()
            return
        self.picking = not self.picking
        self._canvas.told.emit(
            "Click the bar to replay from, or press Enter for the middle of the view; Esc leaves."
            if self.picking
            else ""
        )

    def show(self, words: str | None, playing: bool, speed: float) -> None:
        """Where the replay stands; None is the live market."""
        self.on, self.picking = words is not None, False
        self._canvas.mark = "REPLAY" if self.on else ""
        if words is None:
            self.bar.hide()
        else:
            self.bar.show_state(words, playing, speed)
        self._canvas.update()

    def key(self, key: int, shift: bool) -> bool:
        """A key; False when it means nothing here."""
        if self.on:
            return self.bar.key(key, shift)
        if not self.picking:
            return False
        if key == Qt.Key.Key_Escape:
            self.pick()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._begin(QPointF(self._canvas.width() / 2, 1))
        else:
            return False
        return True

    def _begin(self, at: QPointF) -> None:
        stage = self._canvas.stage()
        if stage is None:
            return
        index = max(0, min(len(stage.series) - 1, round(stage.view.index(at.x()))))
        self.picking = False
        self._canvas.told.emit("")
        self.began.emit(int(stage.series.starts[index]))

    # the hand that chooses the bar

    def press(self, at: QPointF, held: Qt.KeyboardModifier) -> bool:
        """Begin at the bar under the pointer."""
        if not self.picking:
            return False
        self._begin(at)
        return True

    def move(self, at: QPointF, held: Qt.KeyboardModifier) -> None:
        """Nothing is dragged."""

    def release(self, at: QPointF) -> None:
        """Nothing is held."""

    def cursor(self, at: QPointF) -> Qt.CursorShape | None:
        """A pointing hand while a bar is to be chosen."""
        return Qt.CursorShape.PointingHandCursor if self.picking else None
