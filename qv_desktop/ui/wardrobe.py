"""What wears colours of its own besides the style sheet of the whole: it is dressed anew when another theme is put on."""

from collections.abc import Callable
from typing import Any, Protocol, cast
from weakref import WeakSet

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid


class Forgetful(Protocol):
    """A function that remembers what it gave, such as one of functools.cache."""

    def cache_clear(self) -> None:
        """Forget it."""


_SHEET, _PAINT = "sheet_worn", "paint_followed"  # kept with whom they belong to, and gone with them

_worn: WeakSet[QWidget] = WeakSet()
_following: WeakSet[QObject] = WeakSet()
_kept: list[Callable[[], None]] = []  # what forgets pictures and colours that were made of a theme
_times = [0]


def wear(widget: QWidget, sheet: Callable[[], str]) -> None:
    """Give ``widget`` the style sheet that ``sheet`` makes of the colours in force, now and with every theme; the last one counts."""
    setattr(widget, _SHEET, sheet)
    _worn.add(widget)
    widget.setStyleSheet(sheet())


def follow(owner: QObject, paint: Callable[[], object]) -> None:
    """Call ``paint``, which gives ``owner`` what is drawn in colours, now and with every theme; the last one counts."""
    setattr(owner, _PAINT, paint)
    _following.add(owner)
    paint()


def of_colours[Kept: Forgetful](function: Kept) -> Kept:
    """Decorates a cache of what is made of colours, which forgets it when another theme is put on."""
    _kept.append(function.cache_clear)
    return function


def themes() -> int:
    """How many times another theme was put on, for whoever keeps a picture by what it was painted from."""
    return _times[0]


def forget() -> None:
    """Forget what was made of the colours of before."""
    _times[0] += 1
    for clear in _kept:
        clear()


def change() -> None:
    """Dress everybody anew, once other colours are in force."""
    for widget in [one for one in _worn if isValid(one)]:
        widget.setStyleSheet(_called(widget, _SHEET))
    for owner in [one for one in _following if isValid(one)]:
        _called(owner, _PAINT)


def _called(owner: QObject, name: str) -> Any:
    return cast(Callable[[], Any], getattr(owner, name))()
