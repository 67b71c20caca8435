"""What is known against the packages that the program is made of: pip-audit asks a service about every one of the lock.

`python packaging/advisories.py [--service URL] [LOCK …]`, run by `bash packaging/dev audit`. Exit code 0: nothing is known that is not
waived; 1: something is, or a waiver is wrong; 3: not every package could be asked about, which is no answer at all. Whatever its
severity, what is known against a package needs a new version or an entry in packaging/waivers.toml:

    [[waiver]]
    id = "GHSA-…"             # or another name of the same advisory
    package = "anyio"
    reason = "we never call what is broken, because …"
    until = 2026-12-31        # at most half a year ahead; from the day after it fails again
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from supply import ROOT, RUN_TIME, Locked, locked

WAIVERS = ROOT / "packaging" / "waivers.toml"
KNOWN, UNANSWERED = 1, 3
LONGEST = timedelta(days=184)
PATIENCE = 900  # seconds for all questions


@dataclass(frozen=True, slots=True)
class Advisory:
    """Something known against one version of a package; ``names`` are all its identifiers."""

    package: str
    version: str
    names: tuple[str, ...]
    fixed_in: tuple[str, ...]

    def __str__(self) -> str:
        better = f"fixed in {', '.join(self.fixed_in)}" if self.fixed_in else "no version mends it yet"
        return f"{self.package} {self.version}: {' = '.join(self.names)}; {better}."


@dataclass(frozen=True, slots=True)
class Waiver:
    """A decision to live with an advisory until a day, and why."""

    id: str
    package: str
    reason: str
    until: date

    def covers(self, advisory: Advisory) -> bool:
        """Whether it is about this advisory of this package."""
        return self.id in advisory.names and plain(self.package) == plain(advisory.package)


class Unanswered(Exception):
    """Not every package could be asked about; the sentence says which or why."""


def plain(name: str) -> str:
    """The package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def waivers(text: str, today: date) -> tuple[list[Waiver], list[str]]:
    """The waivers that count today, and a sentence for each that does not."""
    good, told = [], []
    for entry in tomllib.loads(text).get("waiver", []):
        fault = _fault(entry, today)
        if fault:
            told.append(f"waivers.toml, {entry.get('id', 'an entry without id')}: {fault}")
        else:
            good.append(Waiver(**entry))
    return good, told


def _fault(entry: dict[str, Any], today: date) -> str:
    until = entry.get("until")
    if set(entry) != {"id", "package", "reason", "until"} or not all(
        isinstance(entry[name], str) and entry[name].strip() for name in ("id", "package", "reason")
    ):
        return "it takes id, package, reason and until, each with something in it."
    if not isinstance(until, date) or isinstance(until, datetime):
        return "until is a day, written 2026-12-31 and without quotes."
    if until < today:
        return f"it ended on {until}; renew the package, or give reasons anew."
    if until > today + LONGEST:
        return f"it would last until {until}; half a year is the most."
    return ""


def advisories(answer: str, asked: Iterable[Locked]) -> list[Advisory]:
    """What pip-audit's JSON tells. Raises Unanswered unless it is about every package that was asked about, in its version."""
    try:
        rows = json.loads(answer)["dependencies"]
    except (ValueError, KeyError, TypeError):
        raise Unanswered("No service of advisories gave an answer.") from None
    heard = {(plain(row["name"]), row.get("version")) for row in rows if "skip_reason" not in row}
    missing = sorted(f"{one.name} {one.version}" for one in asked if (plain(one.name), one.version) not in heard)
    if missing:
        first = ", ".join(missing[:3])
        raise Unanswered(f"{len(missing)} packages could not be asked about, {first} among them.")
    return [_advisory(row, found) for row in rows for found in row["vulns"]]


def _advisory(row: dict[str, Any], found: dict[str, Any]) -> Advisory:
    names = (found["id"], *(name for name in found.get("aliases", []) if name != found["id"]))
    return Advisory(row["name"], row["version"], names, tuple(found["fix_versions"]))


def ask(packages: Sequence[Locked], service: str) -> list[Advisory]:
    """Ask about every package, whatever system it is for. Raises Unanswered."""
    with tempfile.TemporaryDirectory() as place:
        lock = Path(
            place, "requirements.txt"
        )  # without markers, by which packages of other systems would be passed over
        lines = (
            f"{one.name}=={one.version} " + " ".join(f"--hash=sha256:{digest}" for digest in one.hashes)
            for one in packages
        )
        lock.write_text("\n".join(lines) + "\n", encoding="utf-8")
        line = [sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--require-hashes", "--disable-pip", "--format", "json",
                "--progress-spinner", "off", "--vulnerability-service", "osv", *(["--osv-url", service] if service else [])]  # fmt: skip
        try:
            done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            raise Unanswered(f"No service of advisories answered within {PATIENCE} seconds.") from None
    try:
        return advisories(done.stdout, packages)
    except Unanswered as reason:
        last = (done.stderr.strip().splitlines() or [""])[-1][:300]
        raise Unanswered(f"{reason} {last}".strip()) from None


def judged(known: Iterable[Advisory], good: Sequence[Waiver]) -> tuple[list[str], list[str]]:
    """A sentence for each advisory that nothing waives; and what is worth saying besides."""
    known = list(known)
    open_ = [str(one) for one in known if not any(waiver.covers(one) for waiver in good)]
    beside = [f"Waived until {waiver.until}: {one}" for one in known for waiver in good if waiver.covers(one)]
    idle = [waiver for waiver in good if not any(waiver.covers(one) for one in known)]
    return open_, beside + [
        f"waivers.toml, {waiver.id}: nothing like it is known any more; take it out." for waiver in idle
    ]


def main(words: Sequence[str]) -> int:
    """The exit code; every sentence goes to standard error, the count to standard output."""
    parser = argparse.ArgumentParser(prog="bash packaging/dev audit", description="Known flaws of the locked packages.")
    parser.add_argument("--service", default="", metavar="URL", help="another service that answers as OSV does")
    parser.add_argument("locks", nargs="*", type=Path, default=[RUN_TIME], metavar="LOCK")
    asked = parser.parse_args(words)
    packages = list(dict.fromkeys(one for lock in asked.locks for one in locked(lock.read_text(encoding="utf-8"))))
    good, told = waivers(WAIVERS.read_text(encoding="utf-8"), datetime.now(UTC).date())
    try:
        known = ask(packages, asked.service)
    except Unanswered as reason:
        sys.stderr.write("\n".join([*told, f"NOT AUDITED. {reason}"]) + "\n")
        return UNANSWERED
    faults, beside = judged(known, good)
    sys.stderr.write("".join(f"{sentence}\n" for sentence in [*beside, *told, *faults]))
    print(f"{len(packages)} packages asked about: {len(known)} advisories, {len(faults)} of them without a waiver.")
    return KNOWN if told or faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
