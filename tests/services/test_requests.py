"""The book of questions: one answer for equal ones, what is on screen first, progress, and an end when nobody waits."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

import pytest

from qv_desktop.domain.errors import FeedDown
from qv_desktop.domain.events import Event, RequestChanged
from qv_desktop.services.ports.callbacks import Progress
from qv_desktop.services.requests import Requests

NOW = datetime(2026, 11, 20, 16, tzinfo=UTC)


class Vendor:
    """Work that the test lets go on, one question at a time."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}

    def work(self, name: str) -> Callable[[Progress], Awaitable[str]]:
        async def asked(progress: Progress) -> str:
            self.asked.append(name)
            await self.gates.setdefault(name, asyncio.Event()).wait()
            return name

        return asked


def run(story: Callable[[Requests, Vendor, list[Event]], Coroutine[Any, Any, None]]) -> None:
    events: list[Event] = []

    async def whole() -> None:
        await story(Requests(events.append, lambda: NOW), Vendor(), events)

    asyncio.run(whole())


def states(events: list[Event]) -> list[str]:
    return [event.request.state for event in events if isinstance(event, RequestChanged)]


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def test_equal_questions_are_asked_once_and_both_are_answered() -> None:
    async def story(requests: Requests, vendor: Vendor, events: list[Event]) -> None:
        both = [asyncio.ensure_future(requests.ask("k", "AAPL 1m", "V", vendor.work("a"))) for _ in range(2)]
        await settled()
        assert [one.state for one in requests.active] == ["asking"]
        vendor.gates["a"].set()
        assert await asyncio.gather(*both) == ["a", "a"]
        await settled()
        assert vendor.asked == ["a"]
        assert states(events) == ["waiting", "asking", "done"]
        assert requests.active == ()

    run(story)


def test_a_question_ends_only_when_every_waiter_has_gone() -> None:
    async def story(requests: Requests, vendor: Vendor, events: list[Event]) -> None:
        first, second = (asyncio.ensure_future(requests.ask("k", "AAPL", "V", vendor.work("a"))) for _ in range(2))
        await settled()
        first.cancel()
        await settled()
        assert states(events) == ["waiting", "asking"]
        second.cancel()
        await settled()
        assert states(events) == ["waiting", "asking", "cancelled"]
        assert requests.active == ()

    run(story)


def test_asking_again_at_once_after_the_last_waiter_went_begins_anew() -> None:
    async def story(requests: Requests, vendor: Vendor, events: list[Event]) -> None:
        first = asyncio.ensure_future(requests.ask("k", "AAPL", "V", vendor.work("a")))
        await settled()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        second = asyncio.ensure_future(requests.ask("k", "AAPL", "V", vendor.work("b")))
        await settled()
        vendor.gates["b"].set()
        assert await second == "b"

    run(story)


def test_a_person_who_cancels_ends_it_for_all_with_a_sentence() -> None:
    async def story(requests: Requests, vendor: Vendor, events: list[Event]) -> None:
        waits = [asyncio.ensure_future(requests.ask("k", "AAPL 1m", "V", vendor.work("a"))) for _ in range(2)]
        await settled()
        requests.cancel(requests.active[0].id)
        for one in waits:
            with pytest.raises(FeedDown, match="AAPL 1m was cancelled; ask again"):
                await one
        assert states(events)[-1] == "cancelled"

    run(story)


def test_what_is_on_screen_goes_before_what_nobody_looks_at() -> None:
    async def story(requests: Requests, vendor: Vendor, events: list[Event]) -> None:
        tasks = [
            asyncio.ensure_future(requests.ask(name, name, "V", vendor.work(name), urgent=False)) for name in "abc"
        ]
        await settled()
        assert vendor.asked == ["a"]  # one place is kept for a person
        tasks += [asyncio.ensure_future(requests.ask(name, name, "V", vendor.work(name))) for name in "xyz"]
        await settled()
        assert vendor.asked == ["a", "x"]
        for name in "axyzbc":
            vendor.gates[name].set() if name in vendor.gates else vendor.gates.setdefault(name, asyncio.Event()).set()
            await settled()
        assert vendor.asked == ["a", "x", "y", "z", "b", "c"]
        await asyncio.gather(*tasks)

    run(story)


def test_a_backfill_that_a_person_asks_for_too_becomes_urgent() -> None:
    async def story(requests: Requests, vendor: Vendor, events: list[Event]) -> None:
        tasks = [asyncio.ensure_future(requests.ask(name, name, "V", vendor.work(name), urgent=False)) for name in "ab"]
        await settled()
        assert vendor.asked == ["a"]
        tasks.append(asyncio.ensure_future(requests.ask("b", "b", "V", vendor.work("b"))))
        await settled()
        assert vendor.asked == ["a", "b"]
        for gate in vendor.gates.values():
            gate.set()
        await asyncio.gather(*tasks)

    run(story)


def test_vendors_do_not_wait_for_each_other() -> None:
    async def story(requests: Requests, vendor: Vendor, events: list[Event]) -> None:
        tasks = [asyncio.ensure_future(requests.ask(name, name, name, vendor.work(name))) for name in "abcd"]
        await settled()
        assert vendor.asked == ["a", "b", "c", "d"]
        for gate in vendor.gates.values():
            gate.set()
        await asyncio.gather(*tasks)

    run(story)


def test_progress_is_told_and_a_flood_of_it_is_not() -> None:
    async def work(progress: Progress) -> None:
        for number in range(10_000):
            progress(number / 10_000, "waiting for the limit")
        await asyncio.sleep(0)

    async def story(requests: Requests, vendor: Vendor, events: list[Event]) -> None:
        await requests.ask("k", "AAPL", "V", work)
        await settled()
        assert len(events) < 100
        last = events[-1]
        assert isinstance(last, RequestChanged)
        assert (last.request.state, last.request.fraction) == ("done", 1.0)

    run(story)


def test_the_current_figures_stand_in_the_book_between_events() -> None:
    async def story(requests: Requests, vendor: Vendor, events: list[Event]) -> None:
        seen: list[tuple[float, str]] = []

        async def work(progress: Progress) -> None:
            progress(0.5, "half")
            seen.append((requests.active[0].fraction, requests.active[0].detail))

        await requests.ask("k", "AAPL", "V", work)
        assert seen == [(0.5, "half")]

    run(story)


def test_a_failure_says_why_to_all_and_in_the_book() -> None:
    async def work(progress: Progress) -> None:
        raise FeedDown("The vendor is away.")

    async def story(requests: Requests, vendor: Vendor, events: list[Event]) -> None:
        both = [asyncio.ensure_future(requests.ask("k", "AAPL", "V", work)) for _ in range(2)]
        for one in both:
            with pytest.raises(FeedDown, match="away"):
                await one
        last = events[-1]
        assert isinstance(last, RequestChanged)
        assert (last.request.state, last.request.detail) == ("failed", "The vendor is away.")

    run(story)


def test_a_question_that_still_waits_can_be_cancelled() -> None:
    async def story(requests: Requests, vendor: Vendor, events: list[Event]) -> None:
        tasks = [asyncio.ensure_future(requests.ask(name, name, "V", vendor.work(name))) for name in "abc"]
        await settled()
        requests.cancel(requests.active[2].id)
        with pytest.raises(FeedDown, match="c was cancelled"):
            await tasks[2]
        for gate in vendor.gates.values():
            gate.set()
        await asyncio.gather(*tasks[:2])
        assert vendor.asked == ["a", "b"]

    run(story)
