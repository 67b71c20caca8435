"""How the account stands: its status, its blocks and its settings, each in words, with how bad it is and what it means."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from qv_desktop.domain.accounts import Account

type Mood = Literal["good", "plain", "warn", "bad", "unknown"]

# Alpaca's AccountStatus -> how bad it is, what it means
STATUSES: dict[str, tuple[Mood, str]] = {
    "ACTIVE": ("good", "Open for trading."),
    "PAPER_ONLY": ("good", "Open for paper trading only."),
    "ACCOUNT_UPDATED": ("warn", "Personal details are being changed; orders may not be taken until that is approved."),
    "APPROVED": ("warn", "Approved, and not open for trading yet."),
    "APPROVAL_PENDING": ("warn", "The last approval is waited for; orders are not taken yet."),
    "SUBMITTED": ("warn", "The application is under review; orders are not taken yet."),
    "ONBOARDING": ("warn", "The account is being opened; orders are not taken yet."),
    "ACTION_REQUIRED": ("warn", "The broker wants something of you; sign in at the broker's site."),
    "LIMITED": ("warn", "The broker limits what may be done; ask the broker."),
    "INACTIVE": ("bad", "The account does not trade; ask the broker."),
    "SUBMISSION_FAILED": ("bad", "The application could not be handed in; sign in at the broker's site."),
    "REJECTED": ("bad", "The application was rejected; ask the broker."),
    "ACCOUNT_CLOSED_PENDING": ("bad", "The account is being closed."),
    "ACCOUNT_CLOSED": ("bad", "The account is closed."),
}
NOT_KNOWN = "This version does not know the word; look at the broker's site before you rely on it."
NOT_TOLD = "The broker does not tell."


@dataclass(frozen=True, slots=True)
class Configuration:
    """The account's settings at the broker; None and "" where it does not tell."""

    suspended: bool | None = None
    no_shorting: bool | None = None
    fractional: bool | None = None
    margin_multiplier: str = ""  # 1, 2 or 4
    confirmations: str = ""  # by mail: all or none
    partnerships: bool | None = None  # publicly traded partnerships without an exception from withholding
    options_level: int | None = None  # 0 to 3
    no_overnight: bool | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """One line: what it is about, what holds, how bad that is, and what it means; a fact that is as it should be needs no meaning."""

    title: str
    value: str
    mood: Mood
    meaning: str = ""


def shown_word(word: str, known: object) -> str:
    """A vendor's word for a person; one that is not among ``known`` (a container) is named as such."""
    if not word:
        return "—"
    return word if word in known else f"UNKNOWN ({word})"  # type: ignore[operator]  # any container of words


def status_fact(status: str) -> Fact:
    """The account's status; a word that is not known is neither good nor bad, and says so."""
    mood, meaning = STATUSES.get(status, ("unknown", NOT_KNOWN if status else NOT_TOLD))
    return Fact("Status", shown_word(status, STATUSES), mood, meaning if mood != "good" else "")


def facts(account: Account) -> tuple[Fact, ...]:
    """Status and flags, in the order in which a person should read them."""
    return (
        status_fact(account.status),
        _flag("Trading", account.trading_blocked, "Blocked", "Open", "bad", "The broker takes no orders; ask the broker."),
        _flag("Account", account.account_blocked, "Blocked", "Open", "bad", "The broker forbids everything; ask the broker."),
        _flag("Transfers", account.transfers_blocked, "Blocked", "Open", "warn", "No money can be sent in or out; ask the broker."),
        _flag("Suspended by you", account.suspended, "Yes", "No", "warn",
              "Your own setting at the broker stops new orders; turn “suspend trade” off there."),
        _flag("Short selling", _opposite(account.shorting_enabled), "Not allowed", "Allowed", "warn",
              "Orders to sell what is not held are rejected by the broker."),
    )  # fmt: skip


def settings(found: Configuration | None) -> tuple[Fact, ...]:
    """The configuration in words; all unknown while it was not told."""
    told = found or Configuration()
    return (
        _flag("Suspend trade", told.suspended, "On", "Off", "warn", "New orders are blocked by your own setting at the broker."),
        _flag("Long only", told.no_shorting, "On", "Off", "warn", "The broker rejects short sales by your own setting."),
        _flag("Fractions of shares", _opposite(told.fractional), "Off", "On", "plain", "Only whole shares are taken."),
        _word("Highest multiplier", told.margin_multiplier, ("1", "2", "4"), lambda word: f"{word}×"),
        _flag("Overnight session", told.no_overnight, "Off", "On", "plain", "Orders for the overnight session are not taken."),
        _flag("Partnerships (PTP)", told.partnerships, "Taken", "Refused", "plain",
              "Publicly traded partnerships may withhold ten percent of the proceeds."),
        Fact("Options level", "—" if told.options_level is None else str(told.options_level),
             "unknown" if told.options_level is None else "plain", NOT_TOLD if told.options_level is None else ""),
        _word("Mail for fills", told.confirmations, ("all", "none"), str.capitalize),
    )  # fmt: skip


def unchecked(account: Account) -> tuple[Fact, ...]:
    """What the rules cannot judge because the broker does not tell the figure that they need: said aloud, for it is no consent."""
    daily = account.equity is None or account.last_equity is None
    lacking = (
        ("Daily loss", daily, "The broker does not tell the equity or that of the last close, so the daily loss limit is not checked."),
        ("Exposure", account.equity is None, "The broker does not tell the equity, so exposure limits are not checked."),
        ("Buying power", account.buying_power is None, "The broker does not tell it, so an order is not checked against it."),
    )  # fmt: skip
    return tuple(Fact(title, "NOT CHECKED", "warn", meaning) for title, missing, meaning in lacking if missing)


def attention(account: Account) -> tuple[Fact, ...]:
    """What wants to be read at once, the worst first; nothing when all is well. That shorts are not allowed is said in its line."""
    order: tuple[Mood, ...] = ("bad", "warn", "unknown")
    told = [
        fact for fact in (*facts(account), *unchecked(account)) if fact.value != "—" and fact.title != "Short selling"
    ]
    return tuple(fact for mood in order for fact in told if fact.mood == mood)


def _flag(title: str, found: bool | None, yes: str, no: str, mood: Mood, meaning: str) -> Fact:
    """``yes`` is what wants attention."""
    if found is None:
        return Fact(title, "—", "unknown", NOT_TOLD)
    return Fact(title, yes, mood, meaning) if found else Fact(title, no, "good")


def _word(title: str, word: str, known: tuple[str, ...], said: Callable[[str], str]) -> Fact:
    if word in known:
        return Fact(title, said(word), "plain")
    return Fact(title, shown_word(word, known), "unknown", NOT_KNOWN if word else NOT_TOLD)


def _opposite(found: bool | None) -> bool | None:
    return None if found is None else not found
