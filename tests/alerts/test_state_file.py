"""The file that keeps alerts: replaced whole, used by one process at a time, and never a reason to stop."""

import errno
import json
import logging
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from http_receiver import GUARD_SECONDS
from views import NOW

from alerts.samples import Sample
from alerts.saved import KEPT_SECONDS, Saved, to_json
from alerts.state import Alert
from alerts.state_file import StateFile, file_name, state_directory, write

LABELS = (("cluster", "shop"), ("group", "pay"))
ALERT = Alert((("alertname", "Lag"), *LABELS, ("severity", "warning")), Sample(LABELS, 70.0), NOW)
SAVED = Saved(NOW, "shop", "id", {"Lag": (ALERT,)})


Open = Callable[..., StateFile]


@pytest.fixture
def open_file(tmp_path: Path) -> Iterator[Open]:
    """Opens the file of a cluster, and closes it in the end."""
    files: list[StateFile] = []

    def opened(cluster: str = "shop") -> StateFile:
        files.append(StateFile(tmp_path / "state", cluster))
        return files[-1]

    yield opened
    for file in files:
        file.close(GUARD_SECONDS)


def keep(file: StateFile, *states: Saved) -> None:
    for each in states:
        file.offer(each)
    file.close(GUARD_SECONDS)


def test_what_was_offered_last_is_found_by_the_next(open_file: Open) -> None:
    first = open_file()
    assert first.load(NOW) is None
    keep(first, Saved(NOW - 10, "shop", None), SAVED)
    assert open_file().load(NOW + 5) == SAVED
    assert first.path.stat().st_mode & 0o777 == 0o600
    assert first.path.parent.stat().st_mode & 0o777 == 0o700
    assert sorted(each.name for each in first.path.parent.iterdir()) == [first.path.name, f"{first.path.name}.lock"]


def test_clusters_have_files_of_their_own(open_file: Open) -> None:
    names = ["shop", "a:9092", "a_9092", "../../etc/passwd", "", "\udcff", "x" * 255, "x" * 254, "shop ", "SHOP"]
    assert len({file_name(name).lower() for name in names}) == len(names)
    for name in names:
        assert "/" not in file_name(name)
        keep(open_file(name), Saved(NOW, name, None, {"Lag": (ALERT,)}))
    for name in names:
        found = open_file(name).load(NOW)
        assert found is not None
        assert found.cluster == name


def test_another_kmon_on_the_same_cluster_keeps_out(open_file: Open, caplog: pytest.LogCaptureFixture) -> None:
    first, second = open_file(), open_file()
    assert (first.usable, second.usable) == (True, False)
    assert "alerts.state_directory" in caplog.text
    assert second.load(NOW) is None
    keep(second, SAVED)
    assert not first.path.exists()
    first.close(GUARD_SECONDS)
    assert open_file().usable


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b"{}", b'{"version": 99}'])
def test_a_corrupt_file_is_one_line_and_is_replaced(
    open_file: Open, text: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    file = open_file()
    file.path.write_bytes(text)
    assert file.load(NOW) is None
    (line,) = caplog.messages
    assert str(file.path) in line
    keep(file, SAVED)
    assert open_file().load(NOW) == SAVED


def test_a_directory_that_cannot_be_made_is_one_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    file = StateFile(tmp_path / "file" / "state", "shop")
    assert not file.usable
    (line,) = caplog.messages
    assert line.endswith(f": {tmp_path / 'file' / 'state'}: {os.strerror(errno.ENOTDIR)}")
    keep(file, SAVED)


def test_a_file_that_cannot_be_written_is_said_once_and_when_it_works_again(
    open_file: Open, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    file = open_file()
    blocker = file.path.with_name(f"{file.path.name}.new")
    blocker.mkdir()
    for _ in range(3):
        file._next = SAVED
        file._write_next()
    (line,) = caplog.messages
    assert line.endswith(f": {file.path}: {os.strerror(errno.EISDIR)}")
    blocker.rmdir()
    file._next = SAVED
    file._write_next()
    (again,) = caplog.messages[1:]
    assert again.endswith(f" again: {file.path}")
    assert file.load(NOW) == SAVED


def test_a_fault_of_its_own_does_not_end_what_writes(open_file: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    failed, failures = threading.Event(), iter([MemoryError()])
    whole = to_json

    def fail_once(saved: Saved) -> str:
        if (error := next(failures, None)) is not None:
            failed.set()
            raise error
        return whole(saved)

    monkeypatch.setattr("monitor.poll.worker.RESTART_SECONDS", 0.001)
    monkeypatch.setattr("alerts.state_file.to_json", fail_once)
    file = open_file()
    file.offer(Saved(NOW - 10, "shop", None, {"Lag": (ALERT,)}))
    assert failed.wait(GUARD_SECONDS)
    written = threading.Event()

    def note(path: Path, text: str) -> None:
        write(path, text)
        written.set()

    monkeypatch.setattr("alerts.state_file.write", note)
    file.offer(SAVED)
    assert written.wait(GUARD_SECONDS)
    file.close(GUARD_SECONDS)
    assert open_file().load(NOW) == SAVED


def test_a_write_that_fails_leaves_the_old_text(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    write(path, "old")
    (tmp_path / "state.json.new").mkdir()
    with pytest.raises(OSError, match="directory"):
        write(path, "new")
    assert path.read_text() == "old"


@pytest.mark.parametrize("age", [KEPT_SECONDS + 1, -KEPT_SECONDS - 1])
def test_alerts_that_are_too_old_are_not_restored_but_the_id_is(
    open_file: Open, age: float, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    keep(open_file(), SAVED)
    found = open_file().load(NOW + age)
    assert found is not None
    assert (found.cluster_id, found.alerts) == ("id", {})
    assert ": 1 alert of the last run, 1 h ago" in caplog.text


def test_the_alerts_of_a_cluster_are_found_by_its_id(open_file: Open) -> None:
    keep(open_file("shop"), SAVED)
    keep(open_file("other"), Saved(NOW, "other", "other-id", {"Lag": (ALERT,)}))
    running = open_file("running")
    running.path.write_text(json.dumps({"version": 1}))
    store = open_file("store")
    assert store.adopt("no-such-id", NOW) is None
    assert store.adopt("id", NOW) == SAVED
    assert store.adopt("id", NOW) is None  # they live in one place
    assert store.adopt("other-id", NOW + 2 * KEPT_SECONDS) is None


def test_without_alerts_the_disk_is_left_alone(open_file: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr("alerts.state_file.write", lambda _path, text: written.append(text))
    file = open_file()
    states = [Saved(NOW + each, "shop", "id") for each in range(3)]
    for each in [*states, SAVED, SAVED, *states]:
        file._next = each
        file._write_next()
    assert [len(json.loads(text)["alerts"]) for text in written] == [0, 1, 1, 0]


def test_where_the_files_are() -> None:
    home = Path.home() / ".local/state/kmon"
    assert state_directory(None, {}) == home
    assert state_directory(None, {"XDG_STATE_HOME": "/x"}) == Path("/x/kmon")
    assert state_directory(None, {"XDG_STATE_HOME": "/x", "STATE_DIRECTORY": "/var/lib/kmon:/b"}) == Path(
        "/var/lib/kmon"
    )
    assert state_directory("/given", {"XDG_STATE_HOME": "/x", **os.environ}) == Path("/given")
