"""The mutants of a module: its syntax tree with one small fault each.

A fault is one that people make: a bound that is off by one, a sign, a condition that is turned
round, a statement that is missing. Texts, annotations and what is only for type checkers stay, and
so does `copy=False`: a copy has the same values.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import NamedTuple

_OPERATORS: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.FloorDiv,),
    ast.LShift: (ast.RShift,),
    ast.RShift: (ast.LShift,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
    ast.BitXor: (ast.BitAnd,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
    ast.USub: (ast.UAdd,),
    ast.Not: (),
}


class Mutant(NamedTuple):
    """A fault: where it is, and what it changes.

    Attributes
    ----------
    line : int
        From 1.
    before, after : str
        The changed piece of code.
    """

    line: int
    before: str
    after: str


def mutants(source: str) -> list[Mutant]:
    r"""Return all mutants of a module, in the order of its syntax tree.

    >>> [mutant.after for mutant in mutants("def f(x):\n    return x + 1")]
    ['x - 1', '2', 'return None']
    """
    tree = ast.parse(source)
    return [_described(node, apply) for node, apply in _changes(tree)]


def mutated(source: str, number: int) -> ast.Module:
    """Return the syntax tree of a module with one of its mutants."""
    tree = ast.parse(source)
    for k, (_, apply) in enumerate(_changes(tree)):
        if k == number:
            apply()
            return ast.fix_missing_locations(tree)
    raise IndexError(number)


Change = tuple[ast.AST, Callable[[], Callable[[], None]]]


def _described(node: ast.AST, apply: Callable[[], Callable[[], None]]) -> Mutant:
    before = ast.unparse(node)
    undo = apply()
    after = ast.unparse(node) if not isinstance(node, ast.stmt) else "(nothing)"
    if isinstance(node, ast.Return):
        after = "return None"
    undo()
    if after == before:  # a condition, which its parent turns round
        after = f"not ({before})"
    return Mutant(getattr(node, "lineno", 0), before.split("\n")[0], after.split("\n")[0])


def _changes(tree: ast.AST) -> Iterator[Change]:
    """Yield each changeable node, and a function that changes it and returns the way back."""
    for parent in _code(tree):
        for field, value in ast.iter_fields(parent):
            if isinstance(value, list):
                for k, item in enumerate(value):
                    if isinstance(item, ast.stmt):
                        yield from _of_statement(value, k, item)
                    elif isinstance(item, ast.cmpop):
                        for other in _OPERATORS.get(type(item), ()):
                            yield parent, _replacing_item(value, k, other())
            elif isinstance(value, ast.operator | ast.boolop | ast.unaryop):
                if isinstance(value, ast.Not):
                    continue
                for other in _OPERATORS.get(type(value), ()):
                    yield parent, _replacing(parent, field, other())
        if isinstance(parent, ast.If | ast.While | ast.IfExp):
            yield parent.test, _negating(parent)
        if isinstance(parent, ast.Constant) and type(parent.value) in (int, float, bool):
            value = parent.value
            other = not value if isinstance(value, bool) else value + 1
            yield parent, _replacing(parent, "value", other)


def _of_statement(block: list[ast.stmt], k: int, statement: ast.stmt) -> Iterator[Change]:
    if isinstance(statement, ast.Return) and statement.value is not None:
        if not (isinstance(statement.value, ast.Constant) and statement.value.value is None):
            yield statement, _replacing_item(block, k, ast.Return(ast.Constant(None)))
    elif isinstance(statement, ast.AugAssign | ast.Raise | ast.Continue | ast.Break) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
    ):
        yield statement, _replacing_item(block, k, ast.Pass())


def _code(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that run when code is used: no texts, annotations, decorators, imports."""
    waiting = [tree]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.Import | ast.ImportFrom | ast.JoinedStr | ast.Raise):
            continue  # what an error says is free
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.keyword) and ast.unparse(node) == "copy=False":
            continue
        yield node
        left_out = ("annotation", "returns", "decorator_list", "args")
        is_definition = isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AnnAssign)
        for field, value in ast.iter_fields(node):
            if is_definition and field in left_out:
                continue
            children = value if isinstance(value, list) else [value]
            waiting += [child for child in children if isinstance(child, ast.AST)]


def _replacing(parent: ast.AST, field: str, value: object) -> Callable[[], Callable[[], None]]:
    def apply() -> Callable[[], None]:
        before = getattr(parent, field)
        setattr(parent, field, value)
        return lambda: setattr(parent, field, before)

    return apply


def _replacing_item(items: list, k: int, value: ast.AST) -> Callable[[], Callable[[], None]]:
    def apply() -> Callable[[], None]:
        before = items[k]
        if isinstance(before, ast.stmt):
            ast.copy_location(value, before)
        items[k] = value
        return lambda: items.__setitem__(k, before)

    return apply


def _negating(parent: ast.If | ast.While | ast.IfExp) -> Callable[[], Callable[[], None]]:
    def apply() -> Callable[[], None]:
        test = parent.test
        parent.test = ast.copy_location(ast.UnaryOp(ast.Not(), test), test)
        return lambda: setattr(parent, "test", test)

    return apply
