"""Building a workspace: every dock is taken out and put where the layout says."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import PySide6QtAds as QtAds

from qv_desktop.ui.models.dock_room import Layout, Place, shared

AREAS = {"center": QtAds.CenterDockWidgetArea, "left": QtAds.LeftDockWidgetArea, "right": QtAds.RightDockWidgetArea,
         "bottom": QtAds.BottomDockWidgetArea, "tab": QtAds.CenterDockWidgetArea}  # fmt: skip


class Builder:
    """Arranges ``docks`` (panel -> dock), of which only those are shown that ``may`` be."""

    def __init__(self, manager: Any, docks: Mapping[str, Any], may: Callable[[str], bool]) -> None:
        self._manager, self._docks, self._may = manager, docks, may

    def build(self, layout: Layout) -> None:
        """Take every dock out and put it where the layout says; the rest is kept closed."""
        for _ in self.steps(layout):
            pass

    def steps(self, layout: Layout) -> Iterator[None]:
        """The same dock by dock, for a window that is built while something else is in view."""
        self.weigh(layout)
        for dock in self._docks.values():
            if dock.dockAreaWidget() is not None:
                self._manager.removeDockWidget(dock)
        for place in layout.places:
            if place.panel in self._docks and self._may(place.panel):
                self.put(place)
                yield
        for name, dock in self._docks.items():
            if dock.dockAreaWidget() is None:
                self.put(Place(name, "tab", layout.places[0].panel))
                dock.toggleView(False)
                yield
        self._raise_first(layout)
        self.size(layout)
        self.show_actions()

    def put(self, place: Place) -> None:
        """Show a dock at its place; at the bottom of the window when it was to be a tab of one that is not there."""
        dock, neighbour = self._docks[place.panel], self._docks.get(place.beside)
        area = neighbour.dockAreaWidget() if neighbour is not None else None
        side = place.side if area is not None or place.side != "tab" else "bottom"
        self._manager.addDockWidget(AREAS[side], dock, area)
        if dock.isClosed():
            dock.toggleView(True)
        dock.tabWidget().show()  # the tab of a dock that was taken out while closed stays hidden otherwise

    def stow(self, name: str) -> None:
        """Put a dock away closed, for the manager knows only docks that have been somewhere."""
        areas = self._manager.openedDockAreas()
        top = areas[0].currentDockWidget() if areas else None
        self._manager.addDockWidget(AREAS["tab"], self._docks[name], areas[0] if areas else None)
        self._docks[name].toggleView(False)
        if top is not None:
            top.setAsCurrentTab()

    def _raise_first(self, layout: Layout) -> None:
        """In every group of tabs the first one is on top."""
        for place in layout.places:
            if place.side != "tab" and place.panel in self._docks and self._may(place.panel):
                self._docks[place.panel].setAsCurrentTab()

    def show_actions(self) -> None:
        """The dock manager puts a panel's actions up when its tab is next chosen; this is for the ones chosen already."""
        for area in self._manager.openedDockAreas():
            area.titleBar().updateDockWidgetActionsButtons()

    def size(self, layout: Layout) -> None:
        """Give the splitters the sizes of the layout, as far as they are still the layout's."""
        for name, sizes in layout.sizes:
            if not name:
                splitter = self._manager.rootSplitter()
                if splitter.count() == len(sizes):
                    splitter.setSizes(shared(sizes, sum(splitter.sizes())))
            elif name in self._docks and not self._docks[name].isClosed():
                area = self._docks[name].dockAreaWidget()
                now = self._manager.splitterSizes(area)
                if len(now) == len(sizes):
                    self._manager.setSplitterSizes(area, shared(sizes, sum(now)))

    def weigh(self, layout: Layout) -> None:
        """Only panels of the layout may ask for a least size: a group of tabs takes it from all that enter, closed ones too."""
        modes = QtAds.CDockWidget.MinimumSizeHintFromDockWidget, QtAds.CDockWidget.MinimumSizeHintFromContentMinimumSize
        for name, dock in self._docks.items():
            dock.setMinimumSizeHintMode(modes[layout.holds(name) and self._may(name)])
