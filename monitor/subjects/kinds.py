"""Kinds of columns: what a value is decides its unit, how it is written, and what a filter may ask of it."""

from collections.abc import Callable
from dataclasses import Field, dataclass
from enum import Enum
from typing import Any

from monitor.model.table import Ragged
from monitor.model.text import (
    change,
    count,
    duration,
    latency,
    moment,
    number,
    percent,
    rate,
    share,
    size,
    switch,
    throughput,
    time_left,
    times,
)


class Type(Enum):
    """What a filter can do with a value, in words."""

    NUMBER = "a number"
    TEXT = "a text"
    FLAG = "true or false"
    LIST = "a list"


@dataclass(frozen=True)
class Kind:
    """What the values of a column are.

    `unit` is what is counted, and "seconds" or "bytes" where a filter may write a duration or a size. JSON and CSV have
    `digits` decimals at most. A value of `none` means that there is none, and of one that is `endless` an infinite one
    that there is no limit. `write` is how people read a number of it.
    """

    name: str
    type: Type = Type.NUMBER
    unit: str = ""
    digits: int = 0
    none: int | None = None
    endless: bool = False
    write: Callable[[float], str] = count

    @property
    def whole(self) -> bool:
        """Whether every known number of it is an integer."""
        return not self.digits and not self.endless

    @property
    def right(self) -> bool:
        """Whether a table sets its values to the right."""
        return self.type is Type.NUMBER


RECORDS = Kind("records", unit="records")
OFFSET = Kind("offset", unit="records")
RATE = Kind("rate", unit="records/s", digits=6, write=rate)
REQUEST_RATE = Kind("rate", unit="requests/s", digits=6, write=rate)
THROUGHPUT = Kind("rate", unit="bytes/s", digits=3, write=throughput)
SECONDS = Kind("seconds", unit="seconds", digits=3, write=duration)
LEFT = Kind("seconds", unit="seconds", digits=3, endless=True, write=time_left)
LATENCY = Kind("seconds", unit="seconds", digits=6, write=latency)
UNIX = Kind("unix time", unit="unix seconds", digits=3, write=moment)
BYTES = Kind("bytes", unit="bytes", write=size)
LIMIT = Kind("bytes", unit="bytes", endless=True, write=size)
RATIO = Kind("ratio", unit="ratio", digits=6, write=percent)
SHARE = Kind("ratio", unit="ratio", digits=6, write=share)
TIMES = Kind("multiple", unit="times", digits=6, write=times)
CHANGE = Kind("ratio", unit="ratio", digits=6, write=change)
COUNT, REQUESTS = Kind("count"), Kind("count", unit="requests")
REPLICAS = Kind("count", unit="replicas")
NODE = Kind("node", none=-1, write=number)
NUMBER = Kind("number", none=-1, write=number)
TEXT = Kind("text", Type.TEXT)
SENTENCE = Kind("sentence", Type.TEXT)
WORD = Kind("word", Type.TEXT)
REASON = Kind("reason", Type.TEXT)
FLAG = Kind("flag", Type.FLAG, write=switch)
NODES = Kind("nodes", Type.LIST)
TEXTS = Kind("texts", Type.LIST)
NUMBERS = Kind("numbers by name", Type.LIST)

_BY_NAME = {
    "eta_seconds": LEFT,
    "headroom_seconds": LEFT,
    "retention_bytes": LIMIT,
    "leader_skew": CHANGE,
    "size_skew": CHANGE,
    "slo_objective": SHARE,
    "sentence": SENTENCE,
    "text": SENTENCE,
}
"""Times left, which may be never, sizes that may have no limit, differences, and texts that are not names."""

_BY_END = {"reason": REASON, "_offset": OFFSET, "_p99_seconds": LATENCY}

_BY_UNIT = {
    **{
        each.unit or each.name: each
        for each in (RECORDS, SECONDS, UNIX, BYTES, RATIO, REQUESTS, REPLICAS, NODE, NUMBER, FLAG, TEXTS, NUMBERS)
    },
    **{each.unit: each for each in (RATE, REQUEST_RATE, THROUGHPUT, TIMES)},
    "members": Kind("count", unit="members"),
}


def kind_of(field: Field[Any]) -> Kind:
    """The kind of a table's column, by the unit that it was declared with, and by its type where that says enough."""
    if field.type is Ragged:
        return NODES
    if end := next((each for each in _BY_END if field.name.endswith(each)), ""):
        return _BY_END[end]
    if field.name in _BY_NAME:
        return _BY_NAME[field.name]
    unit, dtype = field.metadata["unit"], field.metadata["dtype"]
    if unit:
        return _BY_UNIT[unit]
    return {"O": TEXT, "?": FLAG, "b": FLAG}.get(dtype.char, COUNT)
