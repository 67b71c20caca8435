"""Files are dealt out with the slowest first, and none is named that is not there."""

import subprocess
import sys
from pathlib import Path

from tests import slow_first

ROOT = Path(__file__).parents[1]


def test_known_seconds_come_first_then_many_tests_then_as_they_came() -> None:
    files = [
        "tests/a.py",
        *["tests/b.py"] * 900,
        "tests/stories/test_killed.py",
        "tests/c.py",
        "tests/cli/test_command.py",
    ]
    turn = slow_first.in_turn(files)
    assert sorted(turn, key=lambda file: turn[file]) == [
        "tests/cli/test_command.py", "tests/stories/test_killed.py", "tests/b.py", "tests/a.py", "tests/c.py",
    ]  # fmt: skip


def test_each_that_is_named_is_there() -> None:
    assert [file for file in slow_first.SECONDS if not (ROOT / "tests" / file).is_file()] == []


def test_workers_get_the_slowest_file_first_and_each_files_tests_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p tests.slow_first\n", encoding="utf-8")
    quick, slow = tmp_path / "tests" / "test_a.py", tmp_path / "tests" / "cli" / "test_command.py"
    slow.parent.mkdir(parents=True)
    quick.write_text("\n".join(f"def test_{n}() -> None: ..." for n in range(9)), encoding="utf-8")
    slow.write_text("def test_z() -> None: ...\n\ndef test_b() -> None: ...\n", encoding="utf-8")
    line = [sys.executable, "-m", "pytest", "-v", "-n", "1", "--dist", "loadfile", "--rootdir", str(tmp_path), "tests"]
    done = subprocess.run(
        line, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    ran = [said.split("::")[-1].strip() for said in done.stdout.splitlines() if "PASSED" in said]
    assert ran == ["test_z", "test_b", *(f"test_{n}" for n in range(9))]
