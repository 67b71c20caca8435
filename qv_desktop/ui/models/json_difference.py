"""Two JSON texts side by side as lines that went, came and stayed, and the view that shows them."""

import difflib
import html
import json
from collections.abc import Sequence
from typing import Literal

from PySide6.QtGui import QTextOption
from PySide6.QtWidgets import QTextEdit

from qv_desktop.ui import theme

type Sign = Literal["-", "+", " "]

_INKS: dict[Sign, str] = {"-": "GONE", "+": "CAME", " ": "TX0"}  # by token


def difference(before: str, after: str) -> list[tuple[Sign, str]]:
    """Pretty lines of both texts with their signs; an empty text is nothing, and text that is no JSON stays as it is."""
    old, new = _pretty(before), _pretty(after)
    lines: list[tuple[Sign, str]] = []
    for line in difflib.ndiff(old, new):
        match line[0]:
            case "-":
                lines.append(("-", line[2:]))
            case "+":
                lines.append(("+", line[2:]))
            case " ":
                lines.append((" ", line[2:]))
    return lines


def _pretty(text: str) -> list[str]:
    if not text:
        return []
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False, sort_keys=True).splitlines()
    except ValueError:
        return text.splitlines()


class DifferenceView(QTextEdit):
    """Read-only lines in the mono face, gone ones red with −, new ones green with +."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setAccessibleName(name)
        self.setFont(theme.mono())
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)  # hashes are long words
        self.setMinimumHeight(48)

    def show_lines(self, lines: Sequence[tuple[Sign, str]]) -> None:
        """Replace the text."""
        rows = (
            f'<span style="color:{theme.color(_INKS[sign]).name()}">{_escaped(sign, text)}</span>'
            for sign, text in lines
        )
        family = "font-family:'JetBrains Mono',monospace; margin:0; white-space:pre-wrap"
        self.setHtml(f'<p style="{family}">{"<br>".join(rows)}</p>')


def _escaped(sign: Sign, text: str) -> str:
    return f"{'−' if sign == '-' else sign} {html.escape(text)}"
