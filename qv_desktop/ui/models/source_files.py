"""Dialogs for a strategy's source as a file; they do not stop the program."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

PYTHON = "Python (*.py)"


def ask_open(parent: QWidget, done: Callable[[Path], object]) -> None:
    """Which file to read."""
    dialog = _dialog(parent, "Open a strategy's source", QFileDialog.AcceptMode.AcceptOpen, done)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.open()


def ask_save(parent: QWidget, name: str, done: Callable[[Path], object]) -> None:
    """Where to write the source of the strategy ``name``."""
    dialog = _dialog(parent, "Save the source", QFileDialog.AcceptMode.AcceptSave, done)
    dialog.setDefaultSuffix("py")
    dialog.selectFile(f"{name}.py")
    dialog.open()


def _dialog(parent: QWidget, title: str, mode: QFileDialog.AcceptMode, done: Callable[[Path], object]) -> QFileDialog:
    dialog = QFileDialog(parent, title)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setAcceptMode(mode)
    dialog.setNameFilter(PYTHON)
    dialog.fileSelected.connect(lambda file: done(Path(file)))
    return dialog
