"""The bill of materials is of the lock, every lock is pinned with hashes, and a changed build is named file by file."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "packaging" / "supply.py"
_spec = importlib.util.spec_from_file_location("supply", FILE)
assert _spec is not None
assert _spec.loader is not None
supply = sys.modules["supply"] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(supply)

DIGEST = "0a" * 32
LOCK = f"""# made by a tool
anyio==4.1.0 \\
    --hash=sha256:{DIGEST} \\
    --hash=sha256:{"1b" * 32}
Some_Thing==2.0 ; sys_platform == 'win32' \\
    --hash=sha256:{DIGEST}
"""


def test_the_locks_are_pinned_with_hashes_and_the_bill_is_theirs() -> None:
    assert supply.faults() == []


def test_the_bill_names_every_package_of_the_lock_with_its_files() -> None:
    told = json.loads(supply.bill(LOCK, "9.9"))
    assert (told["bomFormat"], told["specVersion"]) == ("CycloneDX", "1.6")
    assert told["metadata"]["component"]["version"] == "9.9"
    assert [one["purl"] for one in told["components"]] == ["pkg:pypi/anyio@4.1.0", "pkg:pypi/some-thing@2.0"]
    assert [one["value"] for one in told["components"][0]["properties"]] == [DIGEST, "1b" * 32]
    assert told["dependencies"][0]["dependsOn"] == [one["bom-ref"] for one in told["components"]]
    real = json.loads(supply.BILL.read_text(encoding="utf-8"))
    assert {"alpaca-py", "pyside6-essentials", "vectorbt"} <= {one["name"] for one in real["components"]}


@pytest.mark.parametrize("line", ["anyio>=4", "anyio==4.1.0", "anyio", "anyio @ git+ssh://somewhere/anyio"])
def test_a_requirement_without_pin_or_hash_is_found(line: str) -> None:
    assert supply.loose(LOCK + line + "\n") == [line.split()[0]]
    assert supply.loose(LOCK) == []


def test_a_bill_of_another_lock_is_a_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = tmp_path / "requirements.txt"
    other.write_text(LOCK, encoding="utf-8")
    monkeypatch.setattr(supply, "RUN_TIME", other)
    assert supply.faults() == ["packaging/sbom.json is not of packaging/requirements.txt; run: bash packaging/dev lock"]


def test_every_change_of_a_build_is_named(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    for name in ("program", "lib/one.so", "lib/two words.so"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    assert supply.main(["verify", str(tmp_path)]) == 1  # there are no sums yet
    assert supply.main(["sums", str(tmp_path)]) == 0
    assert supply.changed(tmp_path) == []
    (tmp_path / "program").write_text("another", encoding="utf-8")
    (tmp_path / "lib" / "one.so").unlink()
    (tmp_path / "added").touch()
    assert supply.changed(tmp_path) == [
        "added does not belong to the build.",
        "lib/one.so is missing.",
        "program is another file.",
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="sha256sum is GNU's")
def test_the_sums_are_what_sha256sum_checks(tmp_path: Path) -> None:
    (tmp_path / "two words").write_text("x", encoding="utf-8")
    supply.main(["sums", str(tmp_path)])
    command = ["sha256sum", "--check", "--strict", supply.SUMS]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "two words: OK\n")
