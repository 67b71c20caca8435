"""The loss ladder: from which loss trading only reduces, from which it is halted, and who may climb down again. Pure decisions."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from qv_desktop.domain.counters import midnight
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.risk import TradingState

ZERO = Decimal(0)
GRAVITY = (TradingState.ACTIVE, TradingState.REDUCING, TradingState.HALTED)
PROGRAM = "QuantVision"  # who stepped on a rung


class Step(StrEnum):
    """The rungs, from the lowest."""

    NEAR = "near the day's loss"
    LOSS = "the day's loss"
    DRAWDOWN = "the drawdown"


LEADS_TO = {Step.NEAR: TradingState.REDUCING, Step.LOSS: TradingState.HALTED, Step.DRAWDOWN: TradingState.HALTED}
OF_THE_DAY = frozenset({Step.NEAR, Step.LOSS})


@dataclass(frozen=True, slots=True)
class Rung:
    """A rung that was reached at ``since``: ``value`` against ``limit``, dollars of loss, or fractions for a drawdown."""

    step: Step
    since: datetime
    value: Decimal
    limit: Decimal

    @property
    def state(self) -> TradingState:
        """What it leads to."""
        return LEADS_TO[self.step]

    @property
    def words(self) -> str:
        """One sentence with the numbers."""
        if self.step is Step.DRAWDOWN:
            return f"The equity is {self.value:.1%} below its highest; the limit is {self.limit:.1%}."
        reached = (
            "has reached the limit of"
            if self.step is Step.LOSS
            else "is near its limit: only what reduces is taken from"
        )
        return f"The day's loss of ${self.value:,.0f} {reached} ${self.limit:,.0f}."


@dataclass(frozen=True, slots=True)
class Hand:
    """What a person (or the program, when books could not be trusted) set, apart from the ladder."""

    state: TradingState = TradingState.ACTIVE
    actor: str = ""
    reason: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stand:
    """Where trading stands: what was set by hand, the rungs in force, and those of the day that a person has resumed from."""

    hand: Hand = Hand()
    held: tuple[Rung, ...] = ()
    passed: tuple[Rung, ...] = ()  # ``since`` is when it was resumed from

    @property
    def state(self) -> TradingState:
        """The gravest of all."""
        return max((self.hand.state, *(rung.state for rung in self.held)), key=GRAVITY.index)

    @property
    def highest(self) -> Rung | None:
        """The rung that leads to the gravest state."""
        return max(self.held, key=lambda rung: GRAVITY.index(rung.state), default=None)

    @property
    def halted_by_ladder(self) -> bool:
        """Whether a rung halts."""
        return any(rung.state is TradingState.HALTED for rung in self.held)

    @property
    def way_out(self) -> bool:
        """Whether a halt is the ladder's alone, so that positions may be left at the market."""
        return self.halted_by_ladder and self.hand.state is not TradingState.HALTED

    def has(self, step: Step) -> bool:
        """Whether the rung is in force."""
        return any(rung.step is step for rung in self.held)


@dataclass(frozen=True, slots=True)
class Losses:
    """The account in figures: the day's profit in dollars (the worse of what the broker tells and what prices tell), the drawdown
    as a fraction of the highest equity; None while unknown."""

    profit: Decimal | None = None
    drawdown: Decimal | None = None
    told: Decimal | None = None  # the day's profit as the broker told it
    counted: Decimal | None = None  # and as positions and live prices tell it
    peak: Decimal | None = None
    equity: Decimal | None = None

    @property
    def loss(self) -> Decimal | None:
        """The day's loss in dollars, zero or more."""
        return None if self.profit is None else max(-self.profit, ZERO)


def near(limits: Limits) -> Decimal:
    """The loss from which only what reduces is taken."""
    return limits.daily_loss * min(limits.reducing_fraction, Decimal(1))


def required(losses: Losses, limits: Limits, now: datetime) -> tuple[Rung, ...]:
    """Every rung that these losses stand on. What is unknown stands on none: it frees nothing either."""
    found: list[Rung] = []
    loss = losses.loss
    if loss is not None and loss > 0:
        if loss >= near(limits):
            found.append(Rung(Step.NEAR, now, loss, near(limits)))
        if loss >= limits.daily_loss:
            found.append(Rung(Step.LOSS, now, loss, limits.daily_loss))
    if losses.drawdown is not None and losses.drawdown > 0 and losses.drawdown >= limits.drawdown_fraction:
        found.append(Rung(Step.DRAWDOWN, now, losses.drawdown, limits.drawdown_fraction))
    return tuple(found)


def climbed(stand: Stand, losses: Losses, limits: Limits, now: datetime) -> Stand:
    """With the rungs that are reached now; nothing is ever freed here, and a rung that was resumed from today stays passed."""
    known = {rung.step for rung in (*stand.held, *stand.passed)}
    fresh = tuple(rung for rung in required(losses, limits, now) if rung.step not in known)
    return replace(stand, held=stand.held + fresh) if fresh else stand


def of_new_day(stand: Stand, losses: Losses, limits: Limits, now: datetime) -> Stand:
    """The day's rungs of an earlier day go once the new day's loss is known to be below them; hands and drawdowns stay."""
    began = midnight(now.astimezone(NEW_YORK).date())
    passed = tuple(rung for rung in stand.passed if rung.since >= began)
    if losses.profit is None:
        return replace(stand, passed=passed)
    still = {rung.step for rung in required(losses, limits, now)}
    held = tuple(r for r in stand.held if r.step not in OF_THE_DAY or r.since >= began or r.step in still)
    return replace(stand, held=held, passed=passed)


def by_hand(stand: Stand, state: TradingState, actor: str, reason: str, now: datetime) -> Stand:
    """A person brakes: the ladder's rungs stay below it."""
    return replace(stand, hand=Hand(state, actor, reason, now))


def still_past(stand: Stand, losses: Losses, limits: Limits, now: datetime) -> str:
    """Why nobody may resume from a halt of the ladder yet; nothing when somebody may."""
    if not stand.halted_by_ladder:
        return ""
    if (stand.has(Step.DRAWDOWN) and losses.drawdown is None) or (stand.has(Step.LOSS) and losses.profit is None):
        return "The loss is not known now, so the halt stands; wait until the broker tells the account."
    past = [r for r in required(losses, limits, now) if r.state is TradingState.HALTED and stand.has(r.step)]
    return " ".join(f"{rung.words} Trading would be halted again at once: {WAY_ON[rung.step]}." for rung in past)


WAY_ON = {
    Step.LOSS: "raise the daily loss limit first, or wait for the next trading day",
    Step.DRAWDOWN: "raise the drawdown limit, or count the drawdown anew from today's equity",
}


def resumed(stand: Stand, losses: Losses, limits: Limits, now: datetime) -> Stand:
    """Everything lifted by a person; rungs below the next one count as passed for the day, so that they do not trip again at once."""
    standing_on = {rung.step: rung for rung in required(losses, limits, now)}
    left = {rung.step: rung for rung in stand.held if rung.step is Step.NEAR} | {
        step: rung for step, rung in standing_on.items() if step is Step.NEAR
    }
    passed = tuple(rung for rung in stand.passed if rung.step not in left)
    return Stand(passed=passed + tuple(replace(rung, since=now) for rung in left.values()))


def next_rung(stand: Stand, losses: Losses, limits: Limits) -> str:
    """What happens next on the way down, for whoever resumes with a loss."""
    if losses.loss:
        at = f"at a loss of ${losses.loss:,.0f} today"
        if any(rung.step is Step.NEAR for rung in stand.passed):
            return f"Resumed {at}; it is halted at ${limits.daily_loss:,.0f}, and not reduced before that again today."
        return f"Resumed {at}; only what reduces is taken from ${near(limits):,.0f}, and it is halted at ${limits.daily_loss:,.0f}."
    return ""


def joined(stands: Iterable[Stand]) -> Stand:
    """All of them at once, the gravest of each: nothing that braked is lost where several are told."""
    whole = Stand()
    for one in stands:
        hand = max((whole.hand, one.hand), key=lambda hand: GRAVITY.index(hand.state))
        held = whole.held + tuple(rung for rung in one.held if not whole.has(rung.step))
        passed = {rung.step: rung for rung in (*whole.passed, *one.passed)}
        whole = Stand(hand, held, tuple(passed.values()))
    return replace(whole, passed=tuple(r for r in whole.passed if not whole.has(r.step)))


@dataclass(frozen=True, slots=True)
class Ladder:
    """The picture of it all: for a panel, and for whoever asks why. ``cooling_until`` ends the pause after losses in a row.

    ``blind`` says why the loss cannot be seen now; ``rearm`` what lifts the state and who may.
    """

    at: datetime
    stand: Stand
    losses: Losses
    limits: Limits
    consecutive_losses: int = 0
    trades_today: int = 0
    cooling_until: datetime | None = None
    blind: str = ""

    @property
    def state(self) -> TradingState:
        """Of the hands and the ladder together."""
        return self.stand.state

    @property
    def near(self) -> Decimal:
        """Dollars of loss from which only what reduces is taken."""
        return near(self.limits)

    @property
    def who(self) -> str:
        """Which right lifts it: “risk: change” a halt of the ladder, “risk: run” all else, and nobody is needed while active."""
        if self.state is TradingState.ACTIVE:
            return ""
        return "risk: change" if self.stand.halted_by_ladder else "risk: run"

    @property
    def why(self) -> str:
        """Why trading is not free, with the numbers of the moment it happened; nothing while it is."""
        rung, hand = self.stand.highest, self.stand.hand
        by_person = f"By {hand.actor}: {hand.reason.rstrip('.')}." if hand.state is not TradingState.ACTIVE else ""
        return " ".join(filter(None, (rung.words if rung else "", by_person)))

    @property
    def since(self) -> datetime | None:
        """When the gravest of it began."""
        moments = [rung.since for rung in self.stand.held if rung.state is self.state]
        if self.stand.hand.state is self.state is not TradingState.ACTIVE and self.stand.hand.since:
            moments.append(self.stand.hand.since)
        return min(moments, default=None)

    @property
    def rearm(self) -> str:
        """What lifts it, and who may, in one sentence."""
        if self.state is TradingState.ACTIVE:
            return ""
        if self.stand.halted_by_ladder and still_past(self.stand, self.losses, self.limits, self.at):
            ways = [f"{way[:1].upper()}{way[1:]}." for step, way in WAY_ON.items() if self.stand.has(step)]
            return f"Nobody can resume while it is past the limit. {' '.join(ways)} Then “risk: change”, an Admin, resumes it."
        if self.stand.halted_by_ladder:
            day = (
                ""
                if self.stand.has(Step.DRAWDOWN) or self.stand.hand.state is not TradingState.ACTIVE
                else ", or the next trading day lifts it"
            )
            return f"Whoever may change limits (“risk: change”, an Admin) resumes it{day}."
        day = (
            ", or the next trading day lifts it"
            if self.stand.held and self.stand.hand.state is TradingState.ACTIVE
            else ""
        )
        return f"Whoever may halt (“risk: run”, a Trader) resumes it{day}."


# ---- as it is kept


def written(stand: Stand) -> dict[str, object]:
    """For the store and the audit trail: plain texts."""
    hand = stand.hand
    return {
        "hand": {"state": hand.state.value, "actor": hand.actor, "reason": hand.reason,
                 "since": hand.since.isoformat() if hand.since else ""},
        "held": [_rung_row(rung) for rung in stand.held],
        "passed": [_rung_row(rung) for rung in stand.passed],
    }  # fmt: skip


def _rung_row(rung: Rung) -> dict[str, str]:
    return {"step": rung.step.name, "state": rung.state.value, "since": rung.since.isoformat(), "value": str(rung.value),
            "limit": str(rung.limit)}  # fmt: skip


def read(raw: object, state: TradingState, actor: str = "", reason: str = "", since: datetime | None = None) -> Stand:
    """As ``written``; a row without it (of an earlier version) was set by hand, by ``actor`` for ``reason`` at ``since``."""
    if not isinstance(raw, dict) or "hand" not in raw:
        return Stand(Hand(state, actor, reason, since)) if state is not TradingState.ACTIVE else Stand()
    hand = raw["hand"]
    moment = datetime.fromisoformat(hand["since"]) if hand["since"] else None
    return Stand(Hand(TradingState(hand["state"]), hand["actor"], hand["reason"], moment),
                 tuple(map(_rung, raw["held"])), tuple(map(_rung, raw["passed"])))  # fmt: skip


def _rung(raw: dict[str, str]) -> Rung:
    return Rung(Step[raw["step"]], datetime.fromisoformat(raw["since"]), Decimal(raw["value"]), Decimal(raw["limit"]))


def stand_of(after: str, actor: str, reason: str) -> Stand:
    """What the row of a brake or a release says that holds after it."""
    raw = json.loads(after)
    return read(raw.get("stand"), TradingState(raw["state"]), actor, reason)
