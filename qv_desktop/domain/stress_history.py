"""Moves that happened, as shocks: index and sector moves of named days, each with its source.

Only published figures stand here. A sector that a source does not tell is not guessed: its names move by beta times the market's move,
and each line of a result says so. Telecommunications stood alone before 2018; its move is given to what is now Communication.
"""

from qv_desktop.domain.risk_measures import Scenario, Shock
from qv_desktop.domain.sectors import (
    COMMUNICATION,
    DISCRETIONARY,
    ENERGY,
    FINANCIALS,
    HEALTH,
    INDUSTRIALS,
    MATERIALS,
    REAL_ESTATE,
    STAPLES,
    TECHNOLOGY,
    UTILITIES,
)  # fmt: skip

MARKET, SECTOR, SYMBOL = "market", "sector", "symbol"


def _scenario(name: str, when: str, market: float, source: str, sectors: dict[str, float] | None = None) -> Scenario:
    shocks = (Shock(MARKET, "", market), *(Shock(SECTOR, name, move) for name, move in (sectors or {}).items()))
    return Scenario(name, shocks, when, source)


HISTORY: tuple[Scenario, ...] = (
    _scenario("October 1987", "19 October 1987, one day", -0.2047, "S&P 500 from 282.70 to 224.84; CNNfn, 13 October 1997"),
    _scenario("LTCM 1998", "17 July to 31 August 1998", -0.1934, "S&P 500 closes, 1,186.75 to 957.28"),
    _scenario(
        "Dot-com 2000-02", "24 March 2000 to 9 October 2002", -0.4915,
        "Standard & Poor's Outlook, as told by Fortune Financial Advisors, “Comparing Sector Performance During the Last Two Bear Markets”",
        {
            ENERGY: -0.1849, MATERIALS: -0.2482, INDUSTRIALS: -0.3813, DISCRETIONARY: -0.4117, STAPLES: 0.2423, HEALTH: -0.0692,
            FINANCIALS: -0.2514, TECHNOLOGY: -0.8237, COMMUNICATION: -0.7407, UTILITIES: -0.4772,
        },
    ),
    _scenario("September 2001", "17 to 21 September 2001", -0.116,
              "S&P 500 in the week; Investopedia, “How September 11 Affected The U.S. Stock Market”"),
    _scenario(
        "Financial crisis 2007-09", "9 October 2007 to 9 March 2009", -0.5678,
        "Standard & Poor's Outlook, as told by Fortune Financial Advisors, “Comparing Sector Performance During the Last Two Bear Markets”",
        {
            ENERGY: -0.4676, MATERIALS: -0.5955, INDUSTRIALS: -0.6515, DISCRETIONARY: -0.5801, STAPLES: -0.3123, HEALTH: -0.3988,
            FINANCIALS: -0.8262, TECHNOLOGY: -0.5295, COMMUNICATION: -0.5072, UTILITIES: -0.4587,
        },
    ),
    _scenario("October 2008", "the month after Lehman Brothers", -0.1694, "S&P 500 closes, 1,166.36 to 968.75"),
    _scenario("Flash crash 2010", "6 May 2010, close before to the day's low", -0.0858, "S&P 500 from 1,165.87 to 1,065.79"),
    _scenario("August 2015", "17 to 25 August 2015", -0.1117, "S&P 500 closes, 2,102.44 to 1,867.61"),
    _scenario(
        "Volatility shock 2018", "5 February 2018, one day", -0.041,
        "FactSet, as told by MarketWatch, “Here are the biggest losers among Dow and S&P 500 stocks in Monday's rout”",
        {
            FINANCIALS: -0.05, HEALTH: -0.046, INDUSTRIALS: -0.045, ENERGY: -0.044, COMMUNICATION: -0.042, TECHNOLOGY: -0.04,
            STAPLES: -0.037, DISCRETIONARY: -0.034, MATERIALS: -0.034, REAL_ESTATE: -0.027, UTILITIES: -0.017,
        },
    ),
    _scenario(
        "Pandemic 2020", "19 February to 23 March 2020", -0.3392,
        "First Trust, 7 April 2020 (index); Silicon Valley Wealth, “Market Update April 10 2020” (the worst and the best sector)",
        {ENERGY: -0.56, STAPLES: -0.243},
    ),
    _scenario(
        "Rate shock 2022", "1 January to 30 September 2022", -0.239,
        "Visual Capitalist, “Visualizing S&P 500 Performance in 2022, by Sector” (with dividends)",
        {
            ENERGY: 0.3071, UTILITIES: -0.0858, STAPLES: -0.1352, HEALTH: -0.1415, INDUSTRIALS: -0.2172, FINANCIALS: -0.2241,
            MATERIALS: -0.249, DISCRETIONARY: -0.3032, REAL_ESTATE: -0.3043, TECHNOLOGY: -0.3193, COMMUNICATION: -0.3943,
        },
    ),
)  # fmt: skip
NAMES = frozenset(scenario.name for scenario in HISTORY)
