"""Which sector a company is in: told by its Standard Industrial Classification, or by the person.

A company states one SIC code to the Securities and Exchange Commission, which lists the codes that it uses ("Standard Industrial
Classification (SIC) Code List", sec.gov); divisions and major groups are those of the SIC Manual of 1987. What is asked here is which of
eleven sectors a trader thinks in, so ranges of codes are gathered into them. A code says what a company mainly does on paper: a
search engine is a programming service there. ``override`` is for whatever a person sees otherwise.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime

from qv_desktop.domain.errors import BadInput

TECHNOLOGY, COMMUNICATION = "Technology", "Communication"
DISCRETIONARY, STAPLES = "Consumer discretionary", "Consumer staples"
ENERGY, FINANCIALS, HEALTH, INDUSTRIALS = "Energy", "Financials", "Health care", "Industrials"
MATERIALS, REAL_ESTATE, UTILITIES = "Materials", "Real estate", "Utilities"
FUNDS = "Funds"  # what holds others has no business of its own

SECTORS = (COMMUNICATION, DISCRETIONARY, STAPLES, ENERGY, FINANCIALS, FUNDS, HEALTH, INDUSTRIALS, MATERIALS, REAL_ESTATE,
           TECHNOLOGY, UTILITIES)  # fmt: skip

# first code -> sector of it and of all up to the next line; "" where the list has no code
RANGES: tuple[tuple[int, str], ...] = (
    (0, ""), (100, STAPLES), (800, MATERIALS), (900, STAPLES), (1000, MATERIALS), (1200, ENERGY), (1400, MATERIALS),
    (1500, INDUSTRIALS), (1520, DISCRETIONARY), (1540, INDUSTRIALS), (1800, ""),
    # manufacturing
    (2000, STAPLES), (2200, DISCRETIONARY), (2400, MATERIALS), (2450, DISCRETIONARY), (2490, MATERIALS), (2500, DISCRETIONARY),
    (2520, INDUSTRIALS), (2600, MATERIALS), (2670, INDUSTRIALS), (2700, COMMUNICATION), (2750, INDUSTRIALS), (2800, MATERIALS),
    (2830, HEALTH), (2840, STAPLES), (2850, MATERIALS), (2900, ENERGY), (2950, MATERIALS), (3000, MATERIALS), (3010, DISCRETIONARY),
    (3030, MATERIALS), (3100, DISCRETIONARY), (3200, MATERIALS), (3420, INDUSTRIALS), (3480, INDUSTRIALS), (3530, INDUSTRIALS),
    (3533, ENERGY), (3534, INDUSTRIALS), (3570, TECHNOLOGY), (3580, INDUSTRIALS), (3630, DISCRETIONARY), (3640, INDUSTRIALS),
    (3650, DISCRETIONARY), (3652, COMMUNICATION), (3660, TECHNOLOGY), (3690, INDUSTRIALS), (3710, DISCRETIONARY), (3713, INDUSTRIALS),
    (3714, DISCRETIONARY), (3715, INDUSTRIALS), (3716, DISCRETIONARY), (3720, INDUSTRIALS), (3750, DISCRETIONARY),
    (3760, INDUSTRIALS), (3790, DISCRETIONARY), (3795, INDUSTRIALS), (3799, DISCRETIONARY), (3800, INDUSTRIALS), (3820, TECHNOLOGY),
    (3826, HEALTH), (3827, TECHNOLOGY), (3840, HEALTH), (3860, TECHNOLOGY), (3870, DISCRETIONARY), (3990, INDUSTRIALS),
    # transport, communication, power and water
    (4000, INDUSTRIALS), (4480, DISCRETIONARY), (4490, INDUSTRIALS), (4600, ENERGY), (4700, DISCRETIONARY), (4730, INDUSTRIALS),
    (4800, COMMUNICATION), (4900, UTILITIES), (4922, ENERGY), (4923, UTILITIES), (4950, INDUSTRIALS), (4960, UTILITIES),
    # trade
    (5000, INDUSTRIALS), (5010, DISCRETIONARY), (5030, INDUSTRIALS), (5045, TECHNOLOGY), (5047, HEALTH), (5050, INDUSTRIALS),
    (5060, TECHNOLOGY), (5070, INDUSTRIALS), (5090, DISCRETIONARY), (5110, INDUSTRIALS), (5122, HEALTH), (5130, DISCRETIONARY),
    (5140, STAPLES), (5160, MATERIALS), (5170, ENERGY), (5180, STAPLES), (5190, INDUSTRIALS), (5200, DISCRETIONARY),
    (5331, STAPLES), (5332, DISCRETIONARY), (5400, STAPLES), (5500, DISCRETIONARY), (5912, STAPLES), (5913, DISCRETIONARY),
    # finance and real estate
    (6000, FINANCIALS), (6324, HEALTH), (6325, FINANCIALS), (6500, REAL_ESTATE), (6600, FINANCIALS), (6792, ENERGY),
    (6793, FINANCIALS), (6798, REAL_ESTATE), (6799, FINANCIALS), (6800, ""),
    # services
    (7000, DISCRETIONARY), (7310, COMMUNICATION), (7320, INDUSTRIALS), (7370, TECHNOLOGY), (7380, INDUSTRIALS),
    (7389, INDUSTRIALS), (7500, DISCRETIONARY), (7600, INDUSTRIALS), (7800, COMMUNICATION), (7900, DISCRETIONARY), (8000, HEALTH),
    (8100, INDUSTRIALS), (8200, DISCRETIONARY), (8300, DISCRETIONARY), (8700, INDUSTRIALS), (8731, HEALTH), (8732, INDUSTRIALS),
    (8900, INDUSTRIALS), (9000, ""),
)  # fmt: skip
_FIRST = [first for first, _ in RANGES]


@dataclass(frozen=True, slots=True)
class Listed:
    """What a vendor's reference says of a symbol: its SIC code (None where it has none), the words for it, and its kind of security."""

    symbol: str
    code: int | None
    words: str
    kind: str  # the vendor's, such as CS or ETF
    at: datetime
    source: str


def sector(code: int) -> str:
    """The sector of an SIC code (four digits), or "" for one that is in no range."""
    return RANGES[bisect_right(_FIRST, code) - 1][1] if 0 <= code <= 9999 else ""


FUND_KINDS = frozenset({"ETF", "ETN", "ETV", "ETS", "FUND"})  # Polygon's codes of securities that hold others


def sector_of(listed: Listed) -> str:
    """The sector of what a vendor told, or "" when that does not tell it."""
    if listed.kind in FUND_KINDS:
        return FUNDS
    return sector(listed.code) if listed.code is not None else ""


def chosen(name: str) -> str:
    """A sector as typed, in our own spelling; "" takes an override back. Raises BadInput."""
    wanted = name.strip().casefold()
    if not wanted:
        return ""
    for known in SECTORS:
        if known.casefold() == wanted:
            return known
    raise BadInput(f"There is no sector “{name.strip()}”; choose one of: {', '.join(SECTORS)}.")
