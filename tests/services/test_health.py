"""The pulse: percentiles of what was measured, and nothing made up where nothing was."""

from qv_desktop.domain.events import HealthMeasured
from qv_desktop.services.health import Health
from tests.services.a_market import Floor, a_trade


def test_the_pulse_tells_delays_source_holes_and_what_waits() -> None:
    floor = Floor()
    floor.market.change_source("Polygon")
    floor.hear(a_trade(10), a_trade(11))
    health = Health(floor.market, floor.events.append, waiting=lambda: 7, lag=lambda: 1.5, broker_ms=lambda: None, database=lambda: "local",
                    failures=lambda: 0, delays=[lambda: [1.0, 2.0], lambda: [9.0]], gaps=lambda: 2, spooled=lambda: 30)  # fmt: skip
    pulse = health.measure()
    assert (pulse.delay_p50, pulse.delay_p99, pulse.source, pulse.gaps, pulse.spooled) == (2.0, 9.0, "Polygon", 2, 30)
    assert (pulse.queue, pulse.broker_ms, pulse.messages_per_second > 0) == (7, None, True)
    assert floor.kinds(HealthMeasured) == [pulse]


def test_what_was_not_measured_is_unknown() -> None:
    floor = Floor()
    pulse = Health(floor.market, floor.events.append, waiting=lambda: 0, lag=lambda: 0.0, broker_ms=lambda: None, database=lambda: "local",
                   failures=lambda: 0).measure()  # fmt: skip
    assert (pulse.feed_p50, pulse.delay_p99, pulse.source, pulse.messages_per_second) == (None, None, "", 0)
