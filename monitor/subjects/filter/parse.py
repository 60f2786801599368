"""From the text of a filter to an expression, or to an error that points at the place. Types are not checked here."""

from functools import cache
from pathlib import Path
from typing import Any

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from monitor.model.text import visible
from monitor.subjects.filter.errors import FilterError
from monitor.subjects.filter.literals import parse_number, parse_text, print_text
from monitor.subjects.filter.tree import Among, And, Compare, Expression, Known, Literal, Match, Not, Or, Span, Value

MAX_CHARACTERS = 4096
MAX_DEPTH = 32
"""Limits of a filter: its length, and the depth to which and, or and not are nested."""
NAME = 60
"""Most characters of a word in a message."""

FOREIGN = {"&": "and", "|": "or", "!": "not"}
EXPECTED = (
    ("NAME", "a column"),
    ("COMPARISON", "a comparison: == != < <= > >= ~ !~, in (…) or is unknown"),
    ("NUMBER", "a number, a text in quotes, true or false"),
    ("TEXT", "a regular expression in quotes"),
    ("LPAR", "a list in parentheses"),
    ("UNKNOWN", "unknown"),
    ("IN", "in"),
    ("COMMA", "a comma or )"),
    ("_AND", "and or or"),
    ("RPAR", ")"),
)
"""What is expected at a place, by a token that is accepted there; the first of these that fits is named."""


def parse(text: str) -> Expression:
    """The expression that a text writes. Raises FilterError."""
    if len(text) > MAX_CHARACTERS:
        raise FilterError(
            f"the filter has {len(text):,} characters; the limit is {MAX_CHARACTERS:,}", text, MAX_CHARACTERS
        )
    for position, letter in enumerate(text):
        if "\ud800" <= letter <= "\udfff":
            raise FilterError("invalid UTF-8", text, position)
    if not text.strip():
        raise FilterError('the filter is empty: write a condition, e.g. lag > 100 or topic ~ "pay.*"', text, 0)
    try:
        tree: Any = _parser().parse(text)
    except UnexpectedInput as error:
        raise _refused(text, error) from None
    return _expression(text, tree, 0)


@cache
def _parser() -> Lark:
    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    # With the basic lexer a word means the same wherever it stands.
    return Lark(grammar, parser="lalr", lexer="basic", maybe_placeholders=True)


def _expression(text: str, tree: Tree[Token], depth: int) -> Expression:
    kind, children = str(tree.data), tree.children
    if kind in ("negation", "either", "both"):
        if depth == MAX_DEPTH:
            first: Any = tree
            while isinstance(first, Tree):
                first = first.children[0]
            raise FilterError(f"and, or and not are nested more than {MAX_DEPTH} deep", text, *_span(first))
        parts = tuple(_expression(text, child, depth + 1) for child in children if isinstance(child, Tree))
        return Not(parts[0]) if kind == "negation" else Or(parts) if kind == "either" else And(parts)
    return _condition(text, kind, children)


def _condition(text: str, kind: str, children: list[Any]) -> Expression:
    name, sign, *rest = children
    behind = [each for each in children[1:] if each is not None]
    places: dict[str, Span] = {"at": _span(name), "sign_at": _span(*behind)}
    if kind == "compare":
        literal = _literal(text, rest[0].children[0])
        return Compare(str(name), "==" if sign == "=" else str(sign), literal, **places)
    if kind == "match":
        return Match(str(name), _literal(text, rest[0]), sign == "!~", **places)
    if kind == "among":
        literals = tuple(_literal(text, each.children[0]) for each in rest[1:])
        return Among(str(name), literals, sign is not None, **places)
    return Known(str(name), rest[0] is not None, **places)


def _span(*parts: Token | Tree[Token]) -> Span:
    """From the first to the last of the tokens."""
    tokens = [each.children[0] if isinstance(each, Tree) else each for each in parts]
    first, last = tokens[0], tokens[-1]
    assert isinstance(first, Token)
    assert isinstance(last, Token)
    return first.start_pos or 0, last.end_pos or 0


def _literal(text: str, token: Token) -> Literal:
    value: Value
    try:
        if token.type == "NUMBER":
            value = parse_number(str(token))
        elif token.type == "TEXT":
            value = parse_text(str(token))
        else:
            value = token.type == "TRUE"
    except ValueError as error:
        raise FilterError(str(error), text, *_span(token)) from None
    return Literal(value, _span(token))


def _refused(text: str, error: UnexpectedInput) -> FilterError:
    """What is wrong with a text that is no expression."""
    if isinstance(error, UnexpectedCharacters):
        position: int = error.pos_in_stream or 0
        letter = text[position]
        if letter in "\"'":
            return FilterError("the closing quote is missing", text, position, len(text))
        hint = f": write {FOREIGN[letter]}" if letter in FOREIGN else ""
        return FilterError(f"unexpected character {letter}{hint}", text, position)
    assert isinstance(error, UnexpectedToken)
    token, accepted = error.token, error.accepts or error.expected
    expected = next((words for name, words in EXPECTED if name in accepted), "the end of the filter")
    if token.type == "$END":
        return FilterError(f"the filter is incomplete: expected {expected}", text, len(text))
    word = visible(str(token), NAME)
    if "NUMBER" in accepted and token.type == "UNKNOWN":
        problem = 'unknown is not a value: write "is unknown", or put it in quotes for the text'
    elif "NUMBER" in accepted and token.type == "NAME":
        problem = f"put a text in quotes: {print_text(word)}"
    elif token.type == "NAME" and word.lower() in ("and", "or", "not", "in", "is", "unknown", "true", "false"):
        problem = f"write {word.lower()} in lower case"
    else:
        problem = f"expected {expected}, not {word}"
    return FilterError(problem, text, *_span(token))
