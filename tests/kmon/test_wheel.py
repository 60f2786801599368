"""The built wheel, without extras, in a fresh environment on every Python found: what most people install."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from breakable import Cluster
from kafka_cluster import commit, make_topic, produce, unique
from pythons import Python, pythons
from real_kmon import COMMAND_SECONDS, Serve, environment
from requirements import require, require_program
from terminal import Terminal

from tui.registry import SCREENS

pytestmark = [pytest.mark.kafka, pytest.mark.tmux, pytest.mark.pypi]

ROOT = Path(__file__).parents[2]
INSTALL_SECONDS = 600
UV = [sys.executable, "-m", "uv", "--quiet", "--no-config", "--no-python-downloads"]


def _uv(*args: str | Path) -> None:
    """Run uv, which makes an environment in seconds. Where the package index is not reached, nothing can be tested."""
    done = subprocess.run([*UV, *args], capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    if done.returncode:
        require("pypi", f"uv {' '.join(map(str, args))}: {done.stderr}")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # A copy, since setuptools leaves its work in the folder that it builds, and takes up what an earlier build left.
    shutil.copytree(
        ROOT, folder / "source", ignore=shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "tests")
    )
    _uv("build", "--wheel", "--out-dir", folder, folder / "source")
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module", params=pythons(), ids=lambda python: python.minor)
def installed(wheel: Path, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `kmon` of an environment that holds nothing but the wheel and its dependencies."""
    python: Python = request.param
    folder = tmp_path_factory.mktemp(f"python-{python.minor}") / "env"
    _uv("venv", "--python", python.path, folder)
    _uv("pip", "install", "--python", folder / "bin" / "python", wheel)
    return folder / "bin" / "kmon"


@pytest.fixture(scope="module")
def group(kafka: Cluster) -> str:
    """A group that is 3 records behind on one topic."""
    topic, group = make_topic(kafka, "wheel"), unique("wheel-readers")
    produce(kafka, topic, count=5)
    commit(kafka, group, {(topic, 0): 2})
    return group


def run(kmon: Path, *args: str) -> "subprocess.CompletedProcess[str]":
    """Run from a folder where no source of kmon is."""
    return subprocess.run(
        [kmon, *args],
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
        cwd=kmon.parent,
        env=environment(),
    )


def test_it_says_its_version(installed: Path) -> None:
    done = run(installed, "--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("kmon ")


def test_it_brings_its_catalogue_of_alerts(installed: Path) -> None:
    done = run(installed, "rules", "list")
    assert "KafkaBrokerDown" in done.stdout, done.stderr


def test_it_tells_lag(installed: Path, kafka: Cluster, group: str) -> None:
    done = run(installed, "lag", "-b", kafka.bootstrap, "--timeout", "10s", "--group", group, "-o", "json")
    assert (done.returncode, done.stderr) == (0, "")
    assert [row["lag"] for row in json.loads(done.stdout)] == [3]


def test_it_serves_metrics_and_the_dashboard(installed: Path, kafka: Cluster, group: str) -> None:
    with Serve("-b", kafka.bootstrap, "--timeout", "10s", program=[str(installed)]) as serve:
        serve.wait_up()
        assert serve.value("kmon_group_lag", group=group) == 3
        page = httpx.get(serve.url + "/", timeout=COMMAND_SECONDS, trust_env=False)
        assert "_dash-layout" in page.text or "dash-renderer" in page.text
        assert serve.end() == 0


def test_a_person_walks_through_every_view(installed: Path, kafka: Cluster, group: str, tmp_path: Path) -> None:
    require_program("tmux")
    terminal = Terminal(tmp_path, {"PATH": f"{installed.parent}:{os.environ['PATH']}"}, columns=160, lines=40)
    try:
        _walk(terminal, kafka.bootstrap, group)
    finally:
        terminal.end()


def _walk(terminal: Terminal, bootstrap: str, group: str) -> None:
    terminal.type(f"cd {ROOT.root}; echo ready-$((40+2))", "Enter")
    terminal.wait_for("ready-42")
    modes = terminal.modes()
    terminal.type(f"kmon tui -b {bootstrap} --timeout 10s; echo left with $?", "Enter")
    terminal.wait_for("1 Overview")
    for screen in SCREENS:
        terminal.type(screen.KEY)
        terminal.type("?")
        terminal.wait_for(f"{screen.TITLE}  esc closes this")
        terminal.type("Escape")
        terminal.wait_until_gone("esc closes this")
    terminal.type("2")
    terminal.wait_for("Data loss in")
    terminal.type("/", *group)
    terminal.wait_for("1 of ")
    terminal.wait_for(group)
    terminal.type("Enter", "Enter")
    terminal.wait_for(f"› {group}")
    terminal.type("Escape")
    terminal.wait_until_gone(f"› {group}")
    terminal.type("q")
    terminal.wait_for("left with 0")
    assert terminal.modes() == modes
    terminal.type("echo typed-$((40+2))", "Enter")
    assert "echo typed-$((40+2))" in terminal.wait_for("typed-42")
