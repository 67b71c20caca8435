"""Two JSON texts side by side as lines that went, came and stayed, and the view that shows them."""

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Literal

from PySide6.QtGui import QTextOption
from PySide6.QtWidgets import QTextEdit

from qv_desktop.ui import theme

type Sign = Literal["-", "+", " "]
type Values = dict[str, object]  # path, such as ``checks › collar › passed`` -> a text, number, truth value or nothing

_INKS: dict[Sign, str] = {"-": "GONE", "+": "CAME", " ": "TX1"}  # by token
_NAMES = ("code", "rule", "name", "key", "symbol", "id")  # what tells the things of a list apart, best first
LONGEST = 300  # characters of one value
COMPARED = 12_000  # characters of one text whose values are looked at; the window waits for it
MOST = 120  # lines; whoever wants more copies the row


def difference(before: str, after: str) -> list[tuple[Sign, str]]:
    """What changed first, then what stayed, a value to a line; an empty text is nothing, and text that is no JSON stays as it is.

    Numbers are compared as numbers, whether or not they are kept as texts: 100 and 100.00 are one.
    """
    old, new = _values(before), _values(after)
    changed: list[tuple[Sign, str]] = []
    stayed: list[tuple[Sign, str]] = []
    for path in dict.fromkeys((*old, *new)):
        if path in old and path in new and _same(old[path], new[path]):
            stayed.append((" ", _line(path, new[path])))
            continue
        if path in old:
            changed.append(("-", _line(path, old[path])))
        if path in new:
            changed.append(("+", _line(path, new[path])))
    lines = changed + stayed
    more = len(lines) - MOST
    return lines if more <= 0 else [*lines[:MOST], (" ", f"… {more:,} more lines; Copy has all of them")]


def _values(text: str) -> Values:
    """The text's values by path, in their order; a text that is too long to be looked at stays whole."""
    if not text:
        return {}
    if len(text) > COMPARED:
        return {"": text}
    try:
        return dict(_flat("", json.loads(text, parse_float=Decimal)))
    except (ValueError, RecursionError):
        return {"": text}


def _flat(path: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _flat(f"{path} › {key}" if path else str(key), inner)
    elif isinstance(value, list) and value:
        name = next((name for name in _NAMES if _tells_apart(name, value)), None)
        for place, inner in enumerate(value, 1):
            if name is None:
                yield from _flat(f"{path} › {place}" if path else str(place), inner)
            else:
                rest = {key: part for key, part in inner.items() if key != name}
                yield from _flat(f"{path} › {inner[name]}" if path else str(inner[name]), rest)
    else:
        yield path, value


def _tells_apart(name: str, things: Sequence[object]) -> bool:
    """Whether every thing has a text under ``name``, and each another one."""
    names = [thing.get(name) for thing in things if isinstance(thing, Mapping)]
    return len(names) == len(things) == len({n for n in names if isinstance(n, str)})


def _same(old: object, new: object) -> bool:
    if old == new:
        return type(old) is type(new) or (not isinstance(old, bool) and not isinstance(new, bool))
    one, other = _number(old), _number(new)
    return isinstance(old, str) == isinstance(new, str) and one is not None and one == other


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or value is None or (isinstance(value, str) and len(value) > LONGEST):
        return None
    if isinstance(value, str) and not value.replace(".", "", 1).replace("-", "", 1).isdecimal():
        return None
    try:
        return Decimal(value) if isinstance(value, (str, int, Decimal)) else None
    except ArithmeticError:
        return None


def _line(path: str, value: object) -> str:
    return f"{path}: {_words(value)}" if path else _words(value)


def _words(value: object) -> str:
    """A value as people read it: numbers with all their digits and in groups, nothing as a dash."""
    match value:
        case None:
            return "—"
        case bool():
            return "yes" if value else "no"
        case int() | Decimal():
            return f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"
        case "":
            return "(empty)"
        case str() if len(value) > LONGEST:
            return f"{value[:LONGEST]}… ({len(value):,} characters; Copy has all of them)"
        case str():
            return value
    return "(empty)"


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
        theme.follow(self, lambda: self._show(lines))

    def _show(self, lines: Sequence[tuple[Sign, str]]) -> None:
        rows = (
            f'<span style="color:{theme.color(_INKS[sign]).name()}">{_escaped(sign, text)}</span>'
            for sign, text in lines
        )
        family = "font-family:'JetBrains Mono',monospace; margin:0; white-space:pre-wrap"
        self.setHtml(f'<p style="{family}">{"<br>".join(rows)}</p>')


def _escaped(sign: Sign, text: str) -> str:
    return f"{'−' if sign == '-' else sign} {html.escape(text)}"
