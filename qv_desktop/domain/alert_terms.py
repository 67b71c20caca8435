"""The condition of a user's own alert: ``AAPL price > 230 and AAPL rsi(14) 5m above 70``, read, checked and judged."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import timeframe

LONGEST, MOST_COMPARISONS = 400, 12  # characters, comparisons of one condition
DEEPEST = 12  # parentheses in one another
HELP = "Write it as AAPL price > 230, AAPL rsi(14) 5m > 70, AAPL profit < -200, day profit < -500 or strategy cross profit > 100."

type What = Literal["price", "profit", "study"]
type Scope = Literal["symbol", "strategy", "day"]

_TOKEN = re.compile(r'\s*(?:("[^"]*")|(>=|<=|>|<|\(|\)|,)|([-−]?\$?\d+(?:\.\d+)?[smhDWM]?)|([A-Za-z][\w.\-/:]*))')
_OPERATORS = {">": (True, False), ">=": (True, True), "<": (False, False), "<=": (False, True), "above": (True, False),
              "over": (True, False), "below": (False, False), "under": (False, False)}  # fmt: skip
_THOUSANDS = re.compile(r"\d{3}(?:\.\d+)?")
_PLAIN = re.compile(r"[A-Za-z][\w.\-/:]*")  # a name that needs no quotes
_FRAME = re.compile(r"\d{1,3}[smhDWM]")


@dataclass(frozen=True, slots=True)
class Quantity:
    """What is compared: the price of a symbol, a profit (dollars today), or an output of a study over bars of ``frame``."""

    what: What
    of: str = ""  # the symbol, or the strategy's name; "" of the day
    scope: Scope = "symbol"
    study: str = ""  # id of the kind
    numbers: tuple[float, ...] = ()  # its settings in their order; what is left out is as usual
    output: str = ""
    frame: str = ""

    def __str__(self) -> str:
        if self.what == "study":
            numbers = (
                f"({', '.join(_written(number).replace(',', '') for number in self.numbers)})" if self.numbers else ""
            )
            output = f".{self.output}" if self.output else ""
            return f"{self.of} {self.study}{output}{numbers} {self.frame}"
        if self.what == "price":
            return f"{self.of} price"
        if self.scope == "strategy":
            plain = _PLAIN.fullmatch(self.of) and self.of.lower() not in ("price", "profit")
            return f"strategy {self.of if plain else f'"{self.of}"'} profit"
        return "day profit" if self.scope == "day" else f"{self.of} profit"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A quantity above or below a threshold."""

    quantity: Quantity
    above: bool
    inclusive: bool
    threshold: float

    def holds(self, value: float | None) -> bool | None:
        """None while the quantity is unknown."""
        if value is None or math.isnan(value):  # a study that has too few bars
            return None
        if self.inclusive and value == self.threshold:
            return True
        return value > self.threshold if self.above else value < self.threshold

    def __str__(self) -> str:
        sign = (">" if self.above else "<") + ("=" if self.inclusive else "")
        return f"{self.quantity} {sign} {_written(self.threshold)}"


@dataclass(frozen=True, slots=True)
class Group:
    """All of its parts (``every``), or any of them."""

    parts: tuple["Condition", ...]
    every: bool

    def __str__(self) -> str:
        return (" and " if self.every else " or ").join(
            f"({part})" if isinstance(part, Group) else str(part) for part in self.parts
        )


type Condition = Comparison | Group


def comparisons(condition: Condition) -> Iterator[Comparison]:
    """Every comparison, as they were written."""
    if isinstance(condition, Comparison):
        yield condition
    else:
        for part in condition.parts:
            yield from comparisons(part)


def judged(condition: Condition, values: Mapping[Quantity, float | None]) -> bool | None:
    """Whether it holds; None where that depends on something unknown."""
    if isinstance(condition, Comparison):
        return condition.holds(values.get(condition.quantity))
    found = [judged(part, values) for part in condition.parts]
    if condition.every:
        return False if False in found else None if None in found else True
    return True if True in found else None if None in found else False


def decisive(condition: Condition, values: Mapping[Quantity, float | None]) -> Comparison:
    """The comparison whose figures tell the most: the first that holds, else the first."""
    every = list(comparisons(condition))
    return next((one for one in every if one.holds(values.get(one.quantity))), every[0])


def read(text: str) -> Condition:
    """The condition that ``text`` says. Raises BadInput with one sentence."""
    if len(text) > LONGEST:
        raise BadInput(f"A condition has {LONGEST} characters at most; make two alerts of it.")
    reader = _Reader(_tokens(text))
    condition = reader.either()
    reader.end()
    count = sum(1 for _ in comparisons(condition))
    if count > MOST_COMPARISONS:
        raise BadInput(f"A condition has {MOST_COMPARISONS} comparisons at most; make two alerts of it.")
    return condition


def _tokens(text: str) -> list[str]:
    found, place = list[str](), 0
    text = text.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise BadInput(f"“{text[place:].strip()[:12]}” cannot be read; {HELP[0].lower()}{HELP[1:]}")
        found.append(match.group(match.lastindex or 0))
        place = match.end()
    if not found:
        raise BadInput(HELP)
    return found


class _Reader:
    """Descends through the words: or binds weaker than and, parentheses bind first."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens, self._place, self._depth = tokens, 0, 0

    @property
    def _next(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._next
        self._place += 1
        return token

    def end(self) -> None:
        if self._next:
            raise BadInput(f"“{self._next}” is not expected there; join comparisons with and or or.")

    def either(self) -> Condition:
        return self._joined("or", self._all, every=False)

    def _all(self) -> Condition:
        return self._joined("and", self._one, every=True)

    def _joined(self, word: str, part: "Callable[[], Condition]", *, every: bool) -> Condition:
        parts = [part()]
        while self._next.lower() == word:
            self._take()
            parts.append(part())
        return parts[0] if len(parts) == 1 else Group(tuple(parts), every)

    def _one(self) -> Condition:
        if self._next == "(":
            return self._inside()
        quantity = self._quantity()
        operator = self._take()
        if operator.lower() not in _OPERATORS:
            after = f"; “{operator}” stands there" if operator else ""
            raise BadInput(f"After “{quantity}” comes >, >=, < or <= and a number{after}.")
        above, inclusive = _OPERATORS[operator.lower()]
        return Comparison(quantity, above, inclusive, _number(self._threshold(), f"the comparison of “{quantity}”"))

    def _inside(self) -> Condition:
        self._take()
        self._depth += 1
        if self._depth > DEEPEST:
            raise BadInput(
                f"Parentheses stand at most {DEEPEST} deep in one another; leave out those that join nothing."
            )
        inside = self.either()
        if self._take() != ")":
            raise BadInput("A parenthesis is not closed; add “)”.")
        self._depth -= 1
        return inside

    def _threshold(self) -> str:
        """A number as it is typed, with commas between its thousands or without."""
        typed = self._take()
        while self._next == "," and _THOUSANDS.fullmatch("".join(self._tokens[self._place + 1 : self._place + 2])):
            self._take()
            typed += self._take()
        return typed

    def _quantity(self) -> Quantity:
        first = self._take()
        if not first or not (first[0].isalpha() or first[0] == '"'):
            raise BadInput(
                f"A comparison begins with a symbol, day or strategy{f', not “{first}”' if first else ''}. {HELP}"
            )
        if first.lower() == "day" and self._next.lower() == "profit":
            self._take()
            return Quantity("profit", scope="day")
        if first.lower() == "strategy" and self._next.lower() not in ("price", "profit"):
            name = self._take().strip('"')
            if not name or self._take().lower() != "profit":
                raise BadInput("Of a strategy only the profit can be watched; write strategy cross profit < -100.")
            return Quantity("profit", name, "strategy")
        return self._of_symbol(first.upper())

    def _of_symbol(self, symbol: str) -> Quantity:
        word = self._take()
        if not word or not word[0].isalpha() or word.lower() in ("and", "or", "above", "below", "over", "under"):
            raise BadInput(f"After “{symbol}” comes price, profit or an indicator such as rsi(14) 5m.")
        if word.lower() in ("price", "profit"):
            return Quantity("price" if word.lower() == "price" else "profit", symbol)
        study, _, output = word.lower().partition(".")
        numbers = self._numbers(word) if self._next == "(" else ()
        if self._next.lower() == "on":
            self._take()
        if not _FRAME.fullmatch(self._next):
            raise BadInput(f"“{word}” needs the length of its bars, such as {symbol} {word} 5m.")
        return Quantity("study", symbol, "symbol", study, numbers, output, str(timeframe(self._take())))

    def _numbers(self, word: str) -> tuple[float, ...]:
        self._take()
        found = list[float]()
        while True:
            found.append(_number(self._take(), f"“{word}”"))
            mark = self._take()
            if mark == ")":
                return tuple(found)
            if mark != ",":
                raise BadInput(
                    f"The numbers of “{word}” stand between parentheses with commas, such as macd(12, 26, 9)."
                )


def _number(token: str, where: str) -> float:
    try:
        found = float(token.replace("−", "-").replace("$", ""))
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise BadInput(f"{where[:1].upper()}{where[1:]} needs a number{f', not “{token}”' if token else ''}.")
    return found


def _written(number: float) -> str:
    """With all of its digits, so that it is read as the same again."""
    digits = f"{Decimal(repr(number)):,f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
