"""What runs by itself keeps running: a failure is told and counted, and the part starts again."""

import asyncio

import pytest

from qv_desktop.app import supervising
from qv_desktop.app.supervising import supervised


def test_a_part_that_fails_is_told_of_and_started_again_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervising, "AGAIN_AFTER", 0.0)
    begun: list[int] = []
    told: list[str] = []

    async def work() -> None:
        begun.append(1)
        if len(begun) < 3:
            raise ZeroDivisionError

    asyncio.run(supervised("the beats", work, told.append))
    assert (len(begun), told) == (3, ["the beats", "the beats"])


def test_a_part_that_is_cancelled_stays_ended() -> None:
    told: list[str] = []

    async def story() -> None:
        task = asyncio.ensure_future(supervised("waiting", asyncio.Event().wait, told.append))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(story())
    assert told == []
