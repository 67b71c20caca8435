"""A scripted person's hands and eyes: buttons by what stands on them, and the text that is in view."""

import asyncio
from contextlib import suppress

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget

from qv_desktop.ui.theme import HoldButton

PATIENCE = 20.0  # seconds for a hold, which takes one


def button(panel: QWidget, text: str) -> QAbstractButton:
    """The first enabled button of ``panel`` whose text begins with ``text``. Raises LookupError."""
    for found in panel.findChildren(QAbstractButton):
        if found.text().startswith(text) and found.isEnabled():
            return found
    raise LookupError(f"there is no enabled button “{text}…”")


def press(panel: QWidget, text: str) -> None:
    """Click a button."""
    button(panel, text).click()


async def hold(panel: QWidget, text: str) -> None:
    """Hold a button under the mouse until it fires."""
    found, fired = button(panel, text), asyncio.Event()
    if isinstance(found, HoldButton):
        found.held.connect(fired.set)
    QTest.mousePress(found, Qt.MouseButton.LeftButton)
    with suppress(TimeoutError):
        await asyncio.wait_for(fired.wait(), PATIENCE)  # a window that stands still counts for nothing
    QTest.mouseRelease(found, Qt.MouseButton.LeftButton)


def shown_text(panel: QWidget) -> str:
    """Every label of ``panel``, one a line."""
    return "\n".join(label.text() for label in panel.findChildren(QLabel))
