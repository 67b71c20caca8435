"""Watchlists: every change is permitted and stored first, and no list is lost."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field

import pytest

from qv_desktop.domain.access import Role
from qv_desktop.domain.errors import BadInput, DatabaseDown, NotPermitted
from qv_desktop.services.login import Login
from qv_desktop.services.watchlists import FIRST, Watchlists
from tests.builders import NOW, a_session
from tests.fakes import Trail, Users

KNOWN = {"AAPL", "MSFT", "NVDA", "BRK.B", *(f"X{i}" for i in range(600))}


@dataclass
class Store:
    """Lists in memory; ``down`` makes every write fail."""

    lists: dict[str, tuple[str, ...]] = field(default_factory=dict)
    down: bool = False

    async def all(self, user: str) -> dict[str, tuple[str, ...]]:
        assert user == "u1"
        return dict(self.lists)

    async def save(self, user: str, name: str, symbols: Sequence[str]) -> None:
        await self._write()
        self.lists[name] = tuple(symbols)

    async def rename(self, user: str, name: str, new: str) -> None:
        await self._write()
        self.lists = {new if other == name else other: held for other, held in self.lists.items()}

    async def delete(self, user: str, name: str) -> None:
        await self._write()
        del self.lists[name]

    async def _write(self) -> None:
        await asyncio.sleep(0)
        if self.down:
            raise DatabaseDown("away")


def made(store: Store, role: Role = Role.TRADER, first: Sequence[str] = ("AAPL", "MSFT")) -> Watchlists:
    login = Login(Users(a_session(role).user, a_session(role)), Trail(), lambda: NOW, "host")
    login.session = a_session(role)
    lists = Watchlists(store, login, KNOWN.__contains__)
    asyncio.run(lists.load(first))
    return lists


def run(*steps: Coroutine[object, object, object]) -> list[object]:
    async def story() -> list[object]:
        return [await step for step in steps]

    return asyncio.run(story())


def test_a_person_without_lists_starts_with_one_that_is_stored_at_the_first_change() -> None:
    store = Store()
    lists = made(store)
    assert (lists.names, lists.symbols(FIRST), store.lists) == ((FIRST,), ("AAPL", "MSFT"), {})
    run(lists.create("Growth"))
    assert store.lists == {FIRST: ("AAPL", "MSFT"), "Growth": ()}
    assert list(store.lists) == list(made(store).names)


def test_symbols_are_added_once_moved_and_removed() -> None:
    store = Store()
    lists = made(store)
    run(lists.add(FIRST, " nvda "), lists.add(FIRST, "NVDA"), lists.move(FIRST, "NVDA", 0), lists.remove(FIRST, "MSFT"))
    assert lists.symbols(FIRST) == store.lists[FIRST] == ("NVDA", "AAPL")


@pytest.mark.parametrize(("to", "order"), [(0, "CAB"), (1, "ACB"), (2, "ABC"), (99, "ABC"), (-5, "CAB")])
def test_a_symbol_moves_to_any_place(to: int, order: str) -> None:
    lists = made(Store({FIRST: ("A", "B", "C")}))
    run(lists.move(FIRST, "C", to))
    assert lists.symbols(FIRST) == tuple(order)


def test_a_new_order_neither_adds_nor_loses_a_symbol() -> None:
    lists = made(Store({FIRST: ("A", "B", "C")}))
    run(lists.reorder(FIRST, ["C", "Z", "A", "C"]))
    assert lists.symbols(FIRST) == ("C", "A", "B")


def test_lists_are_made_copied_renamed_and_deleted_in_the_persons_order() -> None:
    store = Store()
    lists, heard = made(store), list[str]()
    lists.changed = heard.append
    assert run(lists.create(" Growth ", ["NVDA", "NVDA"]), lists.copy(FIRST, "Copy"), lists.rename(FIRST, "Main")) == [
        "Growth", "Copy", "Main"
    ]  # fmt: skip
    assert {name: lists.symbols(name) for name in lists.names} == store.lists
    assert store.lists == {"Main": ("AAPL", "MSFT"), "Growth": ("NVDA",), "Copy": ("AAPL", "MSFT")}
    run(lists.delete("Main"))
    assert lists.names == ("Growth", "Copy")
    assert heard == ["Growth", "Copy", "Main", "Main"]


def test_a_name_may_change_its_letters_case_but_not_be_anothers() -> None:
    lists = made(Store({"Main": (), "Growth": ()}))
    run(lists.rename("Main", "MAIN"), lists.rename("MAIN", "MAIN"))
    assert lists.names == ("MAIN", "Growth")
    for step in (lists.rename("MAIN", "growth"), lists.create("main"), lists.copy("Growth", "MAIN")):
        with pytest.raises(BadInput, match="already"):
            asyncio.run(step)


def test_the_last_list_stays_and_a_list_that_is_not_there_is_told() -> None:
    lists = made(Store())
    with pytest.raises(BadInput, match="last list"):
        asyncio.run(lists.delete(FIRST))
    for step in (lists.delete("x"), lists.rename("x", "y"), lists.copy("x", "y"), lists.remove("x", "AAPL")):
        with pytest.raises(BadInput, match="There is no list “x”"):
            asyncio.run(step)
    with pytest.raises(BadInput, match="not in the list"):
        asyncio.run(lists.move(FIRST, "NVDA", 0))
    with pytest.raises(BadInput, match="does not list “ZZZ”"):
        asyncio.run(lists.add(FIRST, "zzz"))


def test_an_import_tells_what_it_added_what_was_there_and_what_nobody_knows() -> None:
    store = Store()
    lists = made(store)
    (done,) = run(lists.import_text(FIRST, "###Tech\nNASDAQ:AAPL, NASDAQ:NVDA\nBRK/B\nZZZ\nNVDA\n"))
    assert str(done) == "2 symbols added; 1 already in the list; 1 unknown: ZZZ."
    assert store.lists[FIRST] == ("AAPL", "MSFT", "NVDA", "BRK.B")
    assert lists.export_text(FIRST) == "symbol\nAAPL\nMSFT\nNVDA\nBRK.B\n"


def test_what_is_exported_is_imported_as_it_was() -> None:
    lists = made(Store())
    run(lists.create("Copy"), lists.import_text("Copy", lists.export_text(FIRST)))
    assert lists.symbols("Copy") == lists.symbols(FIRST)


def test_too_many_symbols_change_nothing() -> None:
    store = Store()
    lists = made(store)
    with pytest.raises(BadInput, match="500 symbols at most and would have 602"):
        asyncio.run(lists.import_text(FIRST, "\n".join(f"X{i}" for i in range(600))))
    assert (lists.symbols(FIRST), store.lists) == (("AAPL", "MSFT"), {})


def test_a_viewer_changes_nothing() -> None:
    store = Store({"Main": ("AAPL",), "Two": ()})
    lists = made(store, Role.VIEWER)
    steps = (
        lists.create("x"),
        lists.copy("Main", "x"),
        lists.rename("Main", "x"),
        lists.delete("Main"),
        lists.add("Main", "NVDA"),
        lists.remove("Main", "AAPL"),
        lists.move("Main", "AAPL", 0),
        lists.reorder("Main", []),
        lists.import_text("Main", "NVDA"),
    )
    for step in steps:
        with pytest.raises(NotPermitted, match="market data: change"):
            asyncio.run(step)
    assert store.lists == {"Main": ("AAPL",), "Two": ()}


def test_what_could_not_be_stored_is_not_shown_either() -> None:
    lists = made(Store({"Main": ("AAPL",), "Two": ()}, down=True))
    for step in (lists.create("x"), lists.rename("Main", "x"), lists.delete("Main"), lists.add("Main", "NVDA")):
        with pytest.raises(DatabaseDown):
            asyncio.run(step)
    assert (lists.names, lists.symbols("Main")) == (("Main", "Two"), ("AAPL",))


def test_two_quick_changes_both_count() -> None:
    store = Store()
    lists = made(store)

    async def both() -> None:
        await asyncio.gather(lists.add(FIRST, "NVDA"), lists.add(FIRST, "BRK.B"), lists.remove(FIRST, "AAPL"))

    asyncio.run(both())
    assert store.lists[FIRST] == ("MSFT", "NVDA", "BRK.B")
