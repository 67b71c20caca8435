"""A program that runs on over midnight of New York counts the new day's profit from nothing."""

from datetime import UTC, datetime
from types import SimpleNamespace

from qv_desktop.app.starting import Starting


def test_the_day_turns_once_at_midnight_of_new_york() -> None:
    turned: list[datetime] = []
    moment = [datetime(2026, 11, 25, 15, tzinfo=UTC)]
    services = SimpleNamespace(
        clock=SimpleNamespace(market=lambda: moment[0]),
        positions=SimpleNamespace(begin_day=lambda: turned.append(moment[0])),
    )
    running = SimpleNamespace(_day=None, _desk=SimpleNamespace(services=services))
    for day, hour in ((25, 15), (26, 4), (26, 5), (26, 6), (27, 4), (27, 5)):
        moment[0] = datetime(2026, 11, day, hour, tzinfo=UTC)
        Starting._turn_the_day(running)  # type: ignore[arg-type]
    assert turned == [datetime(2026, 11, 26, 5, tzinfo=UTC), datetime(2026, 11, 27, 5, tzinfo=UTC)]  # 00:00 in New York
