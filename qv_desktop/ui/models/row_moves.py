"""Rows that change places: they are all of one height, so that nothing is laid out again for it and no title is painted."""

from PySide6.QtCore import QAbstractItemModel, QObject
from PySide6.QtGui import QAccessible, QAccessibleTableModelChangeEvent
from PySide6.QtWidgets import QTableView

from qv_desktop.ui.models.shown_rows import WITH_HINT

_SIGNALS = [
    f"2{name}({WITH_HINT})" for name in ("layoutAboutToBeChanged", "layoutChanged")
]  # 2 is Qt's mark of a signal


def keep_layout(view: QTableView, model: QAbstractItemModel) -> None:
    """Let ``view`` and its headers not hear of moved rows; the selection follows them by itself.

    Qt would lay out all three anew and paint them whole: half of what a busy blotter asks of a frame.
    """
    for listener in (view, view.horizontalHeader(), view.verticalHeader()):
        for signal in _SIGNALS:
            QObject.disconnect(model, signal, listener, None)  # type: ignore[call-overload]  # the stubs forget this form


def show(view: QTableView) -> None:
    """Paint the rows where they stand now, and tell whoever reads the screen aloud, who keeps cells by their places."""
    view.viewport().update()
    if QAccessible.isActive():
        reset = QAccessibleTableModelChangeEvent.ModelChangeType.ModelReset
        QAccessible.updateAccessibility(QAccessibleTableModelChangeEvent(view, reset))
