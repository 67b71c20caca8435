"""How Alpaca writes numbers and times: decimal strings, RFC 3339 with nanoseconds, Eastern offsets."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import overload
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
SECOND = 1_000_000_000  # ns
PRICE = Decimal("0.0001")
SHARE = Decimal("0.000000001")  # the smallest part of a share that Alpaca keeps


@overload
def decimal_text(value: Decimal) -> str: ...
@overload
def decimal_text(value: None) -> None: ...
def decimal_text(value: Decimal | None) -> str | None:
    """A plain decimal string without exponent or trailing zeros; None stays None."""
    if value is None:
        return None
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def cents(value: Decimal) -> str:
    """Money rounded to cents, without trailing zeros."""
    return decimal_text(value.quantize(Decimal("0.01")))


def price_of(value: float) -> Decimal:
    """A market price (float dollars) as an exact decimal of four places."""
    return Decimal(repr(value)).quantize(PRICE).normalize()


def utc_text(ns: int) -> str:
    """`ns` since the epoch as RFC 3339 in UTC, with up to nine digits of a second."""
    return _seconds_text(datetime.fromtimestamp(ns // SECOND, UTC), ns) + "Z"


def optional_utc_text(ns: int | None) -> str | None:
    """Like `utc_text`; None stays None."""
    return None if ns is None else utc_text(ns)


def eastern_text(ns: int) -> str:
    """`ns` since the epoch as RFC 3339 with New York's offset, as the clock endpoint writes it."""
    moment = new_york(ns)
    offset = moment.strftime("%z")
    return f"{_seconds_text(moment, ns)}{offset[:3]}:{offset[3:]}"


def _seconds_text(moment: datetime, ns: int) -> str:
    whole = moment.strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f"{ns % SECOND:09d}".rstrip("0")
    return f"{whole}.{fraction}" if fraction else whole


def new_york(ns: int) -> datetime:
    """The New York time of `ns`, whole seconds."""
    return datetime.fromtimestamp(ns // SECOND, NEW_YORK)


def new_york_ns(day: date, hour: int, minute: int = 0) -> int:
    """The instant of a New York wall time on `day`."""
    return int(datetime.combine(day, time(hour, minute), NEW_YORK).timestamp()) * SECOND


def ns_of(text: str) -> int:
    """The instant that an RFC 3339 time or a plain date (midnight UTC) names; raises ValueError when it is neither."""
    moment = datetime.fromisoformat(text.strip().replace(" ", "+") if "T" in text else text.strip())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta // timedelta(microseconds=1)) * 1000
