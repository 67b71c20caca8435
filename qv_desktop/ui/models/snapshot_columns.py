"""The columns of snapshots that watchlist and quote board share; each panel picks its own and their order."""

from collections.abc import Callable
from dataclasses import replace

from qv_desktop.domain.market import Quote, Snapshot
from qv_desktop.ui import format as fmt
from qv_desktop.ui.models import snapshot_words as words
from qv_desktop.ui.models.ages import Ages, faded, hue
from qv_desktop.ui.models.flashes import Flashes
from qv_desktop.ui.models.table_model import Column

type Row = Column[Snapshot]


def symbol() -> Row:
    """The symbol, amber while it is halted."""
    return Column("Symbol", lambda s: s.symbol, width=58, bold=True, tip=words.state_tip,
                  color=lambda s: "WARN" if s.halted else None)  # fmt: skip


def last(ages: Ages, flashes: Flashes, age: Callable[[Snapshot], float | None] | None = None) -> Row:
    """The last price: it flashes when it moves and fades when it is old (by ``age``, else the quote's)."""
    old = age or ages.either
    return Column("Last", lambda s: words.price(s, s.last), key=lambda s: s.last, right=True, width=58, aging=True,
                  color=lambda s: "TX2" if s.stale else faded(old(s), fmt.trend(s.change)),
                  ground=lambda s: flashes.of(s.symbol))  # fmt: skip


def change_percent() -> Row:
    """Change since the previous close, in percent."""
    return Column("Chg %", words.percent, key=lambda s: s.change_fraction, raw=words.percents, right=True, width=52,
                  color=lambda s: fmt.trend(s.change))  # fmt: skip


def change() -> Row:
    """Change since the previous close, in dollars."""
    return Column("Chg $", lambda s: words.signed(s.change, words.digits(s)), key=lambda s: s.change, right=True, width=58,
                  color=lambda s: fmt.trend(s.change))  # fmt: skip


def spread() -> Row:
    """The spread in basis points."""
    return Column("Spread bps", words.bps_text, key=words.bps, right=True, width=82, color=words.bps_hue,
                  tip=lambda s: f"{words.price(s, s.quote.ask - s.quote.bid)} dollars" if s.quote else "")  # fmt: skip


def volume() -> Row:
    """Shares traded today."""
    return Column("Volume", lambda s: fmt.volume(s.day_volume), key=lambda s: s.day_volume, right=True, width=60,
                  color=lambda s: "TX1")  # fmt: skip


def day(title: str, value: Callable[[Snapshot], float | None]) -> Row:
    """A price of the day, such as its high."""
    return Column(title, lambda s: words.price(s, value(s)), key=value, right=True, width=66, color=lambda s: "TX1")


def of_quote(title: str, value: Callable[[Quote], float], ages: Ages, token: str) -> Row:
    """A price of the quote, faded when the quote is old or stale."""

    def of(snapshot: Snapshot) -> float | None:
        return value(snapshot.quote) if snapshot.quote else None

    return Column(title, lambda s: words.price(s, of(s)), key=of, right=True, width=66, aging=True,
                  color=lambda s: "TX2" if s.stale or s.quote is None else faded(ages.quote(s), token))  # fmt: skip


def of_size(title: str, value: Callable[[Quote], float]) -> Row:
    """A size of the quote, in shares."""
    return Column(title, lambda s: f"{value(s.quote):,.0f}" if s.quote else fmt.UNKNOWN,
                  key=lambda s: value(s.quote) if s.quote else None, right=True, width=66, color=lambda s: "TX1")  # fmt: skip


def age(title: str, of: Callable[[Snapshot], float | None]) -> Row:
    """Seconds since a number was heard: it turns amber after 5 and fades after 60."""
    return Column(title, lambda s: fmt.age(of(s)), key=of, right=True, width=74, color=lambda s: hue(of(s)), aging=True)


def age_or_alarm(of: Callable[[Snapshot], float | None]) -> Row:
    """The age, or in its place a chip that says what is wrong with the symbol's prices."""

    def text(snapshot: Snapshot) -> str:
        return "HALT" if snapshot.halted else "stale" if snapshot.stale else fmt.age(of(snapshot))

    return replace(age("Age", of), width=50, text=text, tip=words.state_tip,
                   chip=lambda s: "critical" if s.halted else "warning" if s.stale else None)  # fmt: skip


def source(*, shown: bool = True) -> Row:
    """The vendor whose prices these are."""
    return Column("Source", lambda s: s.source or fmt.UNKNOWN, width=62, color=lambda s: "TX2", shown=shown)
