"""What an execution's slippage is measured from: the market when its order was made, or where a stop sent it to the market."""

from qv_desktop.domain.orders import OrderRequest, OrderType


def measured_from(request: OrderRequest, mid: float | None) -> float | None:
    """The price in dollars; ``mid`` is that of the quote when the order was made, None where it is not known.

    A stop order is an order only once its stop is reached: what the market did until then is no cost of its execution. Of one that
    trails the stop moves on at the broker, who does not tell where it was reached: None.
    """
    if request.type is OrderType.TRAILING_STOP:
        return None
    if request.type in (OrderType.STOP, OrderType.STOP_LIMIT):
        return None if request.stop is None else float(request.stop)
    return mid
