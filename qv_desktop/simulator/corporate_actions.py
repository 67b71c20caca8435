"""A split or a dividend that takes effect in the account: shares, cost, cash, open orders, and the activities that tell of it.

Open orders, after Alpaca's description of its orders and FINRA rule 5330: a good-till-cancelled order's shares and prices follow a
forward split; the exits of brackets carry do-not-reduce and do-not-cancel; trailing stops are cancelled, and so is everything before
a reverse split. Whole shares stay whole: what is left of one is paid out in cash at the new price. Alpaca documents no rule for the
rounding; here shares and the price of a buy are rounded down, that of a sell up.
"""

from decimal import ROUND_DOWN, ROUND_UP, Decimal

from qv_desktop.simulator.accounts import Account, Position
from qv_desktop.simulator.alpaca_format import SHARE, decimal_text
from qv_desktop.simulator.order_book import OrderBook
from qv_desktop.simulator.order_life import OrderLife
from qv_desktop.simulator.orders import ZERO, Order
from qv_desktop.simulator.splits import Split

CENT = Decimal("0.01")
ONE = Decimal(1)


def split_positions(account: Account, split: Split, price: Decimal, at: int) -> None:
    """Turn the shares held into new ones at the same cost; `price` dollars are what one of them is worth."""
    position = account.positions.get(split.symbol)
    if position is None:
        return
    before, after = position.qty, position.qty * split.new / split.old
    kept = after.quantize(ONE if before % 1 == 0 else SHARE, ROUND_DOWN)
    _rescale(position, kept, kept / after)
    for qty in (-before, kept):
        account.move(
            "SPLIT", at, ZERO, symbol=split.symbol, qty=decimal_text(qty), description=f"{split.new}:{split.old} split"
        )
    if rest := after - kept:
        account.move("CIL", at, (rest * price).quantize(CENT), symbol=split.symbol, qty=decimal_text(rest),
                     price=decimal_text(price), description="cash in lieu of a fraction")  # fmt: skip
    if not kept:
        del account.positions[split.symbol]


def _rescale(position: Position, qty: Decimal, part: Decimal) -> None:
    position.qty = qty
    position.cost, position.day_cost = position.cost * part, position.day_cost * part


def split_orders(book: OrderBook, life: OrderLife, split: Split, at: int) -> None:
    """Adjust or cancel the open orders of the symbol."""
    for order in book.open(split.symbol):
        if (
            not order.is_open or order.order_class
        ):  # it went with one before it, or may be neither reduced nor cancelled
            continue
        if split.ratio < 1 or order.type == "trailing_stop":
            life.end(order, "canceled", at)
        else:
            _adjust(order, split, at)


def _adjust(order: Order, split: Split, at: int) -> None:
    if order.qty is not None:
        more = (order.qty - order.filled_qty) * split.new / split.old
        order.qty = order.filled_qty + more.quantize(ONE if order.qty % 1 == 0 else SHARE, ROUND_DOWN)
    rounding = ROUND_DOWN if order.side == "buy" else ROUND_UP
    for name in ("limit_price", "stop_price"):
        price = getattr(order, name)
        if price is not None:
            setattr(order, name, (price * split.old / split.new).quantize(CENT, rounding))
    order.updated_at = at


def pay(account: Account, symbol: str, rate: Decimal, at: int) -> Decimal:
    """Pay `rate` dollars for each share held, or take them for each one short; returns what was paid."""
    qty = account.quantity(symbol)
    if not qty:
        return ZERO
    amount = (qty * rate).quantize(CENT)
    account.move("DIV", at, amount, symbol=symbol, qty=decimal_text(qty), per_share_amount=decimal_text(rate),
                 activity_sub_type="CDIV", description="cash dividend")  # fmt: skip
    return amount
