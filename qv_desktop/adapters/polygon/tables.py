"""Polygon's numbers for exchanges, tapes and conditions, as the words that we keep."""

MOST = 10_000  # combinations kept; there are a few hundred, and rubbish on the wire must not fill the memory


class _Words[Key](dict[Key, str]):
    """Makes each word once: a look-up costs a fraction of making it again."""

    def __missing__(self, key: Key) -> str:
        word = self.made(key)
        if len(self) < MOST:
            self[key] = word
        return word

    def made(self, key: Key) -> str:
        """The word for ``key``."""
        return str(key)


class _Exchanges(_Words[int]):
    def made(self, key: int) -> str:
        """The exchange's letter, or its number when it is new."""
        return LETTERS.get(key, str(key))


class _Tapes(_Words[int]):
    def made(self, key: int) -> str:
        """Nothing: there are three."""
        return ""


class _Conditions(_Words[tuple[int, ...]]):
    def made(self, key: tuple[int, ...]) -> str:
        """The codes with spaces between."""
        return " ".join(map(str, key))


# id -> letter, from Polygon's /v3/reference/exchanges
LETTERS = dict(zip(range(1, 22), "ABCDEIJKMNPTSLVWXYZHU", strict=True))
TAPES = _Tapes({1: "A", 2: "B", 3: "C"})
EXCHANGES = _Exchanges(LETTERS)
CONDITIONS = _Conditions()
