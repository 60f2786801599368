"""A value of any depth as plain tuples, so that two can be compared: tables, mappings, and arrays to the last bit."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np


def plain(value: Any) -> Any:
    """Equal for values that are the same, in types and numbers, and for NaN and NaN."""
    if isinstance(value, np.ndarray):
        numbers = tuple(map(plain, value.tolist())) if value.dtype.hasobject else value.tobytes()
        return str(value.dtype), value.shape, numbers
    if is_dataclass(value):
        return type(value).__name__, *((each.name, plain(getattr(value, each.name))) for each in fields(value))
    if isinstance(value, Mapping):
        return "mapping", *((plain(key), plain(each)) for key, each in value.items())
    if isinstance(value, set | frozenset):
        return "set", frozenset(map(plain, value))
    if isinstance(value, list | tuple):
        return type(value).__name__, *map(plain, value)
    return "nan" if isinstance(value, float) and value != value else value
