"""How the demo and the tests wait for a Kafka that is not ready yet."""

import itertools
from typing import Any

import pytest
from kafka.errors import CoordinatorLoadInProgressError, InvalidGroupIdError, NoError
from kafka_cluster import wait_until

from kmon.demo.readiness import asked_until_ready, commit


class Kafka:
    """Gives each answer in turn: a KafkaError is raised."""

    def __init__(self, *answers: Any) -> None:
        self.left = [*answers]

    def ask(self, *_arguments: object) -> Any:
        answer = self.left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    alter_group_offsets = ask


def test_asks_again_while_a_coordinator_loads() -> None:
    kafka = Kafka(CoordinatorLoadInProgressError(), CoordinatorLoadInProgressError(), "loaded")
    assert asked_until_ready(kafka.ask) == "loaded"
    with pytest.raises(InvalidGroupIdError):
        asked_until_ready(Kafka(InvalidGroupIdError(), "never asked").ask)
    with pytest.raises(CoordinatorLoadInProgressError):
        asked_until_ready(Kafka(*itertools.repeat(CoordinatorLoadInProgressError(), 9)).ask, timeout_seconds=0)


def test_a_commit_is_repeated_until_every_partition_has_it() -> None:
    kafka = Kafka(CoordinatorLoadInProgressError(), {0: NoError, 1: CoordinatorLoadInProgressError}, {0: NoError})
    commit(kafka, "group", {})
    assert not kafka.left
    with pytest.raises(InvalidGroupIdError, match="commit of group"):
        commit(Kafka({0: NoError, 1: InvalidGroupIdError}), "group", {})


def test_a_retriable_error_is_not_yet() -> None:
    assert wait_until(Kafka(CoordinatorLoadInProgressError(), 0, 7).ask, "an answer") == 7
    with pytest.raises(InvalidGroupIdError):
        wait_until(Kafka(InvalidGroupIdError(), 7).ask, "an answer")
    with pytest.raises(TimeoutError, match="did not happen"):
        wait_until(Kafka(CoordinatorLoadInProgressError(), None).ask, "an answer", timeout_seconds=-1)
