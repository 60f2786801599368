"""Reads the YAML of a settings file into texts with their lines; the types of scalars are the models' affair."""

import re
from pathlib import Path

import yaml

from monitor.settings.errors import SettingsError
from monitor.settings.raw_values import Given, dotted

LARGEST_BYTES = 1 << 20
MOST_NODES = 20_000
DEEPEST = 40
SCALAR_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp", "value")}
COLLECTION_TAGS = {"tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"}


def read_bytes(path: Path) -> bytes:
    """A settings file's bytes; SettingsError says in one line why there are none."""
    try:
        if path.is_dir():
            raise SettingsError(f"{path}: is a directory, not a file")
        with path.open("rb") as file:
            data = file.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        raise SettingsError(f"{path}: file not found") from None
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > LARGEST_BYTES:
        raise SettingsError(f"{path}: is larger than 1 MiB, the limit for such a file")
    return data


def read_document(path: Path) -> Given:
    """The tree of a YAML settings file; an empty file is an empty mapping.

    Raises SettingsError with everything that is wrong in its form.
    """
    data = read_bytes(path)
    if b"\0" in data:
        raise SettingsError(f"{path}: is a binary file, not YAML")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{path}:{line}: is not UTF-8 (byte 0x{data[error.start]:02x})") from None
    given = parse(text, str(path), lines=True)
    if given.value is None:
        return Given({}, str(path))
    if not isinstance(given.value, dict):
        raise SettingsError(f"{given.where}: must be a mapping of keys such as contexts and listen")
    return given


def parse(text: str, where: str, *, lines: bool) -> Given:
    """The tree of a YAML text. With `lines`, every place is `where:line`.

    Raises SettingsError with every duplicate key, odd key and tag, or the one error of syntax.
    """

    def place(line: int) -> str:
        return f"{where}:{line + 1}" if lines else where

    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, int(error.position))
        raise SettingsError(f"{place(line)}: contains a control character") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise SettingsError(f"{place(mark.line if mark else 0)}: {syntax_problem(error, text)}") from None
    except RecursionError:
        raise SettingsError(f"{where}: is nested too deeply") from None
    except (yaml.YAMLError, ValueError, OverflowError, IndexError):
        raise SettingsError(f"{where}: is not valid YAML") from None
    if node is None:
        return Given(None, place(0))
    reader = _Reader(where, lines)
    given = reader.given(node, ())
    if reader.problems:
        raise SettingsError(*reader.problems)
    return given


def syntax_problem(error: yaml.MarkedYAMLError, text: str) -> str:
    """What is wrong with the YAML, without repeating a value: it may be a secret."""
    problem = f"{error.context or ''} {error.problem or ''}"
    mark = error.problem_mark
    if mark is not None:
        line = (text.splitlines() or [""])[min(mark.line, max(len(text.splitlines()) - 1, 0))]
        if "\t" in line[: len(line) - len(line.lstrip())]:
            return "is indented with a tab: use spaces"
    if "alias" in problem:
        return "alias (*…) without an anchor: quote a value that starts with *"
    if "tag" in problem or "URI" in problem:
        return "unknown tag (!…): quote a value that starts with !"
    if "cannot start any token" in problem:
        return "a value cannot start with this character: quote it"
    if "single document" in problem:
        return "second document (---): a file has only one"
    problem = error.problem or "is not valid YAML"
    return "is not valid YAML: " + re.sub(r", but (found|got) .*", "", problem, flags=re.DOTALL)


class _Reader:
    """Turns nodes into Given, and gathers what is wrong on the way."""

    def __init__(self, where: str, lines: bool) -> None:
        self.where = where
        self.lines = lines
        self.problems: list[str] = []
        self.nodes = 0

    def place(self, node: yaml.Node) -> str:
        return f"{self.where}:{node.start_mark.line + 1}" if self.lines else self.where

    def report(self, node: yaml.Node, path: tuple[str | int, ...], text: str) -> None:
        self.problems.append(Given(None, self.place(node), dotted(path)).problem(text))

    def given(self, node: yaml.Node, path: tuple[str | int, ...]) -> Given:
        # Aliases let a small text stand for a huge or endless tree.
        self.nodes += 1
        if self.nodes > MOST_NODES or len(path) > DEEPEST:
            if not self.problems:
                self.problems.append(f"{self.place(node)}: is nested too deeply or is too long")
            return Given(None, self.place(node))
        where, label = self.place(node), dotted(path)
        if node.tag not in SCALAR_TAGS | COLLECTION_TAGS:
            self.report(node, path, "has a YAML tag: quote a value that starts with !")
            return Given(None, where, label)
        if isinstance(node, yaml.MappingNode):
            return Given(self.mapping(node, path), where, label)
        if isinstance(node, yaml.SequenceNode):
            return Given([self.given(each, (*path, number)) for number, each in enumerate(node.value)], where, label)
        return Given(None if node.tag.endswith(":null") else str(node.value), where, label)

    def mapping(self, node: yaml.MappingNode, path: tuple[str | int, ...]) -> dict[str, Given]:
        result: dict[str, Given] = {}
        lines: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.report(key, path, "has a key that is not a string")
            elif key.tag.endswith(":merge"):
                self.report(
                    key,
                    path,
                    "merge keys (<<) are not supported: write the keys out, or use an alias for a whole value",
                )
            elif key.value in result:
                self.report(key, (*path, key.value), f"is set twice, first in line {lines[key.value]}")
            else:
                lines[key.value] = key.start_mark.line + 1
                given = self.given(value, (*path, key.value))
                # An alias stands where it is used, and a value on its own line belongs to its key.
                result[key.value] = Given(given.value, self.place(key), given.path)
        return result
