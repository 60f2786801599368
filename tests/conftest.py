"""Fixtures that every room's tests may use."""

import logging
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import workers
from breakable import Cluster
from hypothesis import settings
from requirements import require

from kmon.commands import logs
from kmon.demo.errors import DemoError
from kmon.demo.jars import kafka_jars, tools_jars

if TYPE_CHECKING:
    from secure_cluster import SecureKafka

# How long an example takes says nothing on a busy machine.
settings.register_profile("kmon", deadline=None)
settings.load_profile("kmon")


def pytest_configure(config: pytest.Config) -> None:
    # A shell ignores SIGINT in what it starts in the background, and every process that tests start inherits that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    support = "|".join(each.stem for each in (Path(__file__).parent / "support").glob("*.py"))
    config.addinivalue_line("filterwarnings", rf"error:::({support})$")
    # kafka-python leaves a socket whose connection was refused to the garbage collector.
    config.addinivalue_line("filterwarnings", r"ignore:unclosed <socket.*laddr=\('0\.0\.0\.0':ResourceWarning")


def pytest_xdist_auto_num_workers() -> int:
    return workers.count()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> workers.Scheduling:
    return workers.Scheduling(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        workers.kafka_first(items)


PROMPT_GROUPS = {
    "group.streams.initial.rebalance.delay.ms": 200,
    **{
        f"group.{kind}.{which}heartbeat.interval.ms": 1000
        for kind in ("consumer", "share", "streams")
        for which in ("", "min.")
    },
}
"""A member is given its assignment when it beats after the coordinator has made it: by default every 5 s."""
KEPT_GROUPS = {"offsets.retention.check.interval.ms": 86_400_000}
"""Else Kafka deletes groups without members and offsets, all of them at once every ten minutes."""


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """A command sets up logging for its process, which is that of the tests where they call it."""
    root, chatty = logging.getLogger(), [logging.getLogger(name) for name in logs.CHATTY]
    before = [each.level for each in (root, *chatty)]
    yield
    root.handlers[:] = [each for each in root.handlers if not isinstance(each, logs.Handler | logging.NullHandler)]
    for logger, level in zip((root, *chatty), before, strict=True):
        logger.setLevel(level)


@pytest.fixture(scope="session")
def kafka_here() -> None:
    """Skip, or fail if Kafka is required, where its jars are not to be had."""
    try:
        kafka_jars()
        tools_jars()
    except DemoError as error:
        require("kafka", str(error))


@pytest.fixture(scope="session")
def kafka(kafka_here: None) -> Iterator[Cluster]:
    """Three brokers of Apache Kafka for the whole session; who breaks one mends it (see kafka_cluster.broker_…)."""
    with Cluster(brokers=3, config={**PROMPT_GROUPS, **KEPT_GROUPS}) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def secure_kafka(kafka_here: None, tmp_path_factory: pytest.TempPathFactory) -> "Iterator[SecureKafka]":
    """A broker with TLS, mTLS, SASL and an authorizer for the whole session, started when a test first asks for it."""
    from secure_cluster import SecureKafka  # kafka-python warns when it is imported with conftest

    with SecureKafka(tmp_path_factory.mktemp("secure-kafka")) as secure:
        yield secure
