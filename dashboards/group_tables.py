"""The tiles and small tables of a group: its members with what they have and are to have, tasks of a streams group."""

from collections import Counter
from typing import Any

import numpy as np
from dash import dcc, html

from dashboards.components.parts import MOST_LISTED, card, known, listing, nothing, since, status_mark, text, tile
from dashboards.links import link, topic_path
from dashboards.text import oldest
from monitor.analysis.derive.times import NO_HEADROOM, NO_RATES, NOT_DATED
from monitor.analysis.derive.verdict import group_why
from monitor.model.levels import ABOVE_ZERO
from monitor.model.snapshot import Assignments
from monitor.model.table import Ints
from monitor.model.text import UNKNOWN, at_least, count, moment, plural, rate, time_left, visible
from monitor.model.view import View

NAMED_PARTITIONS = 8
"""A change of what a member has names no more partitions than this."""

NO_EPOCH = "members of classic groups have none"


def tiles(view: View, row: int) -> list[html.Div]:
    """What is known of the group in this row of the View."""
    groups, lags = view.snapshot.groups, view.group_lags
    not_described = view.reasons[int(groups.reason[row])]
    unknown = int(lags.unknown_partitions[row])
    lost = float(lags.lost[row])
    coordinator = int(groups.coordinator[row])
    share = groups.group_type[row] == "share"
    return [
        _status(view, row),
        tile(
            "Lag",
            at_least(float(lags.lag[row]), float(lags.lag_at_least[row])),
            _spread(int(lags.partitions[row]), unknown, failed=bool(np.isnan(lags.lag[row]))),
        ),
        *_times(view, row),
        tile("Max lag", count(float(lags.max_lag[row])), "on one partition"),
        tile(
            "Stable lag",
            count(float(lags.stable_lag[row])),
            "share groups have none" if share else "up to the last stable offset (read_committed)",
        ),
        tile(
            "Records lost",
            count(lost),
            "deleted before they were read",
            ABOVE_ZERO["lost"] if lags.lost[row] > 0 else "",
        ),
        tile("State", groups.state[row] or UNKNOWN, not_described or _kind(view, row)),
        tile(
            "Members", count(float(groups.members[row])), not_described or f"assignor {groups.assignor[row] or UNKNOWN}"
        ),
        *_epochs(view, row),
        tile("Coordinator", UNKNOWN if coordinator < 0 else str(coordinator), "broker"),
    ]


def _status(view: View, row: int) -> html.Div:
    lags, why = view.group_lags, group_why(view, row)
    began, latest = float(lags.since[row]), float(lags.since_at_latest[row])
    if not np.isnan(began):
        spent = since(view.time - began, "", "for ", moment(began))
    elif latest < view.time:
        spent = since(view.time - latest, "", "for over ", f"unchanged since {moment(latest)}")
    else:
        spent = html.Span("unchanged since kmon started", className="muted small")
    return html.Div(
        [
            html.Dt(["Status ", spent]),
            html.Dd(status_mark(view.judged.groups, row), className="tile-value"),
            html.Dd(why, className="tile-note muted", title=why or None),
        ],
        className="tile wide",
    )


def _times(view: View, row: int) -> list[html.Div]:
    """How old the next record of the group is, how fast it reads, and when that ends."""
    lags = view.group_lags
    mine = slice(*np.searchsorted(view.lag.group, [row, row + 1]))
    unread = view.reasons[int(lags.reason[row])]
    undated = unread or next((view.reasons[code] for code in view.lag_times.reason[mine] if code), NOT_DATED)
    rates = float(lags.produce_rate[row]), float(lags.consume_rate[row])
    eta, headroom = float(lags.eta_seconds[row]), float(lags.headroom_seconds[row])
    return [
        tile("Time lag", oldest(lags, row), undated if np.isnan(lags.lag_seconds[row]) else "oldest unread record"),
        tile("Out rate", rate(rates[1]), (unread or NO_RATES) if np.isnan(rates[1]) else f"in rate {rate(rates[0])}"),
        tile("Drains in", time_left(eta), (unread or NO_RATES) if np.isnan(eta) else "at the current rates"),
        tile(
            "Data loss in",
            time_left(headroom),
            (unread or NO_HEADROOM) if np.isnan(headroom) else "until retention deletes an unread record",
        ),
    ]


def _epochs(view: View, row: int) -> list[html.Div]:
    """The epochs of a group whose broker assigns the partitions, and what is still to be handed over."""
    groups, waiting = view.snapshot.groups, float(view.group_lags.reconciling[row])
    epoch, assigned, topology = (
        float(each[row]) for each in (groups.epoch, groups.assignment_epoch, groups.topology_epoch)
    )
    if np.isnan(epoch) and np.isnan(assigned):
        return []
    target = f"assignment {count(assigned)}" + ("" if np.isnan(topology) else f", topology {count(topology)}")
    return [
        tile("Epoch", count(epoch), target, ABOVE_ZERO["reconciling"] if epoch > assigned else ""),
        tile(
            "Pending reassignment",
            count(waiting),
            "partitions assigned but not yet held",
            ABOVE_ZERO["reconciling"] if waiting > 0 else "",
        ),
    ]


def _spread(partitions: int, unknown: int, *, failed: bool) -> str:
    """Over how many partitions a group's lag is known or not."""
    if unknown:
        return f"unknown on {plural(unknown, 'partition')}"
    return "" if failed else f"on {plural(partitions, 'partition')}"


def _kind(view: View, row: int) -> str:
    kind = view.snapshot.groups.group_type[row]
    return f"{kind} group" if kind else ""


def members(view: View, row: int) -> Any:
    """The members of the group in this row of the View, those with the most partitions first, those with none idle."""
    table = view.snapshot.members
    mine = np.flatnonzero(table.group == row)
    if not len(mine):
        not_described = view.reasons[int(view.snapshot.groups.reason[row])]
        return nothing("Members unknown" if not_described else "No members", not_described)
    assigned = np.bincount(view.snapshot.assignments.member, minlength=len(table))
    why = NO_EPOCH if view.snapshot.groups.group_type[row] in ("classic", None) else "not reported by the broker"
    moving = bool(np.isin(view.snapshot.target_assignments.member, mine).any())
    ordered = sorted(mine.tolist(), key=lambda each: (-assigned[each], str(table.client_id[each])))
    rows = [
        (
            text(table.client_id[each]),
            text(table.host[each]),
            text(table.member_id[each]),
            text(table.instance_id[each]),
            text(table.rack[each]),
            known(count(float(table.epoch[each])), why),
            str(assigned[each]) if assigned[each] else "idle",
            *([change(view, each)] if moving else []),
        )
        for each in ordered[:MOST_LISTED]
    ]
    heads = ["Client id", "Host", "Member id", "Instance id", "Rack", "Epoch", "Partitions"]
    heads += ["Target"] if moving else []
    return listing(heads, rows, numbers=("Epoch", "Partitions"), more=len(ordered) - len(rows))


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
    rows = [
        (
            text(name := str(table.subtopology[each])),
            _topics(view, table.source_topics[each], kept),
            _topics(view, table.repartition_topics[each], kept),
            _topics(view, table.changelog_topics[each], kept),
            *(count(float(tasks[name, role])) for role in ROLES),
        )
        for each in mine[:MOST_LISTED].tolist()
    ]
    heads = ("Subtopology", "Reads", "Repartitions", "State stores", *(role.capitalize() for role in ROLES))
    return [
        card("Subtopologies", listing(heads, rows, numbers=tuple(heads[-len(ROLES) :]), more=len(mine) - len(rows))),
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
