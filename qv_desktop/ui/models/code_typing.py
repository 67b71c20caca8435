"""What keys do to code besides typing a letter: lines move in and out by four spaces, comments come and go, a new line keeps its place."""

import re

from PySide6.QtGui import QTextBlock, QTextCursor

STEP = 4  # spaces
OPENS = re.compile(r":\s*(#.*)?\Z")  # a line after which the next one stands further in
ENDS = re.compile(r"\s*(return|pass|raise|break|continue)\b")


def new_line(cursor: QTextCursor) -> None:
    """A line that stands where this one does, further in after a colon, further out after a return."""
    cursor.beginEditBlock()
    cursor.removeSelectedText()
    before = cursor.block().text()[: cursor.positionInBlock()]
    indent = len(before) - len(before.lstrip(" "))
    if OPENS.search(before) and before.strip():
        indent += STEP
    elif ENDS.match(before):
        indent = max(0, indent - STEP)
    cursor.insertText("\n" + " " * indent)
    cursor.endEditBlock()


def tab(cursor: QTextCursor) -> None:
    """Spaces up to the next fourth column, or all selected lines further in."""
    if _one_line(cursor):
        cursor.beginEditBlock()
        cursor.removeSelectedText()
        cursor.insertText(" " * (STEP - cursor.positionInBlock() % STEP))
        cursor.endEditBlock()
    else:
        shift(cursor, further=True)


def shift(cursor: QTextCursor, *, further: bool) -> None:
    """The lines of the selection, or the cursor's, further in or out."""
    cursor.beginEditBlock()
    for block in _blocks(cursor):
        text = block.text()
        here = QTextCursor(block)
        if further and text.strip():
            here.insertText(" " * STEP)
        elif not further:
            _drop(here, min(STEP, len(text) - len(text.lstrip(" "))))
    cursor.endEditBlock()


def backspace(cursor: QTextCursor) -> bool:
    """Between the margin and the text a step is taken back at once; whether it was."""
    before = cursor.block().text()[: cursor.positionInBlock()]
    if cursor.hasSelection() or not before or before.strip(" "):
        return False
    for _ in range((len(before) - 1) % STEP + 1):
        cursor.deletePreviousChar()
    return True


def toggle_comment(cursor: QTextCursor) -> None:
    """The lines become comments, or code again where all of them are comments; blank lines stay."""
    blocks = [block for block in _blocks(cursor) if block.text().strip()]
    commented = bool(blocks) and all(block.text().lstrip().startswith("#") for block in blocks)
    indent = min((len(b.text()) - len(b.text().lstrip()) for b in blocks), default=0)
    cursor.beginEditBlock()
    for block in blocks:
        here = QTextCursor(block)
        if commented:
            place = block.text().index("#")
            here.setPosition(block.position() + place)
            _drop(here, 2 if block.text()[place : place + 2] == "# " else 1)
        else:
            here.setPosition(block.position() + indent)
            here.insertText("# ")
    cursor.endEditBlock()


def _drop(cursor: QTextCursor, count: int) -> None:
    for _ in range(count):
        cursor.deleteChar()


def _one_line(cursor: QTextCursor) -> bool:
    document = cursor.document()
    return document.findBlock(cursor.selectionStart()) == document.findBlock(cursor.selectionEnd())


def _blocks(cursor: QTextCursor) -> list[QTextBlock]:
    """The lines that the selection touches; one that it ends before the first letter of is not among them."""
    document, start, end = cursor.document(), cursor.selectionStart(), cursor.selectionEnd()
    first, last = document.findBlock(start), document.findBlock(end)
    if end > start and end == last.position():
        last = last.previous()
    found = [first]
    while found[-1] != last:
        found.append(found[-1].next())
    return found
