"""The file of alerting: all or nothing, one process at a time, and never a reason to stop."""

import errno
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alert_fixtures import cut_off, fill_disk
from http_receiver import GUARD_SECONDS

from alerts.state_directory import FORMER, former_file, state_directory
from alerts.store import FILE, VERSION, NewerFileError, Store, Write

Open = Callable[..., Store]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Opens the file in a directory; it is closed in the end."""
    stores: list[Store] = []

    def opened(directory: Path = tmp_path / "state") -> Store:
        stores.append(Store(directory))
        return stores[-1]

    yield opened
    for each in stores:
        each.close(GUARD_SECONDS)


def row(name: str, body: str = "x") -> Write:
    """Writes one row."""

    def write(database: sqlite3.Connection) -> Callable[[], None]:
        database.execute("INSERT OR REPLACE INTO alerts VALUES (?, ?)", (name, body))
        return lambda: None

    return write


def rows(store: Store) -> list[str]:
    return [name for (name,) in store.read("SELECT source FROM alerts ORDER BY source")]


def test_what_was_offered_is_there_after_a_flush_and_its_owners_alone(opened: Open) -> None:
    store = opened()
    store.offer("a", row("a"))
    assert store.flush()
    cut_off(store)
    assert rows(opened()) == ["a"]
    assert store.path.stat().st_mode & 0o777 == 0o600
    assert store.path.parent.stat().st_mode & 0o777 == 0o700


def test_the_newest_of_a_part_counts_and_closing_writes_it(opened: Open) -> None:
    store = opened()
    with store.together():
        store.offer("a", row("old"))
        store.offer("a", row("new"))
    store.close(GUARD_SECONDS)
    assert rows(opened()) == ["new"]


def test_what_is_offered_together_is_written_together(opened: Open) -> None:
    store = opened()
    with store.together():
        store.offer("a", row("a"))
        waits = threading.Thread(target=store.flush)
        waits.start()
        assert rows(store) == []  # whoever waits for it
        store.offer("b", row("b"))
    waits.join(GUARD_SECONDS)
    assert rows(store) == ["a", "b"]


def test_a_part_that_cannot_be_written_leaves_nothing_of_the_others(opened: Open) -> None:
    def full(database: sqlite3.Connection) -> Callable[[], None]:
        raise sqlite3.OperationalError("database or disk is full")

    store = opened()
    with store.together():
        store.offer("a", row("a"))
        store.offer("b", full)
    assert not store.flush()
    assert rows(store) == []
    store.offer("b", row("b"))
    assert store.flush()
    assert rows(store) == ["a", "b"]


def test_a_full_disk_is_reported_counted_and_over_when_there_is_room(
    opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    store = opened()
    fill_disk(store)
    for number in range(3):
        store.offer("a", row(f"a{number}", "x" * 10_000))
        assert not store.flush()
    assert store.trouble.endswith("is full")
    assert store.failures == 3
    assert len(caplog.messages) == 1
    fill_disk(store, pages=1_000_000)
    store.offer("b", row("b"))
    assert store.flush()
    assert rows(store) == ["a2", "b"]
    assert store.trouble == ""
    assert caplog.messages[1:] == [f"alerts are kept over a restart again: {store.path}"]


def test_a_fault_of_kmon_is_like_any_other(opened: Open, caplog: pytest.LogCaptureFixture) -> None:
    def broken(database: sqlite3.Connection) -> Callable[[], None]:
        raise MemoryError

    store = opened()
    store.offer("a", broken)
    assert not store.flush()
    assert "cannot be written" in caplog.text
    store.offer("a", row("a"))
    assert store.flush()
    assert rows(store) == ["a"]


def test_a_directory_that_cannot_be_made_is_one_line_and_tried_again(
    opened: Open, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    store = opened(tmp_path / "file" / "state")
    store.offer("a", row("a"))
    assert not store.flush()
    (line,) = caplog.messages
    assert line.endswith(f": {store.path}: {os.strerror(errno.ENOTDIR)}")
    (tmp_path / "file").unlink()
    store.offer("b", row("b"))
    assert store.flush()
    assert rows(store) == ["a", "b"]


def test_another_kmon_keeps_out(opened: Open, caplog: pytest.LogCaptureFixture) -> None:
    first, second = opened(), opened()
    assert "another kmon uses it: set a separate alerts.state_directory" in second.trouble
    second.offer("a", row("a"))
    assert not second.flush()
    second.close(GUARD_SECONDS)
    assert rows(first) == []
    first.close(GUARD_SECONDS)
    assert opened().trouble == ""


@pytest.mark.parametrize("damage", [b"no database" * 1_000, b"SQLite format 3\0" + b"\xff" * 9_000])
def test_a_damaged_file_is_moved_aside_and_reported(
    opened: Open, tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE).write_bytes(damage)
    store = opened(tmp_path)
    assert "moved to state.sqlite.broken" in caplog.text
    assert (tmp_path / f"{FILE}.broken").read_bytes() == damage
    store.offer("a", row("a"))
    assert store.flush()


def test_a_file_that_is_damaged_meanwhile_is_replaced_by_what_is_in_memory(opened: Open, tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.offer("a", row("a"))
    assert store.flush()
    generation = store.generation
    with closing(sqlite3.connect(tmp_path / FILE)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with (tmp_path / FILE).open("r+b") as file:
        file.write(b"\xff" * (tmp_path / FILE).stat().st_size)
    for _ in range(3):  # until it is noticed
        store.offer("a", row("b"))
        store.flush()
    assert store.trouble == ""
    assert rows(store) == ["b"]
    assert store.generation > generation
    assert (tmp_path / f"{FILE}.broken").exists()


def test_a_file_of_a_newer_kmon_is_refused_and_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / FILE)) as database:
        database.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(NewerFileError, match="was written by a newer kmon"):
        Store(tmp_path)
    assert (tmp_path / FILE).read_bytes() == before
    with pytest.raises(NewerFileError):  # and its lock is let go of
        Store(tmp_path)


def test_the_queues_of_an_earlier_version_are_taken_over(opened: Open, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / FORMER)) as database, database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE waiting (receiver TEXT, number INTEGER, body TEXT)")
        database.execute("INSERT INTO waiting VALUES ('r', 1, 'x')")
        database.execute("PRAGMA user_version = 1")
    (tmp_path / f"{FORMER}.lock").touch()
    store = opened(tmp_path)
    assert store.read("SELECT * FROM waiting") == [("r", 1, "x")]
    assert rows(store) == []
    assert not [*tmp_path.glob(f"{FORMER}*")]


def test_a_disk_that_hangs_holds_nobody_up_for_long(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alerts.store.PATIENCE_SECONDS", 0.01)
    go_on = threading.Event()

    def hang(database: sqlite3.Connection) -> Callable[[], None]:
        go_on.wait(GUARD_SECONDS)
        return lambda: None

    store = opened()
    store.offer("a", hang)
    assert not store.flush()
    assert not store.flush()
    go_on.set()
    monkeypatch.setattr("alerts.store.PATIENCE_SECONDS", GUARD_SECONDS)
    store.offer("a", row("a"))
    assert store.flush()


def test_where_the_file_is() -> None:
    home = Path.home() / ".local/state/kmon"
    assert state_directory(None, {}) == home
    assert state_directory(None, {"XDG_STATE_HOME": "/x"}) == Path("/x/kmon")
    assert state_directory(None, {"XDG_STATE_HOME": "/x", "STATE_DIRECTORY": "/var/lib/kmon:/b"}) == Path(
        "/var/lib/kmon"
    )
    assert state_directory("/given", {"XDG_STATE_HOME": "/x", **os.environ}) == Path("/given")
    assert former_file(Path("/d"), "a b:1").name.startswith("alerts-a_b_1-")
