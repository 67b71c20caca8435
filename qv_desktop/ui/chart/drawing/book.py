"""The drawings of the symbol that is shown, which of them is chosen, and every step that led there."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from qv_desktop.domain.drawings import MOST, Drawing, Kind, checked
from qv_desktop.domain.errors import BadInput
from qv_desktop.ui.chart.drawing.scene import Scene
from qv_desktop.ui.chart.drawing.steps import Changes, Step, Steps


class DrawingBook(QObject):
    """Holds what is shown and says what a person changed.

    Signals: ``changed`` (a Drawing, new or as it now is), ``removed`` (an id), ``state_changed`` (what the tool bars show),
    ``refused`` (a sentence), ``repaint_asked``.
    """

    changed = Signal(object)
    removed = Signal(str)
    state_changed = Signal()
    refused = Signal(str)
    repaint_asked = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.symbol = ""
        self.scene = Scene()
        self._drawings: dict[str, Drawing] = {}
        self._steps: dict[str, Steps] = {}  # symbol -> what was done on it
        self._chosen = ""  # id
        self._pens: dict[Kind, Drawing] = {}  # kind -> the one whose colour, width and dash the next takes on

    @property
    def drawings(self) -> tuple[Drawing, ...]:
        """All of the symbol's, hidden ones too, the topmost last."""
        return tuple(self._drawings.values())

    @property
    def selected(self) -> Drawing | None:
        """The chosen one."""
        return self._drawings.get(self._chosen)

    @property
    def steps(self) -> Steps:
        """What can be undone and redone on this symbol."""
        return self._steps.setdefault(self.symbol, Steps())

    def find(self, id: str) -> Drawing | None:
        """The drawing of this id as it now is."""
        return self._drawings.get(id)

    def take(self, symbol: str, drawings: Sequence[Drawing], held: str = "") -> None:
        """What the store says is drawn; the one of id ``held`` stays chosen even if it is gone, for it is in a hand."""
        known = {drawing.id: drawing for drawing in drawings}
        if symbol == self.symbol and list(known.items()) == list(self._drawings.items()):
            return
        self.symbol = symbol
        self._replace(known, held)

    def select(self, id: str) -> None:
        """Choose a drawing; an empty id chooses none."""
        if id != self._chosen:
            self._chosen = id
            self.steps.part()
            self._tell()

    def commit(self, after: Changes, joins: str = "") -> bool:
        """Do what a person asked, as one step that can be undone. False, with ``refused``, when it cannot be."""
        try:
            tidy = {id: None if drawing is None else checked(drawing) for id, drawing in after.items()}
        except BadInput as error:
            self.refused.emit(str(error))
            return False
        new = [id for id, drawing in tidy.items() if drawing is not None and id not in self._drawings]
        if new and len(self._drawings) + len(new) > MOST:
            self.refused.emit(f"{self.symbol} has {MOST} drawings, which is the most; remove some first.")
            return False
        before = {id: self._drawings.get(id) for id in tidy}
        if before != tidy:
            self.steps.add(Step(before, tidy, joins))
            self._apply(tidy)
        return True

    def undo(self) -> None:
        """Take the last step back."""
        self._apply(self.steps.undo())

    def redo(self) -> None:
        """Do it again."""
        self._apply(self.steps.redo())

    def restyle(self, drawing: Drawing) -> None:
        """A drawing in another colour, width or dash; new ones of its kind will be like it."""
        if self.commit({drawing.id: drawing}):
            self._pens[drawing.kind] = drawing

    def inked(self, drawing: Drawing) -> Drawing:
        """A new drawing in the colour, width and dash that were chosen last for its kind."""
        pen = self._pens.get(drawing.kind, drawing)
        return replace(drawing, color=pen.color, width=pen.width, dash=pen.dash)

    def remove(self, drawing: Drawing) -> None:
        """Take one away; a locked one stays."""
        if drawing.locked:
            self.refused.emit("This drawing is locked; unlock it first, then remove it.")
            return
        self.commit({drawing.id: None})

    @property
    def removable(self) -> tuple[str, ...]:
        """The ids of what ``clear`` would take away: all that is not locked."""
        return tuple(id for id, drawing in self._drawings.items() if not drawing.locked)

    def clear(self) -> None:
        """Take all away that is not locked, in one step."""
        self.commit(dict.fromkeys(self.removable))

    def _apply(self, changes: Changes) -> None:
        """Show first and tell after: who hears of it may come back with what the store says."""
        fresh = {id: drawing for id, drawing in changes.items() if self._drawings.get(id) != drawing}
        known = dict(self._drawings)
        for id, drawing in fresh.items():
            if drawing is None:
                known.pop(id, None)
            else:
                known[id] = drawing
        self._replace(known)
        for id, drawing in fresh.items():
            if drawing is None:
                self.removed.emit(id)
            else:
                self.changed.emit(drawing)

    def _replace(self, known: dict[str, Drawing], held: str = "") -> None:
        self._drawings = known
        self.scene.take(known)
        if self._chosen not in known and self._chosen != held:
            self._chosen = ""
        self._tell()

    def _tell(self) -> None:
        self.state_changed.emit()
        self.repaint_asked.emit()
