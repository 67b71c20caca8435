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


def test_a_workflow_may_read_the_repository_and_nothing_else(workflow: dict[str, Any]) -> None:
    assert workflow["permissions"] == {}
    assert all(job["permissions"] == {"contents": "read"} for job in workflow["jobs"].values())


def test_every_action_is_pinned_by_its_commit(workflow: dict[str, Any]) -> None:
    used = [step["uses"] for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step]
    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w/-]+@[0-9a-f]{40}", name) for name in used)


def test_continuous_integration_runs_the_test_command_on_three_systems() -> None:
    job = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())["jobs"]["test"]
    assert [name.split("-")[0] for name in job["strategy"]["matrix"]["os"]] == ["ubuntu", "windows", "macos"]
    assert job["steps"][-1]["run"] == ".ci/run"
    assert "bash packaging/dev test" in (ROOT / ".ci" / "run").read_text()
