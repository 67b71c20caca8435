"""The opening auction: which orders of strategies of days go into it, and which are followed by a market order after the open."""

from datetime import timedelta

from qv_desktop.domain.auctions import auction_refusal
from qv_desktop.domain.deployments import DAY, Deployment
from qv_desktop.domain.market import NEW_YORK, SECOND
from qv_desktop.domain.orders import Order, OrderRequest, OrderStatus, TimeInForce
from qv_desktop.domain.sessions import MarketSession
from qv_desktop.domain.signals import MISSED_AUCTION, Signal, order_id
from qv_desktop.services.signal_keeping import Around
from qv_desktop.services.signal_times import EARLY, TOLERATED

LEAD, AFTER = timedelta(seconds=EARLY // SECOND), timedelta(seconds=TOLERATED // SECOND)
PARTS = "The opening auction takes whole shares only"
TOO_LATE = "its order was not ready in time"
IN_AUCTION = "In the opening auction."
FOLLOWS = "A market order follows after the open."
ENDS = (OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.REJECTED)


class Opening:
    """Asks the clock and the calendar of this moment; a signal is tried in the auction once, under its first id."""

    def __init__(self, around: Around) -> None:
        self._around = around

    def _session(self, deployment: Deployment) -> MarketSession | None:
        return self._around.today() if deployment.terms.frame == DAY else None

    def auction(self, deployment: Deployment, order: str, signal: Signal) -> MarketSession | None:
        """The session into whose opening auction ``order`` of the signal goes now, None when it does not."""
        session, now = self._session(deployment), self._around.now()
        first = order == order_id(signal.deployment, signal.symbol, signal.bar, signal.kind)
        if session is None or not first or not session.open - LEAD <= now < session.open:
            return None
        return None if auction_refusal(TimeInForce.OPG, session, now) else session

    def coming(self, deployment: Deployment) -> bool:
        """Whether it trades at an open that is still to come today."""
        session = self._session(deployment)
        return session is not None and self._around.now() < session.open

    def in_time(self, deployment: Deployment) -> bool:
        """Whether what the day before said may still trade, at the open or soon after it."""
        session = self._session(deployment)
        return session is not None and self._around.now() < session.open + AFTER

    def known(self, deployment: Deployment) -> bool:
        """Whether it trades at opens, and there is one today."""
        return self._session(deployment) is not None

    def of_today(self, signal: Signal) -> bool:
        """Whether it was acted upon on this New York day."""
        return signal.at.astimezone(NEW_YORK).date() == self._around.now().astimezone(NEW_YORK).date()

    def follows(self, deployment: Deployment, order: Order) -> bool:
        """Whether a market order is to follow this one of the auction, which ended before all of it traded.

        What somebody cancelled is not made anew: an auction itself lets nothing go before the open.
        """
        session = self._session(deployment)
        if session is None or not auctioned(order.request) or order.status not in ENDS:
            return False
        by_hand = order.status is OrderStatus.CANCELED and order.changed is not None and order.changed < session.open
        return not by_hand and self.in_time(deployment)


def auctioned(request: OrderRequest) -> bool:
    """Whether it is of the opening auction."""
    return request.time_in_force is TimeInForce.OPG


def fractional(request: OrderRequest) -> bool:
    """Whether it is for parts of a share."""
    return request.quantity % 1 != 0


def fallback(signal: Signal) -> str:
    """The id of the market order that follows the auction: another one, so that the two are never taken for each other."""
    return order_id(signal.deployment, signal.symbol, signal.bar, signal.kind, 1)


def not_taken(order: Order) -> str:
    """What is said of an order that the auction did not take."""
    how = (
        f"{order.filled:f} of {order.request.quantity:f} traded there"
        if order.filled
        else f"its order was {order.status}"
    )
    return " ".join(filter(None, [f"{MISSED_AUCTION}: {how}.", order.reason, FOLLOWS]))


def missed(why: str = "") -> str:
    """What is said of an order that goes, or went, after the open instead."""
    return f"{MISSED_AUCTION}{f': {why}' if why else ''}".rstrip(".") + "."
