"""The page about security promises nothing without a test that is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "guide" / "security.md").read_text(encoding="utf-8")
PROMISES = PAGE.partition("## Promises and their tests")[2].partition("\n## ")[0]


def test_every_promise_names_a_test_that_is_there() -> None:
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", PROMISES)
    rows = [line for line in PROMISES.splitlines() if line.startswith("|") and not line.startswith("|---")][1:]
    assert len(named) >= len(rows) > 12
    for row in rows:
        assert "`test_" in row, row
    for file, test in named:
        found = [path for path in (ROOT / "tests").rglob(file) if f"def {test}(" in path.read_text(encoding="utf-8")]
        assert found, f"{file}::{test}"


def test_the_page_can_be_found() -> None:
    for page in ("README.md", "docs/threat_model.md", "docs/guide/command_line.md", "docs/guide/first_steps.md"):
        assert "security.md" in (ROOT / page).read_text(encoding="utf-8"), page
