"""What brokers of older Kafka releases serve and answer: recorded answers of a new one, in the old one's versions.

The versions are `validVersions` of the JSON message definitions in each release's kafka-clients jar, where `listeners`
names the broker; test_real_versions.py holds two of them to real brokers. Produce of 4.0 is served from 0 on for old
clients' sake, whatever is said there.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from answers import RESPONSES, body_of, encoded, unsupported
from kafka.protocol.admin import DescribeGroupsRequest
from kafka.protocol.consumer import OffsetFetchRequest
from recorded import Recording, ReplayClient, Served

from monitor.kafka import schemas
from monitor.kafka.client.client import Ask
from monitor.kafka.client.faults import Fault
from monitor.kafka.client.wire import Answer


@dataclass(frozen=True)
class Release:
    """A release: `served` APIs by key, the newest level of metadata.version, and the types of groups that it knows."""

    served: Served
    metadata_level: int
    group_types: tuple[str, ...]


def _served(text: str) -> Served:
    """APIs written as `key:oldest-newest`."""
    fields = (re.split("[:-]", each) for each in text.split())
    return {int(key): (int(low), int(high)) for key, low, high in fields}


# Produce, Fetch and AddPartitionsToTxn, which kmon never asks, tell releases apart.
RELEASES = {
    "3.3": Release(
        _served(
            "0:0-9 1:0-13 2:0-7 3:0-12 9:0-8 15:0-5 16:0-4 18:0-3 24:0-3 "
            "32:0-4 35:0-4 46:0-0 55:0-1 60:0-0 61:0-0 65:0-0 66:0-0",
        ),
        7,
        ("classic",),
    ),
    "3.6": Release(
        _served(
            "0:0-9 1:0-15 2:0-8 3:0-12 9:0-8 15:0-5 16:0-4 18:0-3 24:0-4 "
            "32:0-4 35:0-4 46:0-0 55:0-1 60:0-0 61:0-0 65:0-0 66:0-0",
        ),
        14,
        ("classic",),
    ),
    "3.9": Release(
        _served(
            "0:0-11 1:0-17 2:0-9 3:0-12 9:0-9 15:0-5 16:0-5 18:0-4 24:0-5 32:0-4 "
            "35:0-4 46:0-0 55:0-2 60:0-1 61:0-0 65:0-0 66:0-1 69:0-0 75:0-0",
        ),
        21,
        ("classic", "consumer"),
    ),
    "4.0": Release(
        _served(
            "0:0-12 1:4-17 2:1-10 3:0-13 9:1-9 15:0-6 16:0-5 18:0-4 24:0-5 32:1-4 "
            "35:1-4 46:0-0 55:0-2 60:0-2 61:0-0 65:0-0 66:0-1 69:0-1 75:0-0",
        ),
        25,
        ("classic", "consumer"),
    ),
}
BASICS = Release(_served("2:0-4 3:0-9 9:0-5 15:0-5 16:0-3 18:0-3"), 0, ("classic",))
"""What speaks the protocol and serves no more than lag takes: ListOffsets, Metadata, OffsetFetch, DescribeGroups and
ListGroups, none newer than in Kafka 2.4, and ApiVersions without any features."""

_GROUPS_ASKED: Mapping[str, tuple[Any, Callable[[Any], list[str]]]] = {
    "OffsetFetch": (OffsetFetchRequest, lambda asked: [each.group_id for each in asked.groups or [asked]]),
    "DescribeGroups": (DescribeGroupsRequest, lambda asked: list(asked.groups)),
    "ConsumerGroupDescribe": (schemas.ConsumerGroupDescribeRequest, lambda asked: list(asked.group_ids)),
}


class OldClient(ReplayClient):
    """Gives the recorded answers as brokers of an older release would."""

    def __init__(self, recording: Recording, release: Release) -> None:
        super().__init__(replace(recording, served=release.served))
        self._release = release

    def _give(self, ask: Ask) -> Answer | Fault:
        api, version = ask.api, ask.api.version(self._release.served)
        if version is None:
            return unsupported(ask)
        if api.name == "ApiVersions":
            return Answer(api, version, self._api_versions(version), ask.node)
        if api.name in _GROUPS_ASKED:
            return Answer(api, version, self._of_groups(ask, version), ask.node)
        reply = super()._give(ask)
        if isinstance(reply, Fault):
            return reply
        message = RESPONSES[api.name].decode(reply.body, version=reply.version)
        if api.name == "ListGroups":
            message.groups = [each for each in message.groups if each.group_type.lower() in self._release.group_types]
        return Answer(api, version, encoded(message, version), ask.node)

    def _api_versions(self, version: int) -> bytes:
        message, level = RESPONSES["ApiVersions"], self._release.metadata_level
        keys = [
            message.ApiVersion(version=version, api_key=key, min_version=low, max_version=high)
            for key, (low, high) in self._release.served.items()
        ]
        features: dict[str, Any] = {}
        if level:
            names = {"name": "metadata.version", "version": version}
            levels = {"max_version_level": level, "min_version_level": level}
            features = {
                "supported_features": [message.SupportedFeatureKey(**names, min_version=1, max_version=level)],
                "finalized_features": [message.FinalizedFeatureKey(**names, **levels)],
                "finalized_features_epoch": 1,
            }
        return bytes(message(version=version, error_code=0, api_keys=keys, **features).encode())

    def _of_groups(self, ask: Ask, version: int) -> bytes:
        """The answer with those groups only that are asked for; an old broker's other groups are of other types."""
        request, names = _GROUPS_ASKED[ask.api.name]
        wanted = names(request.decode(ask.body(version), version=version))
        recorded = [each for each in self.recording.answers if each.api == ask.api.name and each.node == ask.node]
        answers = [RESPONSES[each.api].decode(each.body, version=each.version) for each in recorded]
        found = {each.group_id: each for answer in answers for each in answer.groups}
        if ask.api.name == "OffsetFetch" and version < 8:
            return _of_one_group(found[wanted[0]], version)
        message = answers[0]
        message.groups = [found[name] if name in found else _nobody(name) for name in wanted]
        return encoded(message, version)


def _of_one_group(group: Any, version: int) -> bytes:
    """What versions of OffsetFetch that are about one group say of it."""
    names = ("partition_index", "committed_offset", "committed_leader_epoch", "metadata", "error_code")
    topics = [
        {"name": topic.name, "partitions": [{name: getattr(each, name) for name in names} for each in topic.partitions]}
        for topic in group.topics
    ]
    return body_of(RESPONSES["OffsetFetch"], version, topics=topics, error_code=group.error_code)


def _nobody(name: str) -> Any:
    """What is said of a group that is not there: kmon asks so whether a broker coordinates what it would keep."""
    body = body_of(RESPONSES["DescribeGroups"], 5, groups=[{"group_id": name, "group_state": "Dead", "members": []}])
    return RESPONSES["DescribeGroups"].decode(body, version=5).groups[0]
