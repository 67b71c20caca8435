"""What a scenario does to a book, and whether a scenario that a person made is one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.risk_measures import ZERO, MovedBy, Scenario, Shock, StressLine, StressResult
from qv_desktop.domain.sectors import SECTORS
from qv_desktop.domain.stress_history import MARKET, NAMES, SECTOR, SYMBOL

LOST = -1.0  # a share does not fall below nothing
HIGHEST = 10.0  # times; beyond it somebody typed percent for a fraction
LONGEST, MOST = 60, 100  # letters of a name, shocks of a scenario


@dataclass(frozen=True, slots=True)
class Held:
    """What stress needs to know of a position: signed dollars, None while unpriced."""

    symbol: str
    sector: str
    value: Decimal | None
    beta: float | None


def move_of(held: Held, shocks: Mapping[tuple[str, str], float]) -> tuple[float, MovedBy]:
    """How far a name moves: by its own shock, else its sector's, else beta times the market's; ``shocks`` is (kind, target) -> move."""
    own = shocks.get((SYMBOL, held.symbol))
    if own is not None:
        return own, MovedBy.SYMBOL
    sector = shocks.get((SECTOR, held.sector))
    if sector is not None:
        return sector, MovedBy.SECTOR
    market = shocks.get((MARKET, ""))
    if market is None:
        return 0.0, MovedBy.NONE
    if held.beta is None:
        return market, MovedBy.MARKET
    return max(LOST, held.beta * market), MovedBy.BETA


def stressed(scenario: Scenario, book: Iterable[Held], equity: Decimal | None) -> StressResult:
    """The book under ``scenario``, worst name first."""
    shocks = {(shock.kind, "" if shock.kind == MARKET else shock.target): shock.move for shock in scenario.shocks}
    lines, unpriced, total = list[StressLine](), list[str](), ZERO
    for held in book:
        if held.value is None:
            unpriced.append(held.symbol)
            continue
        move, by = move_of(held, shocks)
        profit = held.value * Decimal(f"{move:.6f}")
        total += profit
        lines.append(StressLine(held.symbol, held.sector, held.value, move, profit, by))
    lines.sort(key=lambda line: line.profit)
    share = float(total / equity) if equity and equity > 0 else None
    return StressResult(scenario, total, share, tuple(lines), tuple(unpriced))


def own(name: str, shocks: Iterable[Shock]) -> Scenario:
    """A scenario of the person's own, cleaned. Raises BadInput."""
    title, kept = " ".join(name.split()), [_clean(shock) for shock in shocks]
    if not title or len(title) > LONGEST:
        raise BadInput(f"Name the scenario with 1 to {LONGEST} letters.")
    if title in NAMES:
        raise BadInput(f"“{title}” is a shock of history; choose another name.")
    if not 0 < len(kept) <= MOST:
        raise BadInput(f"A scenario has 1 to {MOST} shocks; add one, or take some away.")
    targets = [(shock.kind, shock.target) for shock in kept]
    twice = next((target for target in targets if targets.count(target) > 1), None)
    if twice:
        raise BadInput(f"{twice[1] or 'The market'} is shocked twice; keep one of them.")
    return Scenario(title, tuple(kept), custom=True)


def _clean(shock: Shock) -> Shock:
    if shock.kind not in (MARKET, SECTOR, SYMBOL):
        raise BadInput("A shock is of a symbol, a sector or the market.")
    if not LOST <= shock.move <= HIGHEST:
        raise BadInput(
            f"A move lies between −100 % and +{HIGHEST:.0%}; correct that of {shock.target or 'the market'}."
        )
    target = "" if shock.kind == MARKET else shock.target.strip()
    if shock.kind == SYMBOL:
        target = target.upper()
        if not target:
            raise BadInput("Say which symbol is shocked.")
    if shock.kind == SECTOR and target not in SECTORS:
        raise BadInput(f"There is no sector “{target}”; choose one of: {', '.join(SECTORS)}.")
    return Shock(shock.kind, target, shock.move)
