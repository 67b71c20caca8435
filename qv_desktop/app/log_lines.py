"""Log lines as the log panel shows them."""

from datetime import UTC, datetime

from qv_desktop.logs import Line
from qv_desktop.ui.panels.log import LogLine

OWN = ("timestamp", "level", "event")


def shown(line: Line) -> LogLine:
    """One structured line as a row."""
    details = " ".join(f"{key}={value}" for key, value in line.items() if key not in OWN)
    at = datetime.fromisoformat(str(line.get("timestamp", datetime.now(UTC).isoformat())))
    return LogLine(at, str(line.get("level", "info")), str(line.get("event", "")), details)
