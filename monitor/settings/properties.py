"""Reads Java properties files as java.util.Properties does: comments, continuations, escapes, any of = : and space."""

import re
from dataclasses import dataclass

from monitor.settings.errors import SettingsError

ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}


@dataclass(frozen=True)
class Property:
    """A value and the line (from 1) where its key stands."""

    value: str
    line: int


def parse_properties(data: bytes, where: str) -> dict[str, Property]:
    """The properties of a file by key, which Java takes to be ISO-8859-1; of a key given twice the last counts.

    Raises SettingsError that names the file, `where`, if it is binary, and the line where Java would refuse it.
    """
    if b"\0" in data:
        raise SettingsError(f"{where}: is binary, not a properties file")
    result: dict[str, Property] = {}
    for number, line in _logical_lines(data.decode("latin-1")):
        match = re.match(r"((?:\\.|[^\\=: \t\f])*)[ \t\f]*[=:]?[ \t\f]*(.*)", line, re.DOTALL)
        assert match is not None
        try:
            key, value = _unescape(match[1]), _unescape(match[2])
        except ValueError:
            raise SettingsError(f"{where}:{number}: has a \\u that four hexadecimal digits do not follow") from None
        result[key] = Property(value, number)
    return result


def _logical_lines(text: str) -> list[tuple[int, str]]:
    """Lines with their continuations joined, without comments and blank lines, and the number of their first line."""
    result: list[tuple[int, str]] = []
    joined, first = "", 0
    lines = re.split(r"\r\n|\r|\n", text)
    for number, natural in enumerate(lines, 1):
        line = natural.lstrip(" \t\f")
        if not joined:
            if not line or line[0] in "#!":
                continue
            first = number
        joined += line
        continued = (len(line) - len(line.rstrip("\\"))) % 2 == 1
        if continued:
            joined = joined[:-1]
        if not continued or number == len(lines):
            result.append((first, joined))
            joined = ""
    return result


def _unescape(text: str) -> str:
    def replace(match: re.Match[str]) -> str:
        if match[1] is not None:
            return chr(int(match[1], 16))
        if match[2] == "u":
            raise ValueError(text)
        return ESCAPES.get(match[2], match[2])

    plain = re.sub(r"\\(?:u([0-9a-fA-F]{4})|(.))", replace, text, flags=re.DOTALL)
    # Java's texts are UTF-16: two escapes may be one character.
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
