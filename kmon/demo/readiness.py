"""Asks brokers, through kafka-python, whether the cluster is ready."""

import socket
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

Answer = TypeVar("Answer")


def admin_client(**config: Any) -> Any:
    """A kafka-python KafkaAdminClient."""
    from kafka import KafkaAdminClient  # noqa: PLC0415  # slow to import, and only needed once brokers run

    admin = KafkaAdminClient.__new__(KafkaAdminClient)
    try:
        admin.__init__(**config)
    except BaseException:
        # It leaves its thread and sockets behind when nobody answers in time.
        if hasattr(admin, "_client"):
            admin._client.close()  # noqa: SLF001  # its own close() does nothing yet
        raise
    return admin


def registered(addresses: Collection[str]) -> set[int]:
    """The ids of brokers that are registered and not fenced, as told at `addresses`; none while one is silent."""
    from kafka.errors import KafkaError  # noqa: PLC0415  # as above

    if not all(map(_listens, addresses)):
        return set()
    patience = {"bootstrap_timeout_ms": 3000, "request_timeout_ms": 3000}
    try:
        admin = admin_client(bootstrap_servers=list(addresses), **patience)
    except KafkaError:
        return set()
    try:
        brokers = admin.describe_cluster()["brokers"]
    except KafkaError:
        return set()
    finally:
        admin.close()
    return {broker["broker_id"] for broker in brokers if not broker.get("is_fenced")}


def make_group_coordinators(admin: Any) -> None:
    """Have the brokers make their offsets topic, which else the first group would wait for."""
    asked_until_ready(lambda: admin.list_group_offsets(["kmon-demo"]))
    admin.wait_for_topics(["__consumer_offsets"])


def commit(admin: Any, group: str, offsets: Mapping[Any, Any]) -> None:
    """Commit `{TopicPartition: OffsetAndMetadata}` for a group without members; returns when all are committed.

    Raises the KafkaError of the first partition whose commit was refused.
    """
    from kafka.errors import NoError  # noqa: PLC0415  # as above

    def committed() -> None:
        refused = [error for error in admin.alter_group_offsets(group, offsets).values() if error is not NoError]
        if refused:
            raise refused[0](f"commit of {group}")

    asked_until_ready(committed)


def asked_until_ready(ask: Callable[[], Answer], timeout_seconds: float = 60) -> Answer:
    """What Kafka answers once it is ready: after a retriable error, such as a loading coordinator's, it is asked again.

    Raises the last error after `timeout_seconds`.
    """
    from kafka.errors import KafkaError  # noqa: PLC0415  # as above

    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            return ask()
        except KafkaError as error:
            if not error.retriable or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _listens(address: str) -> bool:
    host, port = address.rsplit(":", 1)
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, int(port))) == 0
