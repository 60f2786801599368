"""Requests and answers by kafka-python's schemas: by their names, with structures written as mappings."""

import math

import pytest
from answers import answer_of
from kafka.protocol.admin import DescribeConfigsRequest, DescribeQuorumRequest

from monitor.kafka.client import apis
from monitor.kafka.client.apis import DESCRIBE_CONFIGS, DESCRIBE_QUORUM, LIST_GROUPS, Api
from monitor.kafka.client.client import Ask
from monitor.kafka.client.wire import Answer
from monitor.kafka.decode.cursor import MalformedAnswerError
from monitor.kafka.messages import decoded, encode, known

APIS = sorted({each for each in vars(apis).values() if isinstance(each, Api)}, key=lambda each: (each.key, each.oldest))


@pytest.mark.parametrize("api", APIS, ids=lambda each: f"{each.name} v{each.oldest}")
def test_every_api_has_its_request_and_its_answer(api: Api) -> None:
    assert isinstance(encode(api, api.newest, {}), bytes)
    with (
        pytest.raises(MalformedAnswerError, match=f"{api.name}Response v{api.newest}"),
        decoded(Answer(api, api.newest, b"\xff" * 3)),
    ):
        pass


def test_structures_within_a_request_are_mappings_of_their_fields() -> None:
    data = DescribeQuorumRequest.TopicData
    partition = data.PartitionData(version=1, partition_index=7)
    expected = DescribeQuorumRequest(version=1, topics=[data(version=1, topic_name="t", partitions=[partition])])
    topics = [{"topic_name": "t", "partitions": [{"partition_index": 7}]}]
    assert encode(DESCRIBE_QUORUM, 1, {"topics": topics}) == expected.encode()
    assert Ask.of(3, DESCRIBE_QUORUM, topics=topics).body(1) == expected.encode()


@pytest.mark.parametrize("version", range(DESCRIBE_CONFIGS.oldest, DESCRIBE_CONFIGS.newest + 1))
def test_a_list_of_texts_remains_what_it_is(version: int) -> None:
    resource = DescribeConfigsRequest.DescribeConfigsResource
    given = {"resource_type": 2, "resource_name": "t", "configuration_keys": ["a", "b"]}
    expected = DescribeConfigsRequest(version=version, resources=[resource(version=version, **given)])
    assert encode(DESCRIBE_CONFIGS, version, {"resources": [given]}) == expected.encode()


def test_what_trips_over_the_content_of_an_answer_is_a_fault_of_the_answer() -> None:
    answer = answer_of(LIST_GROUPS, error_code=0, groups=[])
    with decoded(answer) as listed:
        assert listed.groups == []
    with pytest.raises(MalformedAnswerError, match="ListGroups v5: "), decoded(answer) as listed:
        listed.groups[0]


def test_a_negative_number_is_unknown() -> None:
    assert math.isnan(known(-1))
    assert known(0) == 0.0
