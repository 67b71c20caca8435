"""What a person draws on a chart: lines, boxes and words, held to moments and prices rather than to pixels."""

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Literal, cast, get_args

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import SECOND

type Dash = Literal["solid", "dashed", "dotted"]


class Kind(StrEnum):
    """The ten kinds of drawing."""

    TREND = "trend"
    RAY = "ray"
    HORIZONTAL = "horizontal"
    VERTICAL = "vertical"
    CROSS = "cross"
    CHANNEL = "channel"
    RECTANGLE = "rectangle"
    FIBONACCI = "fibonacci"
    TEXT = "text"
    MEASURE = "measure"


ANCHORS: dict[Kind, int] = {  # kind -> how many anchors hold it
    Kind.TREND: 2, Kind.RAY: 2, Kind.HORIZONTAL: 1, Kind.VERTICAL: 1, Kind.CROSS: 1, Kind.CHANNEL: 3, Kind.RECTANGLE: 2,
    Kind.FIBONACCI: 2, Kind.TEXT: 1, Kind.MEASURE: 2,
}  # fmt: skip
COLORS = ("ACCENT", "UP", "DOWN", "WARN", "VIOLET", "TX1")  # tokens of the theme that a person chooses from
FIBONACCI = (0.0, 0.236, 0.382, 0.5, 0.618, 0.786, 1.0, 1.618)
DASHES: tuple[Dash, ...] = get_args(Dash.__value__)
WIDEST = 3  # px
MOST = 500  # drawings of one symbol
MOST_TEXT, MOST_LEVELS = 200, 24  # characters, levels
MOST_PRICE = 1e12
EARLIEST, LATEST = (
    -2_208_988_800 * SECOND,
    7_258_118_400 * SECOND,
)  # the years 1900 and 2200: what 64 bits of ns can hold
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_UNWRITABLE = {"Cc", "Cs"}  # control characters and halves of surrogates, which no database takes


@dataclass(frozen=True, slots=True)
class Anchor:
    """A point of a drawing: a moment, which may lie between bars or in the future, and a price."""

    at: int  # ns
    price: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """One drawing of one person on one symbol, on every timeframe.

    A fibonacci's ``levels`` are shares of the way back from its second anchor (0) to its first (1).
    """

    id: str
    symbol: str
    kind: Kind
    anchors: tuple[Anchor, ...]
    color: str = COLORS[0]
    width: int = 1  # px
    dash: Dash = "solid"
    text: str = ""
    levels: tuple[float, ...] = ()
    locked: bool = False
    hidden: bool = False


def drawn(id: str, symbol: str, kind: Kind, anchors: tuple[Anchor, ...], text: str = "") -> Drawing:
    """A new drawing as its kind begins. Raises BadInput."""
    levels = FIBONACCI if kind is Kind.FIBONACCI else ()
    return checked(Drawing(id, symbol, kind, anchors, text=text, levels=levels))


def moved(drawing: Drawing, index: int, anchor: Anchor) -> Drawing:
    """The same with handle ``index`` elsewhere; a rectangle's handles 2 and 3 are the corners between its two anchors."""
    held = list(drawing.anchors)
    if drawing.kind is Kind.RECTANGLE and index >= len(held):
        dated, priced = (0, 1) if index == 2 else (1, 0)
        held[dated] = replace(held[dated], at=anchor.at)
        held[priced] = replace(held[priced], price=anchor.price)
    else:
        held[index] = anchor
    return replace(drawing, anchors=tuple(held))


def shifted(drawing: Drawing, shift: Callable[[Anchor], Anchor]) -> Drawing:
    """The same, every anchor where ``shift`` puts it: how far a bar or a pixel goes, only the chart knows."""
    return replace(drawing, anchors=tuple(shift(anchor) for anchor in drawing.anchors))


def cloned(drawing: Drawing, id: str) -> Drawing:
    """Another one like it, free to move."""
    return replace(drawing, id=id, locked=False, hidden=False)


def checked(drawing: Drawing) -> Drawing:
    """The drawing with a tidy text. Raises BadInput with what to do."""
    if not drawing.id or not drawing.symbol:
        raise BadInput("A drawing needs a symbol; choose one and draw it again.")
    if len(drawing.anchors) != ANCHORS[drawing.kind]:
        raise BadInput(f"A {drawing.kind} needs {ANCHORS[drawing.kind]} points; draw it again.")
    if not all(_placed(anchor) for anchor in drawing.anchors):
        raise BadInput("A point of this drawing lies at no price or outside 1900 to 2200; draw it within the chart.")
    if not 1 <= drawing.width <= WIDEST or drawing.dash not in DASHES or not _is_color(drawing.color):
        raise BadInput(f"A line is 1 to {WIDEST} px wide, {', '.join(DASHES)}, in a colour of the theme; choose again.")
    if len(drawing.levels) > MOST_LEVELS or not all(abs(level) <= 1000 for level in drawing.levels):
        raise BadInput(f"A retracement has at most {MOST_LEVELS} levels between −1000 and 1000; change them.")
    return replace(drawing, text=tidy(drawing.text))


def tidy(text: str) -> str:
    """The text on one line without stray blanks. Raises BadInput when it is too long or cannot be written down."""
    line = " ".join(text.split())
    if len(line) > MOST_TEXT:
        raise BadInput(f"This text has {len(line)} characters; shorten it to {MOST_TEXT}.")
    if any(unicodedata.category(character) in _UNWRITABLE for character in line):
        raise BadInput("This text has characters that cannot be shown; type it anew.")
    return line


def _placed(anchor: Anchor) -> bool:
    return abs(anchor.price) <= MOST_PRICE and EARLIEST <= anchor.at <= LATEST  # no comparison holds for NaN


def _is_color(text: str) -> bool:
    return text in COLORS or _COLOR.fullmatch(text) is not None


def body(drawing: Drawing) -> dict[str, object]:
    """All of it but id, symbol and kind, as JSON values."""
    return {
        "anchors": [[anchor.at, anchor.price] for anchor in drawing.anchors], "color": drawing.color, "width": drawing.width,
        "dash": drawing.dash, "text": drawing.text, "levels": list(drawing.levels), "locked": drawing.locked,
        "hidden": drawing.hidden,
    }  # fmt: skip


def from_body(id: str, symbol: str, kind: str, body: object) -> Drawing | None:
    """What ``body`` once gave, or None when it cannot be read: a drawing is never guessed, and never stops the others."""
    try:
        return checked(_read(id, symbol, Kind(kind), cast(Mapping[str, object], body)))
    except (BadInput, ValueError, TypeError, LookupError, AttributeError, OverflowError):
        return None


def _read(id: str, symbol: str, kind: Kind, body: Mapping[str, object]) -> Drawing:
    anchors = tuple(Anchor(_whole(at), _number(price)) for at, price in _list(body["anchors"]))
    plain = Drawing(id, symbol, kind, anchors)
    usual = list(FIBONACCI) if kind is Kind.FIBONACCI else []
    levels = tuple(_number(level) for level in _list(body.get("levels", usual)))
    color, text = str(body.get("color", plain.color)), str(body.get("text", ""))
    dash = cast(Dash, body.get("dash", plain.dash))
    return replace(plain, color=color, width=_whole(body.get("width", 1)), dash=dash, text=text, levels=levels,
                   locked=body.get("locked") is True, hidden=body.get("hidden") is True)  # fmt: skip


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _number(value: object) -> float:
    """A whole price comes back from JSON without its point."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return float(value)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value != int(value):
        raise TypeError
    return int(value)
