"""What each limit is called, the unit that people type it in, and what they typed as a value."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from qv_desktop.domain import typed_numbers
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.limits import NAMES, WHOLE

MOST = Decimal(10) ** 12  # of anything: beyond it a limit is none
PLACES = 8  # digits behind the point
DAY = 1_440  # minutes
REMEMBERED = 60  # seconds that the gate looks back for an equal order


class Unit(StrEnum):
    """What a number is of."""

    DOLLARS = "$"
    SHARES = "shares"
    EQUITY = "% of equity"
    VOLUME = "% of average volume"
    LOSS = "% of the daily loss"
    PERCENT = "%"
    SECONDS = "s"
    ORDERS = "orders"
    CANCELS = "cancels"
    TRADES = "trades"
    TIME = "New York time"


FRACTIONS = frozenset({Unit.EQUITY, Unit.VOLUME, Unit.LOSS, Unit.PERCENT})


@dataclass(frozen=True, slots=True)
class LimitWords:
    """A limit as a person reads it; ``means`` is one sentence about what it holds back."""

    title: str
    unit: Unit
    means: str


WORDS: Mapping[str, LimitWords] = {
    "order_value": LimitWords("Value of an order", Unit.DOLLARS, "No order may be worth more."),
    "order_quantity": LimitWords("Shares in an order", Unit.SHARES, "No order may be of more shares."),
    "order_volume_fraction": LimitWords("Order of the day's volume", Unit.VOLUME,
                                        "No order may be a larger part of what trades on an average day."),
    "position_fraction": LimitWords("A position", Unit.EQUITY, "No position may be worth a larger part of equity."),
    "sector_fraction": LimitWords("A sector", Unit.EQUITY, "Positions of one sector together."),
    "strategy_fraction": LimitWords("A strategy", Unit.EQUITY, "Positions of one strategy together."),
    "gross_fraction": LimitWords("All positions together", Unit.EQUITY, "Long and short positions, added up."),
    "net_fraction": LimitWords("Long less short", Unit.EQUITY, "How far long and short positions may differ."),
    "daily_loss": LimitWords("Loss in a day", Unit.DOLLARS, "At this loss trading is halted."),
    "reducing_fraction": LimitWords("Only reducing from", Unit.LOSS, "From this part of the day's loss on, only what reduces is taken."),
    "drawdown_fraction": LimitWords("Drawdown", Unit.PERCENT, "How far equity may fall below its highest."),
    "consecutive_losses": LimitWords("Losses in a row", Unit.TRADES, "After so many losing trades in a row a pause begins."),
    "cooldown_seconds": LimitWords("Pause after losses in a row", Unit.SECONDS, "How long the pause lasts; longer is tighter."),
    "trades_per_day": LimitWords("Trades in a day", Unit.TRADES, "Round trips that may begin in a day."),
    "day_trades": LimitWords("Day trades in five days", Unit.TRADES, "Round trips begun and ended on one day."),
    "collar": LimitWords("Limit price off the market", Unit.PERCENT, "How far a limit price may lie from the market's."),
    "quote_age": LimitWords("Age of the quote", Unit.SECONDS, "An older quote is none to trade on."),
    "orders_per_second": LimitWords("Orders in a second", Unit.ORDERS, "Faster than this is a machine gone wild."),
    "orders_per_minute": LimitWords("Orders in a minute", Unit.ORDERS, "Faster than this is a machine gone wild."),
    "cancels_per_minute": LimitWords("Cancels in a minute", Unit.CANCELS, "Faster than this is a machine gone wild."),
    "duplicate_seconds": LimitWords("Same order again after", Unit.SECONDS, "An equal order sooner is a slip; longer is tighter."),
    "opens": LimitWords("Opening orders from", Unit.TIME, "Earlier in the day only what reduces is taken; later is tighter."),
    "closes": LimitWords("Opening orders until", Unit.TIME, "Later in the day only what reduces is taken."),
}  # fmt: skip


def title(name: str) -> str:
    """What a limit is called; one that only a newer program knows by its name."""
    return WORDS[name].title if name in WORDS else name.replace("_", " ")


def told(name: str, value: Decimal | int) -> str:
    """A value with its unit: “$5,000”, “25 % of equity”, “09:30 New York time”."""
    unit = WORDS[name].unit if name in WORDS else None
    text = typed(name, value)
    if unit is None:
        return text
    return f"${text}" if unit is Unit.DOLLARS else f"{text} {unit}"


def typed(name: str, value: Decimal | int) -> str:
    """A value as it is typed, without its unit: “5,000”, “25”, “09:30”."""
    unit = WORDS[name].unit if name in WORDS else None
    if unit is Unit.TIME:
        return f"{int(value) // 60:02d}:{int(value) % 60:02d}"
    shown = Decimal(value) * 100 if unit in FRACTIONS else Decimal(value)
    return f"{shown.normalize():,f}"


def short(name: str, value: Decimal | int) -> str:
    """A value as a table shows it: “$5,000”, “25 %”, “900 s”, “60”, “09:30”."""
    unit, text = (WORDS[name].unit if name in WORDS else None), typed(name, value)
    if unit is Unit.DOLLARS:
        return f"${text}"
    return f"{text} %" if unit in FRACTIONS else f"{text} s" if unit is Unit.SECONDS else text


def read(name: str, text: str) -> Decimal | int:
    """The value that a person typed. Raises BadInput with one sentence that says what to type."""
    known = WORDS[name]
    if known.unit is Unit.TIME:
        return _minutes(known, text)
    bare = text.strip().lower().removesuffix(known.unit.lower()).strip().strip("$%").strip()
    value = typed_numbers.read(bare, text)
    if value is None or value < 0:
        raise BadInput(f"{known.title}: type a number of zero or more ({known.unit}), such as {_example(name)}.")
    if value >= MOST:
        raise BadInput(f"{known.title}: {value:,f} is no limit any more; type less than {MOST:,f}.")
    if name in WHOLE:
        if value != value.to_integral_value():
            raise BadInput(f"{known.title}: type a whole number ({known.unit}).")
        return int(value)
    value = value / 100 if known.unit in FRACTIONS else value
    if -int(value.normalize().as_tuple().exponent) > PLACES:
        raise BadInput(f"{known.title}: round it; {PLACES} digits behind the point are the most.")
    return value


def _minutes(known: LimitWords, text: str) -> int:
    found = re.fullmatch(r"(\d{1,2}):(\d{2})", text.strip())
    minutes = int(found[1]) * 60 + int(found[2]) if found and int(found[2]) < 60 else DAY + 1
    if minutes > DAY:
        raise BadInput(f"{known.title}: type a time in New York from 00:00 to 24:00, such as 09:30.")
    return minutes


def _example(name: str) -> str:
    return {Unit.DOLLARS: "5,000", Unit.EQUITY: "25"}.get(WORDS[name].unit, "10")


def sensible(values: Mapping[str, Decimal | int]) -> dict[str, Decimal | int]:
    """``values``, once each of them is a limit. Raises BadInput."""
    for name, value in values.items():
        if name not in NAMES:
            raise BadInput(f"There is no limit “{name}”.")
        if not Decimal(value).is_finite() or not 0 <= value < MOST or (name in WHOLE and value != int(value)):
            raise BadInput(
                f"{title(name)}: a limit is zero or more{', a whole number' if name in WHOLE else ''}; correct it."
            )
        if WORDS[name].unit is Unit.TIME and value > DAY:
            raise BadInput(f"{title(name)}: a time in New York lies between 00:00 and 24:00; correct it.")
    if values.get("duplicate_seconds", 0) > REMEMBERED:
        raise BadInput(
            f"{title('duplicate_seconds')}: equal orders are looked for in the last {REMEMBERED} s; type at most that."
        )
    return {name: int(value) if name in WHOLE else Decimal(value) for name, value in values.items()}
