"""One indicator on a chart: its kind, settings and colours, and its values as the bars grow."""

import math
from collections.abc import Mapping, Sequence
from itertools import count

from qv_desktop.analytics.downsampling import Floats
from qv_desktop.analytics.studies import KINDS, Computation, Kind, checked, label
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import Bar
from qv_desktop.ui import format
from qv_desktop.ui.chart.extents import Extents
from qv_desktop.ui.chart.study_source import StudySource

PALETTE = ("YELLOW", "BLUE", "PINK", "CYAN", "LIME", "ORANGE", "VIOLET", "TX1")
SHORT = 10_000.0  # from which a value is written as 12.3K

_numbers = count(1)


class Study:
    """``settings`` are checked already; ``tokens`` are colours in place of the outputs' own, in their order."""

    def __init__(
        self, kind: Kind, settings: Mapping[str, float], tokens: Sequence[str] = (), *, hidden: bool = False
    ) -> None:
        self.kind, self.settings, self.hidden = kind, dict(settings), hidden
        self.number = next(_numbers)  # tells instances of one kind apart while the program runs
        self.tokens = tuple(tokens) if len(tokens) == len(kind.outputs) else tuple(one.token for one in kind.outputs)
        self.title = label(kind, self.settings)
        self.shifts = tuple(one.shift(self.settings) if one.shift is not None else 0 for one in kind.outputs)
        self._computation = Computation(kind, self.settings)
        self._extents = tuple(Extents() for _ in kind.outputs)
        self._live: tuple[float, ...] = ()
        self._live_of: tuple[int, Bar] | None = None

    @property
    def values(self) -> tuple[Floats, ...]:
        """One row per output, one value per closed bar, NaN while unknown."""
        return () if self.kind.profile else self._computation.values

    def rebuild(self, source: StudySource) -> None:
        """Compute every value anew."""
        self._live_of = None
        for one in self._extents:
            one.forget()
        if not self.kind.profile:
            self._computation.rebuild(source)

    def extend(self, source: StudySource) -> None:
        """A bar has closed: one more value."""
        self._live_of = None
        if not self.kind.profile:
            self._computation.extend(source)

    def live(self, source: StudySource, bar: Bar) -> tuple[float, ...]:
        """The outputs at the live ``bar``; NaN while too few bars are known."""
        if self._live_of is None or self._live_of[0] != len(source) or self._live_of[1] is not bar:
            self._live = () if self.kind.profile else self._computation.live(source)
            self._live_of = (len(source), bar)
        return self._live

    def at(self, source: StudySource, bar: Bar, index: int) -> tuple[float | None, ...]:
        """What stands over bar ``index`` (``bar`` is the live one), each output where it is drawn; None while unknown."""
        found = []
        live = self.live(source, bar)
        for values, shift, newest in zip(self.values, self.shifts, live, strict=True):
            place = index - shift
            value = float(values[place]) if 0 <= place < len(values) else newest if place == len(values) else math.nan
            found.append(value if math.isfinite(value) else None)
        return tuple(found)

    def extent(self, first: int, last: int) -> tuple[float, float] | None:
        """Least and greatest of all outputs over bars ``first:last``, the level of a histogram among them."""
        found = [pair for values, shift, extents in zip(self.values, self.shifts, self._extents, strict=True)
                 if (pair := extents.of(values, max(0, first - shift), max(0, min(len(values), last - shift))))]  # fmt: skip
        if any(one.look == "histogram" for one in self.kind.outputs):
            found.append((0.0, 0.0))
        return (min(low for low, _ in found), max(high for _, high in found)) if found else None

    def words(self) -> dict[str, object]:
        """The study as JSON values."""
        return {"kind": self.kind.id, "settings": self.settings, "tokens": list(self.tokens), "hidden": self.hidden}


def study_from(words: object) -> Study | None:
    """The study that JSON values name; None where no version of ours can read them."""
    if not isinstance(words, Mapping):
        return None
    settings, tokens = words.get("settings"), words.get("tokens")
    try:
        kind = KINDS[str(words.get("kind"))]
        usable = checked(kind.id, settings if isinstance(settings, Mapping) else {})
    except (KeyError, BadInput):
        return None
    inks = [str(token) for token in tokens] if isinstance(tokens, list) else []
    return Study(kind, usable, inks, hidden=words.get("hidden") is True)


def fresh(kind_id: str, others: Sequence[Study], settings: Mapping[str, float] | None = None) -> Study:
    """A new study in colours that none of the ``others`` of its kind has. Raises BadInput for settings out of range."""
    kind, usable = KINDS[kind_id], checked(kind_id, settings or {})
    taken = {
        token for other in others if other.kind is kind or other.kind.overlay == kind.overlay for token in other.tokens
    }
    if len(kind.outputs) != 1 or kind.outputs[0].token not in taken:
        return Study(kind, usable)
    return Study(kind, usable, [next((ink for ink in PALETTE if ink not in taken), PALETTE[0])])


def opening() -> list[Study]:
    """What a new chart shows."""
    ema, rsi = KINDS["ema"], KINDS["rsi"]
    return [Study(ema, checked("ema", {"period": 9}), ["YELLOW"]), Study(ema, checked("ema", {"period": 30}), ["BLUE"]),
            Study(rsi, checked("rsi", {}), ["VIOLET"])]  # fmt: skip


def number(value: float | None, decimals: int) -> str:
    """A study's value: in price digits, or short where it counts shares."""
    if value is not None and abs(value) >= SHORT:
        return f"{format.MINUS if value < 0 else ''}{format.volume(abs(value))}"
    return format.price(value, decimals)
