"""The audit chain: every way of changing history shows at the row where it was done."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.audit import GENESIS, SYSTEM, Draft, Entry, Mark, emptied, sealed, verified

START = datetime(2026, 11, 20, tzinfo=UTC)


def chain(count: int) -> list[Entry]:
    rows: list[Entry] = []
    previous = GENESIS
    for i in range(1, count + 1):
        draft = Draft(SYSTEM, "order.submit", "order", f"qv-{i}", reason="“quoted”, 注文")
        rows.append(sealed("install", i, START + timedelta(seconds=i), draft, "0.1.0", previous))
        previous = rows[-1].hash
    return rows


def test_an_untouched_chain_is_whole() -> None:
    found = verified(chain(20))
    assert found.whole
    assert (found.rows, found.head) == (20, 20)


def test_an_empty_chain_is_whole() -> None:
    assert verified([]).whole


@given(st.integers(1, 20), st.sampled_from(["action", "object_id", "outcome", "reason", "after", "correlation"]))
def test_an_edited_field_shows_at_its_row(row: int, name: str) -> None:
    rows = chain(20)
    draft = replace(rows[row - 1].draft, **{name: "changed"})
    rows[row - 1] = replace(rows[row - 1], draft=draft)
    assert verified(rows).broken_at == row


def test_an_edited_time_and_version_show() -> None:
    rows = chain(3)
    assert verified([rows[0], replace(rows[1], at=START), rows[2]]).broken_at == 2
    assert verified([rows[0], replace(rows[1], app_version="9"), rows[2]]).broken_at == 2


@given(st.integers(1, 19))
def test_a_removed_row_shows_where_it_was(row: int) -> None:
    rows = chain(20)
    del rows[row - 1]
    assert verified(rows).broken_at == row


@given(st.integers(0, 18))
def test_swapped_rows_show(row: int) -> None:
    rows = chain(20)
    rows[row], rows[row + 1] = rows[row + 1], rows[row]
    assert verified(rows).broken_at == row + 1


def test_a_row_rehashed_after_an_edit_no_longer_fits_the_next() -> None:
    rows = chain(5)
    forged = replace(rows[2].draft, reason="never happened")
    rows[2] = sealed("install", 3, rows[2].at, forged, "0.1.0", rows[1].hash)
    found = verified(rows)
    assert found.broken_at == 4
    assert "does not follow" in found.reason


def test_a_chain_cut_short_is_broken_where_the_remembered_rows_begin_to_be_missing() -> None:
    rows = chain(20)
    found = verified(rows[:15], mark=Mark(20, rows[19].hash))
    assert (found.whole, found.broken_at, found.head) == (False, 16, 15)
    assert "rows 16 to 20 are missing" in found.reason


def test_an_empty_chain_is_broken_when_rows_are_remembered() -> None:
    found = verified([], mark=Mark(1, chain(1)[0].hash))
    assert (found.broken_at, found.rows) == (1, 0)
    assert "row 1 is missing" in found.reason


def test_a_chain_that_was_written_anew_is_broken_at_the_remembered_row() -> None:
    found = verified(chain(20), mark=Mark(12, "f" * 64))
    assert found.broken_at == 12
    assert "remembers" in found.reason


@given(st.integers(1, 20))
def test_a_chain_that_went_on_after_the_mark_is_whole(row: int) -> None:
    rows = chain(20)
    assert verified(rows, mark=Mark(row, rows[row - 1].hash)).whole


def test_no_rows_in_a_database_with_users_is_broken() -> None:
    found = emptied(verified([]))
    assert not found.whole
    assert "users" in found.reason
