"""Audit rows as files: whatever is in them comes back, no cell runs as a formula, and nothing half written stays."""

import asyncio
import csv
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from qv_desktop.adapters.reports.audit_rows import HEAD, AuditFile, AuditFiles
from qv_desktop.domain.audit import GENESIS, Actor, Draft, Entry, sealed
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.spreadsheets import DANGEROUS

AT = datetime(2026, 11, 20, 15, 30, 1, 5, tzinfo=UTC)
texts = some.text(some.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)


def a_row(number: int = 1, reason: str = "fine", after: str = "") -> Entry:
    draft = Draft(
        Actor("Ada", "human", "Trader", "s1", "WS-14"), "order.submit", "order", "qv-1", "ok", reason, "", after, "qv-1"
    )
    return sealed("chain", number, AT, draft, "1.0", GENESIS)


def written(folder: Path, form: str, *portions: Sequence[Entry]) -> tuple[Path, str]:
    async def story() -> tuple[Path, str]:
        file = await AuditFiles().begun(folder, f"rows.{form}", form, {"action": "order.*"})
        for portion in portions:
            await file.add(portion)
        digest = await file.sealed()
        return await file.placed(), digest

    return asyncio.run(story())


@given(reason=texts, after=texts)
def test_csv_comes_back_the_same_and_no_cell_begins_as_a_formula(
    tmp_path_factory: pytest.TempPathFactory, reason: str, after: str
) -> None:
    row = a_row(1, reason, after)
    path, _ = written(tmp_path_factory.mktemp("csv"), "csv", [row])
    with path.open(newline="", encoding="utf-8") as file:
        head, cells = list(csv.reader(file))
    assert tuple(head) == HEAD
    told = dict(zip(head, cells, strict=True))
    assert not any(cell.startswith(DANGEROUS) for cell in cells)
    for name, value in (("reason", reason), ("after", after)):
        assert told[name] == (f"'{value}" if value.startswith(DANGEROUS) else value)
    assert (told["sequence"], told["time_utc"], told["time_et"]) == (
        "1", "2026-11-20T15:30:01.000005+00:00", "2026-11-20T10:30:01.000005-05:00")  # fmt: skip


@given(portions=some.lists(some.lists(texts, max_size=3), max_size=3))
def test_json_holds_every_value_exactly_however_it_was_portioned(
    tmp_path_factory: pytest.TempPathFactory, portions: list[list[str]]
) -> None:
    rows = [[a_row(10 * p + r, text, text) for r, text in enumerate(part)] for p, part in enumerate(portions)]
    path, digest = written(tmp_path_factory.mktemp("json"), "json", *rows)
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document["filter"] == {"action": "order.*"}
    flat = [row for part in rows for row in part]
    assert [(row["sequence"], row["reason"], row["hash"]) for row in document["rows"]] == [
        (e.sequence, e.draft.reason, e.hash) for e in flat
    ]
    assert hashlib.sha256(path.read_bytes()).hexdigest() == digest


def test_a_file_that_is_given_up_leaves_nothing_behind(tmp_path: Path) -> None:
    async def story() -> None:
        file = await AuditFiles().begun(tmp_path, "rows.csv", "csv", {})
        await file.add([a_row()])
        await file.dropped()

    asyncio.run(story())
    assert list(tmp_path.iterdir()) == []


def test_until_it_is_placed_there_is_no_file_of_that_name(tmp_path: Path) -> None:
    file = AuditFile(tmp_path, "rows.csv", "csv", {})
    assert not (tmp_path / "rows.csv").exists()
    file.drop()


@pytest.mark.parametrize("name", ["../rows.csv", "a/b.csv", "link.csv"])
def test_nothing_is_written_outside_the_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "link.csv").symlink_to(tmp_path / "elsewhere.csv")
    with pytest.raises(BadInput, match="outside"):
        AuditFile(folder, name, "csv", {})
    assert not (tmp_path / "elsewhere.csv").exists()


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(BadInput, match="free some space or choose another folder"):
        AuditFile(tmp_path / "file", "rows.csv", "csv", {})
    with pytest.raises(BadInput, match="choose csv or json"):
        AuditFile(tmp_path, "rows.doc", "doc", {})
