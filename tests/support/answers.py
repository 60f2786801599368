"""Answers of Kafka made by hand, and a client that gives them: for tests of collectors and polls without a Kafka."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from kafka.protocol.admin import (
    DescribeClusterResponse,
    DescribeConfigsResponse,
    DescribeGroupsResponse,
    DescribeLogDirsResponse,
    DescribeProducersResponse,
    DescribeQuorumResponse,
    DescribeTopicPartitionsResponse,
    DescribeTransactionsResponse,
    ListGroupsResponse,
    ListPartitionReassignmentsResponse,
    ListTransactionsResponse,
)
from kafka.protocol.consumer import ListOffsetsResponse, OffsetFetchResponse
from kafka.protocol.metadata import ApiVersionsResponse, MetadataResponse
from reasons import reason
from views import NOW

from monitor.collect.draft import Draft
from monitor.kafka import schemas
from monitor.kafka.client.apis import Api
from monitor.kafka.client.client import Ask, Batch, BrokerAddress, Client, Node
from monitor.kafka.client.faults import Fault
from monitor.kafka.client.tally import Tally
from monitor.kafka.client.wire import Answer
from monitor.model.reasons import Kind, ReasonCodes

NOTHING: Mapping[int, str] = {}
RESPONSES: dict[str, Any] = {
    "Metadata": MetadataResponse,
    "ListGroups": ListGroupsResponse,
    "DescribeQuorum": DescribeQuorumResponse,
    "ApiVersions": ApiVersionsResponse,
    "DescribeCluster": DescribeClusterResponse,
    "DescribeConfigs": DescribeConfigsResponse,
    "DescribeLogDirs": DescribeLogDirsResponse,
    "ListPartitionReassignments": ListPartitionReassignmentsResponse,
    "DescribeTopicPartitions": DescribeTopicPartitionsResponse,
    "ListTransactions": ListTransactionsResponse,
    "DescribeTransactions": DescribeTransactionsResponse,
    "DescribeProducers": DescribeProducersResponse,
    "OffsetFetch": OffsetFetchResponse,
    "ListOffsets": ListOffsetsResponse,
    "DescribeGroups": DescribeGroupsResponse,
    "ConsumerGroupDescribe": schemas.ConsumerGroupDescribeResponse,
    "ShareGroupDescribe": schemas.ShareGroupDescribeResponse,
    "StreamsGroupDescribe": schemas.StreamsGroupDescribeResponse,
    "DescribeShareGroupOffsets": schemas.DescribeShareGroupOffsetsResponse,
}


def body_of(message: Any, version: int, **fields: Any) -> bytes:
    """The bytes of a kafka-python message; what is nested in it is written as dicts and lists of dicts."""
    return bytes(_made(message, version, fields).encode())


def _made(message: Any, version: int, fields: dict[str, Any]) -> Any:
    def value(name: str, given: Any) -> Any:
        field = message._struct.fields[name]
        if given is not None and field.is_struct_array():
            return [_made(field.data_class, version, each) for each in given]
        if given is not None and field.is_struct():
            return _made(field.data_class, version, given)
        return given

    return message(version=version, **{name: value(name, given) for name, given in fields.items()})


def encoded(message: Any, version: int) -> bytes:
    """A message that was decoded in one version, in another."""
    message._header = None  # decode() leaves it unset, and encode() in another version asks for it
    return bytes(message.encode(version=version))


def answer_of(api: Api, node: Node = 1, *, api_version: int | None = None, **fields: Any) -> Answer:
    """An Answer of `node`, in kmon's newest version of the API unless another is given."""
    version = api.newest if api_version is None else api_version
    return Answer(api, version, body_of(RESPONSES[api.name], version, **fields), node)


def timeout(api: Api, node: Node = 1) -> Fault:
    return Fault(Kind.TIMEOUT, node, api.name, detail="after 3.0 s", seconds=3.0)


def unsupported(ask: Ask) -> Fault:
    return Fault(Kind.UNSUPPORTED, ask.node, ask.api.name, detail=f"{ask.api.name} is not served by this broker")


def new_draft(*, reasons: Iterable[str] = ("",), failed: Mapping[int, str] = NOTHING, **fields: Any) -> Draft:
    """A draft of the fixture's cluster; reasons as their texts."""
    fields |= {"reasons": ReasonCodes(map(reason, reasons)), "failed": {node: reason(failed[node]) for node in failed}}
    return Draft("demo", NOW, 1000.0, 1010.0, **fields)


class _Replies(Batch):
    def __init__(self, client: "StubClient", asks: Sequence[Ask]) -> None:
        self._client = client
        self._asks = asks

    def wait(self) -> list[Answer | Fault]:
        replies = []
        for ask in self._asks:
            replies.append(self._client.replies.get(ask.api.name, unsupported)(ask))
            self._client.log.append(("reply", ask.api.name, ask.node))
        return replies


class StubClient(Client):
    """Gives `replies[API name](ask)`, or that it is not supported.

    `log` has what was asked and when its reply was handed out, in order; `versions` what `served` gives.
    """

    def __init__(self, replies: dict[str, Callable[[Ask], Answer | Fault]], nodes: Iterable[int] = ()) -> None:
        self.replies = replies
        self.bootstrap_servers = ("127.0.0.1:9092",)
        self.tally = Tally()
        self.log: list[tuple[str, str, Node]] = []
        self.versions: dict[Node, dict[int, tuple[int, int]]] = {}
        self._nodes = sorted(nodes)
        self._is_closed = False

    @property
    def nodes(self) -> list[int]:
        return self._nodes

    def certificates(self) -> dict[int, float]:
        return {}

    @property
    def closed(self) -> bool:
        return self._is_closed

    @property
    def crashed(self) -> bool:
        return False

    def address(self, node: Node) -> str:
        return f"broker-{node}:9092"

    def served(self, node: Node) -> dict[int, tuple[int, int]] | None:
        return self.versions.get(node)

    def learn(self, brokers: Iterable[BrokerAddress]) -> None:
        self._nodes = sorted(each.node for each in brokers)

    def refresh(self) -> None:
        pass

    def start(self, asks: Sequence[Ask], deadline: float) -> Batch:
        for ask in asks:
            ask.body(ask.api.newest)  # as the real one does, on its I/O thread
            self.log.append(("ask", ask.api.name, ask.node))
        return _Replies(self, asks)

    def ask_any(
        self, make: Callable[[Node], Ask], deadline: float, *, skip: Iterable[Node] = ()
    ) -> tuple[Answer | None, list[Fault]]:
        faults: list[Fault] = []
        order: list[Node] = [*self._nodes, "bootstrap-0"]
        for node in [each for each in order if each not in set(skip)]:
            (reply,) = self.ask([make(node)], deadline)
            if isinstance(reply, Answer):
                return reply, faults
            faults.append(reply)
        return None, faults

    def close(self) -> None:
        self._is_closed = True
