"""The account's margin as lines: level and headroom, day trades, deficits, settlement; unknown is a dash."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from qv_desktop.domain.margin import Deficit, MarginStanding, Regime
from qv_desktop.ui import format
from qv_desktop.ui.models.account_lines import NEAR, Group, used_token
from qv_desktop.ui.models.ledger import Line

REGIMES: dict[Regime, tuple[str, str]] = {  # what it is called, and what it means
    Regime.INTRADAY_MARGIN: (
        "Intraday margin",
        "FINRA Rule 4210(d)(2), in force since 4 June 2026: equity must cover the maintenance requirement during the day, too. "
        "Day trades are not counted.",
    ),
    Regime.LEGACY_PDT: (
        "Pattern day trader",
        "The former rule, which brokers may keep until 20 October 2027: four day trades in five business days, more than 6 % of all "
        "trades, take $25,000.",
    ),
    Regime.CASH: (
        "Cash",
        "Regulation T: what is bought is paid for with settled money (T+1) before it is sold.",
    ),
}
SHOWN = 4  # deficits, violations and settlements that are listed


def groups(standing: MarginStanding | None, limit: int | None = None) -> list[Group]:
    """Every group in the order in which it is read; ``limit`` is the person's own one on day trades, None for none."""
    return [
        ("Level", _level(standing)),
        ("Day trades", _day_trades(standing, limit)),
        ("Deficits", _deficits(standing)),
        ("Settlement", _settlement(standing)),
    ]


def used(standing: MarginStanding | None) -> Decimal | None:
    """The share of the equity that the requirement binds, from 0 to 1 and above; None while unknown."""
    if standing is None or standing.level is None or not standing.equity or standing.equity <= 0:
        return None
    return (standing.equity - standing.level) / standing.equity


def _level(standing: MarginStanding | None) -> tuple[Line, ...]:
    level, share = standing.level if standing else None, used(standing)
    cash = standing is not None and standing.regime is Regime.CASH
    return (
        Line("Settled to spend" if cash else "Headroom", format.money(standing.headroom if standing else None),
             _ink(standing.headroom if standing else None),
             tip="Settled cash that nothing was spent of" if cash else
             "What may be added in long positions before the level is below zero; working orders are not taken off here"),
        Line("Margin level", format.signed_money(level), "BAD" if level is not None and level < 0 else _ink(level),
             tip="Equity above the maintenance requirement; below zero it is a deficit"),
        Line("Requirement", format.money(standing.requirement if standing else None), _ink(standing.requirement if standing else None),
             tip="What the broker asks to be kept for the positions"),
        Line("In use", format.percent(share, 1, sign=False), used_token(share) if share is not None and share >= NEAR else _ink(share),
             tip="The requirement as a share of the equity"),
    )  # fmt: skip


def _day_trades(standing: MarginStanding | None, limit: int | None) -> tuple[Line, ...]:
    if standing is None:
        return (Line("Within five business days", format.UNKNOWN, "TX2"),)
    made, allowed, frees = standing.day_trades, standing.allowed, standing.frees()
    over = allowed is not None and made > allowed and standing.below_minimum
    found = [
        Line("Within five business days", f"{made}" if allowed is None else f"{made} of {allowed}", "BAD" if over else "TX0",
             tip="Positions opened and closed on one day; all executions of one order are one trade"),
        Line("Of orders that traded", f"{standing.trades:,}", "TX0"),
        Line("Your own limit", "none" if limit is None else f"{made} of {limit}",
             "TX2" if limit is None else "WARN" if made >= limit else "TX0",
             tip="Limits, “Day trades”: beyond it entries are refused, and what reduces passes"),
        Line("The oldest leaves on", format.UNKNOWN if frees is None else f"{frees:%a %d %b}", _ink(frees)),
    ]  # fmt: skip
    if standing.regime is Regime.LEGACY_PDT:
        word = "▲ yes" if standing.pattern else "no"
        found += [
            Line("Pattern day trader", word, "WARN" if standing.pattern else "TX0"),
            Line("Equity, last close", format.money(standing.prior_equity), "BAD" if standing.below_minimum else "TX0",
                 tip=f"A pattern day trader needs {format.money(standing.terms.minimum_equity)}"),
            Line("Day-trading power", format.money(standing.power), _ink(standing.power),
                 tip="Four times the maintenance excess at the last close, for a pattern day trader"),
        ]  # fmt: skip
    return tuple(found)


def _deficits(standing: MarginStanding | None) -> tuple[Line, ...]:
    if standing is None or not standing.deficits:
        return (Line("None within a year" if standing else "Not known yet", "", "TX2", quiet=True),)
    return tuple(_deficit(one, standing) for one in standing.deficits[:SHOWN])


def _deficit(one: Deficit, standing: MarginStanding) -> Line:
    late = one.late(standing.day, standing.days)
    if one.met is not None:
        word, color = f"met{', late' if late else ''}", "WARN" if late else "TX1"
    elif late:
        word, color = "▲ not met in time", "BAD"
    else:
        word, color = f"▲ by {one.deadline:%a %d %b}", "WARN"
    tip = f"{format.money(one.amount)} after {one.cause or 'an order'}; to be met by {one.deadline:%a %d %b %Y}, outstanding until "
    said = f" {one.said} noted that it was met." if one.said else ""
    return Line(f"{one.day:%d %b} {format.money(one.amount)}", word, color, tip=f"{tip}{one.expires:%d %b}.{said}")


def _settlement(standing: MarginStanding | None) -> tuple[Line, ...]:
    if standing is None or standing.purse is None:
        why = "Not known yet" if standing is None or standing.regime is Regime.CASH else "Counted in a cash account"
        return (Line(why, "", "TX2", quiet=True),)
    purse = standing.purse
    found = [Line("Settled", format.money(purse.settled), "BAD" if purse.settled < 0 else "TX0"),
             Line("Not settled", format.money(purse.unsettled))]  # fmt: skip
    found += [Line(f"Settles {when:%a %d %b}", format.money(amount), "TX1") for when, amount in purse.coming[:SHOWN]]
    counted = len([one for one in standing.violations if one.kind == "good-faith violation"])
    word = f"{counted} of {standing.terms.good_faith}"
    found.append(
        Line(
            "Good-faith violations",
            word,
            "WARN" if counted else "TX0",
            tip="Within twelve months; as many restrict the account",
        )
    )
    found += [Line(f"{one.day:%d %b} {one.symbol}", one.kind, "WARN") for one in standing.violations[:SHOWN]]
    return tuple(found)


def sentence(standing: MarginStanding | None) -> tuple[str, str] | None:
    """What wants to be read at once, with its colour; None when all is well."""
    if standing is None:
        return None
    if standing.trouble:
        return standing.trouble, "BAD"
    if standing.restricted_until is not None:
        what = (
            "It buys with settled cash alone"
            if standing.regime is Regime.CASH
            else "No short position and no debit may grow"
        )
        return f"Restricted until {standing.restricted_until:%a %d %b %Y}: {standing.restriction}. {what}.", "BAD"
    if standing.regime is Regime.INTRADAY_MARGIN and standing.outstanding:
        one = min(standing.outstanding, key=lambda deficit: deficit.deadline)
        total = sum((deficit.amount for deficit in standing.outstanding), Decimal(0))
        late = standing.day > one.deadline
        due = "the first was due on" if late else "the first by"
        return (
            f"{format.money(total)} of intraday margin deficits to be met, {due} {one.deadline:%a %d %b}.",
            "BAD" if late else "WARN",
        )
    if standing.regime is Regime.LEGACY_PDT and standing.pattern and standing.below_minimum:
        return (
            f"A pattern day trader below {format.money(standing.terms.minimum_equity)}: day trades are refused.",
            "BAD",
        )
    return None


def spoken(window: Sequence[tuple[date, int]]) -> str:
    """The five days as a person reads them."""
    return ", ".join(f"{day:%a %d %b}: {count}" for day, count in window) or "not known yet"


def _ink(value: object) -> str:
    return "TX2" if value is None else "TX0"
