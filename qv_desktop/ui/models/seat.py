"""Where docked panels sit: a dock holds an empty seat, and the panel lies over it without being inside.

What is put into another parent is dressed anew by the style sheet with all that is in it, and an arrangement of docks puts everything
into another parent several times: a third of a second for a workspace. A seat is empty and costs nothing; the panel stays a child of the
yard, follows its seat's place and size, and is seen while the seat is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakSet

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QTimer
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

_MOVES = frozenset({QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show})


class Seat(QWidget):
    """The empty place of one panel in its dock."""

    def __init__(self, panel: QWidget, seating: "Seating") -> None:
        super().__init__()
        self.panel, self._seating = panel, seating
        self.setMinimumSize(panel.minimumSize())
        self.setFocusProxy(panel)

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() in _MOVES or event.type() == QEvent.Type.Hide:
            self._seating.follow(self)
        return done


class Seating(QObject):
    """Keeps the panels of a yard where their seats are.

    Once a panel has floated in a window of its own, panels go into their seats: a floating window makes windows of the system of all that
    lies in the yard, and of those one lies over another as the system will have it.
    """

    def __init__(self, yard: QWidget) -> None:
        super().__init__(yard)
        self._yard = yard
        self._seats: list[Seat] = []
        self._watched: WeakSet[QObject] = WeakSet()  # what the seats lie in, whose moves move them too
        self._moving = 0
        self._inside = False
        self._soon = QTimer(self, interval=0, singleShot=True)
        self._soon.timeout.connect(self.settle)
        yard.installEventFilter(self)

    def seat(self, panel: QWidget) -> Seat:
        """A seat for ``panel``, which is the yard's from now on and out of sight until the seat is seen."""
        panel.setParent(self._yard)
        panel.hide()
        seat = Seat(panel, self)
        self._seats.append(seat)
        return seat

    def leave(self, seat: Seat) -> None:
        """The panel goes for good."""
        self._seats.remove(seat)
        seat.panel.hide()
        seat.panel.deleteLater()

    @contextmanager
    def moved(self) -> Iterator[None]:
        """While seats are moved about nothing follows; afterwards everything does, at once."""
        self._moving += 1
        try:
            yield
        finally:
            self._moving -= 1
            if not self._moving:
                self.settle()

    def settle(self) -> None:
        """Every panel to its seat and over what was put into the yard since; those that go first, so that none lies over another."""
        for seat in sorted(self._seats, key=lambda seat: seat.isVisible()):
            self.follow(seat)
            if seat.isVisible() and not self._inside:
                seat.panel.raise_()

    def follow(self, seat: Seat) -> None:
        """A panel to its seat."""
        if self._moving or not isValid(seat.panel) or not isValid(self._yard):
            return
        if not seat.isVisible():
            seat.panel.hide()
            return
        if not self._inside and seat.window() is not self._yard.window():
            self._inside = True
            self.settle()
            return
        self._put(seat, seat if self._inside else self._yard)

    def _put(self, seat: Seat, home: QWidget) -> None:
        if seat.panel.parentWidget() is not home:
            _without_window(seat.panel)
            seat.panel.setParent(home)
        if home is not seat:
            self._watch(seat)
        seat.panel.setGeometry(QRect(seat.mapTo(home, QPoint(0, 0)), seat.size()))
        if seat.panel.isHidden():
            seat.panel.show()
            seat.panel.raise_()

    def _watch(self, seat: Seat) -> None:
        above = seat.parentWidget()
        while above is not None and above is not self._yard and not above.isWindow():
            if above not in self._watched:
                self._watched.add(above)
                above.installEventFilter(self)
            above = above.parentWidget()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.ChildAdded and watched is self._yard
        ):  # it lies over the panels, until they settle
            self._soon.start()
        if event.type() == QEvent.Type.Move and not self._moving and not self._inside:
            for seat in self._seats:
                if isinstance(watched, QWidget) and watched.isAncestorOf(seat) and seat.isVisible():
                    self.follow(seat)
        return False


def _without_window(panel: QWidget) -> None:
    """A floating window makes windows of the system of what lies beside it; such a one cannot go into another window."""
    if panel.windowHandle() is not None:
        panel.destroy(True, True)
        panel.setAttribute(Qt.WidgetAttribute.WA_NativeWindow, False)
