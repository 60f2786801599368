"""What a cluster is called: its name, else its id, and its address until that is known. It changes once at most."""

from collections.abc import Callable
from itertools import accumulate

import pytest
from answers import StubClient, timeout
from small_cluster import small_cluster

import monitor.poll.poller
from monitor.kafka.client.apis import METADATA
from monitor.kafka.client.client import Ask
from monitor.kafka.client.faults import Fault
from monitor.model.view import View
from monitor.poll.identity import ClusterName
from monitor.poll.poller import Poller
from monitor.settings.errors import SettingsError
from monitor.settings.load import load
from monitor.settings.model import ClusterSettings


def names_of(name: ClusterName, *ids: str | None) -> list[str]:
    """The name at first, and after polls that brought these ids."""
    return list(map(str, accumulate(ids, ClusterName.settle, initial=name)))


def test_a_name_is_never_changed() -> None:
    name = ClusterName("shop", "a:9092", known="earlier")
    assert names_of(name, "id", None, "other") == ["shop"] * 4


def test_without_a_name_the_first_id_settles_it() -> None:
    name = ClusterName(None, "a:9092")
    assert names_of(name, None, "", "id", None, "other") == [*["a:9092"] * 3, *["id"] * 3]


def test_the_id_of_an_earlier_run_stands_until_the_cluster_responds() -> None:
    name = ClusterName(None, "a:9092", known="id")
    assert names_of(name, None, "id") == ["id"] * 3
    assert names_of(name, "other", "id") == ["id", "other", "other"]


@pytest.mark.parametrize(("given", "names"), [(None, ["a:1,b:2", "abc", "abc"]), ("shop", ["shop"] * 3)])
def test_the_views_of_a_poller_have_the_name(
    given: str | None, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = small_cluster()
    monkeypatch.setattr(monitor.poll.poller, "Client", lambda *_args, **_options: client)
    monkeypatch.setattr(monitor.poll.poller, "diagnose", lambda _servers, _protocol, error, _deadline: error)
    poller = Poller(ClusterSettings(name=given, bootstrap_servers=("a:1", "b:2")))
    good = client.replies[METADATA.name]
    views: list[View] = []
    for reply in (_silent, good, _silent):
        client.replies[METADATA.name] = reply
        views.append(poller.poll())
    assert [view.up for view in views] == [False, True, False]
    assert [view.cluster for view in views] == names


def _silent(ask: Ask) -> Fault:
    return timeout(METADATA, ask.node)


def test_a_poller_that_takes_the_place_of_another_keeps_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    stub: Callable[..., StubClient] = lambda *_args, **_options: small_cluster()  # noqa: E731
    monkeypatch.setattr(monitor.poll.poller, "Client", stub)
    settings = ClusterSettings(bootstrap_servers=("a:1",))
    name = ClusterName(settings.name, settings.title)
    first = Poller(settings, name=name)
    assert first.poll().cluster == "abc"
    assert str(Poller(settings, name=first.name).name) == "abc"


def test_one_of_several_clusters_needs_a_name() -> None:
    """Two that have none may be one cluster by two addresses, and would have the same series."""
    given = {"KMON_CONTEXTS": "[{bootstrap_servers: 'a:1', name: a}, {bootstrap_servers: 'b:1'}]"}
    with pytest.raises(SettingsError) as caught:
        load(None, given)
    assert caught.value.problems == ("KMON_CONTEXTS: contexts: context 2 needs a name",)
