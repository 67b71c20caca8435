"""Who wants to hear of which symbols, and which symbol is wanted most: streams whose plan allows few hear of the first ones."""

from collections.abc import Callable, Iterable, Sequence

# what may cost money comes first, then what is looked at, then what may be looked at
RANKS = ("ticket", "chart", "strategies", "positions", "alerts", "compare", "watchlist", "quotes", "scanner")
URGENT = 2  # the first of them are shown anew in every frame

type Listener = Callable[[Sequence[str]], None]


class Wants:
    """The union of what all owners watch, most wanted first. An owner such as ``chart 2`` ranks as its first word does."""

    def __init__(self) -> None:
        self.wanted: tuple[str, ...] = ()
        self.urgent: frozenset[str] = frozenset()
        self._by_owner: dict[str, tuple[str, ...]] = {}  # owner -> symbols, most wanted first
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> None:
        """Tell ``listener`` what is wanted, now and after every change, also of the order."""
        self._listeners.append(listener)
        listener(self.wanted)

    def watch(self, owner: str, symbols: Iterable[str]) -> frozenset[str]:
        """Replace what ``owner`` watches; the symbols that nobody wants any more."""
        before = self.wanted
        self._by_owner[owner] = tuple(symbols)
        owners = sorted(self._by_owner, key=_rank)
        self.wanted = tuple(dict.fromkeys(symbol for one in owners for symbol in self._by_owner[one]))
        self.urgent = frozenset(s for one in owners if _rank(one) < URGENT for s in self._by_owner[one])
        if self.wanted != before:
            for listener in self._listeners:
                listener(self.wanted)
        return frozenset(before).difference(self.wanted)


def _rank(owner: str) -> int:
    word = owner.split(" ", 1)[0]
    return RANKS.index(word) if word in RANKS else len(RANKS)
