"""Today's realised profit survives a restart: it is counted anew from today's fills."""

from datetime import timedelta
from decimal import Decimal

import pytest

from qv_desktop.domain.events import Event
from qv_desktop.domain.orders import Fill, Side
from qv_desktop.domain.positions import Position
from qv_desktop.services.positions import Positions
from tests.builders import NOW, a_position


def fills(*steps: tuple[int, int]) -> list[Fill]:
    """Executions of AAPL a second apart: signed shares and price."""
    return [
        Fill(f"e{i}", "qv-1", "AAPL", Side.BUY if shares > 0 else Side.SELL, Decimal(abs(shares)), Decimal(price),
             NOW + timedelta(seconds=i))
        for i, (shares, price) in enumerate(steps)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("opening", "steps"),
    [
        (Position("AAPL"), [(100, 100), (-40, 110)]),
        (Position("AAPL"), [(100, 100), (-100, 101), (-50, 99), (20, 98)]),
        (a_position(200, "90"), [(-50, 100), (50, 120), (-120, 110)]),
        (a_position(-80, "50"), [(30, 45), (-10, 60)]),
    ],
)
def test_a_restart_counts_what_was_realised_before_it(opening: Position, steps: list[tuple[int, int]]) -> None:
    events: list[Event] = []
    before, restarted = Positions(events.append), Positions(events.append)
    before.adopt({"AAPL": opening})
    for fill in fills(*steps):
        before.fill(fill)
    restarted.adopt(before.held())
    assert restarted.realised() == 0
    restarted.take_realised(reversed(fills(*steps)))
    assert before.realised() != 0
    assert round(restarted.realised(), 6) == round(before.realised(), 6)


def test_shares_of_yesterday_that_are_all_gone_count_as_they_were_stored() -> None:
    restarted = Positions(lambda event: None)
    kept = [Position("AAPL", realised=Decimal(2_000)), a_position(5, symbol="XOM")]
    restarted.restore(kept, {"AAPL"})
    restarted.take_realised(fills((-100, 110)))
    assert restarted.realised() == 2_000
    another_day = Positions(lambda event: None)
    another_day.restore(kept)
    another_day.take_realised(fills((-100, 110)))
    assert another_day.realised() == 0


def test_a_new_day_begins_without_profit_and_with_the_shares_and_averages_of_the_last() -> None:
    moved = list[Position]()
    running = Positions(lambda event: None, moved.append)
    running.adopt({"AAPL": a_position(200, "90"), "XOM": a_position(5, symbol="XOM")})
    running.fill(fills((-50, 100))[0])
    assert running.realised() == 500
    moved.clear()
    running.begin_day()
    assert running.realised() == 0
    assert (running["AAPL"].quantity, running["AAPL"].average) == (150, 90)
    assert [one.symbol for one in moved] == ["AAPL"]  # kept so, too; what took nothing did not move
    running.begin_day()
    assert len(moved) == 1
