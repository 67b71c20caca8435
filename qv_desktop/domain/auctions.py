"""When the broker takes orders for the opening and the closing auction."""

from datetime import datetime, time, timedelta

from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.orders import TimeInForce
from qv_desktop.domain.sessions import MarketSession

EVENING = time(19, 0)  # New York; from here on orders queue for the next session (Alpaca, orders)
BEFORE = {TimeInForce.OPG: timedelta(minutes=2), TimeInForce.CLS: timedelta(minutes=10)}  # of the auction itself


def auction_refusal(life: TimeInForce, session: MarketSession | None, at: datetime) -> str:
    """Why ``life`` is not taken at ``at``, in one sentence; empty when it is. ``session`` is today's, None on a day without one.

    On-open orders are taken from 19:00 to two minutes before the open (09:28), on-close ones until ten minutes before the close
    (15:50, earlier on half days) and from 19:00 on for the next session.
    """
    if life not in BEFORE or session is None:
        return ""
    bell = session.open if life is TimeInForce.OPG else session.close
    local, cut_off = at.astimezone(NEW_YORK), bell - BEFORE[life]
    if at < cut_off or local.time() >= EVENING or local.date() != session.day:
        return ""
    auction = "On-open (MOO, LOO)" if life is TimeInForce.OPG else "On-close (MOC, LOC)"
    return f"{auction} orders are taken until {cut_off.astimezone(NEW_YORK):%H:%M} ET and again from 19:00 ET."
