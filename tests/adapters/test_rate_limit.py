"""The limit of requests per minute, on a clock that the test turns."""

import threading
from collections.abc import Callable
from itertools import pairwise

import pytest

from qv_desktop.adapters import rate_limit
from qv_desktop.adapters.rate_limit import Cancelled, RateLimit, TooLong, waiting

WALL = 1_760_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Patient(threading.Event):
    """An event whose waiting turns the clock."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        self._clock.now += timeout or 0
        return self.is_set()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def limit(clock: Clock, per_minute: int = 5) -> RateLimit:
    return RateLimit(per_minute, clock, lambda: WALL + clock.now)


def passed(clock: Clock, one: RateLimit, told: Callable[[float], None] = lambda _: None) -> float:
    one.wait(Patient(clock), told)
    return clock.now


def test_never_more_than_the_limit_leave_in_any_minute(clock: Clock) -> None:
    one, left = limit(clock), []
    for number in range(40):
        clock.now += number % 7
        left.append(passed(clock, one))
    assert all(left[n + 5] - left[n] > 60 for n in range(35))
    assert left[4] - left[0] < 12  # the first five need not wait for each other


def test_the_wait_tells_how_long_it_takes(clock: Clock) -> None:
    one, told = limit(clock, 1), list[float]()
    passed(clock, one)
    passed(clock, one, told.append)
    assert told[0] == pytest.approx(61)
    assert all(0.9 < a - b < 1.1 for a, b in pairwise(told))
    assert waiting("Polygon", one.per_minute, 11.7) == "waiting for Polygon's limit of 1 a minute, 12 s"


def test_a_cancelled_question_does_not_wait_on(clock: Clock) -> None:
    one, cancelled = limit(clock, 1), Patient(clock)
    passed(clock, one)
    began = clock.now
    with pytest.raises(Cancelled):
        one.wait(cancelled, lambda _: cancelled.set())
    assert clock.now - began <= rate_limit.LOOK


def test_a_cancel_wakes_a_thread_that_waits() -> None:
    one, cancelled, ended = RateLimit(1), threading.Event(), threading.Event()
    one.take()

    def work() -> None:
        with pytest.raises(Cancelled):
            one.wait(cancelled, lambda _: None)
        ended.set()

    thread = threading.Thread(target=work)
    thread.start()
    cancelled.set()
    assert ended.wait(30)
    thread.join()


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"Retry-After": "7"}, 7),
        (503, {"retry-after": "7"}, 7),
        (429, {"X-RateLimit-Reset": f"{WALL + 1000 + 20:.0f}"}, 20),
        (429, {}, 12),
        (429, {"Retry-After": "soon"}, 12),
        (503, {}, 0),
        (200, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{WALL + 1000 + 9:.0f}"}, 9),
        (200, {"X-RateLimit-Remaining": "3", "X-RateLimit-Reset": f"{WALL + 1000 + 9:.0f}"}, 0),
        (200, {"X-RateLimit-Limit": "much", "X-RateLimit-Remaining": "", "X-RateLimit-Reset": "nan"}, 0),
    ],
)
def test_what_the_vendor_says_is_waited_for(clock: Clock, status: int, headers: dict[str, str], seconds: float) -> None:
    one = limit(clock)
    one.heard(status, headers)
    assert one.take() == pytest.approx(seconds, abs=1)


def test_a_date_in_retry_after_is_understood(clock: Clock) -> None:
    one = RateLimit(5, clock, lambda: 784_111_777.0)
    one.heard(429, {"Retry-After": "Sun, 06 Nov 1994 08:49:47 GMT"})
    assert one.take() == pytest.approx(10)


def test_refusals_in_a_row_are_waited_for_longer_each_time(clock: Clock) -> None:
    one, pauses = limit(clock), list[float]()
    for _ in range(3):
        one.heard(429, {})
        pauses.append(one.take())
        clock.now += pauses[-1]
    assert pauses == pytest.approx([12, 24, 48])
    one.heard(200, {})
    one.heard(429, {})
    assert one.take() == pytest.approx(12)


def test_a_smaller_limit_is_learnt_and_a_larger_one_is_not(clock: Clock) -> None:
    one = limit(clock)
    one.heard(200, {"X-RateLimit-Limit": "10000"})
    assert one.per_minute == 5
    one.heard(200, {"X-RateLimit-Limit": "2"})
    assert one.per_minute == 2
    assert (one.take(), one.take()) == (0, 0)
    assert one.take() == pytest.approx(61)


def test_a_pause_of_an_hour_is_said_instead_of_waited_for(clock: Clock) -> None:
    one = limit(clock)
    one.heard(429, {"Retry-After": "3600"})
    with pytest.raises(TooLong) as found:
        passed(clock, one)
    assert rate_limit.too_long("Polygon", found.value.seconds).startswith(
        "Polygon takes no more requests for 60 minutes"
    )


def test_threads_share_one_limit() -> None:
    one, granted = RateLimit(7), list[float]()
    threads = [threading.Thread(target=lambda: granted.append(one.take())) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert granted.count(0.0) == 7
