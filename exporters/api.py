"""The JSON API under /api/v1: tables of the newest View. An unknown number is null and `reason` says why.

docs/api.md shows every path with an example; a test holds it to the answers.
"""

import time
from collections.abc import Callable, Sequence
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Depends, HTTPException, Query
from fastapi.responses import Response
from starlette.convertors import Convertor, register_url_convertor

from exporters.answers import NO_POLL, UNANSWERED, Json, Where, chosen, heading, refuse_unknown, source_of
from exporters.nested import (
    Row,
    broker_rows,
    cluster_row,
    member_rows,
    partition_rows_of,
    problem_rows,
    quorum_row,
    topic_rows,
    transaction_rows,
)
from monitor.analysis.derive.judged.order import lag_order, transaction_order
from monitor.model.fingerprint import fingerprint
from monitor.model.silences import Silencing
from monitor.model.table import Flags, Ints
from monitor.model.view import AlertRow, View
from monitor.poll.source import Source
from monitor.subjects.alerts import RULE
from monitor.subjects.brokers import BROKER
from monitor.subjects.column import Subject
from monitor.subjects.groups import GROUP, SUBTOPOLOGY
from monitor.subjects.health import DIAGNOSIS, EVENT, PROBLEM
from monitor.subjects.lag import LAG
from monitor.subjects.requests import CAPABILITY
from monitor.subjects.topics import PRODUCER, REASSIGNMENT, TOPIC
from monitor.subjects.transactions import TRANSACTION

MAX_LAG_ROWS = 100_000
LAG_KEYS = tuple(name for name in LAG.schema if name != "why")
"""Sentences of 100,000 rows would take seconds."""


class AnyText(Convertor[str]):
    """The rest of a path, whatever stands in it: Starlette's own `path` ends at a newline."""

    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


class Api:
    """The answers over these sources; `clock` gives unix seconds, for the age of what is shown.

    `silencing` is what mutes alerts now; without it they are as in their View.
    """

    def __init__(
        self, sources: Sequence[Source], clock: Callable[[], float] = time.time, silencing: Silencing | None = None
    ) -> None:
        self._sources = tuple(sources)
        self._clock, self._silencing = clock, silencing

    def router(self) -> APIRouter:
        register_url_convertor("any_text", AnyText())
        router = APIRouter(dependencies=[Depends(refuse_unknown)])
        for path, answer in (
            ("clusters", self.clusters),
            ("groups", self._table("groups", GROUP)),
            ("groups/{group:any_text}", self.group),
            ("lag", self.lag),
            ("topics", self._table("topics", TOPIC, topic_rows, lambda view: np.flatnonzero(_watched(view)))),
            ("topics/{topic:any_text}", self.topic),
            ("brokers", self._table("brokers", BROKER, broker_rows)),
            ("quorum", self.quorum),
            ("reassignments", self._table("reassignments", REASSIGNMENT)),
            ("transactions", self.transactions),
            ("capabilities", self.capabilities),
            ("alerts", self.alerts),
            ("rules", self.rules),
            ("problems", self.problems),
            ("diagnoses", self._table("diagnoses", DIAGNOSIS)),
            ("events", self.events),
        ):
            router.add_api_route(f"/{path}", answer, methods=["GET"], response_class=Json)
        return router

    def _table(
        self,
        name: str,
        subject: Subject,
        make: Callable[[View, Ints], list[Row]] | None = None,
        order: Callable[[View], Ints] | None = None,
    ) -> Callable[..., Response]:
        """Answers with the rows of a subject that fit a filter, as `make` gives them; `order` are those that count."""

        def answer(cluster: str | None = None, where: Where = None) -> Response:
            view = self._newest(cluster)
            rows, more = chosen(subject, view.shown, where, order(view.shown) if order else None)
            return self._answer(view, **{name: (make or subject.plain)(view.shown, rows)}, **more)

        return answer

    def clusters(self) -> Response:
        rows = [self._cluster(source) for source in self._sources]
        return Json({"clusters": rows})

    def group(self, group: str, cluster: str | None = None) -> Response:
        """One group with its members and its lag by partition; its name may hold slashes."""
        view = self._newest(cluster)
        shown = view.shown
        row = shown.group_rows.get(group)
        if row is None:
            raise HTTPException(404, "no such group")
        return self._answer(
            view,
            **GROUP.plain(shown, np.array([row]))[0],
            group_members=member_rows(shown, row),
            subtopologies=SUBTOPOLOGY.plain(shown, np.flatnonzero(shown.snapshot.subtopologies.group == row)),
            lag_rows=LAG.plain(shown, np.flatnonzero(shown.lag.group == row), LAG_KEYS),
        )

    def lag(
        self,
        cluster: str | None = None,
        group: str | None = None,
        topic: str | None = None,
        where: Where = None,
        limit: Annotated[int, Query(ge=1, le=MAX_LAG_ROWS)] = 1000,
    ) -> Response:
        """The rows of one group or topic if named, else of all, worst first; `total_rows` is how many there are."""
        view = self._newest(cluster)
        rows, more = chosen(LAG, view.shown, where, worst_first(view.shown, group, topic))
        return self._answer(view, total_rows=len(rows), lag=LAG.plain(view.shown, rows[:limit], LAG_KEYS), **more)

    def topic(self, topic: str, cluster: str | None = None) -> Response:
        """One topic with its partitions."""
        view = self._newest(cluster)
        shown = view.shown
        row = shown.topic_rows.get(topic)
        if row is None or not _watched(shown)[row]:
            raise HTTPException(404, "no such topic, or the settings leave it out")
        return self._answer(
            view, **topic_rows(shown, np.array([row]))[0], topic_partitions=partition_rows_of(shown, row)
        )

    def quorum(self, cluster: str | None = None) -> Response:
        view = self._newest(cluster)
        return self._answer(view, **quorum_row(view.shown))

    def transactions(self, cluster: str | None = None, where: Where = None) -> Response:
        view = self._newest(cluster)
        shown = view.shown
        rows, more = chosen(TRANSACTION, shown, where, transaction_order(shown))
        return self._answer(view, transactions=transaction_rows(shown, rows), producers=PRODUCER.plain(shown), **more)

    def capabilities(self, cluster: str | None = None) -> Response:
        view = self._newest(cluster)
        return self._answer(view, capabilities=CAPABILITY.plain(view.shown))

    def alerts(self, cluster: str | None = None) -> Response:
        """Of the newest View, whether or not its cluster is reachable, with what mutes them now."""
        view, silencing = self._newest(cluster), self._silencing
        rows = view.alerts if silencing is None else [each.muted_by(silencing) for each in view.alerts]
        return self._answer(view, alerts=[*map(alert_row, rows)])

    def rules(self, cluster: str | None = None, where: Where = None) -> Response:
        """Of the newest View, as alerts are."""
        view = self._newest(cluster)
        rows, more = chosen(RULE, view, where)
        return self._answer(view, rules=RULE.plain(view, rows), **more)

    def problems(self, cluster: str | None = None, where: Where = None) -> Response:
        """Of the newest View: that the cluster is unreachable is a problem too, and explains those last known."""
        view = self._newest(cluster)
        rows, more = chosen(PROBLEM, view, where)
        return self._answer(view, problems=problem_rows(view, rows), **more)

    def events(  # noqa: PLR0917 - FastAPI passes what the query names
        self,
        cluster: str | None = None,
        kind: str | None = None,
        group: str | None = None,
        topic: str | None = None,
        where: Where = None,
        limit: Annotated[int, Query(ge=1)] = 100,
    ) -> Response:
        """The newest events of this kind and about this group and topic; `event_counts` counts all since the start."""
        view = self._newest(cluster)
        rows, more = chosen(EVENT, view, where, chosen_events(view, kind, group, topic))
        return self._answer(
            view,
            total_rows=len(rows),
            events=EVENT.plain(view, rows[:limit]),
            event_counts=dict(view.event_counts),
            **more,
        )

    def _newest(self, cluster: str | None) -> View:
        """The newest View of the cluster that the query names, or of the only one."""
        view = source_of(self._sources, cluster).latest()
        if view is None:
            raise HTTPException(503, NO_POLL)
        return view

    def _answer(self, view: View, **content: object) -> Response:
        return Json({**heading(view, self._clock()), **content})

    def _cluster(self, source: Source) -> dict[str, object]:
        view = source.latest()
        named = {"cluster": source.cluster, "interval_seconds": source.interval_seconds}
        if view is None:
            return {**UNANSWERED, **named}
        return {**heading(view, self._clock()), **named, **cluster_row(view)}


def alert_row(alert: AlertRow) -> dict[str, object]:
    plain = {**vars(alert), "labels": dict(alert.labels), "marks": alert.marks}
    return {"fingerprint": fingerprint(alert.labels), **plain}


def _watched(view: View) -> Flags:
    """The topics that the settings select."""
    return view.snapshot.topics.watched


def worst_first(view: View, group: str | None, topic: str | None) -> Ints:
    """Rows of the lag table, those of one group or topic only if named, the worst first."""
    lag = view.lag
    wanted = np.ones(len(lag), bool)
    if group is not None:
        wanted &= lag.group == view.group_rows.get(group, -1)
    if topic is not None:
        wanted &= lag.topic == view.topic_rows.get(topic, -1)
    order = lag_order(view)
    return order[wanted[order]]


def chosen_events(view: View, kind: str | None, group: str | None, topic: str | None) -> Ints:
    """The rows of the events of this kind and about this group and topic, of all where they are not named."""
    events = view.events
    wanted = np.ones(len(events), bool)
    for column, value in ((events.kind, kind), (events.group, group), (events.topic, topic)):
        if value is not None:
            wanted &= column == value
    return np.flatnonzero(wanted)
