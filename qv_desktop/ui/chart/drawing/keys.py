"""Which keys mean what while a hand draws."""

from typing import Literal

from PySide6.QtCore import Qt

from qv_desktop.domain.drawings import Kind

type Command = Literal["undo", "redo", "copy", "paste", "hide", "remove", "escape"]
type Nudge = tuple[int, int]  # bars to the right, ticks up

_CONTROL, _ALT, _SHIFT = (Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier,
                          Qt.KeyboardModifier.ShiftModifier)  # fmt: skip
_NONE = Qt.KeyboardModifier.NoModifier
_HELD = _CONTROL | _ALT | _SHIFT
FAR = 10  # ticks or bars at once with Shift

TOOL_KEYS: dict[int, Kind] = {  # with Alt
    Qt.Key.Key_T: Kind.TREND, Qt.Key.Key_H: Kind.HORIZONTAL, Qt.Key.Key_V: Kind.VERTICAL, Qt.Key.Key_C: Kind.CROSS,
    Qt.Key.Key_F: Kind.FIBONACCI,
}  # fmt: skip
COMMANDS: dict[tuple[Qt.KeyboardModifier, int], Command] = {
    (_CONTROL, Qt.Key.Key_Z): "undo",
    (_CONTROL, Qt.Key.Key_Y): "redo",
    (_CONTROL | _SHIFT, Qt.Key.Key_Z): "redo",
    (_CONTROL, Qt.Key.Key_C): "copy",
    (_CONTROL, Qt.Key.Key_V): "paste",
    (_CONTROL | _ALT, Qt.Key.Key_H): "hide",
    (_NONE, Qt.Key.Key_Delete): "remove",
    (_NONE, Qt.Key.Key_Escape): "escape",
}
_ARROWS: dict[int, Nudge] = {
    Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1),
}  # fmt: skip


def tool_of(key: int, modifiers: Qt.KeyboardModifier) -> Kind | None:
    """The tool that a key chooses."""
    return TOOL_KEYS.get(key) if modifiers & _HELD == _ALT else None


def command_of(key: int, modifiers: Qt.KeyboardModifier) -> Command | None:
    """What a key does."""
    return COMMANDS.get((modifiers & _HELD, key))


def nudge_of(key: int, modifiers: Qt.KeyboardModifier) -> Nudge | None:
    """How far an arrow moves the chosen drawing; ten times as far with Shift."""
    way = _ARROWS.get(key)
    if way is None or modifiers & (_CONTROL | _ALT):
        return None
    far = FAR if modifiers & _SHIFT else 1
    return way[0] * far, way[1] * far
