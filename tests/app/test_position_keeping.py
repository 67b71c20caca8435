"""Positions as they are kept: what moved here and nothing else, for another desk may know more of the rest."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import cast

from qv_desktop.adapters.db.orders import OrderJournal
from qv_desktop.app.building import PositionKeeper
from qv_desktop.domain.errors import DatabaseDown
from qv_desktop.domain.orders import Fill, Side
from qv_desktop.domain.positions import Position
from qv_desktop.services.account import Account
from qv_desktop.services.positions import Positions
from tests.builders import NOW, a_position, an_account
from tests.fakes import Broker, Journal


class Kept(Journal):
    """What was written, and with which moments."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[dict[str, tuple[Decimal, datetime | None]]] = []

    async def save_positions(self, account: str, positions: Sequence[Position], told: Mapping[str, datetime]) -> None:
        if self.down:
            raise DatabaseDown("away")
        self.written.append({one.symbol: (one.quantity, told.get(one.symbol)) for one in positions})


def a_keeper() -> tuple[PositionKeeper, Positions, Kept]:
    journal = Kept()
    account = Account(Broker(), journal, lambda event: None)
    account.balances = an_account()
    keeper = PositionKeeper(cast(OrderJournal, journal), account)
    positions = Positions(lambda event: None, keeper.changed)
    keeper.told = positions.latest
    return keeper, positions, journal


def bought(symbol: str, quantity: int, later: int = 0) -> Fill:
    at = NOW + timedelta(seconds=later)
    return Fill(f"x{symbol}{later}", "qv", symbol, Side.BUY, Decimal(quantity), Decimal(100), at)


def test_only_what_moved_is_written_with_the_moment_of_its_newest_execution() -> None:
    keeper, positions, journal = a_keeper()

    async def story() -> None:
        positions.fill(bought("AAPL", 10))
        await keeper.flush()
        assert journal.written == []  # what was kept is not read yet
        keeper.begin([])
        await keeper.flush()
        positions.fill(bought("MSFT", 5, 1))
        positions.fill(bought("MSFT", 5, 2))
        await keeper.flush()
        await keeper.flush()

    asyncio.run(story())
    assert journal.written == [{"AAPL": (Decimal(10), NOW)}, {"MSFT": (Decimal(10), NOW + timedelta(seconds=2))}]


def test_what_was_gone_on_from_is_not_written_again_and_what_was_not_is_flat() -> None:
    keeper, positions, journal = a_keeper()
    kept = [a_position(10), a_position(20, symbol="MSFT"), a_position(30, symbol="OLD"), a_position(0, symbol="FLAT")]

    async def story() -> None:
        positions.fill(bought("MSFT", 5))  # while they were read
        positions.restore(kept[:2])
        keeper.begin(kept)
        await keeper.flush()

    asyncio.run(story())
    assert journal.written == [{"MSFT": (Decimal(25), NOW), "OLD": (Decimal(0), None)}]


def test_what_could_not_be_written_is_written_later_as_it_stands_then() -> None:
    keeper, positions, journal = a_keeper()

    async def story() -> None:
        keeper.begin([])
        positions.fill(bought("AAPL", 10))
        positions.fill(bought("MSFT", 1))
        journal.down = True
        await keeper.flush()
        positions.fill(bought("AAPL", 10, 1))
        journal.down = False
        await keeper.flush()

    asyncio.run(story())
    assert journal.written == [
        {"AAPL": (Decimal(20), NOW + timedelta(seconds=1)), "MSFT": (Decimal(1), NOW)}
    ]  # fmt: skip
