"""Says what pydantic has against settings in one line each: the place, the key, what is wrong and what is allowed."""

from collections.abc import Sequence
from dataclasses import replace

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from monitor.settings.model import NO_CLUSTER
from monitor.settings.raw_values import Given, Path, Problem, dotted, find
from monitor.settings.schema import key_at

SENTENCES = {
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "mapping_type": "must be a mapping of names to strings",
    "missing": "is missing",
    "string_type": "must be a string",
    "string_too_short": "is empty: set a value, or leave the key out",
    "tuple_type": "must be a list, or a string with commas",
}
LIMITS = {"greater_than_equal": ("ge", "at least"), "less_than_equal": ("le", "at most")}


def problems_of(error: ValidationError, root: Given, known: Sequence[Path]) -> list[Problem]:
    """The problems of a validation, without those that follow from a problem at one of the `known` paths."""
    result = []
    for each in error.errors(include_input=False, include_url=False):
        path: Path = each["loc"]
        if not any(path[: len(other)] == other[: len(path)] for other in known):
            result.append(Problem(path, _line(each, root)))
    return result


def _line(error: ErrorDetails, root: Given) -> str:
    path: Path = error["loc"]
    given, rest = find(root, path)
    if rest == ("bootstrap_servers",) and not given.path:
        return NO_CLUSTER
    return replace(given, path=dotted(rest, given.path)).problem(_sentence(error))


def _sentence(error: ErrorDetails) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind in LIMITS:
        name, words = LIMITS[kind]
        return f"must be {words} {key_at(error['loc']).notation.text(context[name])}"
    if kind == "literal_error":
        return "must be one of " + str(context["expected"]).replace("'", "").replace(" or ", ", ")
    if kind == "value_error":
        return str(context["error"])
    return SENTENCES.get(kind) or error["msg"].replace("Input should", "must").replace("String should", "must")
