"""Studies: indicators with settings over bars that grow, where the newest value costs the same however many bars there are."""

from collections.abc import Mapping

import numpy as np

from qv_desktop.analytics.growing import Growing
from qv_desktop.analytics.indicators.carried import State
from qv_desktop.analytics.indicators.library import Floats
from qv_desktop.analytics.study_kinds import KINDS
from qv_desktop.analytics.study_types import Bars, Carried, Fill, Kind, Output, Setting, Settings, Source, Windowed
from qv_desktop.domain.errors import BadInput

__all__ = [
    "KINDS",
    "Bars",
    "Computation",
    "Fill",
    "Kind",
    "Output",
    "Setting",
    "Settings",
    "Source",
    "checked",
    "label",
]

BLOCK = 65_536  # bars that are computed at once
MOMENT = "anchor"  # the setting that is a moment and no number to read


def label(kind: Kind, settings: Settings) -> str:
    """Title and numbers: ``EMA 20``, ``Bollinger 20 2``."""
    numbers = [f"{settings[one.name]:g}" for one in kind.settings if one.name != MOMENT and not one.choices]
    return " ".join((kind.title, *numbers))


def checked(kind_id: str, settings: Mapping[str, object]) -> dict[str, float]:
    """The settings of a kind, its defaults where none is given. Raises BadInput with what to do."""
    kind = KINDS.get(kind_id)
    if kind is None:
        raise BadInput(f"There is no indicator “{kind_id}”; choose one from the list.")
    found = {one.name: _number(kind, one, settings.get(one.name, one.default)) for one in kind.settings}
    if "fast" in found and found["fast"] >= found["slow"]:
        raise BadInput(f"The fast length of {kind.title} must be below the slow one; lower it.")
    return found


def _number(kind: Kind, setting: Setting, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not setting.least <= value <= setting.most:
        raise BadInput(
            f"“{setting.title}” of {kind.title} goes from {setting.least:g} to {setting.most:g}; correct it."
        )
    if (setting.whole or setting.choices) and not float(value).is_integer():
        raise BadInput(f"“{setting.title}” of {kind.title} is a whole number; correct it.")
    return float(value)


class Computation:
    """One study over a growing source; ``values`` has one row for each output and one value for each closed bar."""

    def __init__(self, kind: Kind, settings: Settings) -> None:
        self._kind, self._settings = kind, settings
        self._values: tuple[Growing[np.float64], ...] = tuple(Growing(np.empty(0)) for _ in kind.outputs)
        self._state: State | None = None

    @property
    def values(self) -> tuple[Floats, ...]:
        """Each of shape (closed bars,), NaN while too few bars are known."""
        return tuple(values.values for values in self._values)

    def rebuild(self, source: Source) -> None:
        """Every value anew; in blocks, so that a million bars leave nothing behind but their values."""
        closed, self._state = len(source) - 1, None
        self._values = tuple(Growing.sized(closed, np.float64) for _ in self._kind.outputs)
        for first in range(0, closed, BLOCK):
            last = min(closed, first + BLOCK)
            begin = first if isinstance(self._kind.method, Carried) else self._begin(first)
            outputs, self._state = self._run(source.part(begin, last), self._state)
            for values, part in zip(self._values, outputs, strict=True):
                values.values[first:last] = part[first - begin :]

    def extend(self, source: Source) -> None:
        """One or more bars have closed."""
        known, closed = len(self._values[0]), len(source) - 1
        if closed <= known:
            return
        if isinstance(self._kind.method, Carried) and self._state is None:
            self.rebuild(source)  # too few bars were known to remember anything of
            return
        outputs, self._state = self._run(source.part(self._begin(known), closed), self._state)
        for values, more in zip(self._values, outputs, strict=True):
            values.extend(more[len(more) - (closed - known) :])

    def live(self, source: Source) -> tuple[float, ...]:
        """The outputs at the live bar; NaN while too few bars are known."""
        closed = len(source) - 1
        begin = 0 if isinstance(self._kind.method, Carried) and self._state is None else self._begin(closed)
        outputs, _ = self._run(source.part(begin, closed + 1), self._state)
        return tuple(float(values[-1]) for values in outputs)

    def _begin(self, bar: int) -> int:
        """The first bar that the value of ``bar`` is made of, given what is remembered."""
        method = self._kind.method
        return max(0, bar + 1 - method.window(self._settings)) if isinstance(method, Windowed) else bar

    def _run(self, bars: Bars, state: State | None) -> tuple[tuple[Floats, ...], State | None]:
        method = self._kind.method
        if isinstance(method, Carried):
            return method.run(bars, self._settings, state)
        return (method.compute(bars, self._settings) if method is not None else ()), None
