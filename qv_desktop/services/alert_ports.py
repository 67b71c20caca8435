"""What alert rules ask of what measures: the desk's and a person's own."""

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from qv_desktop.domain.alert_rules import Reading
from qv_desktop.domain.alert_terms import Quantity

type Readings = Mapping[str, Iterable[Reading] | None]  # rule -> a reading for each subject; None while that is unknown


class Measures(Protocol):
    """What the desk's rules look at."""

    def readings(self) -> Readings:
        """Every rule's."""

    def at_once(self) -> Readings:
        """Those that an event just changed."""


class OwnMeasures(Protocol):
    """What a person's rules look at."""

    def follow(self, quantities: Collection[Quantity]) -> None:
        """From now on these are wanted, and no others. Raises nothing."""

    def checked(self, quantities: Collection[Quantity]) -> None:
        """Raises BadInput with what to do for one that there is not."""

    def value(self, quantity: Quantity) -> float | None:
        """As it is known now."""

    async def asked(self, quantities: Collection[Quantity]) -> Mapping[Quantity, float | None]:
        """As they are now; what is not followed is asked for."""
