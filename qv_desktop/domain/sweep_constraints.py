"""Which combinations of parameters make sense: an expression such as ``fast < slow``, read without running it as code."""

import ast
import operator
from collections.abc import Callable, Collection, Mapping

from qv_desktop.domain.errors import BadInput

LONGEST = 200  # characters

_COMPARED: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip
_WORKED: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip


class Constraint:
    """``text`` over the parameters ``names``: numbers, + - * /, comparisons, and, or, not; empty holds for all.

    Raises BadInput for everything else.
    """

    def __init__(self, text: str, names: Collection[str]) -> None:
        self.text, self._names = text.strip(), names
        self._tree = self._parsed() if self.text else None

    def holds(self, values: Mapping[str, float]) -> bool:
        """Whether these values are wanted; a division by zero is no."""
        try:
            return self._tree is None or bool(_value(self._tree, values))
        except ZeroDivisionError:
            return False

    def _parsed(self) -> ast.expr:
        wrong = f"The constraint “{self.text[:LONGEST]}” cannot be read; write it as fast < slow or slow - fast >= 10."
        if len(self.text) > LONGEST:
            raise BadInput(wrong)
        try:
            tree = ast.parse(self.text, mode="eval").body
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            raise BadInput(wrong) from None
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id not in self._names:
                raise BadInput(f"The constraint names {node.id}, which is no parameter; use {', '.join(self._names)}.")
            if not _known(node):
                raise BadInput(wrong)
        return tree


def _known(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return type(node.value) in (int, float)
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, (ast.Not, ast.USub))
    plain = (ast.Compare, ast.BoolOp, ast.BinOp, ast.Name, ast.Load, ast.boolop, ast.unaryop)
    return isinstance(node, plain) or type(node) in _COMPARED or type(node) in _WORKED


def _value(node: ast.expr, values: Mapping[str, float]) -> float:
    if isinstance(node, ast.Constant):
        return float(node.value)  # type: ignore[arg-type]  # _known has seen that it is a number
    if isinstance(node, ast.Name):
        return values[node.id]
    if isinstance(node, ast.BinOp):
        return _WORKED[type(node.op)](_value(node.left, values), _value(node.right, values))
    if isinstance(node, ast.UnaryOp):
        inner = _value(node.operand, values)
        return not inner if isinstance(node.op, ast.Not) else -inner
    if isinstance(node, ast.BoolOp):
        parts = (_value(part, values) for part in node.values)
        return all(parts) if isinstance(node.op, ast.And) else any(parts)
    return _chain(node, values) if isinstance(node, ast.Compare) else False


def _chain(node: ast.Compare, values: Mapping[str, float]) -> bool:
    sides = [_value(side, values) for side in (node.left, *node.comparators)]
    return all(_COMPARED[type(op)](a, b) for op, a, b in zip(node.ops, sides, sides[1:], strict=False))
