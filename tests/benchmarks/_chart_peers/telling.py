"""How a peer's process tells its figures: one line of JSON for each group, so that those before a time limit are not lost."""

import json
import sys
from dataclasses import asdict

from tests.benchmarks._chart_measures import Program, Sizes, measured


def tell(program: Program, sizes: Sizes, version: str, qt: str) -> None:
    """The sizes and versions first, then every figure as it comes."""
    _line({"version": version, "qt": qt, "bars": {name: n for name, n in asdict(sizes).items() if name != "seconds"}})
    for figures in measured(program, sizes):
        _line(figures)


def _line(figures: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()
