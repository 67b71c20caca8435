"""When an order may work: its first moment, its last, and the cut-offs of the opening and closing auctions."""

from datetime import date, timedelta
from typing import TYPE_CHECKING

from qv_desktop.simulator.alpaca_errors import BrokerError, unprocessable
from qv_desktop.simulator.alpaca_format import SECOND, new_york, new_york_ns
from qv_desktop.simulator.orders import Order
from qv_desktop.simulator.ticks import Session

if TYPE_CHECKING:
    from qv_desktop.simulator.market import Market

DAY = 86_400 * SECOND
GTC_LIFE = 90 * DAY
OPENING_CUT_OFF = 2 * 60 * SECOND  # 09:28
CLOSING_CUT_OFF = 10 * 60 * SECOND  # 15:50
EVENING = 19  # from 19:00 auction orders queue for the next session


class Schedule:
    """The sessions around a moment, remembered by day because every order asks."""

    def __init__(self, market: "Market") -> None:
        self._market = market
        self._after: dict[date, list[Session]] = {}  # day -> that day's session (if any) and the next ones

    def coming(self, now: int) -> list[Session]:
        """Today's session, when there is one, and the sessions of the following days."""
        day = new_york(now).date()
        if day not in self._after:
            self._after = {day: list(self._market.sessions(day, day + timedelta(days=11)))}
        return self._after[day]

    def today(self, now: int) -> Session | None:
        """The session of the New York day, also before its pre-market and after its post-market; None on a holiday."""
        sessions = self.coming(now)
        return sessions[0] if sessions and sessions[0].day == new_york(now).date() else None

    def is_regular(self, now: int) -> bool:
        """Whether the regular session is running."""
        session = self.today(now)
        return session is not None and session.open <= now < session.close

    def is_extended(self, now: int) -> bool:
        """Whether pre-market, regular or post-market trading is running."""
        session = self.today(now)
        return session is not None and session.pre_open <= now < session.post_close

    def works(self, order: Order, now: int) -> bool:
        """Whether a continuous-trading order may fill now."""
        return self.is_extended(now) if order.extended_hours else self.is_regular(now)

    def place(self, order: Order, now: int) -> None:
        """Set the order's first and last moment."""
        session = self._session_for(order, now)
        start = session.pre_open if order.extended_hours else session.open
        end = session.post_close if order.extended_hours else session.close
        order.live_from = now if order.time_in_force == "cls" else max(now, start)
        order.expires_at = {"gtc": now + GTC_LIFE, "opg": session.open}.get(order.time_in_force, end)

    def _session_for(self, order: Order, now: int) -> Session:
        for session in self.coming(now):
            close = session.post_close if order.extended_hours else session.close
            if now < (session.open if order.time_in_force == "opg" else close):
                return session
        raise unprocessable("no market session within the next days")

    def auction_refusal(self, time_in_force: str, now: int) -> BrokerError | None:
        """Why an opg or cls order comes too late (or too early for the next day); None when it is in time."""
        session = self.today(now)
        if session is None or time_in_force not in ("opg", "cls"):
            return None
        cut_off = session.open - OPENING_CUT_OFF if time_in_force == "opg" else session.close - CLOSING_CUT_OFF
        if not cut_off <= now < new_york_ns(session.day, EVENING):
            return None
        clock = new_york(cut_off).strftime("%H:%M")
        return unprocessable(f"{time_in_force} orders must be submitted before {clock} ET or after 19:00 ET")
