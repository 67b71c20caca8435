"""The first comparison that succeeds after the close bears its name, once a day, and never before or without a session."""

from dataclasses import replace
from datetime import timedelta

from qv_desktop.app.closing import AFTER_CLOSE, Closing
from qv_desktop.domain.events import Reconciled
from qv_desktop.domain.reconciliation import Reconciliation, Tolerances
from qv_desktop.domain.sessions import MarketSession
from qv_desktop.services.bus import Bus
from tests.builders import NOW

CLOSE = NOW + timedelta(hours=5)
RUN = Reconciliation("r", CLOSE, "", "system", "every 30 s", CLOSE, CLOSE, Tolerances(), 1, (), "h")


def of_day(later: int) -> MarketSession:
    at, close = NOW + timedelta(days=later), CLOSE + timedelta(days=later)
    return MarketSession(at.date(), at, at, close, close)


def test_the_first_comparison_after_the_close_that_succeeds_is_named_so_once_a_day() -> None:
    bus, clock = Bus(), [NOW]
    sessions = [of_day(0)]
    closing = Closing(bus, lambda: sessions[0] if sessions else None, lambda: clock[0])
    assert closing.occasion() == ""
    clock[0] = CLOSE
    assert closing.occasion() == AFTER_CLOSE
    assert closing.occasion() == AFTER_CLOSE  # the broker did not answer the first one
    bus.publish(Reconciled(RUN))
    assert closing.occasion() == AFTER_CLOSE
    bus.publish(Reconciled(replace(RUN, reason=AFTER_CLOSE)))
    assert closing.occasion() == ""
    clock[0] += timedelta(days=1)
    sessions[0] = of_day(1)
    assert closing.occasion() == AFTER_CLOSE
    sessions.clear()
    assert closing.occasion() == ""
