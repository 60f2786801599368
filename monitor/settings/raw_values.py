"""Settings as they were given, before anybody knows whether they are right: texts in a tree, each with its place."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Given:
    """A text, a secret, a list or a mapping, None where nothing was written, and the place where it stands.

    `where` is "kmon.yaml:3", "KMON_LISTEN" or "--listen"; `path` is the key as that place spells it, empty where the
    place says it all.
    """

    value: "str | SecretStr | list[Given] | dict[str, Given] | None"
    where: str
    path: str = ""

    @property
    def label(self) -> str:
        return ": ".join(part for part in (self.where, self.path) if part)

    def problem(self, text: str) -> str:
        """What is wrong with the value, behind its place."""
        return f"{self.label}: {text}" if self.label else text


@dataclass(frozen=True)
class Problem:
    """What is wrong at `path` of the settings; `text` is the whole line.

    `absent` marks what the file takes from elsewhere and is not there: a variable or a secret's file.
    """

    path: Path
    text: str
    absent: bool = False


def named(key: str) -> str:
    """A key in a message: an odd one, which may be anything, is not repeated."""
    return key if re.fullmatch(r"[\w.-]{1,80}", key, re.ASCII) else "…"


def dotted(path: Iterable[str | int], start: str = "") -> str:
    """A path as people write it: contexts[0].security.protocol."""
    result = start
    for part in path:
        result += f"[{part}]" if isinstance(part, int) else f".{named(part)}" if result else named(part)
    return result


def child(given: Given, part: str | int) -> Given | None:
    """The value of a key of a mapping or of a place in a list, None where there is none."""
    if isinstance(given.value, dict) and isinstance(part, str):
        return given.value.get(part)
    if isinstance(given.value, list) and isinstance(part, int) and part < len(given.value):
        return given.value[part]
    return None


def find(root: Given, path: Path) -> tuple[Given, Path]:
    """The deepest value on the way to `path`, and the rest of the path that it does not have."""
    given = root
    for depth, part in enumerate(path):
        inner = child(given, part)
        if inner is None:
            return given, path[depth:]
        given = inner
    return given, ()


def plain(given: Given) -> Any:
    """The tree without its places."""
    if isinstance(given.value, dict):
        return {name: plain(each) for name, each in given.value.items()}
    if isinstance(given.value, list):
        return [plain(each) for each in given.value]
    return given.value


def nearest(name: str, known: Iterable[str]) -> str:
    """A sentence that names the most similar of the known names, or all of them."""
    known = sorted(known)
    near = difflib.get_close_matches(name[:64], known, n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else f"valid names are {', '.join(known)}"
