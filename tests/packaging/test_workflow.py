"""The workflows: read-only, pinned, and running the same scripts as a person."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.fixture(params=WORKFLOWS, ids=lambda file: file.stem)
def workflow(request: pytest.FixtureRequest) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(request.param.read_text(encoding="utf-8"))
    return loaded


READ = {"contents": "read"}
MORE = {
    ("release", "build"): {"id-token": "write", "attestations": "write"},  # to sign what it built, and nothing else
    ("release", "verify"): {"attestations": "read"},
}


def test_a_workflow_may_read_the_repository_and_nothing_else_but_to_attest(workflow: dict[str, Any]) -> None:
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert job["permissions"] == {**READ, **MORE.get((workflow["name"], name), {})}


def test_every_action_is_pinned_by_its_commit(workflow: dict[str, Any]) -> None:
    used = [step["uses"] for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step]
    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w/-]+@[0-9a-f]{40}", name) for name in used)


def test_a_release_is_audited_built_and_attested_and_then_verified_where_nothing_was_built() -> None:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())["jobs"]
    build, verify = (
        [step.get("run", step.get("uses", "")) for step in jobs[name]["steps"]] for name in ("build", "verify")
    )
    order = [
        next(at for at, step in enumerate(build) if word in step)
        for word in ("dev audit", "dev build", "tar ", "actions/attest@")
    ]
    assert order == sorted(order)
    assert jobs["verify"]["needs"] == "build"
    assert any("gh attestation verify" in step and "--signer-workflow" in step for step in verify)
    assert any("packaging/verify.sh" in step and "packaging/sbom.json" in step for step in verify)
    assert not any("setup-python" in step or "dev build" in step for step in verify)


def test_known_flaws_are_asked_for_every_day_and_at_every_change() -> None:
    told = yaml.safe_load((ROOT / ".github" / "workflows" / "audit.yml").read_text())
    assert {"push", "pull_request", "schedule"} <= set(told[True])  # YAML reads the word on as a truth
    steps = told["jobs"]["advisories"]["steps"]
    assert steps[-1]["run"].startswith("bash packaging/dev audit")
    assert not any(step.get("continue-on-error") for step in steps)


def test_continuous_integration_runs_the_test_command_on_three_systems() -> None:
    job = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())["jobs"]["test"]
    assert [name.split("-")[0] for name in job["strategy"]["matrix"]["os"]] == ["ubuntu", "windows", "macos"]
    assert job["steps"][-1]["run"] == ".ci/run"
    assert "bash packaging/dev test" in (ROOT / ".ci" / "run").read_text()
