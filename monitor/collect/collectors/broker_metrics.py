"""What brokers report of themselves on their metrics endpoints: their load, and how long requests take."""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from urllib.parse import quote

from monitor.collect.collectors.base import Collector, Reply, Step
from monitor.collect.draft import Draft
from monitor.collect.endpoints.fetch import Fetch, Response
from monitor.collect.endpoints.names import KNOWN_NAMES
from monitor.collect.endpoints.text import Figures, Reader
from monitor.kafka.client.client import Ask, BrokerAddress, Client
from monitor.model.broker_metrics import (
    OF_BROKERS,
    OF_REQUESTS,
    BrokerMetrics,
    BrokerRequests,
    DeprecatedRequests,
    Endpoints,
)
from monitor.model.reasons import NO_REASON, Kind, Reason

NOT_YET = Reason(Kind.NO_METRICS_YET)

Get = Callable[[str, Endpoints, Reader], Fetch]


def get(url: str, endpoints: Endpoints, reader: Reader) -> Fetch:
    """Begin a GET."""
    return Fetch(url, endpoints.timeout_seconds, endpoints.max_bytes, reader.read, access=endpoints.access)


class BrokerMetricsCollector(Collector):
    """Begins a GET for each broker, and gives out what has come by then: it waits for none.

    So the numbers of a slow endpoint are those of the poll before. A broker has one GET at a time. One that fails, or
    has no endpoint, costs only its own rows, so nothing is missing of the poll.
    """

    name = "broker_metrics"
    step = Step.ENDS
    provides = "bytes, request times, idle threads and deprecated requests, from the brokers' own metrics"
    fills = ("broker_metrics", "broker_requests", "deprecated_requests")
    sends = ()
    beside = "HTTP GET of `broker_metrics`"
    often = "each poll, if `broker_metrics` is set"
    opt_in = True
    without = "whether a broker is slow is unknown"

    def __init__(self, begin: Get = get) -> None:
        self._begin = begin
        self._endpoints: Endpoints | None = None
        self._reader = Reader(())
        self._under_way: dict[int, Fetch] = {}
        self._newest: dict[int, Response] = {}

    def ask(self, client: Client, draft: Draft) -> list[Ask]:
        endpoints = draft.choice.endpoints
        if endpoints != self._endpoints:
            self._endpoints, self._reader = endpoints, Reader((*KNOWN_NAMES, *endpoints.names))
        self._collect()
        for node, url in _urls(draft):
            if isinstance(url, Reason):
                self._newest[node] = Response(url, draft.started)
            elif node not in self._under_way:
                self._under_way[node] = self._begin(url, endpoints, self._reader)
        return []

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[Reason]:
        self.kept = not draft.choice.endpoints
        self._collect()
        nodes = sorted(node for node, _ in _urls(draft))
        self._newest = {node: self._newest[node] for node in nodes if node in self._newest}
        known = {node: each for node in nodes if isinstance((each := self._figures(node)), Figures)}
        draft.broker_metrics = BrokerMetrics.of_rows(self._row(draft, node, known.get(node)) for node in nodes)
        draft.broker_requests = BrokerRequests.of_rows(_requests(known))
        draft.deprecated_requests = DeprecatedRequests.of_rows(_deprecated(known))
        return []

    def fail(self, draft: Draft, reason: Reason) -> None:
        super().fail(draft, reason)
        code = draft.reasons[reason]
        unknown = [math.nan] * (1 + len(OF_BROKERS))
        draft.broker_metrics = BrokerMetrics.of_rows((node, *unknown, code) for node, _ in _urls(draft))

    def _collect(self) -> None:
        """Take what has ended, or should have."""
        for node, each in list(self._under_way.items()):
            ended = each.ended  # asked first: one that ends in between has a response that is not known yet
            if response := each.response:
                self._newest[node] = response
            if ended:
                del self._under_way[node]

    def _figures(self, node: int) -> Figures | Reason:
        return self._newest[node].figures if node in self._newest else NOT_YET

    def _row(self, draft: Draft, node: int, known: Figures | None) -> tuple[float, ...]:
        found = self._figures(node)
        why = found if isinstance(found, Reason) else NO_REASON
        time = self._newest[node].time if known else math.nan
        of = known.broker if known else {}
        code = draft.reasons[why] if why else 0
        return (node, time, *(of.get(figure, math.nan) for figure in OF_BROKERS), code)


def _urls(draft: Draft) -> Iterator[tuple[int, str | Reason]]:
    """The endpoint of each broker that has one, by node id, or why there is no URL for it."""
    endpoints = draft.choice.endpoints
    for broker in draft.brokers:
        template = endpoints.urls.get(broker.node, endpoints.url)
        if template is not None:
            yield broker.node, _url(template, broker)


def _url(template: str, broker: BrokerAddress) -> str | Reason:
    """A template filled in. What metadata says is a host or a part of a path, and nothing more."""
    if "{host}" in template and not re.fullmatch(r"[\w.:%-]+", broker.host, re.ASCII):
        return Reason(Kind.BAD_ENDPOINT, detail="the host")
    if "{rack}" in template and not broker.rack:
        return Reason(Kind.BAD_ENDPOINT, detail="the missing rack")
    host = f"[{broker.host}]" if ":" in broker.host else broker.host
    parts = {"host": host, "node": str(broker.node), "rack": quote(broker.rack or "", safe="")}
    return re.sub(r"\{(host|node|rack)\}", lambda match: parts[match[1]], template)


def _requests(known: Mapping[int, Figures]) -> Iterator[tuple[object, ...]]:
    for node, figures in known.items():
        for request, of in sorted(figures.requests.items()):
            if not any(of.values()):
                continue  # Kafka has percentiles of 0 of requests that were never sent
            yield node, request, *map(partial(_value, of), OF_REQUESTS)


def _value(of: Mapping[str, float], figure: str) -> float:
    return of.get(figure, math.nan)


def _deprecated(known: Mapping[int, Figures]) -> Iterator[tuple[object, ...]]:
    for node, figures in known.items():
        for key, requests in sorted(figures.deprecated.items()):
            yield node, *key, requests
