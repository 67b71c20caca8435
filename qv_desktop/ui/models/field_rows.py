"""Rows of captioned fields, and fields that are off with the reason."""

from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from qv_desktop.ui import theme
from qv_desktop.ui.models.choice import Choice
from qv_desktop.ui.models.number_field import NumberField


def refuse(widget: QWidget, why: str) -> None:
    """Grey a control out; the reason is its tip, and its description for those who hear it."""
    if isinstance(widget, Choice):
        widget.switch_off(why)
        return
    if why or not widget.isEnabled():
        widget.setToolTip(why)
        if not isinstance(widget, NumberField) or why:
            widget.setAccessibleDescription(why)
    widget.setEnabled(not why)


def field_row(*parts: tuple[str | QLabel, QWidget]) -> QHBoxLayout:
    """Captioned fields of equal width, whatever is in them; an empty caption takes no room."""
    row = QHBoxLayout()
    row.setSpacing(6)
    for title, widget in parts:
        widget.setFixedHeight(26)
        widget.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        column = QVBoxLayout()
        column.setSpacing(2)
        if title:
            column.addWidget(_caption(title))
        column.addWidget(widget, 1)
        row.addLayout(column, 1)
    return row


def _caption(title: str | QLabel) -> QLabel:
    over = theme.caption(title) if isinstance(title, str) else title
    over.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    over.setFixedHeight(13)
    return over
