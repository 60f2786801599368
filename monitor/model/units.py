"""Durations and sizes as people write them: 1h30m, 256MiB."""

import re
from decimal import Decimal
from typing import Any

DURATION_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}

SIZE_UNITS = {"B": 1, "kB": 10**3, "KiB": 2**10, "MB": 10**6, "MiB": 2**20, "GB": 10**9, "GiB": 2**30}


def parse_duration(value: Any) -> Any:
    """Seconds of a text such as "10s", "500ms" or "1h30m"; what is not a text is seconds already.

    Raises ValueError for any other text.
    """
    if not isinstance(value, str):
        return value
    units = "|".join(DURATION_UNITS)
    if not re.fullmatch(rf"(?:[0-9]{{1,12}}(?:\.[0-9]{{1,9}})?(?:{units}))+", value):
        raise ValueError("is not a duration: write a number with its unit, e.g. 500ms, 10s, 5m or 1h30m")
    parts = re.findall(rf"([0-9.]+)({units})", value)
    return float(sum(Decimal(number) * Decimal(str(DURATION_UNITS[unit])) for number, unit in parts))


def format_duration(seconds: float) -> str:
    """The text that `parse_duration` reads as these seconds, in the largest unit that keeps it whole."""
    for unit in ("h", "m", "s"):
        if seconds % DURATION_UNITS[unit] == 0 and (seconds or unit == "s"):
            return f"{seconds / DURATION_UNITS[unit]:.0f}{unit}"
    return f"{seconds * 1000:.9f}".rstrip("0").rstrip(".") + "ms"


def format_size(size: int) -> str:
    """The text that `parse_size` reads as these bytes, in the largest unit that keeps it whole."""
    unit = next((unit for unit in ("GiB", "MiB", "KiB") if size and size % SIZE_UNITS[unit] == 0), "B")
    return f"{size // SIZE_UNITS[unit]}{unit}"


def parse_size(value: Any) -> Any:
    """Bytes of a text such as "256MiB" or "1000000"; what is not a text is bytes already.

    Raises ValueError for any other text.
    """
    if not isinstance(value, str):
        return value
    match = re.fullmatch(rf"([0-9]{{1,18}})\s?({'|'.join(SIZE_UNITS)})?", value)
    if match is None:
        raise ValueError(f"is not a size: write bytes, or a number with one of {', '.join(SIZE_UNITS)}, e.g. 256MiB")
    return int(match[1]) * SIZE_UNITS[match[2] or "B"]
