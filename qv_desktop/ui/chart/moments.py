"""A moment as a person types it to go there: a day, or a day and a time, on the chart's clock."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import ns

_MOMENT = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]+(\d{1,2}):(\d{2}))?")


def moment_of(text: str, zone: ZoneInfo) -> int:
    """The moment in ns that ``2026-11-20`` or ``2026-11-20 10:30`` names in ``zone``. Raises BadInput."""
    found = _MOMENT.fullmatch(text.strip())
    year, month, day, hour, minute = (int(part or 0) for part in found.groups()) if found else (0, 0, 0, 0, 0)
    try:
        return ns(datetime(year, month, day, hour, minute, tzinfo=zone))
    except (ValueError, OverflowError) as error:
        raise BadInput(f"“{text.strip()}” is no date; type it as 2026-11-20 or 2026-11-20 10:30.") from error
