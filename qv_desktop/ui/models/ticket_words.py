"""Sentences and values that a ticket works out of what it shows; pure."""

from collections.abc import Mapping
from decimal import Decimal
from math import isfinite

from qv_desktop.domain.accounts import Account
from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.market import Snapshot, money
from qv_desktop.domain.orders import OrderClass, OrderRequest, OrderStatus
from qv_desktop.domain.risk import Check
from qv_desktop.ui.models.order_draft import Field

_PRICE_RULES = ("COLLAR", "TICK", "SSR")  # whose nearest value is a price; that of all others is a quantity


def touch_price(touch: str, snapshot: Snapshot | None) -> Decimal | None:
    """The bid, mid, ask or last, where it is a price above zero."""
    if snapshot is None:
        return None
    quote = snapshot.quote
    found = {"Last": snapshot.last} | ({} if quote is None else {"Bid": quote.bid, "Mid": quote.mid, "Ask": quote.ask})
    price = found.get(touch)
    return money(price) if price is not None and isfinite(price) and price > 0 else None


def nearest_value(check: Check, values: Mapping[Field, Decimal]) -> tuple[Field, Decimal]:
    """The field that a refusal is about, and the value that would pass there; ``values`` are the draft's."""
    value = Decimal(check.nearest.replace(",", ""))
    if check.code not in _PRICE_RULES:
        return "quantity", value
    wrong = Decimal(check.value) if check.code == "TICK" else values.get("limit")
    own: Field = "limit"
    return next((name for name, one in values.items() if one == wrong and name != "quantity"), own), value


def why_no_short(symbol: str, held: Decimal, account: Account | None, instrument: Instrument | None) -> str:
    """Why selling is off: it could only be short, and the broker lends no shares or the account may not; empty when it is on."""
    if not symbol or held > 0:
        return ""
    if instrument is not None and not instrument.shortable:
        return f"{symbol} cannot be sold short at the broker, and none is held."
    barred = account is not None and account.shorting_enabled is False
    return "This account may not sell short, and nothing is held." if barred else ""


def nothing_to_close(symbol: str) -> str:
    """Why there is no OCO."""
    return f"An OCO closes a position; there is none in {symbol or 'this symbol'}."


def button_words(word: str, verb: str, request: OrderRequest | None, halted: bool, symbol: str) -> str:
    """What the button would do: ``Review BUY 100 AAPL``."""
    if halted:
        return f"{symbol} is halted"
    if request is None:
        return "Complete the order"
    exits = " OCO" if request.order_class is OrderClass.OCO else ""
    return f"{word} {verb} {request.quantity:,f} {request.symbol}{exits}"


def became(status: OrderStatus, reason: str) -> tuple[str, str]:
    """What became of the order that was sent, and the token of its colour."""
    why = reason.strip() or "no reason was given; see the blotter."
    match status:
        case OrderStatus.REFUSED:
            return f"Refused: {why}", "BAD"
        case OrderStatus.REJECTED:
            return f"Rejected by the broker: {why}", "BAD"
        case OrderStatus.UNRESOLVED:
            return "It is not known whether the broker has it: do not send it again.", "WARN"
        case _:
            return "Order taken; see the blotter.", "GOOD"
