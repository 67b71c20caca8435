"""When the trail is signed: after a thousand rows, after five minutes, at the end; and what is told when it cannot be."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from qv_desktop.domain.audit import GENESIS, SYSTEM, Draft, Entry, sealed
from qv_desktop.domain.checkpoints import Checkpoint
from qv_desktop.domain.errors import BadInput, BrokenTrail, QvError
from qv_desktop.services import checkpoints as room
from qv_desktop.services.checkpoints import Checkpoints
from tests.fakes import NOW, Trail

KEY = "ab" * 32


class Seals:
    """Signs in memory; ``trouble`` is raised instead."""

    def __init__(self, waiting: int = 0) -> None:
        self.waiting, self.signed = waiting, list[Checkpoint]()
        self.trouble: QvError | None = None
        self.trail: Trail | None = None

    async def key(self) -> str:
        if self.trouble:
            raise self.trouble
        return KEY

    async def recorded(self, key: str) -> bool:
        assert self.trail is not None
        return any(row.draft.action == "audit.key" and row.draft.object_id == key for row in self.trail.rows)

    async def newest(self) -> tuple[Checkpoint | None, int]:
        return None, self.waiting

    async def sign(self) -> Checkpoint | None:
        number = len(self.signed) + 1
        self.signed.append(Checkpoint("c", number, number, "0" * 64, NOW, GENESIS, KEY))
        return self.signed[-1]


def a_row(number: int = 1) -> Entry:
    return sealed("c", number, NOW, Draft(SYSTEM, "order.submit", "order", "1"), "1", GENESIS)


def on_a_desk(story: Callable[[Checkpoints, Seals, list[tuple[str, bool]]], Awaitable[None]], waiting: int = 0) -> None:
    async def told() -> None:
        seals, trail, heard = Seals(waiting), Trail(), list[tuple[str, bool]]()
        seals.trail = trail
        checkpoints = Checkpoints(seals, trail, lambda: NOW, lambda sentence, grave: heard.append((sentence, grave)))
        running = asyncio.create_task(checkpoints.run())
        await asyncio.sleep(0)
        await story(checkpoints, seals, heard)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(told())


async def soon(condition: Callable[[], object]) -> None:
    for _ in range(200):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not happen")


def test_a_thousand_rows_are_signed_at_once_and_one_less_waits() -> None:
    async def story(checkpoints: Checkpoints, seals: Seals, _: list[tuple[str, bool]]) -> None:
        for number in range(room.ROWS - 1):
            checkpoints.heard(a_row(number + 1))
        await asyncio.sleep(0.02)
        assert seals.signed == []
        checkpoints.heard(a_row(room.ROWS))
        await soon(lambda: seals.signed)
        assert (checkpoints.waiting, checkpoints.newest) == (0, seals.signed[0])

    on_a_desk(story)


def test_rows_of_the_last_sitting_count(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(_: Checkpoints, seals: Seals, __: list[tuple[str, bool]]) -> None:
        await soon(lambda: seals.signed)

    on_a_desk(story, waiting=room.ROWS)


def test_a_single_row_is_signed_after_a_while_and_nothing_new_never(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "SECONDS", 0.02)

    async def story(checkpoints: Checkpoints, seals: Seals, _: list[tuple[str, bool]]) -> None:
        await asyncio.sleep(0.1)
        assert seals.signed == []
        checkpoints.heard(a_row())
        await soon(lambda: seals.signed)
        await asyncio.sleep(0.1)
        assert len(seals.signed) == 1

    on_a_desk(story)


def test_the_first_use_of_a_key_is_a_row_of_the_trail_once() -> None:
    async def story(checkpoints: Checkpoints, seals: Seals, _: list[tuple[str, bool]]) -> None:
        await checkpoints.sign()
        await checkpoints.sign()
        assert seals.trail is not None
        assert [(row.draft.action, row.draft.object_id) for row in seals.trail.rows] == [("audit.key", KEY)]

    on_a_desk(story)


def test_what_cannot_be_signed_is_told_once_and_tried_again_until_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "SECONDS", 0.01)
    monkeypatch.setattr(room, "AGAIN", 0.01)

    async def story(checkpoints: Checkpoints, seals: Seals, heard: list[tuple[str, bool]]) -> None:
        seals.trouble = BadInput("There is nowhere safe for the key.")
        checkpoints.heard(a_row())
        await soon(lambda: heard)
        await asyncio.sleep(0.05)
        assert heard == [("There is nowhere safe for the key.", False)]
        assert (checkpoints.waiting, checkpoints.trouble) == (1, "There is nowhere safe for the key.")
        seals.trouble = None
        await soon(lambda: seals.signed)
        assert checkpoints.trouble == ""

    on_a_desk(story)


def test_a_broken_trail_is_told_as_grave(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(checkpoints: Checkpoints, seals: Seals, heard: list[tuple[str, bool]]) -> None:
        seals.trouble = BrokenTrail("The audit trail is broken at row 4.")
        await checkpoints.attempt()
        assert heard == [("The audit trail is broken at row 4.", True)]

    on_a_desk(story)


def test_its_age_is_known_once_there_is_one() -> None:
    async def story(checkpoints: Checkpoints, _: Seals, __: list[tuple[str, bool]]) -> None:
        assert checkpoints.age is None
        await checkpoints.sign()
        checkpoints._now = lambda: NOW + timedelta(seconds=90)
        assert checkpoints.age == 90.0

    on_a_desk(story)
