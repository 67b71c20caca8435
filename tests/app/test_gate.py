"""Trading opens and closes by the newest comparison of the books, and never before the first."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from qv_desktop.app.gate import WAITING, Gate
from qv_desktop.domain.events import Reconciled
from qv_desktop.domain.reconciliation import MOVING, Break, Reconciliation, Tolerances, Uncompared
from qv_desktop.services.bus import Bus
from tests.builders import NOW

type Compared = Callable[[int], None]


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def told() -> list[str | None]:
    return []


@pytest.fixture
def gate(bus: Bus, told: list[str | None]) -> Gate:
    return Gate(bus, told.append)


@pytest.fixture
def compared(bus: Bus) -> Compared:
    """Publishes a comparison with so many breaks."""
    one = Break("fills", "e1", "missing here", "high", "—", "x", "1", Decimal(1), "book it")

    def publish(breaks: int) -> None:
        run = Reconciliation("r", NOW, "", "system", "", NOW, NOW, Tolerances(), 1, (one,) * breaks, "h")
        bus.publish(Reconciled(run))

    return publish


def test_a_break_found_while_trading_closes_and_its_healing_opens(
    gate: Gate, compared: Compared, told: list[str | None]
) -> None:
    gate.books_loaded()
    for breaks in (0, 1, 2, 0):
        compared(breaks)
    assert told[0] == WAITING
    words = [text and text.split(";")[0] for text in told[1:]]
    assert words == [None, "1 reconciliation break", "2 reconciliation breaks", None]


def test_a_comparison_of_books_that_are_not_loaded_opens_nothing(
    gate: Gate, compared: Compared, told: list[str | None]
) -> None:
    compared(0)
    gate.books_loaded()
    gate.wait("The broker does not answer.")
    compared(0)
    assert told == [WAITING, f"{WAITING} The broker does not answer."]


def test_what_moved_while_it_was_compared_neither_opens_nor_closes(
    bus: Bus, gate: Gate, compared: Compared, told: list[str | None]
) -> None:
    def moved() -> None:
        rest = (Uncompared("positions", "AAPL", MOVING),)
        bus.publish(Reconciled(Reconciliation("r", NOW, "", "system", "", NOW, NOW, Tolerances(), 1, (), "h", rest)))

    gate.books_loaded()
    moved()
    assert told == [WAITING]
    compared(1)
    moved()
    assert told[-1] is not None
    compared(0)
    moved()
    assert told[-1] is None


def test_what_could_not_be_compared_for_another_reason_does_not_keep_trading_closed(
    bus: Bus, gate: Gate, told: list[str | None]
) -> None:
    gate.books_loaded()
    rest = (Uncompared("cash", "cash", "nothing is known of it"),)
    bus.publish(Reconciled(Reconciliation("r", NOW, "", "system", "", NOW, NOW, Tolerances(), 1, (), "h", rest)))
    assert told[-1] is None
