"""The account's figures as lines: balances, buying power, margin, standing and settings; unknown is a dash with the reason."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from qv_desktop.domain.account_standing import NOT_TOLD, Configuration, Fact, Mood, attention, facts, settings
from qv_desktop.domain.accounts import Account, day_profit, margin_headroom, margin_used
from qv_desktop.ui import format
from qv_desktop.ui.models.ledger import Line

COLORS: dict[Mood, str] = {"good": "TX0", "plain": "TX0", "warn": "WARN", "bad": "BAD", "unknown": "TX2"}
NEAR, AT = Decimal("0.7"), Decimal("0.9")  # shares of the equity that margin binds, from which a bar warns

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)

type Group = tuple[str, tuple[Line, ...]]  # caption, lines


def groups(account: Account | None, configuration: Configuration | None) -> list[Group]:
    """Every group in the order in which it is read; without an account all is unknown."""
    shown = account or Account("", "", "", at=_NEVER)
    return [
        ("Balances", _balances(shown)),
        ("Margin", _margin(shown)),
        ("Buying power", _power(shown)),
        ("Standing", tuple(map(fact_line, facts(shown)))),
        ("Settings at the broker", tuple(map(fact_line, settings(configuration)))),
    ]


def _balances(account: Account) -> tuple[Line, ...]:
    earned, before = day_profit(account), format.money(account.last_equity)
    return (
        _money("Equity", account.equity, "Cash and the value of all positions"),
        Line("Day P&L", format.signed_money(earned), format.trend(earned) if earned else _ink(earned),
             tip=_tip(earned, f"Since the last close ({before} {account.balances_of}), without what was adjusted today")),
        _money("Cash", account.cash, "Below zero it is borrowed"),
        _money("Long positions", account.long_value),
        _money("Short positions", account.short_value),
        _money("Accrued fees", account.accrued_fees),
        _money("Regulatory fees due", account.pending_fees, "Reported trading fees that are not taken yet"),
        _transfers(account),
        _money("Adjusted today", account.adjustments, "What deposits, withdrawals, fees and the like did to today's equity"),
    )  # fmt: skip


def _transfers(account: Account) -> Line:
    """Money on its way; a direction that is not told is a dash, and zero is zero."""
    coming, going = account.pending_in, account.pending_out
    known = None if coming is None and going is None else Decimal(0)
    return Line("Transfers in · out", f"{format.money(coming)} · {format.money(going)}" if known is not None else format.UNKNOWN,
                _ink(known), tip=_tip(known, "Cash on its way into the account, and out of it"))  # fmt: skip


def _power(account: Account) -> tuple[Line, ...]:
    return (
        _money("Buying power", account.buying_power, "What new orders of shares on margin may cost now"),
        _money("Overnight (Reg T)", account.regt_buying_power, "What may be held over night under Regulation T"),
        _money("Without margin", account.non_marginable_buying_power, "For what cannot be bought on margin"),
        _money("Options", account.options_buying_power),
    )


def _margin(account: Account) -> tuple[Line, ...]:
    times, used, spare = account.multiplier, margin_used(account), margin_headroom(account)
    return (
        _money("Initial margin", account.initial_margin, "Regulation T's requirement for opening the positions"),
        _money("Maintenance margin", account.maintenance_margin, "Equity that the positions demand to be kept"),
        _money("Maintenance, last close", account.last_maintenance_margin),
        Line("Maintenance excess", format.money(spare), "BAD" if spare is not None and spare < 0 else _ink(spare),
             tip=_tip(spare, "Equity above the maintenance margin; below zero is a margin call")),
        _money("SMA", account.sma, "Special memorandum account"),
        Line("Multiplier", format.UNKNOWN if times is None else f"{times.normalize():f}×", _ink(times), tip=_tip(times, "Of buying power")),
        Line("Margin in use", format.percent(used, 1, sign=False), used_token(used) if used is not None and used >= NEAR else _ink(used),
             tip=_tip(used, "Maintenance margin as a share of the equity")),
    )  # fmt: skip


def used_token(used: Decimal) -> str:
    """The colour of a margin bar that is ``used`` full."""
    return "BAD" if used >= AT else "WARN" if used >= NEAR else "ACCENT"


def fact_line(fact: Fact) -> Line:
    """A fact; one that wants attention is marked as well as coloured, and so is a word that nobody here knows."""
    odd = fact.mood in ("warn", "bad") or (fact.mood == "unknown" and fact.value != format.UNKNOWN)
    shown = f"▲ {fact.value}" if odd else fact.value
    return Line(
        fact.title,
        shown,
        "WARN" if odd and fact.mood == "unknown" else COLORS[fact.mood],
        tip=f"{fact.title}: {fact.value}. {fact.meaning}".strip(),
    )


def sentences(account: Account) -> tuple[str, Mood] | None:
    """What of the account wants to be read at once, with the worst mood of it; None when all is well."""
    told = attention(account)
    if not told:
        return None
    return "\n".join(f"{fact.title}: {fact.value}. {fact.meaning}" for fact in told), told[0].mood


def _money(title: str, value: Decimal | None, tip: str = "") -> Line:
    return Line(title, format.money(value), _ink(value), tip=_tip(value, tip) if value is None or tip else "")


def _ink(value: object) -> str:
    return "TX2" if value is None else "TX0"


def _tip(value: object, words: str) -> str:
    return NOT_TOLD if value is None else words


def described(told: Sequence[Group]) -> str:
    """All of it, for a screen reader."""
    return "\n".join(
        f"{caption}: " + "; ".join(f"{line.title} {line.value}" for line in lines) for caption, lines in told
    )
