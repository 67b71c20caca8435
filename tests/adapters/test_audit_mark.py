"""The mark of the audit trail: it moves on, never back, and outlives the program."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from qv_desktop.adapters.audit_mark import AuditMark
from qv_desktop.domain.audit import GENESIS, SYSTEM, Draft, Entry, Mark, sealed
from qv_desktop.domain.errors import BadInput


def a_row(sequence: int) -> Entry:
    draft = Draft(SYSTEM, "order.submit", "order", f"qv-{sequence}")
    return sealed("install", sequence, datetime(2026, 11, 20, tzinfo=UTC), draft, "0.1.0", GENESIS)


def test_the_newest_row_is_remembered_by_the_next_start(tmp_path: Path) -> None:
    mark = AuditMark(tmp_path / "mark.json", "embedded")
    for sequence in (1, 2, 3):
        mark.heard(a_row(sequence))
    mark.write()
    assert AuditMark(tmp_path / "mark.json", "embedded").mark == Mark(3, a_row(3).hash)
    assert [file.name for file in tmp_path.iterdir()] == ["mark.json"]


def test_the_mark_never_goes_back(tmp_path: Path) -> None:
    mark = AuditMark(tmp_path / "mark.json", "embedded")
    mark.heard(a_row(9))
    mark.heard(replace(a_row(9), sequence=2))
    assert mark.mark == Mark(9, a_row(9).hash)


def test_a_frozen_mark_is_not_covered_up_by_new_rows(tmp_path: Path) -> None:
    mark = AuditMark(tmp_path / "mark.json", "embedded")
    mark.heard(a_row(5))
    mark.freeze()
    mark.heard(a_row(6))
    mark.write()
    assert AuditMark(tmp_path / "mark.json", "embedded").mark == Mark(5, a_row(5).hash)


def test_each_database_has_its_own_mark(tmp_path: Path) -> None:
    for where, sequence in (("embedded", 4), ("server:5432/qv", 7)):
        mark = AuditMark(tmp_path / "mark.json", where)
        assert mark.mark is None
        mark.heard(a_row(sequence))
        mark.write()
    assert AuditMark(tmp_path / "mark.json", "embedded").mark == Mark(4, a_row(4).hash)


def test_what_cannot_be_written_is_written_later(tmp_path: Path) -> None:
    folder = tmp_path / "away"
    mark = AuditMark(folder / "mark.json", "embedded")
    mark.heard(a_row(1))
    mark.write()
    folder.mkdir()
    mark.write()
    assert (folder / "mark.json").exists()


@pytest.mark.parametrize("text", ["", "[]", '{"embedded": 3}', '{"embedded": ["x", "y"]}'])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "mark.json").write_text(text)
    with pytest.raises(BadInput, match=r"mark\.json"):
        AuditMark(tmp_path / "mark.json", "embedded")
