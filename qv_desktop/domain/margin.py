"""Margin: the regime that binds an account, its terms, and how the account stands under it.

``INTRADAY_MARGIN`` is FINRA Rule 4210(d)(2) as SR-FINRA-2025-017 made it (SEC Release 34-105226, 91 FR 20731; Regulatory Notice 26-10;
in force since 4 June 2026). ``LEGACY_PDT`` is the former paragraph (f)(8)(B), which brokers may keep until 20 October 2027. ``CASH`` is
Regulation T, 12 CFR 220.8. Where a source leaves a figure to the broker, or could not be verified, it is a field of ``MarginTerms``
with a named default.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from qv_desktop.domain.accounts import Account, margin_headroom
from qv_desktop.domain.cash_settlement import FREE_RIDING, GOOD_FAITH, Purse, Violation
from qv_desktop.domain.day_trades import Standing, TradedDay, within
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.trading_days import TradingDays

ZERO = Decimal(0)
WINDOW = 5  # business days, today among them
PATTERN = 4  # day trades within them
PATTERN_SHARE = Decimal("0.06")  # of all trades within them, and more
TIMES = 4  # day-trading buying power as a multiple of the prior day's maintenance excess
YEAR = timedelta(days=365)

NO_SMALL_DEFICIT = ZERO  # whether small deficits are excepted could not be verified: none is
TWICE_IS_A_PRACTICE = 2  # the rule says “makes a practice of” and no number
THREE_VIOLATIONS = 3  # good-faith violations within twelve months, as most brokers count; each sets its own number


class Regime(StrEnum):
    """Whose rules bind what may be traded within a day."""

    INTRADAY_MARGIN = "INTRADAY_MARGIN"
    LEGACY_PDT = "LEGACY_PDT"
    CASH = "CASH"


@dataclass(frozen=True, slots=True)
class MarginTerms:
    """The regime of an account with its figures: fractions of value or equity, dollars, days. ``blocks``: refuse, else warn."""

    regime: Regime = Regime.INTRADAY_MARGIN
    blocks: bool = True
    long_rate: Decimal = Decimal("0.25")  # the least that 4210(c)(1) asks of a long position
    short_rate: Decimal = Decimal("0.30")  # and 4210(c)(3) of a short one at $5 and above; a broker may ask more
    deadline_days: int = 5  # business days after which an unmet deficit counts against the account, 4210(d)(2)
    outstanding_days: int = 15  # business days after which one is no longer outstanding
    small_dollars: Decimal = NO_SMALL_DEFICIT
    small_fraction: Decimal = (
        NO_SMALL_DEFICIT  # of equity; the lesser of the two is excepted, and nothing while either is zero
    )
    practice: int = TWICE_IS_A_PRACTICE  # deficits not met in time, within twelve months
    restriction_days: int = 90  # calendar days
    minimum_equity: Decimal = Decimal(25_000)  # of a pattern day trader, at the prior day's close
    good_faith: int = THREE_VIOLATIONS


FIGURES: dict[str, tuple[str, str, tuple[Regime, ...]]] = {  # field -> what it is called, its unit, whose it is
    "long_rate": ("Maintenance of long positions", "% of value", (Regime.INTRADAY_MARGIN,)),
    "short_rate": ("Maintenance of short positions", "% of value", (Regime.INTRADAY_MARGIN,)),
    "deadline_days": ("A deficit is met within", "business days", (Regime.INTRADAY_MARGIN,)),
    "outstanding_days": ("And is outstanding for", "business days", (Regime.INTRADAY_MARGIN,)),
    "small_dollars": ("Small deficits excepted up to", "$", (Regime.INTRADAY_MARGIN,)),
    "small_fraction": ("And up to", "% of equity", (Regime.INTRADAY_MARGIN,)),
    "practice": ("Unmet deficits in a year until restricted", "deficits", (Regime.INTRADAY_MARGIN,)),
    "minimum_equity": ("Least equity of a pattern day trader", "$", (Regime.LEGACY_PDT,)),
    "good_faith": ("Good-faith violations in a year until restricted", "violations", (Regime.CASH,)),
    "restriction_days": ("A restriction lasts", "days", (Regime.INTRADAY_MARGIN, Regime.CASH)),
}


def checked(terms: MarginTerms) -> MarginTerms:
    """``terms``, if they make sense. Raises BadInput with what to do."""
    rates = (terms.long_rate, terms.short_rate)
    if not all(Decimal(0) < rate <= 1 for rate in rates):
        raise BadInput("A maintenance rate lies above 0 % and is at most 100 %; correct it and try again.")
    if terms.small_dollars < 0 or not 0 <= terms.small_fraction <= 1 or terms.minimum_equity < 0:
        raise BadInput("Dollars are zero or more and a fraction is at most 100 %; correct it and try again.")
    counts = (terms.deadline_days, terms.outstanding_days, terms.practice, terms.restriction_days, terms.good_faith)
    if not all(1 <= count <= 3_650 for count in counts):
        raise BadInput("Days and counts are whole numbers from 1 to 3,650; correct them and try again.")
    if terms.deadline_days > terms.outstanding_days:
        raise BadInput("A deficit's deadline lies within the days for which it is outstanding; correct one of them.")
    return terms


LOOSER_WHEN_LESS = frozenset(
    {"long_rate", "short_rate", "minimum_equity", "restriction_days"}
)  # others are looser when more


def loosened(before: MarginTerms, after: MarginTerms) -> tuple[str, ...]:
    """What lets more pass in ``after``, as it is called; another regime does, for each allows what the others forbid."""
    if before.regime is not after.regime:
        return ("another regime",)
    found = ["orders are only warned of"] if before.blocks and not after.blocks else []
    for name, (title, _, regimes) in FIGURES.items():
        more = (getattr(after, name) - getattr(before, name)) * (-1 if name in LOOSER_WHEN_LESS else 1)
        if more > 0 and after.regime in regimes:
            found.append(title[0].lower() + title[1:])
    return tuple(found)


def to_words(terms: MarginTerms) -> dict[str, str]:
    """Each field as a text, for what is stored and audited."""
    return {name: str(value) for name, value in asdict(terms).items()}


def from_words(words: Mapping[str, str]) -> MarginTerms:
    """The terms that ``to_words`` told; what is missing has its default. Raises BadInput for what is none of them."""
    usual = MarginTerms()
    try:
        found = {
            one.name: _read(getattr(usual, one.name), words[one.name]) for one in fields(usual) if one.name in words
        }
    except (ValueError, InvalidOperation):
        raise BadInput("The stored margin terms cannot be read; choose the regime anew.") from None
    return checked(replace(usual, **found))  # type: ignore[arg-type]  # each is read as what its default is


def _read(like: object, text: str) -> Regime | bool | int | Decimal:
    match like:
        case Regime():
            return Regime(text)
        case bool():
            return text == "True"
        case int():
            return int(text)
        case _:
            return Decimal(text)


@dataclass(frozen=True, slots=True)
class Deficit:
    """An intraday margin deficit: the largest of its day. ``met`` is when it was, and ``said`` who said so, or nothing for the level.

    ``base`` is the level at the end of its day; the deficit is met once the level has risen by the deficit's amount from there.
    """

    day: date
    amount: Decimal
    at: datetime  # when it was the largest
    deadline: date
    expires: date
    cause: str = ""  # what had traded
    base: Decimal | None = None
    met: datetime | None = None
    said: str = ""

    def outstanding(self, today: date) -> bool:
        """Whether it still is to be met."""
        return self.met is None and today <= self.expires

    def late(self, today: date, days: TradingDays) -> bool:
        """Whether it was not met by the close of its deadline."""
        return today > self.deadline if self.met is None else days.of(self.met) > self.deadline


def small(terms: MarginTerms, equity: Decimal | None, amount: Decimal) -> bool:
    """Whether a deficit of ``amount`` dollars is excepted by the terms; by default none is."""
    if terms.small_dollars <= 0 or terms.small_fraction <= 0 or equity is None:
        return False
    return amount <= min(terms.small_dollars, terms.small_fraction * equity)


def restricted(
    terms: MarginTerms, deficits: Iterable[Deficit], violations: Iterable[Violation], today: date, days: TradingDays
) -> tuple[date | None, str]:
    """Until when the account is restricted, and why; (None, "") while it is not."""
    if terms.regime is Regime.INTRADAY_MARGIN:
        late = [one for one in deficits if one.late(today, days) and today - one.day < YEAR]
        begun = max((one.deadline for one in late if one.met is None), default=None)  # for 90 days, or until it is met
        if begun is None or len(late) < terms.practice:
            return None, ""
        why = f"{len(late)} margin deficits were not met in time within a year"
    elif terms.regime is Regime.CASH:
        begun, why = _broken(terms, [one for one in violations if today - one.day < YEAR])
    else:
        return None, ""
    if begun is None:
        return None, ""
    until = begun + timedelta(days=terms.restriction_days)
    return (until, why) if today <= until else (None, "")


def _broken(terms: MarginTerms, violations: Sequence[Violation]) -> tuple[date | None, str]:
    """Free-riding freezes at once (12 CFR 220.8(c)); good-faith violations once there are as many as the broker allows."""
    free = [one.day for one in violations if one.kind == FREE_RIDING]
    faith = [one.day for one in violations if one.kind == GOOD_FAITH]
    if free and (len(faith) < terms.good_faith or max(free) >= max(faith)):
        return max(free), "shares were sold before any money had paid for them (free-riding)"
    if len(faith) >= terms.good_faith:
        return max(faith), f"{len(faith)} good-faith violations within a year"
    return None, ""


@dataclass(frozen=True, slots=True)
class MarginStanding:
    """How the account stands at ``at`` on the trading day ``day``: dollars, counts; None is unknown.

    ``level`` is the intraday margin level: what could be withdrawn while the maintenance requirement stays met, or, below zero,
    what would have to come in. ``headroom`` is what may be added in long positions before it is below zero.
    """

    at: datetime
    day: date
    terms: MarginTerms = MarginTerms()
    days: TradingDays = field(default_factory=TradingDays)
    prior_equity: Decimal | None = None  # at the prior day's close
    equity: Decimal | None = None
    cash: Decimal | None = None
    level: Decimal | None = None
    requirement: Decimal | None = None
    headroom: Decimal | None = None
    deficits: tuple[Deficit, ...] = ()  # of the last twelve months, newest first
    restricted_until: date | None = None
    restriction: str = ""
    window: tuple[tuple[date, int], ...] = ()  # the five business days with their day trades, oldest first
    day_trades: int = 0  # within the window
    trades: int = 0  # orders that traded within the window
    opened: Mapping[str, Standing] = field(default_factory=dict)  # symbol -> standing, of symbols opened today
    pattern: bool = False  # whether the count made the account a pattern day trader within the last 90 days
    power: Decimal | None = None  # day-trading buying power of a pattern day trader
    purse: Purse | None = None  # of a cash account
    violations: tuple[Violation, ...] = ()  # of the last twelve months, newest first
    trouble: str = ""  # why the stored terms do not count, if so

    @property
    def regime(self) -> Regime:
        """The regime in force."""
        return self.terms.regime

    @property
    def outstanding(self) -> tuple[Deficit, ...]:
        """Deficits that still are to be met, newest first."""
        return tuple(one for one in self.deficits if one.outstanding(self.day))

    @property
    def unmet(self) -> tuple[Deficit, ...]:
        """Deficits that were not met so far, newest first, those that are no longer outstanding among them."""
        return tuple(one for one in self.deficits if one.met is None)

    @property
    def allowed(self) -> int | None:
        """Day trades within the window that do not make a pattern, or None where none does."""
        return PATTERN - 1 if self.regime is Regime.LEGACY_PDT else None

    @property
    def below_minimum(self) -> bool:
        """Whether the prior day's equity, as far as it is known, lacks what a pattern day trader must have."""
        return self.prior_equity is None or self.prior_equity < self.terms.minimum_equity

    def frees(self) -> date | None:
        """The day on which the oldest day trades of the window no longer count; None while there are none."""
        oldest = next((day for day, count in self.window if count), None)
        return None if oldest is None else self.days.later(oldest, WINDOW)


def is_pattern(day_trades: int, trades: int) -> bool:
    """Four day trades or more within the window, and more than 6 % of its trades: former FINRA Rule 4210(f)(8)(B)(ii)."""
    return day_trades >= PATTERN and day_trades > PATTERN_SHARE * trades


def was_pattern(history: Mapping[date, TradedDay], today: date, days: TradingDays) -> bool:
    """Whether any window of five business days that ends on a day of ``history`` makes the account a pattern day trader."""
    ends = [day for day in history if day <= today]
    return any(is_pattern(*within(history, days.last(day, WINDOW))) for day in ends if history[day].day_trades)


def power(account: Account | None) -> Decimal | None:
    """Day-trading buying power: four times the maintenance excess at the prior day's close; never below zero, None while unknown."""
    if account is None or account.last_equity is None or account.last_maintenance_margin is None:
        return None
    return max(account.last_equity - account.last_maintenance_margin, ZERO) * TIMES


def level(account: Account | None, since: Decimal = ZERO) -> Decimal | None:
    """The intraday margin level, with the requirement of what was opened ``since`` the account was told taken off."""
    excess = None if account is None else margin_headroom(account)
    return None if excess is None else excess - since


def room(terms: MarginTerms, found: Decimal | None, account: Account | None) -> Decimal | None:
    """Dollars of long positions that may be added before the level is below zero; never more than the buying power."""
    if found is None:
        return None
    most = max(found, ZERO) / terms.long_rate
    return most if account is None or account.buying_power is None else min(most, max(account.buying_power, ZERO))


def grown(known: Deficit | None, day: date, amount: Decimal, at: datetime, cause: str, terms: MarginTerms,
          days: TradingDays) -> Deficit | None:  # fmt: skip
    """The day's deficit once the level was ``amount`` dollars below zero; None when that is no larger than what is known."""
    if amount <= 0 or (known is not None and amount <= known.amount):
        return None
    return Deficit(
        day, amount, at, days.later(day, terms.deadline_days), days.later(day, terms.outstanding_days), cause
    )


def is_met(deficit: Deficit, today: date, found: Decimal | None) -> bool:
    """Whether the level, on a day after the deficit's, has risen by its amount from the end of its day."""
    if deficit.met is not None or today <= deficit.day or found is None:
        return False
    return found >= (ZERO if deficit.base is None else deficit.base) + deficit.amount
