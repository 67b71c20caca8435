"""Cash in a reconciliation: what moved since it last agreed, explained by executions and by what else the broker booked."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from qv_desktop.domain.account_history import Activity, Kind
from qv_desktop.domain.accounts import Account
from qv_desktop.domain.cash_bridge import Bridge, Mark, Movement, bridged, of_activity, of_fill
from qv_desktop.domain.corporate_actions import COSTS, Booked
from qv_desktop.domain.errors import BrokerDown
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.orders import Fill
from qv_desktop.domain.reconciliation import LAG, Break, BreakClass, Tolerances, Uncompared
from qv_desktop.services.ports.account import CashMarks, Movements

FIRST = "no earlier comparison of this account is known; the next one starts from here"
EQUITY = Decimal("0.005")  # of the equity: prices of one answer need not be of one moment
LEAST = Decimal(1)  # dollars of equity that are never a difference


@dataclass(frozen=True, slots=True)
class Told:
    """What the broker booked besides executions, or ``why`` that is not known."""

    activities: tuple[Activity, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """Rows of cash, fees and equity; ``mark`` is the next one when cash agreed, or was seen for the first time."""

    breaks: tuple[Break, ...] = ()
    uncompared: tuple[Uncompared, ...] = ()
    matched: int = 0
    mark: Mark | None = None


class Cash:
    """Remembers where cash last agreed, also over restarts by ``marks``. ``movements`` None: the broker cannot be asked."""

    def __init__(self, movements: Movements | None, marks: CashMarks | None, now: Callable[[], datetime]) -> None:
        self._movements, self._marks, self._now = movements, marks, now
        self._mark: Mark | None = None
        self._known: frozenset[str] | None = None  # ids of what is in the positions since before this sitting
        self._used: set[str] = set()  # ids of what explained a position since

    async def begin(self, account: str, *, again: bool = False, only_looks: bool = False) -> None:
        """Find where cash last agreed, however long ago; ``again``: it differs, but may have been settled at another machine.

        What the broker booked before a comparison that books nothing is still to be booked here: such marks are of those alone that
        ``only_looks``, and of whoever has no other. Raises DatabaseDown.
        """
        if self._marks is None or (self._mark is not None and not again):
            return
        kept = await self._marks.agreed(account, looked=only_looks)
        if kept is None and self._mark is None:
            kept = await self._marks.agreed(account, looked=True)
        if kept is not None and (self._mark is None or kept[0] > self._mark.at):
            self._mark = Mark(*kept)

    def since(self, otherwise: datetime) -> datetime:
        """From when on executions matter: from the mark, or from ``otherwise`` if that is earlier."""
        return min(self._mark.at, otherwise) if self._mark is not None else otherwise

    async def told(self) -> Told:
        """What the broker booked besides executions since the day of the mark."""
        if self._movements is None:
            return Told(why="the broker's other activities cannot be asked for here")
        at = self._mark.at if self._mark is not None else self._now()
        try:
            found = await self._movements.movements(at.astimezone(NEW_YORK).date())
        except BrokerDown as error:
            return Told(why=str(error))
        if self._known is None:
            self._known = frozenset(one.id for one in found if self._earlier(one))
        return Told(tuple(found))

    def _earlier(self, one: Activity) -> bool:
        """Whether it was booked before cash last agreed, in an earlier sitting: without one, all there is, is in the positions."""
        if self._mark is None:
            return True
        if one.at is not None:
            return one.at <= self._mark.at
        return one.day is None or one.day < self._mark.at.astimezone(NEW_YORK).date()

    def booked(self, told: Told) -> tuple[Booked, ...]:
        """What came to positions without an order since cash last agreed before this sitting, and has explained none yet."""
        old = (self._known or frozenset()) | self._used
        return tuple(Booked(one.symbol, one.code, one.day, one.quantity) for one in told.activities
                     if one.symbol and one.code in COSTS and one.id not in old)  # fmt: skip

    def used(self, symbol: str, told: Told) -> None:
        """What explained a position explains no other one."""
        self._used |= {one.id for one in told.activities if one.symbol == symbol and one.code in COSTS}

    async def keep(self, account: Account, compared: Compared) -> None:
        """Cash agreed: the next comparison starts here, also in another sitting. Raises DatabaseDown."""
        if compared.mark is None:
            return
        if self._marks is not None:
            await self._marks.save_account(account)
        self._mark = compared.mark

    def accept(self, account: Account) -> None:
        """A person booked the difference: the next comparison starts from what the broker has."""
        if account.cash is not None:
            self._mark = Mark(account.at, account.cash)

    # ---- the comparison

    def compared(self, account: Account | None, fills: Iterable[Fill], told: Told, tolerances: Tolerances) -> Compared:
        """The rows of cash, fees and equity in the broker's ``account``."""
        if account is None or account.cash is None:
            rows = Compared(uncompared=(Uncompared("cash", "cash", "the broker does not tell the account's cash"),))
        else:
            rows = self._cash(account, account.cash, fills, told, tolerances)
        fees, equity = _fees(told), _equity(account)
        return Compared((*rows.breaks, *fees.breaks, *equity.breaks), (*rows.uncompared, *fees.uncompared, *equity.uncompared),
                        rows.matched + fees.matched + equity.matched, rows.mark)  # fmt: skip

    def _cash(
        self, account: Account, cash: Decimal, fills: Iterable[Fill], told: Told, tolerances: Tolerances
    ) -> Compared:
        mark = self._mark
        if mark is None:
            return Compared(uncompared=(Uncompared("cash", "cash", FIRST),), mark=Mark(account.at, cash))
        if told.why:
            return Compared(uncompared=(Uncompared("cash", "cash", told.why),))
        others = [of_activity(one) for one in told.activities]
        movements: list[Movement] = [of_fill(fill) for fill in fills] + [one for one in others if one is not None]
        bridge = bridged(mark, cash, account.at, movements, tolerances.cash)
        if bridge.why:
            return Compared(uncompared=(Uncompared("cash", "cash", bridge.why),))
        if abs(bridge.rest) > tolerances.cash:
            young = any(one.timed and one.last >= account.at - LAG for one in movements)
            return Compared((_unexplained(cash, bridge, late=young),))
        return Compared(matched=1, mark=Mark(account.at, cash, bridge.settled))


def _unexplained(cash: Decimal, bridge: Bridge, *, late: bool) -> Break:
    """Cash that nothing explains; while something happens, the broker's lists may only be behind its balances."""
    here = "—" if bridge.expected is None else f"{bridge.expected:,.2f}"
    kind: BreakClass = "timing" if late else "missing here"
    return Break("cash", "cash", kind, "low" if late else "high", here, f"{cash:,.2f}", f"{bridge.rest:+,.2f}", abs(bridge.rest),
                 f"book {'an income' if bridge.rest > 0 else 'an expense'} of ${abs(bridge.rest):,.2f}, or find what it was")  # fmt: skip


def _fees(told: Told) -> Compared:
    """A fee that tells its dollars is in the bridge of cash; one that does not is unknown, and not zero."""
    fees = [one for one in told.activities if one.kind is Kind.FEE]
    unknown = [one for one in fees if one.net is None]
    why = f"the broker tells no amount of {len(unknown)} of {len(fees)} fees"
    if told.why:
        return Compared(uncompared=(Uncompared("cash", "fees", told.why),))
    return Compared(uncompared=(Uncompared("cash", "fees", why),)) if unknown else Compared(matched=len(fees))


def _equity(account: Account | None) -> Compared:
    """Equity is cash and what is held: one answer of the broker must agree with itself."""
    parts = (account.cash, account.long_value, account.short_value) if account else (None,)
    if account is None or account.equity is None or any(part is None for part in parts):
        return Compared(
            uncompared=(Uncompared("equity", "equity", "the broker does not tell all that equity is made of"),)
        )
    held = sum((part for part in parts if part is not None), Decimal(0))
    gap = account.equity - held
    if abs(gap) <= max(LEAST, abs(account.equity) * EQUITY):
        return Compared(matched=1)
    return Compared((Break("equity", "equity", "quantity", "medium", f"{held:,.2f}", f"{account.equity:,.2f}", f"{gap:+,.2f}", abs(gap),
                           "ask the broker what its equity holds besides cash and positions"),))  # fmt: skip
