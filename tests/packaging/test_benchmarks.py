"""The benchmark command: what it prints and what it refuses."""

import json
from types import ModuleType

import pytest

from tests.benchmarks import __main__ as benchmarks


def test_an_unknown_name_is_one_sentence_and_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert benchmarks.main(["nonsense"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "startup" in said.err


def test_the_last_line_is_the_figures_as_json(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = {"window_s": 1.25, "heavy_modules": []}
    module = ModuleType("stand_in")
    module.figures = lambda: figures  # type: ignore[attr-defined]
    monkeypatch.setattr(benchmarks, "_module", lambda name: module)
    assert benchmarks.main(["startup", "--json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert json.loads(lines[-1]) == figures
    assert lines[0].split() == ["window_s", "1.250"]


def test_every_benchmark_can_be_asked_for() -> None:
    assert "startup" in benchmarks.names()
    assert all(hasattr(benchmarks._module(name), "figures") for name in benchmarks.names())
