"""kmon rules preview --url: rules run over what a running kmon remembers."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from previewed import RULES
from series import Poll, watch
from views import NOW, FixtureSource

from exporters.listen import serve
from exporters.preview_api import PreviewApi
from exporters.prometheus import MetricsPage
from exporters.server import create_server
from exporters.writes import Writes
from kmon import cli
from kmon.remembered import preview
from monitor.poll.recording import Recording
from monitor.poll.source import Source

STUCK = [
    *(Poll(100.0 * each, 100.0 * each) for each in range(12)),
    *(Poll(1_200 + 100.0 * n, 1_100) for n in range(48)),
]
WELL = [Poll(100.0 * each, 100.0 * each) for each in range(60)]
ENDED = NOW + 10 * 59


class Running:
    """A kmon that remembers ten minutes of two clusters; a group of one of them is stuck."""

    def __init__(self) -> None:
        self.recordings: dict[str, Recording] = {}
        sources = []
        for name, polls in (("stuck", STUCK), ("well", WELL)):
            recording = self.recordings[name] = Recording()
            for view in watch(polls):
                recording.add(view)
            sources.append(FixtureSource(view, cluster=name))

        def run(source: Source, files: Mapping[str, str], since: float) -> dict[str, Any]:
            return preview(files, self.recordings[source.cluster], since, ())

        api = PreviewApi(sources, run, Writes(), lambda: ENDED)
        self.app = create_server(sources, MetricsPage(sources), previews=api)
        self.url = ""


@pytest.fixture
def kmon() -> Iterator[Running]:
    running = Running()
    with serve(running.app, "127.0.0.1", 0) as running.url:
        yield running


@pytest.fixture
def path(tmp_path: Path) -> str:
    (tmp_path / "rules.yaml").write_text(RULES)
    return str(tmp_path / "rules.yaml")


def test_it_prints_when_alerts_would_have_fired_in_any_cluster(
    kmon: Running, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["rules", "preview", path, "--url", kmon.url]) == 0
    _, late, silent, total, polls = capsys.readouterr().out.splitlines()
    assert late.split() == ["Late", "page", "group=g", "14:17:00", "14:18:00", "no", "yes"]
    assert silent == "Never true: Lost"
    assert total == "page: 1 alert sent, in 1 notification grouped by alert and cluster"
    assert polls == "120 polls from 14:13:20 to 14:23:10"


def test_it_takes_one_cluster_or_the_last_minutes(kmon: Running, path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rules", "preview", path, "--url", kmon.url, "--cluster", "well"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Never true: Late, Lost",
        "No alert would have been sent",
        "60 polls from 14:13:20 to 14:23:10",
    ]
    words = ["--cluster", "stuck", "--for", "2m", "-o", "json"]
    assert cli.main(["rules", "preview", path, "--url", kmon.url, *words]) == 0
    found = json.loads(capsys.readouterr().out)
    (alert,) = found["alerts"]
    assert (found["polls"], found["never_true"], found["since"]) == (13, ["Lost"], ENDED - 120)
    assert (alert["pending_at"], alert["fired_at"]) == (ENDED - 120, ENDED - 60)


def test_nothing_that_is_remembered_is_told(kmon: Running, path: str, capsys: pytest.CaptureFixture[str]) -> None:
    kmon.recordings["well"] = Recording()
    assert cli.main(["rules", "preview", path, "--url", kmon.url, "--cluster", "well"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "no poll is remembered yet"


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        (["--url", "http://127.0.0.1:1"], 2, "kmon rules: cannot reach kmon at http://127.0.0.1:1"),
        (["--url", "URL", "--cluster", "none"], 2, "kmon rules: kmon at http://127.0.0.1:"),
        (["--cluster", "none"], 2, "--cluster: needs --url"),
        (["--url", "URL", "--for", "soon"], 2, "--for: "),
    ],
)
def test_what_cannot_be_done_is_one_line(
    words: list[str], code: int, line: str, kmon: Running, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [kmon.url if each == "URL" else each for each in words]
    assert cli.main(["rules", "preview", path, *given]) == code
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), err.startswith(line)) == ("", 1, True), err


def test_a_wrong_rule_is_told_with_its_place(kmon: Running, path: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(path).write_text(RULES.replace("lag > 1000", "lagg > 1000"))
    assert cli.main(["rules", "preview", path, "--url", kmon.url]) == 1
    assert "rules.yaml:4:" in capsys.readouterr().err
