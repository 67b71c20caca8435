"""How the account's activities read in a table: when, what, of which share, how much, and what it moved."""

from datetime import datetime, time

from qv_desktop.domain.account_history import ACTIVITIES, Activity
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.ui import format
from qv_desktop.ui.models.order_words import price_text
from qv_desktop.ui.models.table_model import Column

BUYS, SELLS = ("buy",), ("sell", "sell_short", "short")
RECKONED = "Price times shares; the broker tells none. Before fees."
ODD = ("canceled", "correct")  # states that mean the entry was taken back or mended


def columns() -> list[Column[Activity]]:
    """Newest first is the order of arrival; figures sort by value."""
    return [
        Column("Date ET", _day_text, key=moment, raw=_raw_day, width=92, tip=_when_tip),
        Column("Time ET", lambda a: format.clock(a.at), key=lambda a: a.at, width=70, tip=_when_tip),
        Column("Type", lambda a: a.words, color=lambda a: None if a.code in ACTIVITIES else "WARN", width=150, bold=True,
               tip=lambda a: f"{a.code or 'no type'} · {a.kind}"),
        Column("Symbol", lambda a: a.symbol or format.UNKNOWN, raw=lambda a: a.symbol, width=70, bold=True),
        Column("Side", lambda a: a.side.replace("_", " ").upper() or format.UNKNOWN, raw=lambda a: a.side, color=_side_ink, width=56),
        Column("Qty", lambda a: format.quantity(a.quantity), key=lambda a: a.quantity, right=True, width=74),
        Column("Price", lambda a: price_text(a.price), key=lambda a: a.price, right=True, width=84,
               tip=lambda a: "Per share"),
        Column("Net amount", lambda a: format.signed_money(a.net), key=lambda a: a.net, color=lambda a: format.trend(a.net),
               right=True, bold=True, width=112, tip=lambda a: RECKONED if a.reckoned else ""),
        Column("Status", lambda a: a.status or format.UNKNOWN, raw=lambda a: a.status, width=80,
               color=lambda a: "WARN" if a.status in ODD else "TX2"),
        Column("Description", lambda a: a.description, width=150, stretch=True, tip=lambda a: a.description),
        Column("Code", lambda a: a.code, mono=True, color=lambda a: "TX2", width=56, shown=False),
        Column("Id", lambda a: a.id, mono=True, color=lambda a: "TX2", width=150, tip=lambda a: a.id),
    ]  # fmt: skip


def moment(activity: Activity) -> datetime | None:
    """When it happened, or the beginning of the day it counts for."""
    if activity.day is not None and activity.at is None:
        return datetime.combine(activity.day, time(0), NEW_YORK)
    return activity.at


def _day_text(activity: Activity) -> str:
    if activity.day is not None:
        return activity.day.isoformat()
    return format.day(activity.at)


def _raw_day(activity: Activity) -> object:
    return activity.day or (None if activity.at is None else activity.at.astimezone(NEW_YORK).date())


def _when_tip(activity: Activity) -> str:
    return activity.at.isoformat() if activity.at is not None else "The broker tells the day only."


def _side_ink(activity: Activity) -> str:
    return "BUY_INK" if activity.side in BUYS else "SELL_INK" if activity.side in SELLS else "TX1"
