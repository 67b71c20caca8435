"""Which symbol the panel in focus shows: its own, never another panel's, for trading keys act on it."""

from collections.abc import Callable, Iterable

from qv_desktop.wiring import Panels


def shown_symbol(panels: Panels, panel: str) -> str:
    """The symbol of ``panel`` (no chart), by its name; empty when it shows none, or when rows of several are selected."""
    tables: dict[str, Callable[[], Iterable[str]]] = {
        "ticket": lambda: [panels.ticket.symbol],
        "tape": lambda: [panels.tape.symbol],
        "watchlist": lambda: [row.symbol for row in panels.watchlist.table.selected()],
        "quotes": lambda: [row.symbol for row in panels.quotes.table.selected()],
        "scanner": lambda: [row.match.symbol for row in panels.scanner.table.selected()],
        "orders": lambda: [row.request.symbol for row in panels.orders.table.selected()],
        "positions": lambda: [row.position.symbol for row in panels.positions.table.selected()],
        "fills": lambda: [row.symbol for row in panels.fills.table.selected()],
    }
    symbols = set(tables[panel]()) if panel in tables else set()
    return symbols.pop() if len(symbols) == 1 else ""
