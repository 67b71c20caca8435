"""The highest equity: kept over days, and moved by money that came in or went out, which is neither gain nor loss."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.account_history import Activity
from qv_desktop.domain.drawdown import Peak, caught_up, lost, raised
from tests.builders import an_account

SUNDAY, MONDAY, TUESDAY, THURSDAY, FRIDAY = (date(2026, 9, day) for day in (13, 14, 15, 17, 18))


def told(equity: int, adjusted: int = 0, peak: Peak | None = None, today: date = MONDAY, of: str = "") -> Peak:
    account = replace(an_account(), equity=Decimal(equity), adjustments=Decimal(adjusted), balances_of=of)
    found = raised(peak, account, today)
    assert found is not None
    return found


def test_the_peak_rises_and_never_falls_with_a_loss() -> None:
    peak = told(90, peak=told(110, peak=told(100)))
    assert (peak.equity, lost(peak, Decimal(99))) == (Decimal(110), Decimal("0.1"))


def test_a_deposit_hides_no_drawdown_and_a_withdrawal_makes_none() -> None:
    down = told(90, peak=told(100))
    paid_in = told(140, 50, down)
    assert lost(paid_in, Decimal(140)) == Decimal(10) / Decimal(150)
    paid_out = told(50, -40, down)
    assert lost(paid_out, Decimal(50)) == Decimal(10) / Decimal(60)


def test_each_deposit_counts_once_however_often_it_is_told_and_anew_on_the_next_day() -> None:
    peak = told(150, 50, told(150, 50, told(100)))
    assert peak.equity == Decimal(150)
    assert told(170, 20, peak, TUESDAY).equity == Decimal(170)


def test_a_broker_that_turns_its_day_later_than_midnight_is_not_counted_twice() -> None:
    peak = told(150, 50, told(100, of="2026-09-11"), MONDAY, "2026-09-11")
    night = told(150, 50, peak, TUESDAY, "2026-09-11")  # still Monday's deposit
    assert night.equity == Decimal(150)
    assert told(150, 0, night, TUESDAY, "2026-09-14").equity == Decimal(150)
    assert caught_up(night, [Activity("1", "CSD", day=MONDAY, net=Decimal(50))], MONDAY).equity == Decimal(150)


def test_what_moved_while_nobody_looked_is_caught_up_with() -> None:
    peak = Peak(Decimal(100), SUNDAY, Decimal(10))  # ten of Monday's are in it
    activities = [
        Activity("1", "CSD", day=MONDAY, net=Decimal(10)), Activity("2", "CSD", day=MONDAY, net=Decimal(5)),
        Activity("3", "CSW", day=TUESDAY, net=Decimal(-40)), Activity("4", "DIV", day=TUESDAY, net=Decimal(7)),
        Activity("5", "CSD", day=FRIDAY, net=Decimal(99)),
    ]  # fmt: skip
    assert caught_up(peak, activities, THURSDAY) == Peak(Decimal(65), THURSDAY)
    assert caught_up(peak, activities, SUNDAY) is peak


def test_what_is_not_known_is_no_drawdown() -> None:
    assert (
        lost(None, Decimal(1))
        is lost(Peak(Decimal(1), MONDAY), None)
        is lost(Peak(Decimal(0), MONDAY), Decimal(1))
        is None
    )
    peak = Peak(Decimal(100), MONDAY)
    assert raised(peak, replace(an_account(), equity=None), MONDAY) is peak


@given(st.lists(st.tuples(st.integers(1, 1_000), st.integers(-200, 200)), min_size=1, max_size=12))
def test_only_profit_and_loss_move_the_drawdown(moves: list[tuple[int, int]]) -> None:
    """With every deposit taken out of the equity again, the peak is the highest of what is left, plus all deposits."""
    peak, plain, paid, best = None, Decimal(0), 0, Decimal(0)
    for equity, deposit in moves:
        paid += deposit
        plain = Decimal(equity)
        best = max(best, plain)
        peak = raised(peak, replace(an_account(), equity=plain + paid, adjustments=Decimal(paid)), MONDAY)
    assert peak is not None
    assert peak.equity == best + paid
