"""Collectors declare what they do: the docs are made of it, and a recorded poll shows that it is so."""

from unittest.mock import patch

import pytest
from answers import StubClient, new_draft
from collectors_page import PAGE, page
from declared import TABLES, Deeds, watched
from recorded import ReplayClient, load, replaying

from monitor.collect import requests
from monitor.collect.collectors import COLLECTORS
from monitor.collect.collectors.base import Collector, SlowCollector
from monitor.collect.collectors.cluster import ClusterCollector
from monitor.collect.requests import PERMISSIONS, READ_TOPIC, Request
from monitor.model.reasons import Kind, Reason
from monitor.settings.model import CollectSettings

NOT_RECORDED = {"tiered_offsets"}
"""What the recorded cluster has nothing of. test_collect_tiered_offsets.py has what this one sends."""
OF_THE_POLL = {"requests", "certificates"}
"""Tables of a Snapshot that the poll itself fills."""
REQUESTS = {each for each in vars(requests).values() if isinstance(each, Request)}
each_collector = pytest.mark.parametrize("collector", COLLECTORS, ids=lambda each: each.name)


@pytest.fixture(scope="module")
def polled() -> Deeds:
    """What the collectors do in two polls of a real cluster, whose answers were recorded."""
    with watched() as deeds, replaying(ReplayClient(load())) as poller:
        poller.poll()
        poller.poll()
    return deeds


@each_collector
def test_it_declares_everything(collector: type[Collector]) -> None:
    assert collector.provides
    assert collector.without
    assert collector.sends or collector.beside
    assert set(collector.fills) <= TABLES
    assert collector.fills or collector.capabilities()
    assert ("{every" in collector.often) == (collector.every_seconds > 0)
    assert collector.every_seconds or not issubclass(collector, SlowCollector)


@each_collector
def test_it_sends_the_requests_that_it_declares_and_no_others(collector: type[Collector], polled: Deeds) -> None:
    sent = {each.key for each in polled.sent[collector.name]}
    assert sent == ({each.api.key for each in collector.sends} if collector.name not in NOT_RECORDED else set())
    assert polled.sent[collector.name] <= {each.api for each in collector.sends}


@each_collector
def test_it_fills_the_tables_that_it_declares_and_no_others(collector: type[Collector], polled: Deeds) -> None:
    assert polled.filled[collector.name] - {"capabilities"} == set(collector.fills)


@each_collector
def test_it_sets_the_capabilities_that_it_declares_and_no_others(collector: type[Collector], polled: Deeds) -> None:
    assert polled.capabilities[collector.name] == set(collector.capabilities())


def test_every_table_is_filled() -> None:
    assert {name for each in COLLECTORS for name in each.fills} | OF_THE_POLL | {"capabilities"} == TABLES


def test_every_request_and_every_permission_is_of_a_collector() -> None:
    assert {request for each in COLLECTORS for request in each.sends} == REQUESTS
    assert {each for request in REQUESTS for each in request.permissions} == {*PERMISSIONS, READ_TOPIC}
    assert [
        each.name for each in COLLECTORS if any(READ_TOPIC in sent.permissions for sent in each.sends) and each.opt_in
    ] == ["producers"]


def test_no_two_capabilities_have_the_same_name() -> None:
    names = [name for each in COLLECTORS for name in each.capabilities()]
    assert len(names) == len(set(names))
    served = {each.capability for each in REQUESTS if each.capability}
    assert set(names) == served | {each.capability for each in PERMISSIONS}


@each_collector
def test_a_fault_of_its_own_makes_its_capabilities_unknown(collector: type[Collector]) -> None:
    draft = new_draft()
    why = Reason(Kind.OTHER, detail="why")
    collector().fail(draft, why)
    assert {name: found for name, (_, found) in draft.capabilities.items()} == dict.fromkeys(
        collector.capabilities(), why
    )


def test_the_settings_have_the_declared_seconds_as_defaults() -> None:
    every = CollectSettings().every
    assert every == {each.name: each.every_seconds for each in COLLECTORS if each.name in every}


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python tests/support/collectors_page.py"


def test_a_request_that_is_not_declared_is_found() -> None:
    with watched() as deeds:
        ClusterCollector().ask(StubClient({}, [1]), new_draft())
        with patch.object(ClusterCollector, "sends", ()):
            assert set(deeds.undeclared()) == {"cluster"}
    assert deeds.undeclared() == {}
