"""Two desks on one account: what a person brakes by hand at one holds at the other, and frees nothing there."""

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest

from qv_desktop.adapters.db.database import Database
from qv_desktop.domain.risk import TradingState
from qv_desktop.services import loss_ladder
from tests.builders import a_request
from tests.services.laddering import Room, a_room


async def until_set(room: Room, state: TradingState) -> None:
    for _ in range(1_000):
        if room.risk.state is state:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"trading is {room.risk.state} still")


@pytest.mark.parametrize("kill", [False, True])
def test_a_halt_by_hand_at_one_desk_holds_at_the_other(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kill: bool
) -> None:
    monkeypatch.setattr(loss_ladder, "EVERY", 0.01)
    account = f"two-{uuid4().hex[:8]}"

    async def story() -> None:
        async with (
            a_room(database, account, tmp_path / "a") as mine,
            a_room(database, account, tmp_path / "b") as other,
        ):
            assert other.judged(a_request(10)) == {}
            looking = asyncio.create_task(other.ladder.run())
            if kill:
                await mine.risk.halt_at_once("Kill switch (key)")
            else:
                await mine.risk.halt("a rumour")
            await until_set(other, TradingState.HALTED)
            assert "TRADING_STATE" in other.judged(a_request(10))
            assert (other.risk.stand.hand.actor, other.risk.stand.way_out) == ("demo", False)
            await other.risk.resume("known now")
            assert other.risk.state is TradingState.ACTIVE
            assert mine.risk.state is TradingState.HALTED
            await other.risk.heed()
            assert other.risk.state is TradingState.ACTIVE
            looking.cancel()

    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    asyncio.run(story())


def test_a_milder_brake_elsewhere_and_a_resumption_elsewhere_free_nothing_here(
    database: Database, tmp_path: Path
) -> None:
    account = f"two-{uuid4().hex[:8]}"

    async def story() -> None:
        async with (
            a_room(database, account, tmp_path / "a") as mine,
            a_room(database, account, tmp_path / "b") as other,
        ):
            await other.risk.reduce("a drill")
            await mine.risk.heed()
            assert mine.risk.state is TradingState.REDUCING
            await mine.risk.halt("worse")
            await other.risk.resume("over")
            await mine.risk.heed()
            assert mine.risk.state is TradingState.HALTED

    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    asyncio.run(story())
