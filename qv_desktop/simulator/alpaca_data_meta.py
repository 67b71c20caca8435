"""What the one-letter codes in market data mean: exchanges, and trade and quote conditions for each tape."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from qv_desktop.simulator.alpaca_data_query import choice

EXCHANGES = {  # participant letters of the CTA and UTP plans
    "A": "NYSE American (AMEX)",
    "B": "NASDAQ OMX BX",
    "C": "National Stock Exchange",
    "D": "FINRA ADF",
    "E": "Market Independent",
    "G": "24X National Exchange",
    "H": "MIAX",
    "I": "International Securities Exchange",
    "J": "Cboe EDGA",
    "K": "Cboe EDGX",
    "L": "Long Term Stock Exchange",
    "M": "Chicago Stock Exchange",
    "N": "New York Stock Exchange",
    "P": "NYSE Arca",
    "Q": "NASDAQ OMX",
    "S": "NASDAQ Small Cap",
    "T": "NASDAQ Int",
    "U": "Members Exchange",
    "V": "IEX",
    "W": "CBOE",
    "X": "NASDAQ OMX PSX",
    "Y": "Cboe BYX",
    "Z": "Cboe BZX",
}
SHARED_TRADES = {  # sale conditions that both plans have
    "4": "Derivatively Priced",
    "5": "Market Center Reopening Trade",
    "6": "Market Center Closing Trade",
    "7": "Qualified Contingent Trade",
    "8": "Placeholder for 611 exempt",
    "9": "Corrected Consolidated Close Price as per Listing Market",
    "B": "Average Price Trade",
    "C": "Cash Trade (Same Day Clearing)",
    "F": "Intermarket Sweep",
    "H": "Price Variation Trade",
    "I": "Odd Lot Trade",
    "M": "Market Center Official Close",
    "N": "Next Day Trade (Next Day Clearing)",
    "P": "Prior Reference Price",
    "Q": "Market Center Official Open",
    "R": "Seller",
    "T": "Extended Hours Trade (Form T)",
    "U": "Extended Trading Hours (Sold Out of Sequence)",
    "V": "Contingent Trade",
    "X": "Cross Trade",
    "Z": "Sold (Out of Sequence)",
}
CTA_TRADES = {
    **SHARED_TRADES,
    " ": "Regular Sale",
    "E": "Automatic Execution",
    "K": "Rule 127 (NYSE only) or Rule 155 (NYSE MKT only)",
    "L": "Sold Last (Late Reporting)",
    "O": "Market Center Opening Trade",
}
UTP_TRADES = {
    **SHARED_TRADES,
    "1": "Stopped Stock (Regular Trade)",
    "@": "Regular Sale",
    "A": "Acquisition",
    "B": "Bunched Trade",
    "D": "Distribution",
    "G": "Bunched Sold Trade",
    "K": "Rule 155 Trade (AMEX)",
    "L": "Sold Last",
    "O": "Opening Prints",
    "S": "Split Trade",
    "W": "Average Price Trade",
    "Y": "Yellow Flag Regular Trade",
}
QUOTES = {
    "A": "Slow Quote Offer Side",
    "B": "Slow Quote Bid Side",
    "E": "Slow Quote Due To LRP Bid Side",
    "F": "Slow Quote Due To LRP Offer Side",
    "H": "Slow Quote Bid And Offer Side",
    "L": "Closed Quote",
    "N": "Non Firm Quote",
    "O": "Opening Quote Automated",
    "R": "Regular Market Maker Quotation",
    "U": "Slow Quote Due To LRP Bid And Offer Side",
    "W": "Slow Quote Due To Set Slow List Bid And Offer Side",
    "Y": "Regular Two Sided Open",
}
TICK_TYPES = "trade|quote"


def answers() -> dict[str, Callable[[web.Request], Awaitable[web.StreamResponse]]]:
    """path -> handler."""
    return {
        "/v2/stocks/meta/exchanges": exchanges,
        f"/v2/stocks/meta/conditions/{{ticktype:{TICK_TYPES}}}": conditions,
    }


async def exchanges(request: web.Request) -> web.Response:
    """Exchange letter -> name."""
    del request
    return web.json_response(EXCHANGES)


async def conditions(request: web.Request) -> web.Response:
    """Condition code -> meaning, for one tick type and tape."""
    tape = choice(request.query, "tape", ("A", "B", "C"))
    if request.match_info["ticktype"] == "quote":
        return web.json_response(QUOTES)
    return web.json_response(UTP_TRADES if tape == "C" else CTA_TRADES)
