"""Reads YAML as nodes that know their place, so that every error has its FILE:LINE:COLUMN, all of a file at once."""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml

from monitor.model.text import visible
from monitor.model.units import parse_duration
from monitor.settings.document import read_bytes, syntax_problem
from monitor.settings.errors import SettingsError
from monitor.settings.raw_values import nearest

Read = TypeVar("Read")

LONGEST_SECONDS = 31_536_000.0

LONGEST_TEXT = 4_000
"""Most characters of a problem, which can repeat what a file has."""

MOST_NODES = 200_000
"""Most nodes of a file, in which each alias counts as all that it stands for."""

_HALF = re.compile("[\ud800-\udfff]")

NO_HINTS: Mapping[str, str] = {}
COMMON: Mapping[str, str] = {"<<": "write the keys out, or use an alias for a whole value"}


class Problems:
    """What is wrong with a file, each with its place."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.found: list[tuple[int, int, str]] = []

    def add(self, node: yaml.Node, text: str, offset: int = 0) -> None:
        """A problem at a node, `offset` characters into its text where that is of one line."""
        mark = node.start_mark
        if isinstance(node, yaml.ScalarNode) and node.start_mark.line == node.end_mark.line:
            offset += node.style in ("'", '"')
        else:
            offset = 0
        self.found.append((mark.line + 1, mark.column + 1 + offset, visible(text, LONGEST_TEXT)))

    def place(self, node: yaml.Node) -> str:
        """FILE:LINE:COLUMN of a node."""
        return f"{self.path}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"

    @property
    def lines(self) -> list[str]:
        return [f"{self.path}:{line}:{column}: {text}" for line, column, text in sorted(set(self.found))]


def read_file(path: Path, read: Callable[[yaml.Node, "Problems"], Read], empty: Read) -> Read:
    """What `read` makes of the document of a file, or `empty`. Raises SettingsError with everything that is wrong."""
    return read_data(str(path), read_bytes(path), read, empty)


def read_data(path: str, data: bytes, read: Callable[[yaml.Node, "Problems"], Read], empty: Read) -> Read:
    """The same of the content of a file."""
    problems = Problems(path)
    root = _composed(data, problems)
    found = empty if root is None else read(root, problems)
    if problems.found:
        raise SettingsError(*problems.lines)
    return found


def _composed(data: bytes, problems: Problems) -> yaml.Node | None:
    """The document of a file, None for an empty one and for one that is no YAML or too long."""

    def at(before: str, text: str) -> None:
        problems.found.append((before.count("\n") + 1, len(before) - before.rfind("\n"), text))

    text = ""
    try:
        text = data.decode("utf-8-sig")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        byte = f"0x{error.object[error.start]:02x}"
        at(error.object[: error.start].decode("utf-8", "replace"), f"is not UTF-8 (byte {byte})")
    except yaml.reader.ReaderError as error:
        at(text[: int(error.position)], "contains a control character")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problems.found.append((*place, visible(syntax_problem(error, text))))
    except RecursionError:
        at("", "is nested too deeply")
    except (yaml.YAMLError, ValueError):
        at("", "is not valid YAML")
    else:
        return root if root is None or _checked(root, problems) else None
    return None


def _checked(root: yaml.Node, problems: Problems) -> bool:
    """Whether a document is not too long: with aliases, a small text stands for a huge tree, or for one without end.

    Surrogate pairs, as JSON writes some characters, become the characters; a lone surrogate is a problem.
    """
    nodes, waiting = 0, [root]
    while waiting:
        node, nodes = waiting.pop(), nodes + 1
        if nodes > MOST_NODES:
            problems.add(node, f"has more than {MOST_NODES:,} values up to here, with those that aliases stand for")
            return False
        if isinstance(node, yaml.SequenceNode):
            waiting += reversed(node.value)
        elif isinstance(node, yaml.MappingNode):
            waiting += [each for pair in reversed(node.value) for each in reversed(pair)]
        elif _HALF.search(node.value):
            try:
                node.value = node.value.encode("utf-16", "surrogatepass").decode("utf-16")
            except UnicodeDecodeError:
                problems.add(node, "has half a character (\\ud800 to \\udfff), which cannot be sent")
    return True


def duration_of(node: yaml.Node | None, problems: Problems) -> float:
    text = text_of(node, problems)
    if node is None or text is None:
        return 0.0
    try:
        seconds = float(parse_duration(text))
    except ValueError as error:
        problems.add(node, str(error))
        return 0.0
    if seconds > LONGEST_SECONDS:
        problems.add(node, "is longer than a year")
    return seconds


def word_of(node: yaml.Node | None, words: Mapping[str, Any], problems: Problems) -> str | None:
    """One of these words; None where there is none, or another."""
    text = text_of(node, problems)
    if text is None or node is None:
        return None
    if text not in words:
        problems.add(node, not_one_of("", text, words))
        return None
    return text


def not_one_of(what: str, text: str, words: Iterable[str]) -> str:
    return f"{what} {text!r} is not one of {', '.join(words)}: {nearest(text, words)}".strip()


def text_of(node: yaml.Node | None, problems: Problems) -> str | None:
    """The text of a scalar; None where there is none, or no text."""
    if node is None:
        return None
    if not isinstance(node, yaml.ScalarNode) or node.tag.endswith(":null") or not node.value:
        problems.add(node, "must be a text")
        return None
    return str(node.value)


def items_of(node: yaml.Node | None, problems: Problems) -> list[yaml.Node]:
    if node is None:
        return []
    if not isinstance(node, yaml.SequenceNode):
        problems.add(node, "must be a list")
        return []
    return list(node.value)


def pairs_of(node: yaml.Node | None, problems: Problems) -> list[tuple[str, yaml.Node]]:
    """The keys of a mapping with their values; a duplicate key is a problem."""
    if node is None:
        return []
    if not isinstance(node, yaml.MappingNode):
        problems.add(node, "must be a mapping")
        return []
    pairs: dict[str, yaml.Node] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            problems.add(key, "is a key that is not a text")
            continue
        name = str(key.value)
        if name in pairs:
            problems.add(key, f"{name} is set twice")
        pairs[name] = value
    return list(pairs.items())


def mapping_of(
    node: yaml.Node,
    known: tuple[str, ...],
    problems: Problems,
    needed: tuple[str, ...] = (),
    hints: Mapping[str, str] = NO_HINTS,
) -> dict[str, yaml.Node]:
    """The values of the known keys of a mapping. Unknown keys, and needed ones that are missing, are problems."""
    keys = dict(pairs_of(node, problems))
    if isinstance(node, yaml.MappingNode):
        for key, _ in node.value:
            name = str(key.value)
            if isinstance(key, yaml.ScalarNode) and name not in known:
                problems.add(key, f"unknown key {name}: {hints.get(name) or COMMON.get(name) or nearest(name, known)}")
        for name in needed:
            if name not in keys:
                problems.add(node, f"lacks {name}")
    return {name: value for name, value in keys.items() if name in known}
