"""The bus: everyone hears, whatever one handler does."""

from datetime import UTC, datetime

from qv_desktop.domain.alerts import Notice
from qv_desktop.domain.events import FeedChanged, Noticed
from qv_desktop.services.bus import QUARANTINE_AFTER, Bus

EVENT = Noticed(Notice(datetime(2026, 1, 1, tzinfo=UTC), "info", "t", "x"))


def test_events_go_to_their_subscribers_alone() -> None:
    bus, heard = Bus(), []
    bus.subscribe(Noticed, heard.append)
    bus.publish(FeedChanged("Polygon", "live", "", EVENT.notice.at))
    bus.publish(EVENT)
    assert heard == [EVENT]


def test_a_handler_that_raises_on_every_event_leaves_the_others_whole_and_is_quarantined() -> None:
    bus, heard = Bus(), []

    def broken(event: Noticed) -> None:
        raise RuntimeError("bug")

    bus.subscribe(Noticed, broken)
    bus.subscribe(Noticed, heard.append)
    for _ in range(20):
        bus.publish(EVENT)
    assert len(heard) == 20
    assert bus.failures == QUARANTINE_AFTER
    assert len(bus.quarantined) == 1


def test_a_handler_that_recovers_is_kept() -> None:
    bus, calls = Bus(), []

    def now_and_then(event: Noticed) -> None:
        calls.append(event)
        if len(calls) % 2:
            raise RuntimeError("bug")

    bus.subscribe(Noticed, now_and_then)
    for _ in range(20):
        bus.publish(EVENT)
    assert len(calls) == 20
    assert bus.quarantined == []
