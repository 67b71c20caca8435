"""Drawings are on the chart at once, are stored in order, and are not lost while the database is away."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.access import Role, User
from qv_desktop.domain.drawings import MOST, Anchor, Drawing, Kind, drawn
from qv_desktop.domain.errors import BadInput, DatabaseDown, NotPermitted
from qv_desktop.domain.events import DrawingsChanged, Event, Noticed
from qv_desktop.services.drawings import Drawings
from qv_desktop.services.login import Login
from tests.builders import NOW, a_session
from tests.fakes import Trail, Users


@dataclass
class Store:
    """Drawings in memory; ``down`` makes it fail, ``slow`` makes a write wait for ``go``."""

    rows: dict[tuple[str, str], Drawing] = field(default_factory=dict)
    down: bool = False
    strange: int = 0
    writes: list[list[str]] = field(default_factory=list)
    go: asyncio.Event | None = None

    async def of(self, user: str, symbol: str) -> tuple[list[Drawing], int]:
        found = [drawing for (owner, _), drawing in self.rows.items() if owner == user and drawing.symbol == symbol]
        await asyncio.sleep(0)
        self._fail()
        return found, self.strange

    async def keep(self, user: str, changes: Mapping[str, Drawing | None], at: datetime) -> None:
        await asyncio.sleep(0)
        if self.go is not None:
            await self.go.wait()
        self._fail()
        self.writes.append(list(changes))
        for id, drawing in changes.items():
            if drawing is None:
                self.rows.pop((user, id), None)
            else:
                self.rows[user, id] = drawing

    def _fail(self) -> None:
        if self.down:
            raise DatabaseDown("away")


class Desk:
    """The service with all around it."""

    def __init__(self, role: Role = Role.TRADER) -> None:
        self.store, self.events = Store(), list[Event]()
        self.users, self.time = Users(a_session(role).user, a_session(role)), NOW
        self.login = Login(self.users, Trail(), lambda: self.time, "host")
        self.login.session = a_session(role)
        self.drawings = Drawings(self.store, self.login, self.events.append, lambda: NOW)

    def shown(self, symbol: str = "AAPL") -> list[str]:
        """The ids that were published last."""
        told = [event for event in self.events if isinstance(event, DrawingsChanged) and event.symbol == symbol]
        return [drawing.id for drawing in told[-1].drawings]


def line(id: str = "a", price: float = 100.0, symbol: str = "AAPL") -> Drawing:
    return drawn(id, symbol, Kind.HORIZONTAL, (Anchor(0, price),))


def test_a_drawing_is_shown_and_stored() -> None:
    desk = Desk()
    asyncio.run(desk.drawings.put(line()))
    assert (desk.shown(), desk.store.rows, desk.drawings.waiting) == (["a"], {("u1", "a"): line()}, 0)
    assert desk.drawings.of("AAPL") == (line(),)


def test_it_is_shown_before_the_database_has_answered() -> None:
    async def story() -> None:
        desk = Desk()
        desk.store.go = asyncio.Event()
        task = asyncio.create_task(desk.drawings.put(line()))
        await asyncio.sleep(0)
        assert desk.shown() == ["a"]
        desk.store.go.set()
        await task

    asyncio.run(story())


def test_only_this_persons_drawings_of_this_symbol_are_loaded() -> None:
    desk = Desk()
    desk.store.rows = {("u1", "a"): line(), ("u2", "b"): line("b"), ("u1", "c"): line("c", symbol="MSFT")}
    asyncio.run(desk.drawings.load("AAPL"))
    assert desk.shown() == ["a"]


def test_drawings_that_cannot_be_read_are_told_once() -> None:
    desk = Desk()
    desk.store.strange = 2

    async def story() -> None:
        await desk.drawings.load("AAPL")
        await desk.drawings.load("AAPL")

    asyncio.run(story())
    told = [event.notice.title for event in desk.events if isinstance(event, Noticed)]
    assert told == ["2 drawings on AAPL cannot be read"]


def test_one_is_removed_and_all_are_cleared_everywhere() -> None:
    desk = Desk()

    async def story() -> None:
        for id in "abc":
            await desk.drawings.put(line(id))
        await desk.drawings.put(line("m", symbol="MSFT"))
        await desk.drawings.remove("AAPL", "b")
        assert desk.shown() == ["a", "c"]
        await desk.drawings.remove("AAPL", "never was")
        await desk.drawings.clear("AAPL")

    asyncio.run(story())
    assert (desk.shown(), [id for _, id in desk.store.rows]) == ([], ["m"])


def test_what_is_drawn_while_the_database_is_away_stays_on_the_chart_and_is_stored_when_it_is_back() -> None:
    desk = Desk()

    async def story() -> None:
        await desk.drawings.put(line("old"))
        desk.store.down = True
        for change in (line("a"), line("b"), line("a", 101.0)):
            with pytest.raises(DatabaseDown, match="on the chart but not saved"):
                await desk.drawings.put(change)
        with pytest.raises(DatabaseDown, match="keep the program open"):
            await desk.drawings.remove("AAPL", "old")
        assert (desk.shown(), desk.drawings.waiting) == (["a", "b"], 3)
        with pytest.raises(DatabaseDown):
            await desk.drawings.flush()
        desk.store.down = False
        await desk.drawings.flush()
        await desk.drawings.flush()

    asyncio.run(story())
    assert desk.store.rows == {("u1", "a"): line("a", 101.0), ("u1", "b"): line("b")}
    assert desk.store.writes == [["old"], ["b", "a", "old"]]
    assert desk.drawings.waiting == 0


def test_a_change_made_while_the_one_before_is_being_written_is_not_lost() -> None:
    async def story() -> None:
        desk = Desk()
        desk.store.go = asyncio.Event()
        first = asyncio.create_task(desk.drawings.put(line("a", 1.0)))
        for _ in range(5):
            await asyncio.sleep(0)
        second = asyncio.create_task(desk.drawings.put(line("a", 2.0)))
        await asyncio.sleep(0)
        desk.store.go.set()
        await asyncio.gather(first, second)
        assert desk.store.rows["u1", "a"] == line("a", 2.0)
        assert desk.store.writes == [["a"], ["a"]]

    asyncio.run(story())


def test_what_waits_is_not_hidden_by_what_is_read() -> None:
    desk = Desk()
    desk.store.rows = {("u1", "a"): line("a"), ("u1", "b"): line("b")}

    async def story() -> None:
        desk.store.down = True
        with pytest.raises(DatabaseDown):
            await desk.drawings.load("AAPL")
        with pytest.raises(DatabaseDown):
            await desk.drawings.put(line("a", 105.0))
        desk.store.down = False
        await desk.drawings.flush()  # reads what could not be read, too

    asyncio.run(story())
    assert set(desk.drawings.of("AAPL")) == {line("a", 105.0), line("b")}
    assert sorted(desk.shown()) == ["a", "b"]


def test_a_viewer_may_not_draw_and_what_they_drew_is_taken_off_the_chart() -> None:
    desk = Desk(Role.VIEWER)
    with pytest.raises(NotPermitted, match="market data: change"):
        asyncio.run(desk.drawings.put(line()))
    assert (desk.shown(), desk.store.rows) == ([], {})
    with pytest.raises(NotPermitted):
        asyncio.run(desk.drawings.clear("AAPL"))


def test_a_right_that_was_just_taken_away_is_noticed_before_anything_is_written() -> None:
    desk = Desk()
    desk.store.rows = {("u1", "a"): line("a")}

    async def story() -> None:
        await desk.drawings.load("AAPL")
        desk.users.user = User("u1", "demo", Role.VIEWER)
        with pytest.raises(NotPermitted):
            await desk.drawings.put(line("b"))

    asyncio.run(story())
    assert (desk.shown(), list(desk.store.rows), desk.drawings.waiting) == (["a"], [("u1", "a")], 0)


def test_without_a_database_to_ask_who_may_nothing_is_lost_either() -> None:
    desk = Desk()

    async def story() -> None:
        desk.users.down = desk.store.down = True
        with pytest.raises(DatabaseDown, match="not saved"):
            await desk.drawings.put(line())
        desk.users.down = desk.store.down = False
        await desk.drawings.flush()

    asyncio.run(story())
    assert list(desk.store.rows) == [("u1", "a")]


def test_another_person_sees_nothing_of_the_first_but_what_waited_is_stored_for_them() -> None:
    desk = Desk()

    async def story() -> None:
        desk.store.down = True
        with pytest.raises(DatabaseDown):
            await desk.drawings.put(line())
        desk.store.down = False
        desk.login.session = replace(a_session(), user=User("u2", "eva", Role.TRADER))
        desk.users.user = desk.login.session.user
        assert desk.drawings.of("AAPL") == ()
        await desk.drawings.flush()
        await desk.drawings.load("AAPL")

    asyncio.run(story())
    assert (desk.drawings.of("AAPL"), list(desk.store.rows)) == ((), [("u1", "a")])


def test_a_bad_drawing_and_one_too_many_are_refused_and_not_shown() -> None:
    desk = Desk()
    desk.store.rows = {("u1", str(i)): line(str(i)) for i in range(MOST)}

    async def story() -> None:
        await desk.drawings.load("AAPL")
        with pytest.raises(BadInput, match="remove some first"):
            await desk.drawings.put(line("more"))
        with pytest.raises(BadInput, match="no price"):
            await desk.drawings.put(line("7", float("nan")))
        await desk.drawings.put(line("7", 7.0))  # changing one is no new one

    asyncio.run(story())
    assert len(desk.store.rows) == len(desk.shown()) == MOST


async def step(drawings: Drawings, what: str, drawing: Drawing) -> None:
    if what == "put":
        await drawings.put(drawing)
    elif what == "remove":
        await drawings.remove("AAPL", drawing.id)
    elif what == "load":
        await drawings.load("AAPL")
    elif what == "flush":
        await drawings.flush()


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["put", "remove", "down", "up", "flush", "load"]))))
def test_once_the_database_is_back_it_holds_what_the_chart_shows(steps: list[tuple[str, str]]) -> None:
    desk = Desk()

    async def story() -> None:
        for number, (id, what) in enumerate(steps):
            desk.store.down = what == "down" or (desk.store.down and what != "up")
            try:
                await step(desk.drawings, what, line(id, number))
            except DatabaseDown:
                assert desk.store.down
        desk.store.down = False
        await desk.drawings.flush()

    asyncio.run(story())
    assert set(desk.store.rows.values()) == set(desk.drawings.of("AAPL"))
    assert desk.drawings.waiting == 0
