"""Coroutines started by a click."""

import asyncio
from typing import NoReturn

import structlog
from structlog.testing import capture_logs

from qv_desktop.domain.errors import BrokerDown, QvError
from qv_desktop.ui.tasks import Tasks


async def fails(error: Exception) -> NoReturn:
    raise error


async def settled(tasks: Tasks) -> None:
    """Long enough for a coroutine that only raises: it runs, then its ending is heard."""
    for _ in range(5):
        await asyncio.sleep(0)
    assert tasks.count == 0


def test_an_error_for_people_is_shown_as_it_reads() -> None:
    async def story() -> list[QvError]:
        shown: list[QvError] = []
        tasks = Tasks(shown.append)
        tasks.spawn(fails(BrokerDown("The broker does not answer; try again.")))
        await settled(tasks)
        return shown

    assert [str(error) for error in asyncio.run(story())] == ["The broker does not answer; try again."]


def test_a_bug_is_logged_with_its_trace_and_not_shown() -> None:
    structlog.reset_defaults()

    async def story() -> list[QvError]:
        shown: list[QvError] = []
        tasks = Tasks(shown.append)
        tasks.spawn(fails(ZeroDivisionError("x")))
        await settled(tasks)
        return shown

    with capture_logs() as logs:
        assert asyncio.run(story()) == []
    assert [(entry["event"], entry["task"], type(entry["exc_info"])) for entry in logs] == [
        ("task failed", "fails", ZeroDivisionError)
    ]


def test_a_caller_who_takes_errors_gets_them_instead() -> None:
    async def story() -> tuple[list[QvError], list[BaseException]]:
        shown: list[QvError] = []
        taken: list[BaseException] = []
        tasks = Tasks(shown.append)
        tasks.spawn(fails(BrokerDown("no")), on_error=taken.append)
        await settled(tasks)
        return shown, taken

    shown, taken = asyncio.run(story())
    assert (shown, [str(error) for error in taken]) == ([], ["no"])


def test_closing_cancels_what_is_under_way_and_waits_for_it() -> None:
    ended: list[str] = []

    async def lasts() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("ended")

    async def story() -> int:
        tasks = Tasks(lambda error: None)
        tasks.spawn(lasts())
        await asyncio.sleep(0)
        await tasks.close()
        return tasks.count

    assert (asyncio.run(story()), ended) == (0, ["ended"])
