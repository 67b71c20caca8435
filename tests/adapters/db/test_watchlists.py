"""Watchlists and scans: each person's own, in order, under one name each."""

import asyncio

import pytest
from sqlalchemy import insert

from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.scans import Scans
from qv_desktop.adapters.db.tables import watchlists
from qv_desktop.adapters.db.watchlists import Watchlists
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.scans import Scan


def test_lists_keep_the_order_in_which_they_were_begun(database: Database) -> None:
    store = Watchlists(database)

    async def story() -> list[dict[str, tuple[str, ...]]]:
        for name, symbols in (("Tech", ["MSFT"]), ("Banks", ["JPM", "BAC"]), ("Autos", []), ("Tech", ["NVDA", "AAPL"])):
            await store.save("maria", name, symbols)
        await store.save("pete", "Mine", ["SPY"])
        first = await store.all("maria")
        await store.rename("maria", "Tech", "Big")
        await store.delete("maria", "Banks")
        await store.save("maria", "New", ["T"])
        return [first, await store.all("maria"), await store.all("pete"), await store.all("nobody")]

    first, then, other, none = asyncio.run(story())
    assert list(first.items()) == [("Tech", ("NVDA", "AAPL")), ("Banks", ("JPM", "BAC")), ("Autos", ())]
    assert list(then.items()) == [("Big", ("NVDA", "AAPL")), ("Autos", ()), ("New", ("T",))]
    assert (other, none) == ({"Mine": ("SPY",)}, {})


def test_a_name_that_is_taken_or_none_is_refused(database: Database) -> None:
    store = Watchlists(database)

    async def story() -> None:
        await store.save("anna", "A", ["X"])
        await store.save("anna", "B", ["Y"])
        with pytest.raises(BadInput, match="already is a watchlist “B”"):
            await store.rename("anna", "A", "B")
        for wrong in (store.save("anna", "", ["Z"]), store.rename("anna", "A", "")):
            with pytest.raises(BadInput, match="needs a name"):
                await wrong
        assert await store.all("anna") == {"A": ("X",), "B": ("Y",)}

    asyncio.run(story())


def test_a_list_that_was_kept_the_old_way_is_there(database: Database) -> None:
    async def story() -> dict[str, tuple[str, ...]]:
        old = {"user": "old", "name": "Default", "symbols": ["AAPL"]}
        await database.write(lambda connection: connection.execute(insert(watchlists).values(old)))
        return await Watchlists(database).all("old")

    assert asyncio.run(story()) == {"Default": ("AAPL",)}


def test_scans_are_kept_by_name_and_amended(database: Database) -> None:
    store = Scans(database)
    gappers = Scan("Gappers", "gap% > 3", "Tech", "-gap%", 20, alert=True)
    better, plain = Scan("Gappers", "gap% > 5"), Scan("Calm", "range% < 1")

    async def story() -> list[list[Scan]]:
        for scan in (gappers, plain):
            await store.save("maria", scan)
        first = await store.all("maria")
        await store.save("maria", better)
        await store.delete("maria", "Calm")
        return [first, await store.all("maria"), await store.all("pete")]

    assert asyncio.run(story()) == [[plain, gappers], [better], []]


@pytest.mark.parametrize("wrong", [Scan("", "a > 1"), Scan("x", "a > 1", limit=0)])
def test_a_scan_without_name_or_limit_is_refused(database: Database, wrong: Scan) -> None:
    with pytest.raises(BadInput, match="needs a name and a limit"):
        asyncio.run(Scans(database).save("maria", wrong))
