"""The checkpoint file: read from either end, whole after a crash, and never silently wrong."""

from pathlib import Path

import pytest

from qv_desktop.adapters.checkpoint_file import LONGEST, CheckpointFile, line
from qv_desktop.domain.errors import BadInput
from tests.domain.test_checkpoints import series


@pytest.fixture
def file(tmp_path: Path) -> CheckpointFile:
    return CheckpointFile(tmp_path / "kept", "db.example.com:5432/quantvision")


def test_its_name_is_the_database_s_and_no_path(file: CheckpointFile, tmp_path: Path) -> None:
    assert file.path == tmp_path / "kept" / "db.example.com_5432_quantvision.jsonl"
    assert CheckpointFile(tmp_path, "../../x").path.parent == tmp_path


def test_nothing_is_there_before_the_first(file: CheckpointFile) -> None:
    assert (file.read(), file.newest(2)) == ([], [])


@pytest.mark.parametrize("count", [1, 2, 7, 60])
def test_the_newest_are_the_end_of_all(file: CheckpointFile, count: int) -> None:
    points = series(60)
    for point in points:
        file.append([point])
    assert file.read() == points
    assert file.newest(count) == points[-count:]


def test_a_line_is_shorter_than_the_end_that_is_read() -> None:
    assert len(line(series(1)[0])) < LONGEST / 2


@pytest.mark.parametrize("rest", [b"{", b'{"chain": "c", "number": 3', b"\xff" * 700])
def test_what_a_crash_cut_off_is_no_checkpoint_and_gives_way_to_the_next(file: CheckpointFile, rest: bytes) -> None:
    points = series(4)
    file.append(points[:3])
    with file.path.open("ab") as end:
        end.write(rest)
    assert (file.read(), file.newest(2)) == (points[:3], points[1:3])
    file.append(points[3:])
    assert file.read() == points


def test_a_whole_line_that_is_no_checkpoint_is_named(file: CheckpointFile) -> None:
    file.append(series(2))
    content = file.path.read_bytes().splitlines(keepends=True)
    for bad in (b"[]\n", b"{}\n", b"\n", line(series(1)[0]).replace(b"+00:00", b"")):
        file.path.write_bytes(content[0] + bad)
        with pytest.raises(BadInput, match="Line 2 of the checkpoint file"):
            file.read()
        with pytest.raises(BadInput, match="The end of the checkpoint file"):
            file.newest(1)
