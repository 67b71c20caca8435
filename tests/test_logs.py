"""What is logged hides its secrets, whatever holds them and whoever logs."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy.engine import make_url

from qv_desktop import logs

ADDRESS = "postgresql://trader:very-secret-1@127.0.0.1:99/qv"


@pytest.fixture
def lines(tmp_path: Path) -> Iterator[Path]:
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level, raises = root.handlers[:], root.level, logging.raiseExceptions
    logs.start(tmp_path, "DEBUG")
    yield tmp_path / "terminal.jsonl"
    for handler in root.handlers:
        handler.close()
    root.handlers[:], root.level, logging.raiseExceptions = handlers, level, raises
    structlog.configure(**before)


@pytest.mark.parametrize("held", [
    ADDRESS, make_url(ADDRESS), {"deep": [{"password": "very-secret-1"}]}, [f"see {ADDRESS}"], ({"url": ADDRESS},),
    RuntimeError(f"no answer from {ADDRESS}"), {"head": "Authorization: Bearer very-secret-1"}, "https://x.test/a?apiKey=very-secret-1&b=2",
], ids=lambda held: type(held).__name__)  # fmt: skip
def test_our_own_lines(lines: Path, held: object) -> None:
    structlog.get_logger("qv_desktop.test").debug("said", held=held)
    (line,) = lines.read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["event"] == "said"
    assert logs.HIDDEN in line
    assert "very-secret-1" not in line


def test_numbers_and_plain_words_stay_what_they_are(lines: Path) -> None:
    structlog.get_logger("qv_desktop.test").info("said", count=3, share=0.5, nothing=None, there=True, word="AAPL")
    found = json.loads(lines.read_text(encoding="utf-8"))
    assert [found[name] for name in ("count", "share", "nothing", "there", "word")] == [3, 0.5, None, True, "AAPL"]


def test_lines_and_traces_of_libraries(lines: Path) -> None:
    def fails() -> None:
        raise ConnectionError(f"no answer from {ADDRESS}")

    try:
        fails()
    except ConnectionError:
        logging.getLogger("some.library").exception("failed at https://x.test/?token=very-secret-1&b=2")
    text = lines.read_text(encoding="utf-8")
    assert "no answer from postgresql://trader:" in text
    assert "very-secret-1" not in text
