"""What a person hears of deployments and their signals."""

from collections.abc import Collection
from decimal import Decimal

from qv_desktop.domain.alerts import Urgency
from qv_desktop.domain.deployments import Deployment, Stage, State
from qv_desktop.domain.signals import MISSED_AUCTION, STOOD_STILL, TAKEN_BACK, Fate, Kind, Signal
from qv_desktop.services.notices import Notices

LASTS = 30  # ticks after which it is told that a deployment makes no signals

type Held = Collection[tuple[str, Decimal]]


class DeploymentNotices:
    """Once each; what stood before this sitting is no news."""

    def __init__(self, notices: Notices) -> None:
        self._notices = notices
        self._silent: dict[str, tuple[str, int]] = {}  # why no signals are made, and since which tick
        self._before: dict[str, Deployment] = {}  # as last told

    def changed(self, one: Deployment, held: Held) -> None:
        """A deployment as it now stands."""
        before, self._before[one.id] = self._before.get(one.id), one
        if before is None:
            return
        if before.state is State.RUNNING and one.state in (State.PAUSED, State.FAILED) and one.reason:
            urgency: Urgency = "critical" if one.state is State.FAILED or one.live else "warning"
            self._notices.tell(urgency, f"{one.label} is {one.state}", one.reason, f"deployment {one.id} {one.state} {one.revision}",
                               panel="signals")  # fmt: skip
        if one.stage is Stage.APPROVED and before.stage is not Stage.APPROVED:
            self._approved(one, held)

    def _approved(self, one: Deployment, held: Held) -> None:
        words = (
            f"{one.approved_by} approved it for real money; stop it, and take it live at a desk of the LIVE account."
        )
        if held:
            shares = ", ".join(f"{quantity:f} {symbol}" for symbol, quantity in held)
            words += (
                f" On paper it holds {shares}, which would stay here: stop it flat, or choose ⋯ → Close what it holds…"
            )
        self._notices.tell(
            "info", f"{one.label} is approved", words, f"deployment {one.id} approved {one.revision}", panel="signals"
        )

    def silent(self, one: Deployment, why: str, tick: int) -> None:
        """Who holds a position on signals that do not come is told, once for each reason that lasts."""
        before, since = self._silent.get(one.id, ("", 0))
        if why != before:
            self._silent[one.id] = why, tick
        elif why and tick - since == LASTS:
            self._notices.tell(
                "warning", f"{one.label} makes no signals", why, f"deployment {one.id} silent {since}", panel="signals"
            )

    def signalled(self, signal: Signal) -> None:
        """A signal as it now stands."""
        title = f"{signal.strategy}: {signal.kind} {signal.symbol}"
        key = f"signal {' '.join(map(str, signal.key))}"
        if TAKEN_BACK in signal.reason:
            self._notices.tell("warning", f"{title} is taken back", signal.reason, f"{key} back", panel="signals")
            return
        if STOOD_STILL in signal.reason and signal.fate in (Fate.PENDING, Fate.NOTHING):
            title = f"{signal.strategy}: {signal.symbol} {STOOD_STILL}"
            self._notices.tell("warning", title, signal.reason, f"{key} stood still", panel="signals")
            return
        target = signal.kind is Kind.TARGET
        closes = signal.kind in (Kind.EXIT, Kind.COVER) or (target and not signal.target)
        match signal.fate:
            case Fate.FORESEEN:
                self._notices.tell(
                    "info", f"{title} at the next open", signal.reason, f"{key} foreseen", panel="signals"
                )
            case Fate.WAITS if target:
                pass  # sales first, quotes, prices: it is gone on with, and what is given up is told
            case Fate.BLOCKED | Fate.LATE if closes:  # a position that nobody closes
                self._notices.tell("warning", f"{title} did not trade", signal.reason, key, panel="signals")
            case Fate.ORDER if signal.reason.startswith(MISSED_AUCTION):
                self._notices.tell("warning", f"{title} goes after the open", signal.reason, key, panel="signals")
            case Fate.ORDER:
                self._notices.tell(
                    "info", title, f"{signal.side.upper()} at the close of {signal.price}", key, panel="signals"
                )
            case Fate.REFUSED | Fate.WAITS:
                self._notices.tell("warning", f"{title} {signal.fate}", signal.reason, key, panel="signals")
            case Fate.BLOCKED | Fate.LATE:
                self._notices.tell("info", f"{title} did not trade", signal.reason, key, panel="signals")
            case _:
                pass
