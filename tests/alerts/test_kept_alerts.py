"""The alerts of a cluster in the file of alerting: found by the next run, also those that an earlier version left."""

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from http_receiver import GUARD_SECONDS
from views import NOW

from alerts.kept_alerts import KeptAlerts
from alerts.samples import Sample
from alerts.saved import KEPT_SECONDS, Saved, to_json
from alerts.state import Alert
from alerts.state_directory import former_file
from alerts.store import Store

LABELS = (("cluster", "shop"), ("group", "pay"))
ALERT = Alert((("alertname", "Lag"), *LABELS, ("severity", "warning")), Sample(LABELS, 70.0), NOW)
SAVED = Saved(NOW, "shop", "id", {"Lag": (ALERT,)})
NAMES = ["shop", "a:9092", "a_9092", "../../etc/passwd", "", "\udcff", "\x00", "x" * 255, "x" * 254, "shop ", "SHOP"]

Open = Callable[[], Store]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Opens the file, after it was closed by the run before; it is closed in the end."""
    stores: list[Store] = []

    def opened() -> Store:
        for each in stores:
            each.close(GUARD_SECONDS)
        stores.append(Store(tmp_path / "state"))
        return stores[-1]

    yield opened
    stores[-1].close(GUARD_SECONDS)


def test_what_was_offered_last_is_found_by_the_next_run(opened: Open) -> None:
    part = KeptAlerts(opened(), "shop")
    assert part.load(NOW) is None
    part.offer(Saved(NOW - 10, "shop", None))
    part.offer(SAVED)
    assert KeptAlerts(opened(), "shop").load(NOW + 5) == SAVED


def test_clusters_of_all_names_have_parts_of_their_own(opened: Open) -> None:
    store = opened()
    for name in NAMES:
        KeptAlerts(store, name).offer(Saved(NOW, name, None, {"Lag": (ALERT,)}))
    store = opened()
    for name in NAMES:
        found = KeptAlerts(store, name).load(NOW)
        assert found is not None
        assert found.cluster == name


@pytest.mark.parametrize("age", [KEPT_SECONDS + 1, -KEPT_SECONDS - 1])
def test_alerts_that_are_too_old_are_not_restored_but_the_id_is(
    opened: Open, age: float, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    KeptAlerts(opened(), "shop").offer(SAVED)
    found = KeptAlerts(opened(), "shop").load(NOW + age)
    assert found is not None
    assert (found.cluster_id, found.alerts) == ("id", {})
    assert ": 1 alert of the last run, 1 h ago" in caplog.text


def test_the_alerts_of_a_cluster_are_found_by_its_id(opened: Open) -> None:
    store = opened()
    KeptAlerts(store, "shop").offer(SAVED)
    KeptAlerts(store, "other").offer(Saved(NOW, "other", "other-id", {"Lag": (ALERT,)}))
    KeptAlerts(store, "mine").offer(Saved(NOW, "mine", "my-id", {"Lag": (ALERT,)}))
    store = opened()
    part, _ = KeptAlerts(store, "store"), KeptAlerts(store, "mine")
    assert part.adopt("no-such-id", NOW) is None
    assert part.adopt("my-id", NOW) is None  # another cluster of this run has them
    assert part.adopt("id", NOW) == SAVED
    assert part.adopt("id", NOW) is None  # they live in one place
    assert part.adopt("other-id", NOW + 2 * KEPT_SECONDS) is None
    part.offer(SAVED)
    store = opened()
    assert KeptAlerts(store, "shop").load(NOW) is None
    assert KeptAlerts(store, "store").load(NOW) == SAVED


def test_without_alerts_the_disk_is_left_alone(opened: Open) -> None:
    store = opened()
    part = KeptAlerts(store, "shop")
    sizes = []
    for each in [Saved(NOW, "shop", "id"), Saved(NOW + 1, "shop", "id"), SAVED, SAVED, Saved(NOW + 2, "shop", "id")]:
        part.offer(each)
        assert store.flush()
        ((changes,),) = store.read("SELECT total_changes()")
        sizes.append(changes)
    assert [after - before for before, after in zip([0, *sizes], sizes, strict=False)] == [1, 0, 1, 1, 1]


@pytest.mark.parametrize("text", ["", "{", "{}", '{"version": 99}'])
def test_a_part_that_cannot_be_read_is_one_line_and_is_replaced(
    opened: Open, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = opened()
    KeptAlerts(store, "shop").offer(SAVED)
    assert store.flush()
    store.close(GUARD_SECONDS)
    with closing(sqlite3.connect(store.path)) as database, database:
        database.execute("UPDATE alerts SET body = ?", (text,))
    part = KeptAlerts(opened(), "shop")
    assert part.load(NOW) is None
    (line,) = caplog.messages
    assert str(store.path) in line
    part.offer(SAVED)
    assert KeptAlerts(opened(), "shop").load(NOW) == SAVED


def test_the_file_of_an_earlier_version_is_taken_over_once(opened: Open, tmp_path: Path) -> None:
    former = former_file(tmp_path / "state", "shop")
    former.parent.mkdir()
    former.write_text(to_json(SAVED))
    former.with_name(f"{former.name}.lock").touch()
    part = KeptAlerts(opened(), "shop")
    assert part.load(NOW) == SAVED
    assert former.exists()  # until it is in the new one
    part.offer(SAVED)
    assert KeptAlerts(opened(), "shop").load(NOW) == SAVED
    assert not [*former.parent.glob("alerts-*")]


@pytest.mark.parametrize("text", [b"", b"\xff\xfe", json.dumps({"version": 99}).encode()])
def test_one_that_is_damaged_is_one_line(
    opened: Open, tmp_path: Path, text: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    store = opened()
    former_file(tmp_path / "state", "shop").write_bytes(text)
    assert KeptAlerts(store, "shop").load(NOW) is None
    assert len(caplog.messages) == 1
