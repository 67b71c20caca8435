"""What a study is made of: the bars it reads, its settings and outputs, and how its values are found."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from qv_desktop.analytics.indicators.carried import Run, State
from qv_desktop.analytics.indicators.library import Floats

type Settings = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Bars:
    """Parallel arrays of shape (n,), oldest first: starts in ns UTC, a number for each New York day, prices and shares."""

    start: NDArray[np.int64]
    session: NDArray[np.int64]
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats


class Source(Protocol):
    """Growing bars: the closed ones and the live one, which is the last."""

    def __len__(self) -> int:
        """How many, the live one included; at least 1."""

    def part(self, first: int, last: int) -> Bars:
        """Bars ``first:last``."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A number that a person chooses; with ``choices`` the index of one, and named ``anchor`` a moment in seconds since 1970."""

    name: str
    title: str
    default: float
    least: float
    most: float
    step: float = 1
    choices: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether only whole numbers mean something."""
        return float(self.step).is_integer()


@dataclass(frozen=True, slots=True)
class Output:
    """One line of a study; ``shift`` is how many bars further right each value is drawn."""

    name: str
    title: str
    look: Literal["line", "histogram", "dots"]
    token: str  # a colour of the theme, or #rrggbb
    shift: Callable[[Settings], int] | None = None


@dataclass(frozen=True, slots=True)
class Fill:
    """The ground between two outputs, in ``lower_token`` where the first lies below the second."""

    upper: int
    lower: int
    token: str
    lower_token: str = ""


@dataclass(frozen=True, slots=True)
class Windowed:
    """Each value is made of the newest ``window(settings)`` bars alone."""

    window: Callable[[Settings], int]
    compute: Callable[[Bars, Settings], tuple[Floats, ...]]


@dataclass(frozen=True, slots=True)
class Carried:
    """Each value goes on from what is remembered of all bars before it."""

    run: Callable[[Bars, Settings, State | None], Run]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of study. ``levels`` are marked in its pane, ``span`` is a fixed scale; a ``profile`` is drawn from the bars in view."""

    id: str
    title: str
    group: str
    overlay: bool  # over the prices, not in a pane of its own
    settings: tuple[Setting, ...]
    outputs: tuple[Output, ...]
    method: Windowed | Carried | None
    fills: tuple[Fill, ...] = ()
    levels: tuple[float, ...] = ()
    span: tuple[float, float] | None = None

    @property
    def profile(self) -> bool:
        """Whether it has no line of its own."""
        return self.method is None
