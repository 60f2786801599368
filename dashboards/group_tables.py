"""The tiles and small tables of a group: its members with what they have and are to have, tasks of a streams group."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from dash import dcc, html

from dashboards.components.parts import card, nothing, since, status_mark, text, tile, tile_of
from dashboards.links import link, topic_path
from dashboards.listings import Listed, listing, rows_of
from monitor.analysis.derive.verdict import group_why
from monitor.model.levels import ABOVE_ZERO
from monitor.model.snapshot import Assignments
from monitor.model.table import Ints
from monitor.model.text import UNKNOWN, count, moment, plural, visible
from monitor.model.view import View
from monitor.subjects.groups import GROUP, SUBTOPOLOGY
from monitor.subjects.members import MEMBER
from monitor.subjects.shown import shown

NAMED_PARTITIONS = 8
"""A change of what a member has names no more partitions than this."""


def tiles(view: View, row: int) -> list[html.Div]:
    """What is known of the group in this row of the View."""
    of = partial(shown, GROUP.read(view, slice(row, row + 1)))
    kind = view.snapshot.groups.group_type[row]
    return [
        _status(view, row),
        tile_of("Lag", of("lag"), f"on {plural(int(view.group_lags.partitions[row]), 'partition')}"),
        tile_of("Time lag", of("lag_seconds"), "oldest unread record"),
        tile_of("Out rate", of("consume_rate"), f"in rate {of('produce_rate').text(0)}"),
        tile_of("Drains in", of("eta_seconds"), "at the current rates"),
        tile_of("Data loss in", of("headroom_seconds"), "until retention deletes an unread record"),
        tile_of("Max lag", of("max_lag"), "on one partition"),
        tile_of("Stable lag", of("stable_lag"), "up to the last stable offset (read_committed)"),
        tile_of("Records lost", of("lost"), "deleted before they were read"),
        tile_of("State", of("state"), f"{kind} group" if kind else ""),
        tile_of("Members", of("members"), f"assignor {of('assignor').text(0)}"),
        *_epochs(view, row),
        tile_of("Coordinator", of("coordinator"), "broker"),
    ]


def _status(view: View, row: int) -> html.Div:
    lags = view.group_lags
    began, latest = float(lags.since[row]), float(lags.since_at_latest[row])
    if not np.isnan(began):
        spent = since(view.time - began, "", "for ", moment(began))
    elif latest < view.time:
        spent = since(view.time - latest, "", "for over ", f"unchanged since {moment(latest)}")
    else:
        spent = html.Span("unchanged since kmon started", className="muted small")
    return tile(["Status ", spent], status_mark(view.judged.groups, row), group_why(view, row), wide=True)


def _epochs(view: View, row: int) -> list[html.Div]:
    """The epochs of a group whose broker assigns the partitions, and what is still to be handed over."""
    of = partial(shown, GROUP.read(view, slice(row, row + 1)))
    epoch, assigned, topology = (of(name) for name in ("epoch", "assignment_epoch", "topology_epoch"))
    if not epoch.is_known(0) and not assigned.is_known(0):
        return []
    target = f"assignment {assigned.text(0)}" + (f", topology {topology.text(0)}" if topology.is_known(0) else "")
    behind = bool(view.snapshot.groups.epoch[row] > view.snapshot.groups.assignment_epoch[row])
    return [
        tile("Epoch", epoch.text(0), target, ABOVE_ZERO["reconciling"] if behind else ""),
        tile_of("Pending reassignment", of("reconciling_partitions"), "partitions assigned but not yet held"),
    ]


def members(view: View, row: int) -> Any:
    """The members of the group in this row of the View, those with the most partitions first, those with none idle."""
    table = view.snapshot.members
    mine = np.flatnonzero(table.group == row)
    if not len(mine):
        not_described = view.reasons[int(view.snapshot.groups.reason[row])]
        return nothing("Members unknown" if not_described else "No members", not_described)
    assigned = shown(MEMBER.read(view), "partitions").values.tolist()
    ordered = sorted(mine.tolist(), key=lambda each: (-np.nan_to_num(assigned[each]), str(table.client_id[each])))
    columns = [
        Listed("Client id", "client_id"),
        Listed("Status", partial(status_mark, view.judged.members)),
        Listed("Host", "host"),
        Listed("Member id", "member_id"),
        Listed("Instance id", "instance_id"),
        Listed("Rack", "rack"),
        Listed("Epoch", "epoch"),
        Listed("Partitions", lambda each: count(assigned[each]) if assigned[each] else "idle", right=True),
    ]
    if np.isin(view.snapshot.target_assignments.member, mine).any():
        columns.append(Listed("Target", partial(change, view)))
    return rows_of(view, MEMBER, np.array(ordered), columns)


def change(view: View, member: int) -> Any:
    """What a member is to get and to give up until it has what the coordinator wants; empty where it has that."""
    have, target = view.snapshot.assignments, view.snapshot.target_assignments
    if not (target.member == member).any():
        return ""
    now, then = (_partitions(view, table, member) for table in (have, target))
    parts = [f"{verb} {_named(sorted(each))}" for verb, each in (("get", then - now), ("give up", now - then)) if each]
    said = "; ".join(parts) or "no change"
    return html.Span(said, className="why", title=said)


def _partitions(view: View, table: Assignments, member: int) -> set[tuple[str, int]]:
    rows = np.flatnonzero(table.member == member).tolist()
    return {(str(view.snapshot.topics.topic[table.topic[row]]), int(table.partition[row])) for row in rows}


def _named(partitions: list[tuple[str, int]]) -> str:
    shown = ", ".join(f"{visible(topic)}-{partition}" for topic, partition in partitions[:NAMED_PARTITIONS])
    more = len(partitions) - NAMED_PARTITIONS
    return f"{shown} and {more:,} more" if more > 0 else shown


def streams(view: View, row: int, kept: str) -> Any:
    """The subtopologies of a streams group and who has their tasks; nothing for groups of other types."""
    table = view.snapshot.subtopologies
    mine = np.flatnonzero(table.group == row)
    if view.snapshot.groups.group_type[row] != "streams":
        return None
    if not len(mine):
        why = view.reasons[int(view.snapshot.groups.reason[row])]
        return card("Subtopologies", nothing("Topology unknown", why or "not reported by the group yet"))
    tasks = _tasks(view, row)

    def topics(name: str) -> Callable[[int], Any]:
        return lambda each: _topics(view, getattr(table, name)[each], kept)

    columns = [
        Listed("Subtopology", "subtopology"),
        Listed("Reads", topics("source_topics")),
        Listed("Repartitions", topics("repartition_topics")),
        Listed("State stores", topics("changelog_topics")),
    ]
    for role in ROLES:
        numbers = [count(float(tasks[str(each), role])) for each in table.subtopology]
        columns.append(Listed(role.capitalize(), numbers.__getitem__, right=True))
    return [
        card("Subtopologies", rows_of(view, SUBTOPOLOGY, mine, columns)),
        card("Tasks", task_list(view, row)),
    ]


ROLES = ("active", "standby", "warmup")


def _mine(view: View, row: int) -> Ints:
    """The rows of `tasks` of the group in this row."""
    theirs: Ints = view.snapshot.members.group[view.snapshot.tasks.member]
    return np.flatnonzero(theirs == row)


def _tasks(view: View, row: int) -> Counter[tuple[str, str]]:
    table = view.snapshot.tasks
    return Counter((str(table.subtopology[each]), str(table.role[each])) for each in _mine(view, row).tolist())


def task_list(view: View, row: int) -> Any:
    """A row a member and role: the tasks that it has, such as 0_0, 0_1."""
    table, who = view.snapshot.tasks, view.snapshot.members
    held: dict[tuple[int, str], list[tuple[str, int]]] = {}
    for each in _mine(view, row).tolist():
        key = (int(table.member[each]), str(table.role[each]))
        held.setdefault(key, []).append((str(table.subtopology[each]), int(table.partition[each])))
    if not held:
        return nothing("No tasks", "No member has a task.")
    rows = []
    for (member, role), tasks in sorted(held.items(), key=lambda each: (str(who.client_id[each[0][0]]), each[0][1])):
        named = ", ".join(f"{visible(subtopology)}_{partition}" for subtopology, partition in sorted(tasks))
        rows.append(
            (text(who.client_id[member]), role, str(len(tasks)), html.Span(named, className="why", title=named))
        )
    return listing(("Client id", "Role", "Number", "Tasks"), rows, numbers=("Number",))


def _topics(view: View, names: tuple[str, ...], kept: str) -> Any:
    """Names of topics, each a link where the View has it."""
    if not names:
        return html.Span(UNKNOWN, className="muted", title="none")
    shown: list[Any] = []
    for name in names[:NAMED_PARTITIONS]:
        there = name in view.topic_rows
        shown += [", "] if shown else []
        shown.append(dcc.Link(visible(name), href=link(topic_path(name), kept)) if there else visible(name))
    more = len(names) - NAMED_PARTITIONS
    return html.Span([*shown, f" and {plural(more, 'topic')} more"] if more > 0 else shown, className="why")
