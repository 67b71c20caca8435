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


def test_the_gate_is_measured_with_every_rule_beside_a_book_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    risk = benchmarks._module("risk")
    assert risk is not None
    monkeypatch.setattr(risk, "find_spec", lambda name: None)  # the paths have a benchmark and tests of their own
    found = risk.figures(positions=12, open_orders=30, judgements=40)
    assert {"gate_p99_ms", "positions", "open_orders", "monte_carlo_s"} <= found.keys()
    assert (found["positions"], found["open_orders"], found["judgements"]) == (12, 30, 40)
    assert 0 < found["gate_p50_ms"] <= found["gate_p99_ms"] <= found["gate_max_ms"]
    assert found["rules"] > 20
