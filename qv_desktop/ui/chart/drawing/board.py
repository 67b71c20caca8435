"""The board: the mouse and the keys make, choose, move and remove drawings; the chart asks it first and shows what it paints."""

from collections.abc import Iterator, Sequence
from uuid import uuid4

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from qv_desktop.domain.drawings import Anchor, Drawing, Kind, cloned
from qv_desktop.ui.chart.drawing.book import DrawingBook
from qv_desktop.ui.chart.drawing.editing import duplicate, edited
from qv_desktop.ui.chart.drawing.entry import TextEntry
from qv_desktop.ui.chart.drawing.gripping import Grip, nudged
from qv_desktop.ui.chart.drawing.keys import Command, Nudge, command_of, nudge_of, tool_of
from qv_desktop.ui.chart.drawing.painting import Look, Sheet
from qv_desktop.ui.chart.drawing.placing import Placing
from qv_desktop.ui.chart.drawing.plane import Plane
from qv_desktop.ui.chart.drawing.scene import Hit
from qv_desktop.ui.chart.drawing.shapes import shape

CURSOR = "cursor"  # the tool that draws nothing
QUICK = "quick"  # the id of a measure that is never stored
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_CLONES = Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ControlModifier


class DrawingBoard(DrawingBook):
    """Drawings under a person's hands. The host sets ``plane`` before each call, and leaves alone what is answered with True.

    ``tool_changed`` says which tool is in hand. What is being made or moved is shown but told only when it is done.
    """

    tool_changed = Signal(str)

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        self.plane: Plane | None = None
        self.tool: str = CURSOR
        self.kept = False  # the tool stays in hand after a drawing
        self.magnet = False
        self.hidden = False  # all drawings
        self._placing: Placing | None = None
        self._grip: Grip | None = None
        self._quick: Drawing | None = None  # a measure that is gone at the next click
        self._hovered = ""  # id
        self._copied: Drawing | None = None
        self._entry = TextEntry(host)

    # tools

    def begin(self, kind: str, *, kept: bool = False) -> None:
        """Take a tool in hand for one drawing, or until Esc when ``kept``; “cursor” puts it away."""
        self._stop()
        if kind == CURSOR or not self.symbol:
            return
        self.tool, self.kept = Kind(kind), kept
        self._placing = Placing(Kind(kind), uuid4().hex, self.symbol)
        if self.hidden:
            self.toggle_hidden()
        self.select("")
        self.tool_changed.emit(str(self.tool))
        self.state_changed.emit()

    def _stop(self) -> None:
        """Empty hands: what was not done is forgotten."""
        self._placing = self._grip = self._quick = None
        before, self.tool, self.kept = self.tool, CURSOR, False
        if before != CURSOR:
            self.tool_changed.emit(CURSOR)
            self.state_changed.emit()
        self.repaint_asked.emit()

    def toggle_magnet(self) -> None:
        """Let points be drawn to a bar's prices, or not."""
        self.magnet = not self.magnet
        self.state_changed.emit()

    def toggle_hidden(self) -> None:
        """Hide all drawings, or show them again."""
        self.hidden = not self.hidden
        self.select("")
        self.state_changed.emit()
        self.repaint_asked.emit()

    def show(self, symbol: str, drawings: Sequence[Drawing]) -> None:
        """The symbol's drawings as stored; what is in a hand meanwhile is not disturbed."""
        if symbol != self.symbol:
            self._entry.close_entry()
            self.select("")
            self._stop()
        self.take(symbol, drawings, self._grip.drawing.id if self._grip is not None else "")

    # the mouse

    def press(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> bool:
        """The left button goes down: whether that was for a drawing."""
        plane = self.plane
        self._entry.close_entry()
        self.steps.part()
        if self._quick is not None:
            self._quick = None
            self.repaint_asked.emit()
        if plane is None or not plane.rect.contains(at):
            return False
        hit = self._hit(at) if self._placing is None else None
        if self._placing is None and hit is None and modifiers & _SHIFT and self.symbol:
            self._placing = Placing(Kind.MEASURE, QUICK, self.symbol)
        if self._placing is not None:
            self._placing.press(plane, at, straight=bool(modifiers & _SHIFT), magnet=self.magnet)
            self.repaint_asked.emit()
            return True
        return self._took_hold(hit, at, modifiers)

    def _took_hold(self, hit: Hit | None, at: QPointF, modifiers: Qt.KeyboardModifier) -> bool:
        """A locked drawing can be chosen, but a drag on it moves the chart."""
        self.select(hit.drawing.id if hit is not None else "")
        if hit is None or (hit.drawing.locked and not modifiers & _CLONES):
            return False
        if modifiers & _CLONES:
            self._grip = Grip(cloned(hit.drawing, uuid4().hex), None, at)
        else:
            self._grip = Grip(hit.drawing, hit.handle, at)
        return True

    def move(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> bool:
        """The pointer moves, with the button or without: whether it is dragging a drawing."""
        plane = self.plane
        if plane is None:
            return False
        straight = bool(modifiers & _SHIFT)
        if self._placing is not None:
            self._placing.move(plane, at, straight=straight, magnet=self.magnet)
            if self._placing.begun:
                self.repaint_asked.emit()
            return self._placing.held
        if self._grip is not None:
            self._grip.move(plane, at, straight=straight, magnet=self.magnet)
            self.repaint_asked.emit()
            return True
        self._hover(at)
        return False

    def _hover(self, at: QPointF | None) -> None:
        hit = self._hit(at) if at is not None else None
        over = hit.drawing.id if hit is not None else ""
        if over != self._hovered:
            self._hovered = over
            self.repaint_asked.emit()

    def leave(self) -> None:
        """The pointer has left the chart."""
        self._hover(None)

    def release(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> bool:
        """The left button goes up: whether it was for a drawing."""
        if self._placing is not None and self._placing.held:
            self.move(at, modifiers)
            if self._placing.release(at):
                self._place(self._placing)
            self.repaint_asked.emit()
            return True
        if self._grip is None:
            return False
        self.move(at, modifiers)
        grip, self._grip = self._grip, None
        if grip.dragging and self.commit({grip.draft.id: grip.draft}):
            self.select(grip.draft.id)
        self.repaint_asked.emit()
        return True

    def _place(self, placing: Placing) -> None:
        """A drawing has all its points: keep it, and put the tool away unless it is kept."""
        draft = placing.draft()
        kind, kept = placing.kind, self.kept
        self._stop()
        if draft is None or draft.id == QUICK:
            self._quick = draft
            return
        if kind is Kind.TEXT:
            self._edit(self.inked(draft))
        elif self.commit({draft.id: self.inked(draft)}) and not kept:
            self.select(draft.id)
        if kept and kind is not Kind.TEXT:
            self.begin(kind, kept=True)

    def double_click(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> bool:
        """The second press of two: a text is edited, and no drawing is made twice."""
        if self._placing is not None:
            return self.press(at, modifiers) if self._placing.begun else True
        hit = self._hit(at)
        if hit is not None and hit.drawing.kind is Kind.TEXT and not hit.drawing.locked:
            self._edit(hit.drawing)
        return hit is not None

    def _edit(self, drawing: Drawing) -> None:
        if self.plane is not None:
            point = self.plane.point(drawing.anchors[0])
            self._entry.ask(point, drawing.text, lambda text: self._written(drawing, text))

    def _written(self, drawing: Drawing, text: str) -> None:
        """The text of a drawing that may have been moved meanwhile; without a text there is none."""
        known = self.find(drawing.id)
        if text.strip() or known is not None:
            self.commit({drawing.id: edited(known or drawing, text)})

    def _hit(self, at: QPointF) -> Hit | None:
        if self.plane is None or self.hidden or not self.plane.rect.contains(at):
            return None
        return self.scene.hit(self.plane, at, self.selected.id if self.selected is not None else "")

    def cursor(self, at: QPointF) -> Qt.CursorShape | None:
        """The pointer's form at a point; None where the chart decides."""
        if self._grip is not None and self._grip.dragging:
            return Qt.CursorShape.ClosedHandCursor
        if self._placing is not None:
            return Qt.CursorShape.CrossCursor if self.plane is not None and self.plane.rect.contains(at) else None
        hit = self._hit(at)
        if hit is None:
            return None
        movable = hit.handle is not None and not hit.drawing.locked
        return Qt.CursorShape.SizeAllCursor if movable else Qt.CursorShape.PointingHandCursor

    # the keys

    def key(self, key: int, modifiers: Qt.KeyboardModifier) -> bool:
        """A key goes down on the chart: whether it was for a drawing."""
        tool = tool_of(key, modifiers)
        if tool is not None:
            self.begin(tool)
            return True
        command = command_of(key, modifiers)
        if command is not None:
            return self._did(command)
        nudge = nudge_of(key, modifiers)
        return nudge is not None and self._nudged(nudge)

    def _did(self, command: Command) -> bool:
        if self._grip is not None and command != "escape":
            return True  # first let go
        match command:
            case "undo":
                self.undo_asked()
            case "redo":
                self.redo_asked()
            case "hide":
                self.toggle_hidden()
            case "escape":
                return self._escaped()
            case "copy" if self.selected is not None:
                self._copied = self.selected
            case "paste" if self._copied is not None:
                self._copied = self._doubled(self._copied)
            case "remove" if self.selected is not None:
                self.remove(self.selected)
            case _:
                return False
        return True

    def undo_asked(self) -> None:
        """Take the last step back; what is in hand is put away."""
        self._stop()
        self.undo()

    def redo_asked(self) -> None:
        """Do it again."""
        self._stop()
        self.redo()

    def _escaped(self) -> bool:
        """Esc puts away one thing after the other: what is in hand, then what is chosen."""
        if self.tool != CURSOR or self._grip is not None or self._placing is not None or self._quick is not None:
            self._stop()
            return True
        chosen = self.selected is not None
        self.select("")
        return chosen

    def _nudged(self, nudge: Nudge) -> bool:
        drawing = self.selected
        if drawing is None or self.plane is None or self._placing is not None or self._grip is not None:
            return False
        if drawing.locked:
            self.refused.emit("This drawing is locked; unlock it first, then move it.")
        else:
            self.commit({drawing.id: nudged(self.plane, drawing, *nudge)}, f"nudge {drawing.id}")
        return True

    def clone_selected(self) -> None:
        """Another one like the chosen, a little aside, and chosen itself."""
        if self.selected is not None:
            self._doubled(self.selected)

    def _doubled(self, drawing: Drawing) -> Drawing:
        """The new one, from which the next is a little further aside; on this symbol, wherever it was copied."""
        if self.plane is None or not self.symbol:
            return drawing
        twin = duplicate(self.plane, drawing, uuid4().hex, self.symbol)
        if self.commit({twin.id: twin}):
            self.select(twin.id)
        return twin

    # what is seen

    def paint(self, painter: QPainter, plane: Plane) -> None:
        """Paint what is drawn and what is being drawn into the price pane; leaves the painter as it was."""
        self.plane = plane
        painter.save()
        painter.setClipRect(plane.rect, Qt.ClipOperation.IntersectClip)
        held = self._grip.draft.id if self._grip is not None else ""
        if not self.hidden:
            self.scene.paint(painter, plane, held)
        top = Sheet()
        for drawing, look in self._on_top(held):
            made = shape(drawing, plane)
            if made is not None:
                top.add(drawing, made, look)
        top.paint(painter)
        painter.restore()

    def _on_top(self, held: str) -> Iterator[tuple[Drawing, Look]]:
        """What is under the pointer, the chosen one, and what is in hand: painted over all others, and over itself."""
        over, chosen = self.find(self._hovered), self.selected
        if not self.hidden:
            if over is not None and over is not chosen and over.id != held and not over.hidden:
                yield over, "hovered"
            if chosen is not None and chosen.id != held and not chosen.hidden:
                yield chosen, "selected"
        if self._grip is not None and (self._grip.dragging or self.find(held) is not None):
            yield self._grip.draft, "selected"
        draft = self._placing.draft() if self._placing is not None else None
        if draft is not None:
            yield self.inked(draft), "plain" if draft.id == QUICK else "selected"
        if self._quick is not None:
            yield self._quick, "plain"

    def tags(self) -> list[tuple[Anchor, str]]:
        """Anchors whose prices may stand on the axis, with their colours: of level lines and crosses."""
        level = (Kind.HORIZONTAL, Kind.CROSS)
        return [(drawing.anchors[0], drawing.color) for drawing in self.drawings
                if not self.hidden and not drawing.hidden and drawing.kind in level]  # fmt: skip
