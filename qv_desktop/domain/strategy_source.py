"""A strategy's source read without running it: its title, its parameters, what it computes, and what is wrong with it and where.

Nothing of the text is executed: it is parsed into a tree, and only constants that are written out are taken from it.
"""

import ast
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.strategies import Parameter

LONGEST = 100_000  # characters of a source
LONGEST_TITLE = 60
MOST_PARAMETERS = 24
FORMS = {"signals": "signals(bars, params)", "weights": "weights(universe, params)"}
FIELDS = ("name", "default", "low", "high", "whole")

_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")  # as Python counts them, not as splitlines does

type Kind = Literal["signals", "weights", ""]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a source that a person should look at; lines and columns count from 1, line 0 is the whole of it."""

    line: int
    sentence: str
    grave: bool = True  # it cannot be saved or run so; otherwise it is to be thought about
    column: int = 1


@dataclass(frozen=True, slots=True)
class Reading:
    """What a source says of itself; with ``faults`` it cannot be run."""

    title: str
    parameters: tuple[Parameter, ...]
    kind: Kind
    faults: tuple[Problem, ...] = ()
    tree: ast.Module | None = None


def read(source: str) -> Reading:
    """Read a source; whatever it is, this neither runs it nor raises."""
    try:
        tree = parsed(source)
    except _Wrong as wrong:
        return Reading("", (), "", (wrong.problem,))
    faults: list[Problem] = []
    title = _noted(faults, _title, tree, "")
    none: tuple[Parameter, ...] = ()
    parameters = _noted(faults, _parameters, tree, none)
    kind: Kind = _noted(faults, _kind, tree, "")
    return Reading(title, parameters, kind, tuple(sorted(faults, key=lambda fault: fault.line)), tree)


def checked(source: str) -> Reading:
    """The reading of a source that can be run. Raises BadInput with the first fault and its line."""
    reading = read(source)
    if reading.faults:
        first = reading.faults[0]
        raise BadInput(f"Line {first.line}: {first.sentence}" if first.line else first.sentence)
    return reading


def retitled(source: str, title: str) -> str:
    """The same source with another TITLE. Raises BadInput when there is no title to replace, or the new one cannot be."""
    checked(source)
    if not 0 < len(title.strip()) <= LONGEST_TITLE or "\n" in title:
        raise BadInput(f"A title is one line of up to {LONGEST_TITLE} characters.")
    value = next(value for name, value, _ in _assigned(parsed(source)) if name == "TITLE")
    lines = _LINES.findall(source)
    if value.end_lineno is None or value.end_col_offset is None:  # the parser sets both
        return source
    before = "".join(lines[: value.lineno - 1]) + _bytes_to(lines[value.lineno - 1], value.col_offset)
    last = lines[value.end_lineno - 1]
    after = last[len(_bytes_to(last, value.end_col_offset)) :] + "".join(lines[value.end_lineno :])
    quoted = title.strip().replace("\\", "\\\\").replace('"', '\\"')
    return f'{before}"{quoted}"{after}'


def _bytes_to(line: str, offset: int) -> str:
    """The beginning of a line up to an offset that counts bytes of UTF-8, as the parser's do."""
    return line.encode()[:offset].decode()


class _Wrong(Exception):
    """What stops the reading of one part."""

    def __init__(self, line: int, sentence: str, column: int = 1) -> None:
        super().__init__(sentence)
        self.problem = Problem(line, sentence, column=column)


def _noted[T](faults: list[Problem], part: "_Part[T]", tree: ast.Module, otherwise: T) -> T:
    try:
        return part(tree)
    except _Wrong as wrong:
        faults.append(wrong.problem)
        return otherwise


type _Part[T] = Callable[[ast.Module], T]


def parsed(source: str) -> ast.Module:
    """The tree of a source. Raises _Wrong."""
    if len(source) > LONGEST:
        raise _Wrong(0, f"The source has {len(source):,} characters, and {LONGEST:,} are the most; make it shorter.")
    if "\0" in source:
        line = source[: source.index("\0")].count("\n") + 1
        raise _Wrong(line, "There is a NUL character, which Python does not take; remove it.")
    try:
        source.encode()
        return ast.parse(source, "<strategy>")
    except SyntaxError as error:
        said = (error.msg or "this cannot be read").rstrip(".")
        raise _Wrong(error.lineno or 1, f"This is no Python: {said}.", error.offset or 1) from None
    except UnicodeEncodeError as error:
        line = source[: error.start].count("\n") + 1
        raise _Wrong(line, "There is half a character that no text can hold; remove it.") from None
    except (RecursionError, MemoryError, ValueError):
        raise _Wrong(0, "The source is nested too deeply to be read; take it apart.") from None


def _assigned(tree: ast.Module) -> Iterator[tuple[str, ast.expr, int]]:
    """Names that are assigned at the top level, with the value and the line."""
    for node in tree.body:
        if isinstance(node, ast.Assign):
            yield from ((t.id, node.value, node.lineno) for t in node.targets if isinstance(t, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            yield node.target.id, node.value, node.lineno


def _constant(tree: ast.Module, name: str, example: str) -> tuple[ast.expr, int]:
    """What ``name`` is assigned to, once."""
    found = [(value, line) for assigned, value, line in _assigned(tree) if assigned == name]
    if not found:
        raise _Wrong(0, f"There is no {name}; write {example} at the top.")
    if len(found) > 1:
        raise _Wrong(found[1][1], f"{name} is written twice; keep one of them.")
    return found[0]


def _title(tree: ast.Module) -> str:
    value, line = _constant(tree, "TITLE", 'TITLE = "What it is called"')
    if not isinstance(value, ast.Constant) or not isinstance(value.value, str):
        raise _Wrong(line, 'TITLE is to be a text that is written out, such as TITLE = "My strategy".')
    title = value.value.strip()
    if not title or len(title) > LONGEST_TITLE or not title.isprintable():
        raise _Wrong(line, f"TITLE is to be one line of 1 to {LONGEST_TITLE} characters.")
    return title


def _parameters(tree: ast.Module) -> tuple[Parameter, ...]:
    value, line = _constant(tree, "PARAMS", 'PARAMS = (Parameter("length", 20, 2, 200),)')
    if isinstance(value, ast.Call):
        raise _Wrong(line, "PARAMS is to be a tuple: put a comma after the only Parameter, PARAMS = (Parameter(…),).")
    if not isinstance(value, ast.Tuple):
        raise _Wrong(
            line, "PARAMS is to be a tuple of Parameter(…) that is written out, so that it can be read without running."
        )
    if len(value.elts) > MOST_PARAMETERS:
        raise _Wrong(line, f"There are {len(value.elts)} parameters, and {MOST_PARAMETERS} are the most.")
    read = tuple(_parameter(each) for each in value.elts)
    for place, parameter in enumerate(read):
        if parameter.name in {other.name for other in read[:place]}:
            raise _Wrong(value.elts[place].lineno, f"There are two parameters called “{parameter.name}”; rename one.")
    return read


def _parameter(node: ast.expr) -> Parameter:
    called = node.func if isinstance(node, ast.Call) else None
    name = called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""
    if not isinstance(node, ast.Call) or name != "Parameter":
        raise _Wrong(node.lineno, 'PARAMS holds something else than Parameter("name", default, low, high).')
    given = _arguments(node)
    default, low, high = (_number(node, field, given.get(field)) for field in FIELDS[1:4])
    parameter = Parameter(_name(node, given.get("name")), default, low, high, _flag(node, given.get("whole")))
    if why := _unfit(parameter):
        raise _Wrong(node.lineno, why)
    return parameter


def _arguments(node: ast.Call) -> dict[str, ast.expr]:
    """What is passed, by field."""
    if len(node.args) > len(FIELDS) or any(isinstance(arg, ast.Starred) for arg in node.args):
        raise _Wrong(node.lineno, "Parameter takes a name, default, low, high and, if need be, whole=False; no more.")
    given = dict(zip(FIELDS, node.args, strict=False))
    for keyword in node.keywords:
        if keyword.arg not in FIELDS or keyword.arg in given:
            raise _Wrong(
                node.lineno,
                f"Parameter takes no second or unknown “{keyword.arg or '**'}”; {', '.join(FIELDS)} are its fields.",
            )
        given[keyword.arg] = keyword.value
    return given


def _name(node: ast.Call, value: ast.expr | None) -> str:
    text = value.value if isinstance(value, ast.Constant) else None
    if not isinstance(text, str) or not text.isidentifier() or len(text) > 40:
        raise _Wrong(
            node.lineno, 'The first field of Parameter is its name, a text of letters, digits and _ such as "length".'
        )
    return text


def _number(node: ast.Call, field: str, value: ast.expr | None) -> float:
    if value is None:
        raise _Wrong(node.lineno, f"Parameter lacks its {field}; write Parameter(“name”, default, low, high).")
    sign = 1.0
    while isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub | ast.UAdd):
        sign, value = -sign if isinstance(value.op, ast.USub) else sign, value.operand
    number = value.value if isinstance(value, ast.Constant) else None
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise _Wrong(node.lineno, f"The {field} of Parameter is to be a number that is written out.")
    try:
        read = sign * float(number)
    except OverflowError:
        read = math.inf
    if not math.isfinite(read):
        raise _Wrong(node.lineno, f"The {field} of Parameter is too large.")
    return int(read) if isinstance(number, int) and abs(read) < 2**53 else read


def _flag(node: ast.Call, value: ast.expr | None) -> bool:
    if value is None:
        return True
    if not isinstance(value, ast.Constant) or not isinstance(value.value, bool):
        raise _Wrong(node.lineno, "The last field of Parameter, whole, is True or False.")
    return value.value


def _unfit(parameter: Parameter) -> str:
    """Why the numbers of a parameter do not go together, or nothing."""
    if parameter.low > parameter.high:
        return f"“{parameter.name}” has its low {parameter.low:g} above its high {parameter.high:g}; swap them."
    if not parameter.low <= parameter.default <= parameter.high:
        return (
            f"“{parameter.name}” has its default {parameter.default:g} outside {parameter.low:g} to {parameter.high:g}."
        )
    numbers = (parameter.default, parameter.low, parameter.high)
    if parameter.whole and any(number != int(number) for number in numbers):
        return f"“{parameter.name}” takes whole numbers and has others; add whole=False, or round them."
    return ""


def _kind(tree: ast.Module) -> Kind:
    found = [
        node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in FORMS
    ]
    if not found:
        raise _Wrong(0, f"There is neither {FORMS['signals']} nor {FORMS['weights']}; write one of them.")
    if len(found) > 1:
        raise _Wrong(found[1].lineno, "A strategy has one of signals and weights, once; keep one of them.")
    node = found[0]
    if isinstance(node, ast.AsyncFunctionDef) or any(_yields(node)):
        raise _Wrong(node.lineno, f"{node.name} is to return its arrays: it can be no async function and no generator.")
    if node.decorator_list:
        raise _Wrong(node.lineno, f"{node.name} is to stand without a decorator.")
    taken = node.args
    most = len(taken.posonlyargs) + len(taken.args)
    least = most - len(taken.defaults)
    if not least <= 2 <= most and not (taken.vararg and least <= 2):
        raise _Wrong(node.lineno, f"It is called as {FORMS[node.name]}: it must take these two.")
    if any(default is None for default in taken.kw_defaults):
        raise _Wrong(node.lineno, f"It is called as {FORMS[node.name]}: nothing else is passed to it.")
    return "signals" if node.name == "signals" else "weights"


def _yields(function: ast.FunctionDef) -> Iterator[bool]:
    """True for each yield of the function itself, not of what is defined inside it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            yield True
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.GeneratorExp):
            waiting.extend(ast.iter_child_nodes(node))
