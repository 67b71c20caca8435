"""A deployment that runs and makes no signals is told of, once it lasts, and a signal that does not close a position is a warning."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pytest

from qv_desktop.domain.deployments import Deployment
from qv_desktop.domain.events import Signalled
from qv_desktop.domain.orders import Side
from qv_desktop.domain.signals import TAKEN_BACK, Fate, Kind, Signal
from qv_desktop.wiring.deployments import LASTS, DeploymentsWiring
from tests.builders import NOW
from tests.services.test_deployments import TERMS

ONE = Deployment("d", TERMS, "account", "PAPER", "ann", NOW)
EXIT = Signal("d", "AAPL", 60, Side.SELL, Kind.EXIT, Decimal(100), NOW, "cross v1")


@dataclass
class Service:
    """One deployment."""

    why: str = ""

    def all(self) -> list[Deployment]:
        return [ONE]

    def silent(self, deployment: Deployment) -> str:
        return self.why


@dataclass
class Panel:
    """Takes rows."""

    rows: list[Any] = field(default_factory=list)

    def upsert_signals(self, rows: list[Any]) -> None:
        self.rows += rows


class Bare(DeploymentsWiring):
    """Without a window."""

    def __init__(self) -> None:
        self._service, self._panel, self._ticks, self._silent, self._ready = Service(), Panel(), 0, {}, True  # type: ignore[assignment]
        self.told: list[tuple[str, str]] = []

    def _tell(self, urgency: Any, title: str, words: str, key: str) -> None:
        self.told.append((urgency, title))

    def _signal_row(self, signal: Signal) -> Any:
        return signal

    def seconds(self, count: int) -> None:
        for _ in range(count):
            self._ticks += 1
            self._tell_of_silence()


def test_silence_that_lasts_is_told_once_and_again_for_another_reason() -> None:
    wiring = Bare()
    wiring.seconds(LASTS * 2)
    wiring._service.why = "Bars of AAPL are missing."  # type: ignore[attr-defined]
    wiring.seconds(LASTS)
    assert wiring.told == []
    wiring.seconds(LASTS * 3)
    assert wiring.told == [("warning", "cross v1 makes no signals")]
    wiring._service.why = "The vendor is away."  # type: ignore[attr-defined]
    wiring.seconds(LASTS * 3)
    assert len(wiring.told) == 2


@pytest.mark.parametrize(("signal", "urgency"), [
    (replace(EXIT, fate=Fate.BLOCKED), "warning"), (replace(EXIT, fate=Fate.LATE), "warning"),
    (replace(EXIT, kind=Kind.ENTRY, fate=Fate.BLOCKED), "info"), (replace(EXIT, fate=Fate.ORDER), "info"),
    (replace(EXIT, kind=Kind.ENTRY, fate=Fate.ORDER, reason=TAKEN_BACK), "warning"),
])  # fmt: skip
def test_what_leaves_a_position_standing_is_a_warning(signal: Signal, urgency: str) -> None:
    wiring = Bare()
    wiring._signalled(Signalled(signal))
    assert [told for told, _ in wiring.told] == [urgency]
