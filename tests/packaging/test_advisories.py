"""What is known against a locked package fails the audit until it is waived for a time; and no answer is not a good answer."""

import importlib.util
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.packaging.advisory_service import advisory, service

ROOT = Path(__file__).parents[2]
PACKAGING = ROOT / "packaging"
AUDITOR = next(
    (place for place in (ROOT / ".audit/bin/python", ROOT / ".audit/Scripts/python.exe") if place.exists()), None
)


def _loaded(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, PACKAGING / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


supply, advisories = _loaded("supply"), _loaded("advisories")

TODAY = date(2026, 6, 1)
DIGEST = "0a" * 32
ASKED = [supply.Locked("anyio", "4.1.0", (DIGEST,)), supply.Locked("some_thing", "2.0", (DIGEST,))]
# as pip-audit 2.10.1 wrote it, about a service that knew one thing
ANSWER = {
    "dependencies": [
        {"name": "anyio", "version": "4.1.0",
         "vulns": [{"id": "GHSA-aaaa-bbbb-cccc", "fix_versions": ["4.4.0"], "aliases": ["CVE-2026-1"], "description": "Something."}]},
        {"name": "some-thing", "version": "2.0", "vulns": []},
    ],
    "fixes": [],
}  # fmt: skip


def waiver(**other: str) -> str:
    """One entry of the file of waivers."""
    entry = {
        "id": '"GHSA-aaaa-bbbb-cccc"',
        "package": '"anyio"',
        "reason": '"never called"',
        "until": "2026-07-01",
    } | other
    return "[[waiver]]\n" + "".join(f"{name} = {text}\n" for name, text in entry.items() if text)


def sentences(known: list[Any], text: str) -> tuple[list[str], list[str], list[str]]:
    good, told = advisories.waivers(text, TODAY)
    return (told, *advisories.judged(known, good))


def test_what_is_known_is_told_with_its_names_and_what_mends_it() -> None:
    known = advisories.advisories(json.dumps(ANSWER), ASKED)
    assert sentences(known, "") == ([], ["anyio 4.1.0: GHSA-aaaa-bbbb-cccc = CVE-2026-1; fixed in 4.4.0."], [])


@pytest.mark.parametrize("name", ["GHSA-aaaa-bbbb-cccc", "CVE-2026-1"])
def test_a_waiver_by_any_of_its_names_covers_it_until_its_day(name: str) -> None:
    known = advisories.advisories(json.dumps(ANSWER), ASKED)
    told, open_, beside = sentences(known, waiver(id=f'"{name}"'))
    assert (told, open_) == ([], [])
    assert beside[0].startswith("Waived until 2026-07-01: anyio 4.1.0")
    assert sentences(known, waiver(until="2026-06-01"))[:2] == ([], [])  # its last day


@pytest.mark.parametrize(("other", "because"), [
    ({"until": "2026-05-31"}, "it ended on 2026-05-31"), ({"until": "2027-05-31"}, "half a year is the most"),
    ({"until": ""}, "it takes id, package, reason and until"), ({"until": '"2026-07-01"'}, "until is a day"),
    ({"reason": '" "'}, "it takes id, package, reason and until"), ({"severity": '"low"'}, "it takes id"),
])  # fmt: skip
def test_a_waiver_that_ended_or_says_too_little_waives_nothing_and_is_a_fault(
    other: dict[str, str], because: str
) -> None:
    known = advisories.advisories(json.dumps(ANSWER), ASKED)
    told, open_, _ = sentences(known, waiver(**other))
    assert len(told) == len(open_) == 1
    assert because in told[0]


def test_a_waiver_of_another_package_or_advisory_waives_nothing_and_one_for_nothing_is_named() -> None:
    known = advisories.advisories(json.dumps(ANSWER), ASKED)
    for other in ({"package": '"trio"'}, {"id": '"CVE-2026-2"'}):
        told, open_, beside = sentences(known, waiver(**other))
        assert (told, len(open_)) == ([], 1)
        assert beside[0].endswith("nothing like it is known any more; take it out.")


@pytest.mark.parametrize("answer", [
    "", "Traceback", "{}", "[]", json.dumps({"dependencies": []}),
    json.dumps({"dependencies": [{"name": "anyio", "version": "4.1.0", "vulns": []}]}),
    json.dumps({"dependencies": [{"name": "anyio", "version": "4.1.0", "vulns": []},
                                 {"name": "some-thing", "skip_reason": "Dependency not found"}]}),
    json.dumps({"dependencies": [{"name": "anyio", "version": "4.1.0", "vulns": []}, {"name": "some-thing", "version": "3", "vulns": []}]}),
])  # fmt: skip
def test_an_answer_that_is_not_about_every_package_in_its_version_is_none(answer: str) -> None:
    with pytest.raises(advisories.Unanswered):
        advisories.advisories(answer, ASKED)


def test_the_waivers_that_are_kept_can_be_read() -> None:
    good, _ = advisories.waivers(advisories.WAIVERS.read_text(encoding="utf-8"), date.min)
    assert good == []  # a day of the past refuses all: what is wrong with them today is said by the audit, not here


# ---- the real pip-audit, where `bash packaging/dev audit` has installed it, asking a service on this machine


def audited(url: str, *locks: Path) -> "subprocess.CompletedProcess[str]":
    assert AUDITOR is not None
    line = [str(AUDITOR), str(PACKAGING / "advisories.py"), "--service", url, *map(str, locks)]
    around = {**os.environ, "NO_PROXY": "127.0.0.1"}
    return subprocess.run(line, env=around, capture_output=True, text=True, check=False, timeout=300)


needs_auditor = pytest.mark.skipif(
    AUDITOR is None, reason="pip-audit is not installed; bash packaging/dev audit does it"
)


@needs_auditor
def test_every_package_of_the_lock_is_asked_about_whatever_system_it_is_for() -> None:
    asked: list[tuple[str, str]] = []
    with service({}, asked) as url:
        done = audited(url)
    assert done.returncode == 0, done.stderr
    locked = supply.locked(supply.RUN_TIME.read_text(encoding="utf-8"))
    assert {(advisories.plain(one.name), one.version) for one in locked} == set(asked)
    assert done.stdout == f"{len(locked)} packages asked about: 0 advisories, 0 of them without a waiver.\n"


@needs_auditor
def test_one_known_flaw_fails_and_is_named(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text(
        f"anyio==4.1.0 \\\n    --hash=sha256:{DIGEST}\nsome_thing==2.0 ; sys_platform == 'cp/m' --hash=sha256:{DIGEST}\n"
    )
    with service(
        {("some-thing", "2.0"): [advisory("some-thing", "GHSA-aaaa-bbbb-cccc", "CVE-2026-1", "2.1")]}, []
    ) as url:
        done = audited(url, lock)
    assert done.returncode == advisories.KNOWN
    assert "some-thing 2.0: CVE-2026-1 = GHSA-aaaa-bbbb-cccc; fixed in 2.1." in done.stderr
    assert done.stdout == "2 packages asked about: 1 advisories, 1 of them without a waiver.\n"


@needs_auditor
def test_a_service_that_is_not_there_is_loud_and_another_code() -> None:
    done = audited("http://127.0.0.1:9/v1/query")
    assert done.returncode == advisories.UNANSWERED
    assert done.stderr.startswith("NOT AUDITED. No service of advisories gave an answer.")
    assert done.stdout == ""
