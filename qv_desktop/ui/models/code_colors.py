"""Colours for Python: keywords, numbers, names of functions, strings and comments, also over several lines."""

import keyword
import re
import time

from PySide6.QtCore import QTimer
from PySide6.QtGui import QSyntaxHighlighter, QTextCharFormat, QTextDocument

from qv_desktop.ui import theme

_WORDS = "|".join(word for word in keyword.kwlist)
# in this order: what begins a string or a comment swallows what would be something else inside it
TOKENS = re.compile(
    r"(?P<triple>[rRbBuUfF]{0,2}(?:\"\"\"|'''))"
    r"|(?P<text>[rRbBuUfF]{0,2}(?:\"(?:\\.|[^\"\\\n])*\"?|'(?:\\.|[^'\\\n])*'?))"
    r"|(?P<comment>#.*)"
    r"|(?P<named>(?<=\bdef )\w+|(?<=\bclass )\w+)"
    r"|(?P<number>(?<![\w.])(?:0[xXoObB][\da-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?))"
    rf"|(?P<word>\b(?:{_WORDS})\b)"
    r"|(?P<name>\w+)"
)
AT_ONCE, SLICE = 80, 0.004  # lines, seconds
INKS = {
    "triple": "TX2",
    "text": "CODE_TEXT",
    "comment": "TX2",
    "named": "TX0",
    "number": "CODE_NUMBER",
    "word": "CODE_WORD",
}
QUOTES = {1: '"""', 2: "'''"}  # a block's state -> the string that goes on in the next one


class PythonColors(QSyntaxHighlighter):
    """Colours a document; a block's state says which triple-quoted string goes on after it, 0 none.

    Of a text that is put in whole (``begin`` first) the first lines are coloured at once and the rest in slices, so that nothing waits.
    """

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._due: int | None = None  # the first line that is not coloured yet
        self._slices = QTimer(self, interval=0)
        self._slices.timeout.connect(self._go_on)
        theme.follow(self, self._dress)

    def _dress(self) -> None:
        self._inks = {kind: _ink(token) for kind, token in INKS.items()}
        self.begin()
        self.rehighlight()

    def begin(self) -> None:
        """Another text is about to be put in."""
        self._due = AT_ONCE
        self._slices.start()

    def _go_on(self) -> None:
        end = time.perf_counter() + SLICE
        while self._due is not None and time.perf_counter() < end:
            block = self.document().findBlockByNumber(self._due)
            if block.isValid():
                self._due += 1
                self.rehighlightBlock(block)
            else:
                self._due = None
        if self._due is None:
            self._slices.stop()

    def highlightBlock(self, text: str) -> None:
        """Colour one line."""
        if self._due is not None and self.currentBlock().blockNumber() >= self._due:
            self.setCurrentBlockState(0)
            return
        place, state = 0, max(0, self.previousBlockState())
        while True:
            if state:
                place, state = self._string(text, place, place, state)
                if state:
                    break
            found = TOKENS.search(text, place)
            if found is None:
                break
            kind = found.lastgroup or ""
            if kind == "triple":
                state = 1 if found[0].endswith(QUOTES[1]) else 2
                place, state = self._string(text, found.start(), found.end(), state)
                if state:
                    break
                continue
            if kind in self._inks:
                self.setFormat(found.start(), len(found[0]), self._inks[kind])
            place = found.end()
        self.setCurrentBlockState(state)

    def _string(self, text: str, start: int, inside: int, state: int) -> tuple[int, int]:
        """Colour from ``start`` to the end of the string that is open from ``inside`` on; where it ends, and what still goes on."""
        end = text.find(QUOTES[state], inside)
        stop = len(text) if end < 0 else end + 3
        self.setFormat(start, stop - start, self._inks["triple"])
        return stop, state if end < 0 else 0


def _ink(token: str) -> QTextCharFormat:
    ink = QTextCharFormat()
    ink.setForeground(theme.color(token))
    return ink
