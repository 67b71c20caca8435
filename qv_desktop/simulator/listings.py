"""The securities that trade in the simulator, with the character of each: price level, beta, volatility, activity."""

import uuid
from dataclasses import dataclass
from datetime import date

NAMESPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
ANCHOR_DAY = date(2026, 1, 2)  # the day on which the prices below hold


@dataclass(frozen=True, slots=True)
class Stock:
    """One security: `beta` to the market, yearly `volatility`, mid-day `trades` a minute, yearly dividend in dollars."""

    symbol: str
    name: str
    exchange: str
    price: float
    beta: float
    volatility: float
    trades: float
    dividend: float = 0.0
    kind: str = "CS"

    @property
    def asset_id(self) -> str:
        """A stable id, derived from the symbol."""
        return str(uuid.uuid5(NAMESPACE, self.symbol))

    @property
    def tape(self) -> str:
        """The consolidated tape: A for NYSE, B for NYSE Arca, C for Nasdaq listings."""
        return {"NYSE": "A", "ARCA": "B"}.get(self.exchange, "C")


# symbol|name|exchange|price|beta|volatility|trades a minute|dividend|kind, best known first
TABLE = """
SPY|State Street SPDR S&P 500 ETF Trust|ARCA|684|1.00|.15|30|7.2|ETF
QQQ|Invesco QQQ Trust, Series 1|NASDAQ|616|1.20|.20|24|2.9|ETF
AAPL|Apple Inc. Common Stock|NASDAQ|271|1.15|.26|22|1.04
MSFT|Microsoft Corporation Common Stock|NASDAQ|478|1.05|.24|15|3.64
NVDA|NVIDIA Corporation Common Stock|NASDAQ|188|1.80|.45|30|.04
AMZN|Amazon.com, Inc. Common Stock|NASDAQ|229|1.25|.31|18
GOOGL|Alphabet Inc. Class A Common Stock|NASDAQ|314|1.15|.29|16|.84
META|Meta Platforms, Inc. Class A Common Stock|NASDAQ|655|1.30|.35|13|2.1
TSLA|Tesla, Inc. Common Stock|NASDAQ|444|1.90|.56|28
AMD|Advanced Micro Devices, Inc. Common Stock|NASDAQ|218|1.75|.48|17
JPM|JPMorgan Chase & Co. Common Stock|NYSE|324|1.05|.23|7|6.0
XOM|Exxon Mobil Corporation Common Stock|NYSE|121|.65|.23|8|4.0
KO|Coca-Cola Company Common Stock|NYSE|69.5|.45|.15|6|2.04
IBM|International Business Machines Corporation Common Stock|NYSE|293|.75|.24|4|6.7
BAC|Bank of America Corporation Common Stock|NYSE|55.4|1.10|.25|10|1.12
INTC|Intel Corporation Common Stock|NASDAQ|38.8|1.30|.47|14
DIS|Walt Disney Company Common Stock|NYSE|112|1.05|.27|6|1.5
NFLX|Netflix, Inc. Common Stock|NASDAQ|92.6|1.15|.36|11
COST|Costco Wholesale Corporation Common Stock|NASDAQ|855|.80|.22|4|5.2
UNH|UnitedHealth Group Incorporated Common Stock|NYSE|336|.60|.34|6|8.84
PFE|Pfizer Inc. Common Stock|NYSE|25.1|.55|.24|9|1.72
WMT|Walmart Inc. Common Stock|NASDAQ|112|.60|.20|7|.94
V|Visa Inc. Class A Common Stock|NYSE|347|.85|.20|5|2.68
MA|Mastercard Incorporated Class A Common Stock|NYSE|563|.90|.21|4|3.48
HD|Home Depot, Inc. Common Stock|NYSE|346|.95|.22|4|9.2
PG|Procter & Gamble Company Common Stock|NYSE|142|.45|.17|5|4.23
JNJ|Johnson & Johnson Common Stock|NYSE|207|.45|.17|6|5.2
MRK|Merck & Co., Inc. Common Stock|NYSE|106|.45|.23|7|3.4
ABBV|AbbVie Inc. Common Stock|NYSE|229|.55|.23|5|6.92
LLY|Eli Lilly and Company Common Stock|NYSE|1080|.65|.33|4|6.92
CVX|Chevron Corporation Common Stock|NYSE|156|.70|.23|6|6.84
CAT|Caterpillar Inc. Common Stock|NYSE|598|1.10|.30|4|6.04
BA|Boeing Company Common Stock|NYSE|227|1.20|.34|6
GE|General Electric Company Common Stock|NYSE|320|1.15|.29|5|1.44
GM|General Motors Company Common Stock|NYSE|81|1.20|.33|6|.6
F|Ford Motor Company Common Stock|NYSE|13.3|1.20|.32|11|.6
T|AT&T Inc. Common Stock|NYSE|24.7|.45|.21|9|1.11
VZ|Verizon Communications Inc. Common Stock|NYSE|40.5|.40|.20|8|2.76
CSCO|Cisco Systems, Inc. Common Stock|NASDAQ|76.4|.90|.22|7|1.64
ORCL|Oracle Corporation Common Stock|NYSE|196|1.35|.45|9|2.0
CRM|Salesforce, Inc. Common Stock|NYSE|254|1.15|.33|5|1.66
ADBE|Adobe Inc. Common Stock|NASDAQ|334|1.15|.33|4
QCOM|QUALCOMM Incorporated Common Stock|NASDAQ|173|1.25|.33|6|3.56
AVGO|Broadcom Inc. Common Stock|NASDAQ|347|1.60|.43|14|2.6
TXN|Texas Instruments Incorporated Common Stock|NASDAQ|177|1.15|.32|4|5.68
MU|Micron Technology, Inc. Common Stock|NASDAQ|315|1.65|.52|15|.46
PLTR|Palantir Technologies Inc. Class A Common Stock|NASDAQ|168|1.85|.58|21
UBER|Uber Technologies, Inc. Common Stock|NYSE|82.9|1.25|.36|8
SBUX|Starbucks Corporation Common Stock|NASDAQ|84|.95|.30|5|2.48
MCD|McDonald's Corporation Common Stock|NYSE|303|.55|.18|4|7.44
NKE|NIKE, Inc. Class B Common Stock|NYSE|63.3|1.10|.35|7|1.64
PEP|PepsiCo, Inc. Common Stock|NASDAQ|143|.45|.19|5|5.69
WFC|Wells Fargo & Company Common Stock|NYSE|95|1.15|.26|7|1.8
GS|Goldman Sachs Group, Inc. Common Stock|NYSE|914|1.25|.28|3|16.0
C|Citigroup Inc. Common Stock|NYSE|118|1.20|.28|7|2.4
IWM|iShares Russell 2000 ETF|ARCA|248|1.15|.22|14|2.6|ETF
DIA|State Street SPDR Dow Jones Industrial Average ETF Trust|ARCA|484|.85|.14|5|7.0|ETF
XLF|State Street Financial Select Sector SPDR ETF|ARCA|55|.95|.18|8|.75|ETF
GLD|SPDR Gold Shares|ARCA|398|.10|.20|8|0|ETF
TLT|iShares 20+ Year Treasury Bond ETF|NASDAQ|87|-.10|.14|8|3.9|ETF
"""


def stocks() -> dict[str, Stock]:
    """All securities by symbol, best known first."""
    rows = [line.split("|") for line in TABLE.strip().splitlines()]
    return {row[0]: _stock(*row) for row in rows}


def stranger(symbol: str, price: float) -> Stock:
    """A replayed symbol that the table does not know, with a middling character."""
    return Stock(symbol, symbol, "NASDAQ", price, beta=1.0, volatility=0.3, trades=6)


def _stock(symbol: str, name: str, exchange: str, *rest: str) -> Stock:
    price, beta, volatility, trades, *more = rest
    dividend = float(more[0]) if more else 0.0
    kind = more[1] if len(more) > 1 else "CS"
    return Stock(symbol, name, exchange, float(price), float(beta), float(volatility), float(trades), dividend, kind)
