"""The spacing of attempts, by a clock of our own and by whole sockets in virtual time."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
from websockets.asyncio.server import ServerConnection, serve

from qv_desktop.adapters.websocket import Backoff, Patience, Socket
from tests.adapters import virtual_time
from tests.adapters.listening import Heard, now

TEN_MINUTES = 600.0


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def outage(seconds: float, seed: int, clock: Clock | None = None, backoff: Backoff | None = None) -> list[float]:
    """When attempts are made during an outage of that length, in seconds from its start."""
    clock = clock or Clock()
    backoff = backoff or Backoff(Patience(), clock, random.Random(seed).uniform)
    began, attempts = clock.seconds, []
    while clock.seconds - began < seconds:
        clock.seconds += backoff.after(lived=0.0 if attempts else 3600.0)
        attempts.append(clock.seconds - began)
    return attempts


def busiest(attempts: list[float]) -> int:
    """The most attempts in any ten minutes."""
    return max(sum(start <= at <= start + TEN_MINUTES for at in attempts) for start in attempts)


@pytest.mark.parametrize("seed", range(20))
def test_an_outage_is_watched_evenly_with_at_most_twenty_attempts_in_any_ten_minutes(seed: int) -> None:
    attempts = outage(3600, seed)
    assert attempts[0] <= 1
    assert busiest(attempts) <= 20
    assert max(later - earlier for earlier, later in pairwise([0, *attempts])) <= 45
    assert sum(at <= 30 for at in attempts) >= 5  # a short outage ends soon


def test_the_first_waits_double_with_jitter() -> None:
    widest = Backoff(Patience(), Clock(), uniform=lambda low, high: high)
    assert [widest.after(0) for _ in range(5)] == [0.5, 1, 2, 4, 8]
    narrowest = Backoff(Patience(), Clock(), uniform=lambda low, high: low)
    assert [narrowest.after(0) for _ in range(5)] == [0.25] * 5
    assert len({outage(1, seed)[0] for seed in range(50)}) == 50


def test_only_a_healthy_minute_starts_the_waits_anew() -> None:
    backoff = Backoff(Patience(), Clock(), uniform=lambda low, high: high)
    for _ in range(4):
        backoff.after(0)
    assert backoff.after(59.9) == 8
    assert backoff.after(60) == 0.5


def test_the_fiftieth_drop_of_a_day_behaves_like_the_first() -> None:
    clock = Clock()
    backoff = Backoff(Patience(), clock, uniform=lambda low, high: high)
    waits = []
    for _ in range(50):
        clock.seconds += 61
        waits.append(backoff.after(lived=61))
        clock.seconds += waits[-1]
    assert waits == [0.5] * 50


def test_refusals_and_evictions_count_as_attempts_and_are_a_minute_apart_once_the_budget_is_spent() -> None:
    clock = Clock()
    backoff = Backoff(Patience(attempts=3), clock, uniform=lambda low, high: low)
    assert [backoff.at_least(10) for _ in range(3)] == [10, 10, 10]
    assert backoff.at_least(10) == 60


@asynccontextmanager
async def socket(url: str, heard: Heard, patience: Patience | None = None) -> AsyncIterator[Socket]:
    async def greet(connection: object) -> None:
        return None

    made = Socket(
        "Test", url, greet, heard.hear, heard.state, heard.gap, now=now, expecting=lambda: False, patience=patience
    )
    work = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        await made.stop()
        await work


def test_a_socket_makes_at_most_twenty_attempts_in_ten_minutes_at_a_dead_address() -> None:
    async def story() -> None:
        heard = Heard()
        async with socket("ws://127.0.0.1:9", heard):
            await asyncio.sleep(TEN_MINUTES)
        assert 10 <= heard.count("connecting") <= 21  # the first is no attempt at coming back

    virtual_time.run(story())


def test_a_socket_comes_back_within_a_second_the_fiftieth_time_as_the_first() -> None:
    async def story() -> None:
        clock = asyncio.get_running_loop().time
        closed: list[float] = []
        waited: list[float] = []

        async def drop(connection: ServerConnection) -> None:
            if closed:
                waited.append(clock() - closed[-1])
            await asyncio.sleep(61)
            closed.append(clock())
            await connection.close(1001)

        heard = Heard()
        async with serve(drop, "127.0.0.1", 0) as server:
            host, port = server.sockets[0].getsockname()[:2]
            async with socket(f"ws://{host}:{port}", heard, patience=Patience(silence=None, answer=100, beat=100)):
                while len(waited) < 50:  # noqa: ASYNC110  # time jumps, nothing is waited for
                    await asyncio.sleep(30)
        assert max(waited) <= 1.0
        assert len(heard.gaps) >= 50

    virtual_time.run(story())


@pytest.mark.parametrize("seed", range(5))
def test_a_link_that_comes_up_and_falls_again_is_never_left_for_longer_than_a_minute(seed: int) -> None:
    clock = Clock()
    backoff = Backoff(Patience(), clock, random.Random(seed).uniform)
    waits = []
    for lived in [3600.0, *[2.0] * 8, 65.0] * 6:  # now and then it even lives for a healthy minute
        clock.seconds += lived
        waits.append(backoff.after(lived))
        clock.seconds += waits[-1]
    assert max(waits) <= 60
