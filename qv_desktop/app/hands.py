"""A scripted person's hands and eyes: buttons by what stands on them, and the text that is in view."""

import asyncio

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget

HELD = 1.2  # seconds; a little over what a hold takes


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
    found = button(panel, text)
    QTest.mousePress(found, Qt.MouseButton.LeftButton)
    await asyncio.sleep(HELD)
    QTest.mouseRelease(found, Qt.MouseButton.LeftButton)


def shown_text(panel: QWidget) -> str:
    """Every label of ``panel``, one a line."""
    return "\n".join(label.text() for label in panel.findChildren(QLabel))
