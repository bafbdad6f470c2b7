"""Rendering texts that staff write, without giving them more than words.

A Django template engine with two tags (``if``, ``for``), eight harmless filters, no loaders and no libraries, over
plain dicts, lists, texts and numbers. What a template may name is checked when it is saved, against the sample of
its mail: whoever misspells a variable is told, and nobody reaches a method or an attribute.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from django.template import Context, Engine, Template, TemplateSyntaxError
from django.template.base import Node, NodeList, TextNode, Variable, VariableNode
from django.template.defaulttags import ForNode, IfNode, TemplateLiteral

#: ``forloop`` inside a loop.
_FORLOOP = {"counter": 1, "counter0": 0, "first": True, "last": False}
_MAX_LOOPS = 1

Values = Mapping[str, Any]


class SmallEngine(Engine):
    """Knows nothing but :mod:`apps.notifications.template_library`."""

    default_builtins = ["apps.notifications.template_library"]


@cache
def _engine(html: bool) -> SmallEngine:
    return SmallEngine(autoescape=html)


def template_render(source: str, values: Values, *, html: bool) -> str:
    """Fill in ``values``, escaped for HTML. Raises ``TemplateSyntaxError``.

    The result is a plain text, not one that Django takes for safe: a page that shows it escapes it.
    """
    rendered = Template(source, engine=_engine(html)).render(Context(dict(values), autoescape=html))
    return rendered + ""  # leaves the type behind


def subject_render(source: str, values: Values) -> str:
    """One line, whatever the values hold: a line break would start another header."""
    return " ".join(template_render(source, values, html=False).split())


def template_problems(source: str, sample: Values) -> list[str]:
    """Sentences on what is wrong with a template, none if it can be rendered for every mail like ``sample``."""
    try:
        nodes = Template(source, engine=_engine(True)).nodelist
    except TemplateSyntaxError as error:
        return [str(error)]
    return list(dict.fromkeys(_nodes_check(nodes, dict(sample), loops=0)))


def _nodes_check(nodes: NodeList, scope: dict[str, Any], loops: int) -> Iterator[str]:
    for node in nodes:
        yield from _node_check(node, scope, loops)


def _node_check(node: Node, scope: dict[str, Any], loops: int) -> Iterator[str]:
    if isinstance(node, TextNode):
        return
    if isinstance(node, VariableNode):
        yield from _expression_check(node.filter_expression, scope)
    elif isinstance(node, IfNode):
        for condition, branch in node.conditions_nodelists:
            yield from _condition_check(condition, scope)
            yield from _nodes_check(branch, scope, loops)
    elif isinstance(node, ForNode):
        yield from _loop_check(node, scope, loops + 1)
    else:
        yield f"{type(node).__name__} is not allowed."


def _loop_check(node: Any, scope: dict[str, Any], loops: int) -> Iterator[str]:
    if loops > _MAX_LOOPS:
        yield "A loop inside a loop is not allowed."
        return
    yield from _expression_check(node.sequence, scope)
    found, rows = _find(node.sequence.var, scope)
    if len(node.loopvars) != 1 or not found or not isinstance(rows, list) or not rows:
        yield f"{node.sequence.token} is not a list to loop over with one name."
        return
    inner = {**scope, "forloop": _FORLOOP, node.loopvars[0]: rows[0]}
    yield from _nodes_check(node.nodelist_loop, inner, loops)
    yield from _nodes_check(node.nodelist_empty, scope, loops)


def _condition_check(condition: Any, scope: dict[str, Any]) -> Iterator[str]:
    if isinstance(condition, TemplateLiteral):
        yield from _expression_check(condition.value, scope)
    for part in (getattr(condition, "first", None), getattr(condition, "second", None)):
        if part is not None:
            yield from _condition_check(part, scope)


def _expression_check(expression: Any, scope: dict[str, Any]) -> Iterator[str]:
    if expression is None:
        return
    variables = [expression.var, *(value for _, args in expression.filters for _, value in args)]
    for variable in variables:
        if isinstance(variable, Variable) and not _find(variable, scope)[0]:
            yield f"There is no {variable.var} in this mail."


def _find(variable: Any, scope: dict[str, Any]) -> tuple[bool, Any]:
    """Whether the sample has what a variable names, and what that is. Only keys of dicts count."""
    if not isinstance(variable, Variable) or variable.lookups is None:
        return True, variable
    value: Any = scope
    for name in variable.lookups:
        if not isinstance(value, dict) or name not in value:
            return False, None
        value = value[name]
    return True, value
