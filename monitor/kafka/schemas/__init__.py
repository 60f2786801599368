"""Messages that kafka-python has no schema for, written from the protocol's documented fields.

Each class reads the JSON of its own name here. tests/monitor/kafka/test_real_answers.py holds them to a real broker.
"""

import sys

from kafka.protocol.api_message import ApiMessage

_here = sys.modules[__name__]


class ConsumerGroupDescribeRequest(ApiMessage, load_json=_here): ...


class ConsumerGroupDescribeResponse(ApiMessage, load_json=_here): ...


class ShareGroupDescribeRequest(ApiMessage, load_json=_here): ...


class ShareGroupDescribeResponse(ApiMessage, load_json=_here): ...


class StreamsGroupDescribeRequest(ApiMessage, load_json=_here): ...


class StreamsGroupDescribeResponse(ApiMessage, load_json=_here): ...


class DescribeShareGroupOffsetsRequest(ApiMessage, load_json=_here): ...


class DescribeShareGroupOffsetsResponse(ApiMessage, load_json=_here): ...
