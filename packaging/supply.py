"""What the program is made of: a CycloneDX bill of materials from the lock file, and the checksums of a build.

`python packaging/supply.py bill` writes packaging/sbom.json; `check` says what of the locks is not pinned with hashes, and whether the
bill is of another lock; `sums FOLDER` writes FOLDER/SHA256SUMS and `verify FOLDER` compares. Exit code 1 with a sentence for each fault.
"""

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BILL = ROOT / "packaging" / "sbom.json"
RUN_TIME = ROOT / "packaging" / "requirements.txt"
SUMS = "SHA256SUMS"
_PINNED = re.compile(r"([A-Za-z0-9._-]+)==([^\s;]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})\b")


@dataclass(frozen=True, slots=True)
class Locked:
    """One package of a lock file, with the SHA-256 of every file that may be installed for it."""

    name: str
    version: str
    hashes: tuple[str, ...]


def entries(text: str) -> Iterator[str]:
    """The requirements of a lock file, each with its continuation lines as one line."""
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            yield line.strip()


def locked(text: str) -> list[Locked]:
    """The packages of a lock file, those without a pin left out."""
    found = ((_PINNED.match(entry), tuple(_HASH.findall(entry))) for entry in entries(text))
    return [Locked(pin[1].lower(), pin[2], hashes) for pin, hashes in found if pin is not None]


def loose(text: str) -> list[str]:
    """The requirements of a lock file that are not pinned to one version with hashes."""
    return [entry.split()[0] for entry in entries(text) if not (_PINNED.match(entry) and _HASH.search(entry))]


def bill(text: str, version: str) -> str:
    """The bill of materials (CycloneDX 1.6, JSON) of a lock file; the same lock gives the same bytes."""
    made = [_component(one) for one in locked(text)]
    told = {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": {"component": {"type": "application", "name": "qv-desktop", "version": version, "bom-ref": "qv-desktop"}},
        "components": made,
        "dependencies": [{"ref": "qv-desktop", "dependsOn": [one["bom-ref"] for one in made]}],
    }  # fmt: skip
    return json.dumps(told, indent=1) + "\n"


def _component(one: Locked) -> dict[str, object]:
    named = f"pkg:pypi/{one.name.replace('_', '-')}@{one.version}"
    kept = [{"name": "lock:sha256", "value": digest} for digest in one.hashes]
    return {
        "type": "library",
        "name": one.name,
        "version": one.version,
        "purl": named,
        "bom-ref": named,
        "properties": kept,
    }


def faults() -> list[str]:
    """What is wrong with the locks and the bill, a sentence each."""
    told = [
        f"{file.name}: {entry} is not pinned with hashes; run: bash packaging/dev lock"
        for file in sorted((ROOT / "packaging").glob("requirements*.txt"))
        for entry in loose(file.read_text(encoding="utf-8"))
    ]
    if not BILL.is_file() or BILL.read_text(encoding="utf-8") != _present():
        told.append("packaging/sbom.json is not of packaging/requirements.txt; run: bash packaging/dev lock")
    return told


def _present() -> str:
    version: str = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return bill(RUN_TIME.read_text(encoding="utf-8"), version)


def sums(folder: Path) -> str:
    """A line for each file of a build, as ``sha256sum`` writes and checks them; links are not followed."""
    files = sorted(
        file for file in folder.rglob("*") if file.is_file() and not file.is_symlink() and file != folder / SUMS
    )
    return "".join(f"{_digest(file)}  {file.relative_to(folder).as_posix()}\n" for file in files)


def changed(folder: Path) -> list[str]:
    """Files of a build that are another, missing or additional, a sentence each."""
    if not (folder / SUMS).is_file():
        return [f"There is no {folder / SUMS}; it is written by: bash packaging/dev build"]
    was, now = (_by_name(text) for text in ((folder / SUMS).read_text(encoding="utf-8"), sums(folder)))
    kinds = {
        (True, True): "is another file",
        (True, False): "is missing",
        (False, True): "does not belong to the build",
    }
    return [
        f"{name} {kinds[name in was, name in now]}." for name in sorted(was | now) if was.get(name) != now.get(name)
    ]


def _by_name(text: str) -> dict[str, str]:
    return {name: digest for digest, _, name in (line.partition("  ") for line in text.splitlines())}


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


def main(words: list[str]) -> int:
    """The exit code of one command."""
    match words:
        case ["bill"]:
            BILL.write_text(_present(), encoding="utf-8")
            told = []
        case ["check"]:
            told = faults()
        case ["sums", folder]:
            (Path(folder) / SUMS).write_text(sums(Path(folder)), encoding="utf-8")
            told = []
        case ["verify", folder]:
            told = changed(Path(folder))
        case _:
            told = ["usage: supply.py bill | check | sums FOLDER | verify FOLDER"]
    for sentence in told:
        print(sentence, file=sys.stderr)
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
