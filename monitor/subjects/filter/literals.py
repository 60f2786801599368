"""Values as a filter writes them: numbers with their units, and quoted texts."""

import math
import re
from dataclasses import dataclass

from monitor.model.units import DURATION_UNITS, SIZE_UNITS

SECONDS, BYTES = "seconds", "bytes"
MULTIPLES = {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
SIZES = {**SIZE_UNITS, "TB": 10**12, "TiB": 2**40}

ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "\\": "\\"}
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)([A-Za-z]*)")
_PLAIN = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?inf")


@dataclass(frozen=True)
class Number:
    """A number; `unit` is SECONDS, BYTES, or empty where it was written without one."""

    value: float
    unit: str = ""


def parse_number(text: str) -> Number:
    """The number of a text such as 300, 1e6, 10k, 5m, 1h30m, 10MiB or inf. Raises ValueError that says why not."""
    if _PLAIN.fullmatch(text):
        return _finite(text, float(text), "")
    sign, body = (-1.0, text[1:]) if text[:1] == "-" else (1.0, text.removeprefix("+"))
    parts = _PART.findall(body)
    if "".join(number + unit for number, unit in parts) != body:
        raise ValueError(f"{text} is not a number")
    units = [unit for _, unit in parts]
    for table, unit in ((DURATION_UNITS, SECONDS), (SIZES, BYTES), (MULTIPLES, "")):
        if all(each in table for each in units) and (unit == SECONDS or len(units) == 1):
            return _finite(text, sign * sum(float(number) * table[each] for number, each in parts), unit)
    wrong = next((each for each in units if each and each not in (*DURATION_UNITS, *SIZES, *MULTIPLES)), None)
    about = f"unknown unit {wrong}" if wrong else f"{text} is not a number"
    raise ValueError(f"{about}: units are {', '.join((*DURATION_UNITS, *SIZES, *MULTIPLES))}")


def _finite(text: str, value: float, unit: str) -> Number:
    if math.isinf(value) and not text.endswith("inf"):
        raise ValueError("the number is too large: write inf for infinity")
    return Number(value, unit)


def parse_text(quoted: str) -> str:
    r"""What stands between the quotes. A backslash that begins no escape is itself, so that "pay\.v1" is a pattern.

    Raises ValueError for an escape of what is no character.
    """
    return _ESCAPE.sub(_unescape, quoted[1:-1])


def _unescape(match: re.Match[str]) -> str:
    if match[3] is not None:
        return ESCAPES.get(match[3], match[0])
    code = int(match[1] or match[2], 16)
    if code > 0x10FFFF or 0xD800 <= code < 0xE000:
        raise ValueError(f"{match[0]} is not a valid character")
    return chr(code)


def print_text(text: str) -> str:
    """The text in double quotes, what is not printable as escapes."""
    escapes = {value: name for name, value in ESCAPES.items() if name != "'"}
    return '"' + "".join(f"\\{escapes[each]}" if each in escapes else _printable(each) for each in text) + '"'


def _printable(letter: str) -> str:
    if letter.isprintable():
        return letter
    return f"\\u{ord(letter):04x}" if ord(letter) < 0x10000 else f"\\U{ord(letter):08x}"
