"""Drawings on a real database: kept, changed and forgotten together, each person's own, and none in the way of another."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.drawings import Drawings
from qv_desktop.domain.drawings import MOST_PRICE, Anchor, Drawing, Kind, drawn
from tests.builders import NOW


def line(id: str, price: float = 100.0, symbol: str = "AAPL") -> Drawing:
    return drawn(id, symbol, Kind.TREND, (Anchor(1_700_000_000_000_000_001, price), Anchor(2**62, price + 1)))


def test_drawings_come_back_as_kept_the_last_changed_last(database: Database) -> None:
    store, user = Drawings(database), uuid4().hex
    words = replace(
        drawn("t", "AAPL", Kind.TEXT, (Anchor(5, 1e-7),), "Läuft, “gut” 📈 \\u0000"), locked=True, dash="dotted"
    )
    fib = drawn("f", "AAPL", Kind.FIBONACCI, (Anchor(1, 2), Anchor(3, 4)))

    async def story() -> tuple[list[Drawing], int]:
        await store.keep(user, {"a": line("a"), "f": fib}, NOW)
        await store.keep(user, {"t": words}, NOW + timedelta(seconds=1))
        await store.keep(user, {"a": line("a", 7.25)}, NOW + timedelta(seconds=2))
        return await store.of(user, "AAPL")

    assert asyncio.run(story()) == ([fib, words, line("a", 7.25)], 0)


def test_changes_and_removals_go_together(database: Database) -> None:
    store, user = Drawings(database), uuid4().hex

    async def story() -> list[Drawing]:
        await store.keep(user, {"a": line("a"), "b": line("b")}, NOW)
        await store.keep(user, {"a": None, "b": line("b", 5.0), "never": None}, NOW)
        await store.keep(user, {}, NOW)
        return (await store.of(user, "AAPL"))[0]

    assert asyncio.run(story()) == [line("b", 5.0)]


def test_another_person_and_another_symbol_are_left_alone(database: Database) -> None:
    store, user, other = Drawings(database), uuid4().hex, uuid4().hex

    async def story() -> list[list[Drawing]]:
        await store.keep(user, {"a": line("a"), "m": line("m", symbol="MSFT")}, NOW)
        await store.keep(other, {"a": line("a", 9.0)}, NOW)
        await store.keep(user, {"a": None}, NOW)
        return [(await store.of(*key))[0] for key in ((user, "AAPL"), (user, "MSFT"), (other, "AAPL"))]

    assert asyncio.run(story()) == [[], [line("m", symbol="MSFT")], [line("a", 9.0)]]


def test_what_cannot_be_read_is_counted_and_hides_nothing(database: Database) -> None:
    store, user = Drawings(database), uuid4().hex
    insert = text("""INSERT INTO drawings VALUES (:user, 'x', 'AAPL', 'spiral', '{}', now()), (:user, 'y', 'AAPL', 'trend', '[1]', now()),
                     (:user, 'z', 'AAPL', 'trend', '{"anchors": [[0, 1e400], [1, 2]]}', now())""")

    async def story() -> tuple[list[Drawing], int]:
        await database.write(lambda connection: connection.execute(insert, {"user": user}))
        await store.keep(user, {"a": line("a")}, NOW)
        return await store.of(user, "AAPL")

    assert asyncio.run(story()) == ([line("a")], 3)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.floats(-MOST_PRICE, MOST_PRICE), st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), max_size=50))
def test_every_price_and_every_text_comes_back_exactly(database: Database, price: float, words: str) -> None:
    store, user = Drawings(database), uuid4().hex
    drawing = replace(line("a"), anchors=(Anchor(1, price), Anchor(2, -price)), text=words)

    async def story() -> list[Drawing]:
        await store.keep(user, {"a": drawing}, NOW)
        return (await store.of(user, "AAPL"))[0]

    assert asyncio.run(story()) == [drawing]
