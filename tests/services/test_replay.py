"""Replay goes through stored bars and never beyond them."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import Bar
from qv_desktop.services.replay import Replay

BARS = [Bar("AAPL", place * 60, 1.0, 1.0, 1.0, 1.0, 1.0) for place in range(50)]


@given(start=st.integers(-100, 5000), steps=st.lists(st.integers(-60, 60), max_size=30))
def test_it_always_shows_at_least_one_bar_and_none_that_is_not_there(start: int, steps: list[int]) -> None:
    replay = Replay(BARS, start)
    assert replay.seen[-1].start <= max(start, 0)
    for by in steps:
        before = replay.place
        assert replay.step(by) == replay.place - before
        assert list(replay.seen) == BARS[: replay.place]
        assert 1 <= replay.place <= len(BARS)
        assert replay.ended is (replay.place == len(BARS))


def test_it_plays_to_the_newest_bar_and_stands_still_there() -> None:
    async def story() -> tuple[list[int], bool]:
        places: list[int] = []
        replay = Replay(BARS, BARS[45].start, lambda one: places.append(one.place))
        replay.pace(1000)  # as fast as it goes
        assert replay.speed == 50
        task = asyncio.create_task(replay.run())
        replay.play(True)
        async with asyncio.timeout(5):
            while not replay.ended:  # noqa: ASYNC110 - playing has no event of its own
                await asyncio.sleep(0.01)
        task.cancel()
        return places, replay.playing

    places, playing = asyncio.run(story())
    assert places == sorted(places)
    assert places[-1] == len(BARS)
    assert not playing


def test_what_stands_still_goes_on_only_when_asked() -> None:
    async def story() -> int:
        replay = Replay(BARS, BARS[10].start)
        replay.pace(50)
        task = asyncio.create_task(replay.run())
        await asyncio.sleep(0.1)
        replay.play(True)
        replay.play(False)
        await asyncio.sleep(0.1)
        task.cancel()
        return replay.place

    assert asyncio.run(story()) == 11


def test_without_history_it_says_what_to_do() -> None:
    with pytest.raises(BadInput, match="load a chart first"):
        Replay([], 0)
