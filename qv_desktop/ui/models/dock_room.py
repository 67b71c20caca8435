"""Room for docked panels: places in a layout, how a splitter's length is shared, and whether a window can be taken hold of."""

from dataclasses import dataclass
from typing import Any, Literal

import PySide6QtAds as QtAds
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

NARROWEST, LOWEST = {"ticket": 288}, 110  # px, of any panel; 240 wide where nothing is said
TALL, TALLEST = 200, {"ticket": 450}  # px, to which a panel's own wish for height is granted
BRAKES = "risk"  # what must never be covered by what comes up over the panels
UNSEEN = 1500  # px that a splitter is taken to have before the window is shown

_OFF = ("DockAreaHasCloseButton", "DockAreaHasUndockButton", "DockAreaHasTabsMenuButton", "DockAreaCloseButtonClosesTab",
        "AllTabsHaveCloseButton", "ActiveTabHasCloseButton", "XmlCompressionEnabled")  # fmt: skip
_ON = ("OpaqueSplitterResize", "AlwaysShowTabs", "DisableTabTextEliding", "DisableStylesheet", "FloatingContainerHasWidgetTitle",
       "FloatingContainerForceNativeTitleBar")  # fmt: skip

type Side = Literal["center", "left", "right", "bottom", "tab"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a panel goes: at a side of another one, or of the whole window when ``beside`` is empty or absent."""

    panel: str
    side: Side
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """One workspace: places in the order of building, and the sizes in px of the splitter that each named panel sits in ("" is the
    root); 0 takes the rest."""

    places: tuple[Place, ...]
    sizes: tuple[tuple[str, tuple[int, ...]], ...]

    def holds(self, panel: str) -> bool:
        """Whether the panel belongs to this workspace."""
        return any(place.panel == panel for place in self.places)


def shared(sizes: tuple[int, ...], total: int) -> list[int]:
    """``sizes`` with equal parts of what is left of ``total`` in place of 0; a fixed part takes at most 32.5 % of a small window."""
    total = total or UNSEEN
    fixed = [min(size, int(total * 0.325)) for size in sizes]
    rest = max(1, (total - sum(fixed)) // max(1, fixed.count(0)))
    return [size or rest for size in fixed]


def give_room(name: str, panel: QWidget) -> None:
    """The least size that ``panel`` keeps wherever it is docked."""
    wanted = min(panel.minimumSizeHint().height(), TALLEST.get(name, TALL))
    panel.setMinimumSize(
        max(panel.minimumWidth(), NARROWEST.get(name, 240)), max(panel.minimumHeight(), wanted, LOWEST)
    )


def on_screen(window: QWidget) -> bool:
    """Whether enough of a window's title lies on some screen to take hold of it."""
    handle = window.frameGeometry().adjusted(0, 0, 0, 0)
    handle.setHeight(40)
    return any(
        (seen := screen.availableGeometry().intersected(handle)).width() >= 80 and seen.height() >= 20
        for screen in QGuiApplication.screens()
    )


def prime(manager: Any) -> QRect:
    """Where the largest visible group of panels lies, in the window's coordinates; not the risk panel, whose brakes stay in view."""
    window: QWidget = manager.window()
    areas = [area for area in manager.openedDockAreas() if area.isVisible()]
    if not areas:
        return window.rect()
    areas = [area for area in areas if area.currentDockWidget().objectName() != BRAKES] or areas
    largest = max(areas, key=lambda area: area.width() * area.height())
    corner: QPoint = largest.mapTo(window, QPoint(0, 0))
    return QRect(corner, largest.size())


def rescue(manager: Any) -> None:
    """Bring floating panels back that lie on a screen which is gone."""
    for floating in manager.floatingWidgets():
        if not on_screen(floating):
            floating.move(manager.mapToGlobal(manager.rect().topLeft()))


def configure() -> None:
    """The dock manager reads its flags once, when it is made."""
    for flags, on in ((_OFF, False), (_ON, True)):
        for flag in flags:
            QtAds.CDockManager.setConfigFlag(getattr(QtAds.CDockManager, flag), on)
