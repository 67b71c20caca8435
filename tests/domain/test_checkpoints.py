"""A series of checkpoints: whatever is taken out, moved or changed shows, and only named or recorded keys may sign."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.audit import Mark, Verification
from qv_desktop.domain.checkpoints import Checkpoint, covered, digest, drafted, excerpt, signed_text, standing

START = datetime(2026, 11, 20, tzinfo=UTC)
OURS, NEXT, THIEF = "aa" * 32, "bb" * 32, "cc" * 32


def sign(key: str, content: bytes) -> str:
    """Stands in for Ed25519: whoever knows the key's name can sign, which no test here does for another's."""
    return sha256(key.encode() + content).hexdigest() * 2


def genuine(key: str, content: bytes, signature: str) -> bool:
    return signature == sign(key, content)


def after(points: list[Checkpoint], key: str, successor: str = "") -> list[Checkpoint]:
    """The series with one more, ten rows on."""
    before = points[-1] if points else None
    row = (before.sequence if before else 0) + 10
    at = START + timedelta(minutes=row)
    draft = drafted(before, "c", Mark(row, f"{row:064x}"), at, key, successor)
    return [*points, replace(draft, signature=sign(key, signed_text(draft)))]


def series(count: int, key: str = OURS) -> list[Checkpoint]:
    points: list[Checkpoint] = []
    for _ in range(count):
        points = after(points, key)
    return points


def test_an_untouched_series_is_believed() -> None:
    points = series(5)
    found = standing(points, points, genuine, key=OURS, recorded={OURS}, remembered=(5, digest(points[4])))
    assert (found.genuine, found.fault, found.notes) == (tuple(points), None, ())


@given(st.integers(1, 9))
def test_one_that_was_taken_out_of_both_places_shows_unless_it_was_the_last(number: int) -> None:
    points = series(10)
    del points[number - 1]
    found = standing(points, points, genuine, key=OURS)
    assert found.fault is not None
    assert f"checkpoint {number} is missing" in found.fault[1]
    assert len(found.genuine) == number - 1


def test_the_last_ones_taken_out_of_both_places_are_missed_by_what_lies_beside_the_key() -> None:
    points = series(10)
    found = standing(points[:7], points[:7], genuine, key=OURS, remembered=(10, digest(points[9])))
    assert found.fault == (
        71,
        "checkpoint 10, which is remembered beside the key, is missing: file and database were both put back",
    )


@given(
    st.integers(1, 10),
    st.sampled_from(["sequence", "hash", "at", "previous", "key", "successor", "chain", "signature"]),
)
def test_a_changed_field_shows_at_its_checkpoint(number: int, name: str) -> None:
    points = series(10)
    point = points[number - 1]
    other = {"sequence": point.sequence + 1, "at": START}.get(name, "dd" * 32)
    points[number - 1] = replace(point, **{name: other})  # type: ignore[arg-type]
    found = standing(points, points, genuine, key=OURS)
    assert found.fault is not None
    assert f"checkpoint {number} " in found.fault[1]
    assert found.fault[0] == max(1, 10 * (number - 1) + 1)


@pytest.mark.parametrize(("points", "why"), [
    (after(series(3), THIEF), "a key that the one before it does not name"),
    (after(after(after(series(3), OURS, NEXT), NEXT), OURS), "a key that was given up before"),
    (after(after(series(3), OURS, NEXT), OURS), "a key that was given up before"),
])  # fmt: skip
def test_only_the_key_that_was_named_may_go_on(points: list[Checkpoint], why: str) -> None:
    found = standing(points, points, genuine, recorded={OURS, NEXT})
    assert found.fault is not None
    assert why in found.fault[1]


def test_a_named_key_goes_on_silently_and_a_recorded_one_with_a_note() -> None:
    named, recorded = after(after(series(2), OURS, NEXT), NEXT), after(series(2), NEXT)
    assert standing(named, named, genuine, key=NEXT).notes == ()
    found = standing(recorded, recorded, genuine, key=NEXT, recorded={NEXT})
    assert found.fault is None
    assert "From checkpoint 3 on another key signs" in found.notes[0]


def test_a_series_that_another_key_ends_is_not_this_installation_s() -> None:
    points = series(3, THIEF)
    found = standing(points, points, genuine, key=OURS, recorded={THIEF})
    assert found.fault == (30, "checkpoint 3 was signed by another key than this installation's")


def test_part_of_a_series_is_believed_from_its_first_on() -> None:
    points = series(9)
    assert excerpt(points[4:], genuine, OURS).fault is None
    assert excerpt([*points[4:6], *points[7:]], genuine, OURS).fault is not None
    assert excerpt(points[4:], genuine, THIEF).fault is not None


def test_a_row_that_does_not_fit_is_named_before_a_checkpoint_that_is_in_doubt() -> None:
    points = series(3)
    worth = standing(points[:2], points, genuine)
    whole, broken = Verification(35, 35, "f"), Verification(11, 11, "f", 12, "row 12 was changed after it was written")
    assert covered(whole, worth).broken_at == 30
    found = covered(broken, worth)
    assert (found.broken_at, found.covered) == (12, 10)
    assert found.notes == (
        "Checkpoint 3, which the database has, is missing from the file beside it: it was cut or replaced.",
    )
