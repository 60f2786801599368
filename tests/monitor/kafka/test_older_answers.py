"""Answers of older Kafka releases, and of what serves fewer APIs: the same numbers, and reasons for what is missing."""

import pytest
from recorded import ReplayClient, load, replaying
from releases import BASICS, RELEASES, OldClient, Release
from said import Row, is_true, said

from monitor.collect.requests import PERMISSIONS
from monitor.model.view import View

RECORDING = load()


def poll(client: ReplayClient) -> View:
    with replaying(client) as poller:
        poller.poll()
        return poller.poll()


NEW = poll(ReplayClient(RECORDING))
NEW_ROWS = said(NEW.snapshot)
ALL = {**RELEASES, "basics": BASICS}


@pytest.fixture(scope="module", params=ALL)
def old(request: pytest.FixtureRequest) -> tuple[Release, View]:
    release = ALL[request.param]
    client = OldClient(RECORDING, release)
    view = poll(client)
    # With fewer groups, fewer records are dated: those questions are not in the recording, and cost an age each.
    assert set(client.unheard) <= {"ListOffsets of 1", "ListOffsets of 2"}
    return release, view


def of_groups(rows: list[Row], release: Release) -> list[Row]:
    """Rows that start with a group's name, of the groups that the release can have."""
    types = dict(zip(NEW.snapshot.groups.group, NEW.snapshot.groups.group_type, strict=True))
    return [row for row in rows if types[row[0]] in release.group_types]


def test_nothing_of_it_is_an_error(old: tuple[Release, View]) -> None:
    _, view = old
    assert view.up
    assert [each for each in view.snapshot.outcomes if not each.success] == []
    assert view.complete


def test_all_that_is_said_is_what_a_new_broker_says(old: tuple[Release, View]) -> None:
    _, view = old
    expected = {"brokers", "features", "capabilities"}  # what releases differ in
    for name, rows in said(view.snapshot).items():
        for row in rows if name not in expected else ():
            assert is_true(row, NEW_ROWS[name]), f"{name} {row}"


def test_what_lag_takes_is_known(old: tuple[Release, View]) -> None:
    release, view = old
    rows = said(view.snapshot)
    for name in ("partitions", "offsets"):
        assert rows[name] == NEW_ROWS[name]
    for name in ("commits", "members"):
        assert rows[name] == of_groups(NEW_ROWS[name], release)
        assert rows[name]
    assert [row[0] for row in rows["groups"]] == [row[0] for row in of_groups(NEW_ROWS["groups"], release)]
    lags = dict(zip(view.snapshot.groups.group, view.group_lags.lag.tolist(), strict=True))
    new = dict(zip(NEW.snapshot.groups.group, NEW.group_lags.lag.tolist(), strict=True))
    assert lags == {name: new[name] for name in lags}
    assert {"billing", "noted"} <= set(lags)
    assert all(lag >= 0 for lag in lags.values())


def test_what_is_missing_is_a_capability_with_a_reason(old: tuple[Release, View]) -> None:
    """But whether the user may what the broker does not know remains unknown."""
    _, view = old
    table, permissions = view.snapshot.capabilities, {each.capability for each in PERMISSIONS}
    for name, available, why in zip(table.capability, table.available.tolist(), table.why, strict=True):
        assert (available == 1) == (why == ""), name
        assert available in (0, 1) or (name in permissions and "not served" in why), f"{name}: {available} {why}"


MISSING = {
    "3.3": {
        "eligible_replicas",
        "fenced_brokers",
        "group_types",
        "share_lag",
        "tiered_end_offsets",
        "tiered_offsets",
    },
    "3.6": {"eligible_replicas", "fenced_brokers", "group_types", "share_lag", "tiered_end_offsets"},
    "3.9": {"eligible_replicas", "fenced_brokers", "share_lag"},
    "4.0": {"eligible_replicas", "share_lag"},
}


@pytest.mark.parametrize("release", RELEASES)
def test_what_each_release_lacks(release: str) -> None:
    table = poll(OldClient(RECORDING, RELEASES[release])).snapshot.capabilities
    assert set(table.capability[table.available == 0]) == MISSING[release]


@pytest.mark.parametrize("release", RELEASES)
def test_the_release_is_inferred(release: str) -> None:
    view = poll(OldClient(RECORDING, RELEASES[release]))
    assert set(view.snapshot.brokers.version[view.snapshot.brokers.fenced != 1]) == {release}
