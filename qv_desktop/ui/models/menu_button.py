"""A quiet button that opens a menu made at that moment."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu, QPushButton

from qv_desktop.ui import theme
from qv_desktop.ui.models.table import Table

type Fill = Callable[[QMenu], None]


def menu_button(text: str, name: str, fill: Fill) -> QPushButton:
    """A ghost button; ``fill`` puts the entries into its menu each time it opens. ``name`` is for those who hear it."""
    button = theme.button(text, "ghost")
    button.setAccessibleName(name)
    button.setToolTip(name)
    button.clicked.connect(lambda: _open(button, fill))
    return button


def export_button[R](table: Table[R]) -> QPushButton:
    """The button of every table that can be exported: CSV or Parquet."""
    return menu_button("⤓", "Export this table", table.offer_export)


def _open(button: QPushButton, fill: Fill) -> None:
    menu = QMenu(button)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.setToolTipsVisible(True)
    fill(menu)
    menu.popup(button.mapToGlobal(QPoint(0, button.height())))


def entry(menu: QMenu, text: str, done: Callable[[], object], why_not: str = "") -> None:
    """One entry; greyed out with the reason when there is one."""
    action = menu.addAction(text)
    action.setEnabled(not why_not)
    action.setToolTip(why_not)
    action.triggered.connect(lambda _=False: done())
