"""The active controller, from the leader of the KRaft quorum; metadata's answer names any broker on KRaft."""

from collections.abc import Sequence

from kafka.protocol.admin import DescribeQuorumRequest, DescribeQuorumResponse

from monitor.client.apis import DESCRIBE_QUORUM
from monitor.client.client import Ask, Client
from monitor.client.faults import Fault, Kind, error_text
from monitor.collectors.base import Collector, Reply, Step
from monitor.decode.cursor import MalformedAnswerError, understanding
from monitor.decode.plain import read
from monitor.draft import Draft


class QuorumCollector(Collector):
    """A cluster that does not serve the request has ZooKeeper, and then metadata names the controller.

    Brokers forward the request, so without a quorum it hangs where the broker itself is well: it is asked last, behind
    what else is asked of the broker, and its fault is not held against the broker.
    """

    name = "quorum"
    step = Step.ENDS

    def ask(self, client: Client, draft: Draft) -> list[Ask]:
        node = next((each.node for each in draft.brokers if each.node not in draft.failed), None)
        return [] if node is None else [Ask(node, DESCRIBE_QUORUM, _body)]

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[str]:
        for reply in replies:
            if isinstance(reply, Fault):
                if reply.kind is Kind.UNSUPPORTED:
                    return []
                draft.controller = None
                return [reply.where]
            try:
                with understanding(f"{reply.api.name} v{reply.version}"):
                    draft.controller = _leader(reply.body, reply.version)
            except MalformedAnswerError as error:
                draft.controller = None
                return [f"broker {reply.node}: {error}"]
            return []
        draft.controller = None
        return ["no broker to ask"]


def _body(version: int) -> bytes:
    topic = DescribeQuorumRequest.TopicData
    partition = topic.PartitionData(partition_index=0)
    request = DescribeQuorumRequest(
        version=version, topics=[topic(topic_name="__cluster_metadata", partitions=[partition])]
    )
    return bytes(request.encode())


def _leader(body: bytes, version: int) -> int | None:
    answer = read(DescribeQuorumResponse, body, version)
    if answer.error_code:
        raise MalformedAnswerError(error_text(answer.error_code))
    for topic in answer.topics:
        for partition in topic.partitions:
            if partition.error_code:
                raise MalformedAnswerError(error_text(partition.error_code))
            return int(partition.leader_id) if partition.leader_id >= 0 else None
    return None
