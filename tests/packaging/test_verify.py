"""packaging/verify.sh takes a whole build for whole and says of every other one what is wrong; a small program stands for the build."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")
_spec = importlib.util.spec_from_file_location("supply", ROOT / "packaging" / "supply.py")
assert _spec is not None
assert _spec.loader is not None
supply = sys.modules["supply"] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(supply)

PROGRAM = """#!/bin/sh
[ -z "$QV_DATABASE_URL" ] || exit 9   # nobody's settings
case "$1" in
  demo) while [ "$1" != --out ]; do shift; done; mkdir -p "$2"
        printf '%s' '{"audit_verified": true, "breaks": 0, "fills": 6}' > "$2/summary.json" ;;
  *) echo fine ;;
esac
"""


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A build with its sums."""
    folder = tmp_path / "dist" / "qv-desktop"
    (folder / "lib").mkdir(parents=True)
    (folder / "qv-desktop").write_text(PROGRAM)
    (folder / "qv-desktop").chmod(0o755)
    (folder / "lib" / "two words.so").write_text("x")
    (folder / "lib" / "one.so").symlink_to("two words.so")
    shutil.copy(supply.BILL, folder)
    summed(folder)
    return folder


def summed(folder: Path) -> None:
    supply.main(["sums", str(folder)])


def verified(build: Path, bill: Path = supply.BILL) -> "subprocess.CompletedProcess[str]":
    line = ["bash", str(ROOT / "packaging" / "verify.sh"), str(build), str(bill)]
    around = {**os.environ, "QV_DATABASE_URL": "somebody's"}
    return subprocess.run(line, env=around, capture_output=True, text=True, check=False, timeout=60)


def test_a_whole_build_is_verified_as_a_folder_and_as_an_archive(build: Path, tmp_path: Path) -> None:
    shutil.make_archive(str(tmp_path / "build"), "gztar", build.parent, "qv-desktop")
    for what in (build, tmp_path / "build.tar.gz"):
        done = verified(what)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("3 files are as they were built.")
        assert done.stdout.endswith("VERIFIED.\n")


def another_program(build: Path) -> None:
    (build / "qv-desktop").write_text(PROGRAM + "# and more\n")


def one_missing(build: Path) -> None:
    (build / "lib" / "two words.so").unlink()


def one_more(build: Path) -> None:
    (build / "lib" / "added.so").touch()


def a_link_outside(build: Path) -> None:
    (build / "lib" / "out.so").symlink_to("/etc/hostname")


def another_bill(build: Path) -> None:
    (build / "sbom.json").write_text(json.dumps({"bomFormat": "CycloneDX"}, indent=1))
    summed(build)


def no_sums(build: Path) -> None:
    (build / supply.SUMS).unlink()


def no_start(build: Path) -> None:
    (build / "qv-desktop").write_text("#!/bin/sh\nexit 1\n")
    summed(build)


def a_broken_trail(build: Path) -> None:
    (build / "qv-desktop").write_text(PROGRAM.replace("true", "false"))
    summed(build)


def a_program_that_changes_itself(build: Path) -> None:
    (build / "qv-desktop").write_text(PROGRAM.replace("echo fine", "echo more >> 'lib/two words.so'"))
    summed(build)


@pytest.mark.parametrize(("harm", "because"), [
    (another_program, "other files than were built: qv-desktop: FAILED"), (one_missing, "other files than were built"),
    (one_more, "do not belong to the build: lib/added.so"), (a_link_outside, "links lead out of the build: ./lib/out.so"),
    (another_bill, "not the bill of the sources"), (no_sums, "There is no SHA256SUMS"), (no_start, "does not start"),
    (a_broken_trail, "trail does not verify"), (a_program_that_changes_itself, "changed its own files"),
])  # fmt: skip
def test_a_build_is_not_verified_with(harm: Callable[[Path], None], because: str, build: Path) -> None:
    harm(build)
    done = verified(build)
    assert done.returncode == 1
    assert done.stderr.startswith("NOT VERIFIED. "), done.stderr
    assert because in done.stderr
    assert "VERIFIED." not in done.stdout
