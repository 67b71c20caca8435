"""How a person writes what is swept: ``fast=5:50:5``, ``fast=5,10,20`` or, for a random search, ``level=0.1:0.9``."""

from collections.abc import Sequence

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.strategies import Parameter
from qv_desktop.domain.sweeps import Axis


def read_axis(text: str) -> Axis:
    """The axis that ``text`` names. Raises BadInput with what would do."""
    name, equals, words = text.partition("=")
    wrong = f"“{text}” cannot be read; write NAME=low:high:step or NAME=1,2,3."
    if not equals or not name.strip():
        raise BadInput(wrong)
    return axis_of(name.strip(), words, wrong)


def axis_of(name: str, words: str, wrong: str = "") -> Axis:
    """The axis of the parameter ``name`` from what was typed for it."""
    wrong = wrong or f"{name} takes low:high:step or 1,2,3, not “{words}”."
    try:
        numbers = [float(word) for word in words.replace(":", ",").split(",")]
    except ValueError:
        raise BadInput(wrong) from None
    if ":" not in words:
        return Axis(name, tuple(numbers))
    if "," in words or len(numbers) not in (2, 3):
        raise BadInput(wrong)
    return Axis(name, (), *numbers)


def words_of(axis: Axis) -> str:
    """The axis as ``axis_of`` reads it."""
    if axis.values:
        return ",".join(f"{value:g}" for value in axis.values)
    return f"{axis.low:g}:{axis.high:g}" + (f":{axis.step:g}" if axis.step else "")


def fitting(axes: Sequence[Axis], parameters: Sequence[Parameter], strategy: str) -> None:
    """Raises BadInput for an axis that is no parameter of the strategy, leaves its range, or is broken where it takes whole numbers."""
    known = {parameter.name: parameter for parameter in parameters}
    for axis in axes:
        if axis.name not in known:
            raise BadInput(f"{strategy} has no parameter {axis.name}; it has {', '.join(known) or 'none'}.")
        _within(axis, known[axis.name])


def _within(axis: Axis, parameter: Parameter) -> None:
    loose = not axis.values and axis.step == 0
    points = (axis.low, axis.high) if loose else axis.points
    if min(points) < parameter.low or max(points) > parameter.high:
        raise BadInput(f"{axis.name} goes from {parameter.low:g} to {parameter.high:g}; {words_of(axis)} leaves that.")
    if parameter.whole and (loose or any(value != int(value) for value in points)):
        raise BadInput(f"{axis.name} takes whole numbers; {words_of(axis)} gives others. Say a whole step.")
