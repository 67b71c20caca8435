"""Structured logs: JSON lines in a file, warnings on standard error, and nothing secret in either."""

import logging
import logging.handlers
import re
import sys
from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any

import structlog

type Line = MutableMapping[str, Any]

HIDDEN = "••••"
_KEYS = re.compile(
    r"pass(word|phrase)|secret|token|authori[sz]ation|api_?key|polygon_key|alpaca_key|apca", re.IGNORECASE
)
_IN_TEXT = re.compile(
    r"(://[^:/@\s]+:)[^@\s]+(@)|((?:apiKey|api_key|token|secret)=)[^&\s]+|(Bearer )\S+", re.IGNORECASE
)


def start(folder: Path, level: str, hear: Callable[[Line], None] | None = None) -> None:
    """Log to ``folder``; ``hear`` gets every line too, for the log panel. A folder that cannot be written leaves standard error."""
    logging.raiseExceptions = (
        False  # a log that cannot be written, on a full disk, is no reason to speak of it at every line
    )
    handlers: list[logging.Handler] = [_errors()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handlers.append(_file(folder))
    except OSError:
        sys.stderr.write(f"The log folder {folder} cannot be written; errors are shown here only.\n")
    logging.basicConfig(level=level, handlers=handlers, force=True)
    for noisy in ("websockets", "asyncio", "qasync", "urllib3", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)  # at DEBUG some of these log whole frames, keys included
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            masked,
            *([_told(hear)] if hear is not None else []),
            structlog.processors.JSONRenderer(default=str, ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def masked(_logger: object, _name: str, line: Line) -> Line:
    """The line with secrets hidden, by key and by shape, however deep they lie and whatever kind of thing holds them."""
    for key, value in line.items():
        line[key] = _masked(key, value)
    return line


def _masked(key: str, value: object) -> object:
    if _KEYS.search(key):
        return HIDDEN
    if isinstance(value, tuple) and hasattr(value, "_fields"):  # JSON would forget what its parts are called
        value = dict(zip(value._fields, value, strict=True))
    if isinstance(value, Mapping):
        return {str(name): _masked(str(name), part) for name, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked("", part) for part in value]
    if value is None or isinstance(value, int | float):
        return value
    return _IN_TEXT.sub(_hide, str(value))  # a thing is written as its text, and some write their password


def _hide(found: re.Match[str]) -> str:
    before, after, query, bearer = found.groups()
    return f"{before}{HIDDEN}{after}" if before else f"{query or bearer}{HIDDEN}"


def _told(hear: Callable[[Line], None]) -> Callable[[object, str, Line], Line]:
    def tell(_logger: object, _name: str, line: Line) -> Line:
        hear(dict(line))
        return line

    return tell


class _Masking(logging.Formatter):
    """Hides secrets by their shape in what libraries log, traces included; our own lines come masked."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return text if record.name.startswith("qv_desktop") else _IN_TEXT.sub(_hide, text)


def _errors() -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(logging.ERROR)
    handler.setFormatter(_Masking("%(message)s"))
    return handler


def _file(folder: Path) -> logging.Handler:
    handler = logging.handlers.RotatingFileHandler(
        folder / "terminal.jsonl", maxBytes=10_000_000, backupCount=5, encoding="utf-8"
    )
    handler.setFormatter(_Masking("%(message)s"))
    return handler
