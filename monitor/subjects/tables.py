"""Columns of subjects that are columns of tables: their kind and meaning are those that the table declares."""

import re
from collections.abc import Callable, Iterable, Mapping, Sized
from dataclasses import replace
from functools import partial
from operator import attrgetter
from typing import Any

import numpy as np

from monitor.analysis.derive.completeness import unasked
from monitor.analysis.derive.status import BEFORE_WATCHED
from monitor.analysis.derive.times import NO_HEADROOM, NO_RATES, NOT_DATED
from monitor.model.broker_metrics import BrokerLoad, BrokerRequests
from monitor.model.judgements import Judged
from monitor.model.lag import METHODS
from monitor.model.levels import ABOVE_ZERO, LEVELS
from monitor.model.snapshot import KNOWN, Snapshot
from monitor.model.status import STATUSES
from monitor.model.table import Flags, Floats, Ints, Ragged, Table, objects, values_at
from monitor.model.text import Write
from monitor.subjects.column import ABSENT, ALL, Column, Lists, Names, Numbers, Rows, Subject, Values
from monitor.subjects.kinds import REASON, SENTENCE, TEXT, WORD, Kind, kind_of

Path = str | Callable[[Any], Any]
"""Where a View has something: the path of an attribute, or a function."""

REFERENCES = {
    "group": "snapshot.groups.group",
    "topic": "snapshot.topics.topic",
    "member": "snapshot.members.member_id",
    "transaction": "snapshot.transactions.transactional_id",
    "log_dir": "snapshot.log_dirs.path",
}
"""Columns that number rows of another table, and where the names of those are. They are texts to everyone else."""

WORDS: Mapping[str, tuple[str, ...]] = {"status": STATUSES, "method": METHODS}
"""Columns of codes, and the word of each code."""

LEVEL = "severity of the status"

CODE = re.compile(r"(index|row) in [`\w]+: ")
"""How the meaning of a column of codes begins; the rest is what a code stands for."""


def not_asked(collector: str, why: str, *capabilities: str) -> Callable[[Any], str]:
    """Why what a collector brings may be unknown in a View: that it did not get it, or the reason that stands here.

    `capabilities` are those that it needs beside the one of its own name.
    """
    return lambda view: unasked(view.snapshot, collector, *capabilities) or why


NO_CONFIGS = not_asked("configs", "the broker does not report its configs")
NO_VOLUMES = not_asked("log_dirs", "the broker does not report the size of its volumes", "volumes")
NO_DISKS = not_asked("log_dirs", "not reported by the log dirs")

NOT_IN_METRICS = "the broker's metrics do not have it"
NO_BROKER_RATES = f"not known yet, or {NOT_IN_METRICS}"
BROKER_RATES = ("bytes_in_rate", "bytes_out_rate", "handler_idle", "network_idle", "deprecated_rate")
OF_METRICS = {each.name for each in (*BrokerLoad.schema(), *BrokerRequests.schema())} - {"broker", *BROKER_RATES}
"""Columns that are unknown where a metrics endpoint does not have them."""

OTHERWISE: dict[str, str | Callable[[Any], str]] = {
    "lag_seconds": NOT_DATED,
    "produce_rate": NO_RATES,
    "consume_rate": NO_RATES,
    "eta_seconds": NO_RATES,
    "headroom_seconds": NO_HEADROOM,
    "since": BEFORE_WATCHED,
    "max_lag": "no partitions",
    "stable_lag": "no last stable offset; share groups have none",
    "leader": "no leader",
    "coordinator": "no broker coordinates it",
    **dict.fromkeys(("age_seconds", "timeout_seconds", "producer_id"), "not reported by the coordinator"),
    **dict.fromkeys(("local_retention_seconds", "unclean_election"), "the broker has no such config"),
    "transaction_start_offset": "no open transaction",
    **dict.fromkeys(("epoch", "assignment_epoch", "reconciling"), "classic groups and their members have none"),
    **dict.fromkeys(("total_bytes", "usable_bytes"), NO_VOLUMES),
    **dict.fromkeys(
        ("behind_seconds", "fetch_age_seconds", "log_end_offset"), "the leader of the quorum does not report it"
    ),
    "reassigned": "not being reassigned",
    "local_start_offset": "no remote storage",
    "tiered_end_offset": not_asked("tiered_offsets", "nothing in remote storage", "tiered_end_offsets"),
    "size_bytes": NO_DISKS,
    "leader_skew": "no other broker to compare with",
    "size_skew": "the size of some broker is unknown",
    "records": "some offsets are unknown",
    **dict.fromkeys(OF_METRICS, NOT_IN_METRICS),
    **dict.fromkeys((*BROKER_RATES, "rate"), NO_BROKER_RATES),
    **dict.fromkeys(("under_min_isr", "min_insync_replicas", "retention_seconds", "retention_bytes"), NO_CONFIGS),
}
"""Why a value is unknown where no reason of its row says it, by the name of its column."""


def get(path: Path, view: Any) -> Any:
    return attrgetter(path)(view) if isinstance(path, str) else path(view)


def size(path: Path) -> Callable[[Any], int]:
    """How many rows there are at a path."""
    return lambda view: len(get(path, view))


def of(
    path: Path,
    table: type[Table],
    *names: str,
    leave: Iterable[str] = (),
    by: Path = "",
    known: Callable[[Any], Flags] | None = None,
    why: str = "",
    **renamed: str,
) -> tuple[Column, ...]:
    """The columns of the table at `path`: those named, or all but `leave`; `renamed` are new names for some.

    `by` is where the row of that table stands for each row of the subject, -1 for none; without it rows are the same.
    `known` are the rows whose numbers count, all without it. `why` is the subject's column with the reasons of those
    that have none of their own, by default the table's.
    """
    fields = {each.name: each for each in table.schema()}
    chosen = names or tuple(name for name in fields if name not in leave)
    columns = []
    for name in chosen:
        declared = fields[name]
        own = f"{name.removesuffix('_offset')}_reason"
        reason = renamed.get(own, own) if own in fields else why or ("reason" if "reason" in fields else "")
        reference = name in REFERENCES and not declared.metadata["dtype"].hasobject
        kind = WORD if name in WORDS else TEXT if reference else kind_of(declared)
        columns.append(
            Column(
                renamed.get(name, name),
                kind,
                CODE.sub("", declared.metadata["meaning"]),
                _reader(path, name, by, known, kind, reference=reference),
                words=tuple(filter(None, WORDS.get(name, ()))),
                reason="" if kind is REASON else reason,
                otherwise=OTHERWISE.get(name, ""),
                error=f"{name}_error" if f"{name}_error" in fields else "",
                at_least=f"{name}_at_least" if f"{name}_at_least" in fields else "",
                above_zero=ABOVE_ZERO.get(name, "") if kind.right else "",
            )
        )
    return tuple(columns)


def _reader(
    path: Path, name: str, by: Path, known: Callable[[Any], Flags] | None, kind: Kind, *, reference: bool
) -> Callable[[Any, Rows], Values]:
    def read(view: Any, rows: Rows) -> Values:
        values = getattr(get(path, view), name)
        at = get(by, view)[rows] if by else rows
        chosen = partial(_chosen, at, outer=bool(by))
        if isinstance(values, Ragged):
            return Lists(values, _row_numbers(at, values))
        if kind is REASON and not values.dtype.hasobject:
            return Names(objects([*view.reasons, ABSENT]), chosen(values, len(view.reasons)))
        if name in WORDS:
            return Names(objects(each or None for each in WORDS[name]), chosen(values, -1).astype(np.int32, copy=False))
        if reference:
            return Names(get(REFERENCES[name], view), chosen(values, -1))
        if values.dtype.hasobject:
            return Names(values, _row_numbers(at, values))
        numbers = chosen(values.astype(np.float64) if by else values)
        if kind.none is not None and (missing := numbers == kind.none).any():
            numbers = np.where(missing, np.nan, numbers)
        if known is not None:
            numbers = np.where(known(view)[rows], numbers, np.nan)
        return Numbers(numbers)

    return read


def _chosen(rows: Rows, values: Any, nothing: float = np.nan, *, outer: bool) -> Any:
    """The values of these rows; all are the same array, which costs nothing to compare. `outer`: -1 is `nothing`."""
    if isinstance(rows, slice):
        return values if rows == ALL else values[rows]
    return values_at(values, rows, nothing) if outer else values[rows]


def _row_numbers(rows: Rows, values: Sized) -> Ints:
    """These rows by their numbers."""
    return np.arange(len(values), dtype=np.int32)[rows] if isinstance(rows, slice) else rows


def subject(
    name: str, path: str, table: type[Table], *key: str, more: tuple[Column, ...] = (), leave: Iterable[str] = ()
) -> Subject:
    """A subject that is one table, without the columns `leave`, and has more columns."""
    about = " ".join((table.__doc__ or "").split("\n\n")[0].split()).removeprefix("One row per ").removesuffix(".")
    return Subject(name, about, key, size(path), (*of(path, table, leave=leave), *more))


def sentences(
    name: str, meaning: str, count: Callable[[Any], int], write: Callable[..., str], *, numbers: bool = False
) -> Column:
    """A column of sentences, made only for the rows that are asked for; an empty one is none.

    `write` gets a View and a row, and how to write numbers where its sentences have `numbers` that may be short.
    """

    def sentence(view: Any, row: int, number: Write) -> str:
        return write(view, row, number) if numbers else write(view, row)

    def read(view: Any, rows: Rows) -> Values:
        made = [write(view, row) or None for row in np.arange(count(view))[rows].tolist()]
        return Names(objects(made), np.arange(len(made), dtype=np.int32))

    return Column(name, SENTENCE, meaning, read, sentence=sentence)


def texts(
    name: str, meaning: str, values: Path, codes: Path | None = None, *, words: tuple[str, ...] = (), kind: Kind = TEXT
) -> Column:
    """A text column: the values at a path, one a row, or those that the codes of rows name."""

    def read(view: Any, rows: Rows) -> Values:
        found = get(values, view)
        if codes is None:
            return Names(found, _row_numbers(rows, found))
        return Names(found, get(codes, view)[rows])

    return Column(name, kind, meaning, read, words=words)


def numbers(
    name: str, kind: Kind, meaning: str, values: Path, *, reason: str = "", otherwise: str | Callable[[Any], str] = ""
) -> Column:
    """A column of numbers or flags: one a row at a path."""

    def read(view: Any, rows: Rows) -> Values:
        return Numbers(np.asarray(get(values, view))[rows])

    level = ABOVE_ZERO.get(name, "")
    return Column(name, kind, meaning, read, reason=reason, otherwise=otherwise, above_zero=level)


def hidden(columns: Iterable[Column], why: Callable[[Snapshot], str]) -> tuple[Column, ...]:
    """Counts of what may be hidden in part: only a known part where there is a reason `why` some may be missing."""

    def partial_rows(view: Any, _: Rows) -> Flags:
        return np.array([bool(why(view.snapshot))])

    return tuple(replace(each, partial=partial_rows, otherwise=lambda view: why(view.snapshot)) for each in columns)


def first_codes(count: int, key: Ints, codes: Ints) -> Ints:
    """For each of `count` keys the first code that is not KNOWN among the rows of that key, KNOWN for none."""
    first = np.zeros(count, np.int32)
    at = np.flatnonzero(codes != KNOWN)[::-1]
    first[key[at]] = codes[at]
    return first


def reasons(name: str, meaning: str, codes: Path) -> Column:
    """A column of reasons by their codes in the View, one a row at a path."""
    return texts(name, meaning, lambda view: objects(view.reasons), codes, kind=REASON)


def one(name: str, kind: Kind, meaning: str, value: Path) -> Column:
    """A number or flag that a subject of one row has at a path; None is unknown."""
    return numbers(name, kind, meaning, lambda view: np.array([get(value, view)], np.float64))


def computed(table: type[Table], values: Callable[..., Floats]) -> tuple[Column, ...]:
    """Columns like those of a table, whose numbers a function gives by name."""
    return tuple(
        numbers(each.name, kind_of(each), each.metadata["meaning"], partial(values, name=each.name))
        for each in table.schema()
    )


def judged(path: str, table: type[Judged], *names: str, by: Path = "") -> tuple[Column, ...]:
    """The judgement of the core at `path` on each row: its status, level and since when, or those named.

    `by` is where the row of that judgement stands for each row of the subject; without it rows are the same.
    """

    def codes(column: str, view: Any) -> Ints:
        found: Ints = get(f"{path}.{column}", view)
        return found[get(by, view)] if by else found

    status, level = (partial(codes, each) for each in ("status", "level"))
    columns = (
        texts("status", table.MEANING, lambda _: objects(table.WORDS), status, words=table.WORDS, kind=WORD),
        texts("level", LEVEL, lambda _: objects(LEVELS), level, words=LEVELS, kind=WORD),
        *of(path, table, "since", by=by),
    )
    return tuple(each for each in columns if not names or each.name in names)


def states(levels: Mapping[str, str], codes: Path, meaning: str) -> tuple[Column, ...]:
    """The status and level of each row, from the level of each status by its word, and the status of each row."""
    words = tuple(levels)
    return (
        texts("status", meaning, lambda _: objects(words), codes, words=words, kind=WORD),
        texts("level", LEVEL, lambda _: objects(levels.values()), codes, words=LEVELS, kind=WORD),
    )


def cluster(count: Callable[[Any], int]) -> Column:
    """The name of the cluster, the same in every row."""

    def codes(view: Any) -> Ints:
        return np.zeros(count(view), np.int8)

    return texts("cluster", "name of the cluster in the settings", lambda view: objects([view.cluster]), codes)
