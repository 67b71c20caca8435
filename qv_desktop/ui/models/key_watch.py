"""Keys that are more than shortcuts: some act when pressed, some must be held for a second, and all windows are watched.

A shortcut of Qt's knows no release and falls silent behind a dialog; this looks at what reaches the window in focus first.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QKeyCombination, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QWindow

from qv_desktop.ui.hold import GRACE, HoldClock, Repeats

SECONDS = 1.0  # that a held key takes
_TOUCHES = frozenset({
    QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove, QEvent.Type.Wheel, QEvent.Type.TouchBegin,
})  # fmt: skip
_MODIFIERS = frozenset({Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_Meta})


@dataclass(frozen=True, slots=True)
class Watched:
    """Keys of one command, as portable texts, and whether they must be held."""

    keys: tuple[str, ...]
    hold: bool = False


class KeyWatch(QObject):
    """Watches whichever window of the program is in focus. ``wanted`` says whether a command's key is to be taken just now."""

    pressed = Signal(str)  # command id; keys that need no holding
    holding = Signal(str, float)  # command id, how much of the second has passed, 0 to 1
    held = Signal(str)
    let_go = Signal(str)  # too early; nothing is done
    touched = Signal()  # keyboard or mouse

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.wanted: Callable[[str], bool] = lambda _id: True
        self._ids: dict[int, str] = {}  # key combination -> command id
        self._hold: frozenset[str] = frozenset()
        self._window: QWindow | None = None
        self._under_way, self._key = "", 0  # the command that is being held, and its main key
        self._clock = HoldClock()
        self._timer = QTimer(self, interval=16)
        self._timer.timeout.connect(self._grow)
        self._repeats, self._letting_go = Repeats(), QTimer(self, interval=GRACE, singleShot=True)
        self._letting_go.timeout.connect(self._end)
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.focusWindowChanged.connect(self._follow)
            self._follow(application.focusWindow())

    def listen(self, commands: Mapping[str, Watched]) -> None:
        """Take these commands' keys from now on, and no others."""
        self._end()
        self._ids = {combined(key): id_ for id_, watched in commands.items() for key in watched.keys}
        self._hold = frozenset(id_ for id_, watched in commands.items() if watched.hold)

    def _follow(self, window: QWindow | None) -> None:
        """The focus went elsewhere: who held a key there has let it go."""
        self._end()
        if self._window is not None:
            self._window.removeEventFilter(self)
        self._window = window
        if window is not None:
            window.destroyed.connect(self._gone)
            window.installEventFilter(self)

    def _gone(self) -> None:
        self._window = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _TOUCHES:
            self.touched.emit()
        if isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.KeyPress:
                return self._press(event)
            if event.type() == QEvent.Type.KeyRelease:
                return self._release(event)
        return False

    def _press(self, event: QKeyEvent) -> bool:
        id_ = self._ids.get(_combination(event), "")
        if not id_ or not self.wanted(id_):
            return False
        if self._repeats.holds(event) or (id_ == self._under_way and not self._letting_go.isActive()):
            self._letting_go.stop()
            return True  # a key that is held down says so again and again; it was pressed once
        if id_ in self._hold:
            self._begin(id_, event.key())
        else:
            self.pressed.emit(id_)
        return True

    def _release(self, event: QKeyEvent) -> bool:
        if event.isAutoRepeat():
            return False
        self._repeats.released(event)
        if self._under_way and event.key() == self._key and event.timestamp():
            self._letting_go.start()  # unless it turns out to be held
        elif self._under_way and event.key() in (self._key, *_MODIFIERS):
            self._end()
        return False

    def _begin(self, id_: str, key: int) -> None:
        self._end()
        self._under_way, self._key = id_, key
        self._clock.start()
        self._timer.start()
        self.holding.emit(id_, 0.0)

    def _grow(self) -> None:
        if self._letting_go.isActive():
            return  # what is perhaps let go holds nothing
        share = self._clock.look() / (SECONDS * 1000)
        if share < 1.0:
            self.holding.emit(self._under_way, share)
            return
        id_, self._under_way = self._under_way, ""
        self._timer.stop()
        self.held.emit(id_)

    def _end(self) -> None:
        id_, self._under_way = self._under_way, ""
        self._timer.stop()
        self._letting_go.stop()
        if id_:
            self.let_go.emit(id_)


def combined(key: str) -> int:
    """A portable text such as ``Ctrl+Shift+K`` as one number; 0 when it is none."""
    sequence = QKeySequence(key)
    return int(sequence[0].toCombined()) if sequence.count() else 0  # type: ignore[index]  # it can be indexed


def _combination(event: QKeyEvent) -> int:
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    return int(QKeyCombination(modifiers, Qt.Key(event.key())).toCombined())
