"""Reading a scan's rule: ``gap% > 3 and (rvol >= 2 or volume > 1M) and price between 5 and 50``.

    rule    = both {"or" both}          both  = part {"and" part}
    part    = "not" part | "(" rule ")" | flag | field comparison number | field "between" number "and" number

Case does not matter. “and” binds before “or”. Numbers may carry K, M or B, and their field's unit: %, bps, s or a leading $.
"""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal, cast

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.scan_fields import FIELDS, FLAGS, Field
from qv_desktop.domain.scan_rules import And, Between, Comparison, Condition, Flag, Not, Or, Rule

LONGEST, DEEPEST, LARGEST = 1000, 30, 1e15  # characters, parentheses, a number

type Kind = Literal["field", "flag", "number", "comparison", "word", "(", ")", "end"]


class RuleError(BadInput):
    """A rule that cannot be read; ``column`` counts characters from 0 to where it goes wrong."""

    def __init__(self, sentence: str, column: int) -> None:
        super().__init__(sentence)
        self.column = column


@dataclass(frozen=True, slots=True)
class _Token:
    kind: Kind
    text: str  # a field's or flag's own name; else as typed, in small letters
    at: int
    value: float = 0.0
    unit: str = ""


def _pattern(name: str) -> str:
    """A name with any or no blanks or hyphens between its words, and before its sign."""
    words = re.sub(r"([%$])", r" \1", name)
    return r"[\s-]*".join(re.escape(word) for word in re.split(r"[\s-]+", words))


_KINDS: dict[str, tuple[Kind, str]] = {  # as written -> what it is, its own name
    **{alias: ("field", field.name) for field in FIELDS.values() for alias in (field.name, *field.aliases)},
    **{alias: ("flag", flag.name) for flag in FLAGS.values() for alias in (flag.name, *flag.aliases)},
}
_NAMES = sorted(_KINDS, key=len, reverse=True)  # the longest first: “range atr” before “range”
_NAME = re.compile("|".join(f"({_pattern(name)})(?![\\w]|\\s*[%$](?!\\d))" for name in _NAMES), re.IGNORECASE)
_NUMBER = re.compile(
    r"([-+−]?)\s*(\$?)((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+)\s*([KMB](?![A-Za-z]))?\s*(%|bps\b|s\b)?",
    re.IGNORECASE,
)
_COMPARISON = re.compile(r"<=|>=|==|!=|<>|=<|=>|[<>=≤≥≠]")
_SAME: dict[str, Comparison] = {"==": "=", "<>": "!=", "≤": "<=", "≥": ">=", "≠": "!=", "=<": "<=", "=>": ">="}
_WORD = re.compile(r"[^\W\d][\w%$-]*|\S")
_JOINTS = ("and", "or", "not", "between")


@lru_cache(maxsize=256)
def parse(rule: str) -> Rule:
    """The tree of ``rule``. Raises RuleError, which says where it goes wrong and what would do."""
    if not rule.strip():
        raise RuleError("Type a rule, such as gap% > 3 and volume > 1M.", 0)
    if len(rule) > LONGEST:
        raise RuleError(f"A rule may have {LONGEST:,} characters; shorten it, or make two scans of it.", LONGEST)
    return _Parser(list(_tokens(rule))).whole()


def _tokens(rule: str) -> Iterator[_Token]:
    at = 0
    while at < len(rule):
        if rule[at].isspace():
            at += 1
            continue
        token, at = _token(rule, at)
        yield token
    yield _Token("end", "", len(rule.rstrip()))


def _token(rule: str, at: int) -> tuple[_Token, int]:
    """The token at ``at``, and where the next may begin. Names come before numbers, for “20-day high” begins like one."""
    if rule[at] in "()":
        return _Token(cast(Kind, rule[at]), rule[at], at), at + 1
    if found := _NAME.match(rule, at):
        kind, name = _KINDS[_NAMES[cast(int, found.lastindex) - 1]]
        return _Token(kind, name, at), found.end()
    if found := _COMPARISON.match(rule, at):
        return _Token("comparison", _SAME.get(found[0], found[0]), at), found.end()
    if found := _NUMBER.match(rule, at):
        return _number(found), found.end()
    word = cast("re.Match[str]", _WORD.match(rule, at))
    return _Token("word", word[0], at), word.end()


def _number(found: "re.Match[str]") -> _Token:
    size = Decimal(found[3].replace(",", "")) * {"": 1, "k": 10**3, "m": 10**6, "b": 10**9}[(found[4] or "").lower()]
    if size > LARGEST:
        raise RuleError(f"“{found[0].strip()}” is too large; a number may go up to a million billions.", found.start())
    value = float(-size if found[1] in ("-", "−") else size) or 0.0
    return _Token("number", found[0].strip(), found.start(), value, (found[5] or found[2] or "").lower())


class _Parser:
    """Goes through the tokens once, from left to right."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens, self._next, self._depth = tokens, 0, 0

    def whole(self) -> Rule:
        rule = self._either()
        rest = self._peek()
        if rest.kind == ")":
            raise RuleError("This “)” closes nothing; take it out, or open one before.", rest.at)
        if rest.kind != "end":
            raise _not_joined(rest)
        return rule

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._tokens[self._next]
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def _said(self, word: str) -> bool:
        """Whether ``word`` comes next; if so it is taken."""
        token = self._peek()
        if token.kind == "word" and token.text.lower() == word:
            self._take()
            return True
        return False

    def _either(self) -> Rule:
        parts = [self._both()]
        while self._said("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _both(self) -> Rule:
        parts = [self._part()]
        while self._said("and"):
            parts.append(self._part())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _part(self) -> Rule:
        self._depth += 1
        if self._depth > DEEPEST:
            raise RuleError(f"A rule may nest {DEEPEST} deep; make two scans of it.", self._peek().at)
        part = Not(self._part()) if self._said("not") else self._plain()
        self._depth -= 1
        return part

    def _plain(self) -> Rule:
        token = self._take()
        match token.kind:
            case "(":
                return self._grouped(token)
            case "flag":
                return self._flag(token)
            case "field":
                return self._compared(token)
        raise _no_beginning(token)

    def _grouped(self, opened: _Token) -> Rule:
        inner, closed = self._either(), self._take()
        if closed.kind == ")":
            return inner
        if closed.kind == "end":
            raise RuleError(
                f"The parenthesis that opens at character {opened.at + 1} is not closed; add “)”.", opened.at
            )
        raise _not_joined(closed)

    def _flag(self, token: _Token) -> Rule:
        after = self._peek()
        if after.kind == "comparison":
            raise RuleError(f"“{token.text}” is so or not so; leave “{after.text}” and what follows it out.", after.at)
        return Flag(token.text)

    def _compared(self, token: _Token) -> Rule:
        field = FIELDS[token.text]
        if self._said("between"):
            return self._between(field)
        after = self._take()
        if after.kind != "comparison":
            raise RuleError(f"“{field.name}” needs a comparison, such as {field.name} > 5.", after.at)
        return Condition(field.name, cast(Comparison, after.text), self._value(field, f"after “{after.text}”"))

    def _between(self, field: Field) -> Rule:
        low = self._value(field, "after “between”")
        middle = self._peek()
        if not self._said("and"):
            raise RuleError(f"“between” takes two numbers, such as {field.name} between 5 and 50.", middle.at)
        at = self._peek().at
        high = self._value(field, "after “and”")
        if low > high:
            raise RuleError("Nothing lies between a larger and a smaller number; write the smaller one first.", at)
        return Between(field.name, low, high)

    def _value(self, field: Field, where: str) -> float:
        token = self._take()
        if token.kind in ("field", "flag"):
            raise RuleError(
                f"A field is compared with a number, not with “{token.text}”; type a number {where}.", token.at
            )
        if token.kind != "number":
            raise RuleError(f"Type a number {where}, such as 5, 0.25 or 1M.", token.at)
        if token.unit and token.unit != field.unit:
            raise RuleError(f"“{field.name}” is counted in {_UNITS[field.unit]}; leave “{token.unit}” out.", token.at)
        return token.value


_UNITS = {"$": "dollars", "%": "percent", "shares": "shares", "×": "multiples", "bps": "basis points", "s": "seconds"}


def _not_joined(token: _Token) -> RuleError:
    """Something stands where only “and” or “or” could."""
    if token.kind == "word" and token.text.lower() not in _JOINTS:
        return _unknown(token)
    return RuleError(f"Put “and” or “or” before “{token.text}” at character {token.at + 1}.", token.at)


def _no_beginning(token: _Token) -> RuleError:
    """Something stands where a condition should begin."""
    match token.kind:
        case "end":
            return RuleError("The rule ends too early; a field or flag must follow, such as price > 5.", token.at)
        case ")":
            return RuleError("A condition must stand before “)”, such as price > 5.", token.at)
        case "number" | "comparison":
            return RuleError(
                f"“{token.text}” cannot stand first; write the field before it, such as price > 5.", token.at
            )
    if token.text.lower() in _JOINTS:
        return RuleError(f"A condition must stand before “{token.text}”, such as price > 5.", token.at)
    return _unknown(token)


def _unknown(token: _Token) -> RuleError:
    near = difflib.get_close_matches(token.text.lower(), [*_KINDS, *_JOINTS], n=1, cutoff=0.6)
    hint = f"did you mean “{near[0]}”?" if near else f"the fields are {', '.join(FIELDS)}."
    return RuleError(f"“{token.text}” at character {token.at + 1} is no field; {hint}", token.at)
