"""kmon rules preview: what it prints of scripted polls, and its exit codes."""

import json
from pathlib import Path

import pytest
from previewed import RULES
from scripted_poller import Clock, Script
from series import Poll, watch

from alerts.preview import Preview
from alerts.rule_files import read_rules
from kmon import cli
from kmon.commands import poll as commands_poll
from kmon.commands.preview import as_table
from monitor.model.view import View

PAGE = Path(__file__).parents[2] / "docs/rules.md"
WELL = [Poll(100.0 * each, 100.0 * each) for each in range(12)]
STUCK = watch([*WELL, *(Poll(1_200 + 100.0 * each, 1_100.0) for each in range(48))])
DOWN = watch([Poll(0, 0, error="connection refused")])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "rules.yaml").write_text(RULES)
    return tmp_path / "rules.yaml"


def run(monkeypatch: pytest.MonkeyPatch, views: list[View], *argv: str) -> int:
    clock = Clock()
    monkeypatch.setattr("monitor.poll.poller.Poller", lambda *_: Script(views, clock))
    monkeypatch.setattr(commands_poll, "time", clock)
    monkeypatch.setattr("kmon.commands.preview.ending", lambda: _Ending(clock))
    return cli.main(["rules", "preview", *argv, "-b", "localhost:1"])


class _Ending:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def __enter__(self) -> Clock:
        return self.clock

    def __exit__(self, *_: object) -> None:
        return None


def test_it_prints_when_each_alert_fires(
    monkeypatch: pytest.MonkeyPatch, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, STUCK, str(path), "--for", "9m50s") == 0
    header, late, silent, total, polls = capsys.readouterr().out.splitlines()
    assert header.split() == ["ALERT", "SEVERITY", "ABOUT", "TRUE", "SINCE", "FIRED", "RESOLVED", "SENT"]
    assert late.split() == ["Late", "page", "group=g", "14:17:00", "14:18:00", "no", "yes"]
    assert silent == "Never true: Lost"
    assert total == "page: 1 alert sent, in 1 notification grouped by alert and cluster"
    assert polls == "60 polls from 14:13:20 to 14:23:10"


def test_it_prints_json(monkeypatch: pytest.MonkeyPatch, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, STUCK, str(path), "--for", "9m50s", "-o", "json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["polls"], found["failed_polls"], found["notifications"]) == (60, 0, {"page": 1})
    (alert,) = found["alerts"]
    assert (alert["rule"], alert["labels"]["group"], alert["sent"], alert["ended_at"]) == ("Late", "g", True, None)
    assert alert["fired_at"] - alert["pending_at"] == 60


def test_a_wrong_rule_is_told_with_its_place_before_anything_is_polled(
    monkeypatch: pytest.MonkeyPatch, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_text(RULES.replace("lag > 1000", "lagg > 1000"))
    assert run(monkeypatch, [], str(path)) == 1
    assert "rules.yaml:4:" in capsys.readouterr().err


def test_an_unreachable_cluster_is_told(
    monkeypatch: pytest.MonkeyPatch, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, DOWN, str(path)) == 2
    assert capsys.readouterr().err.startswith("kmon rules: ")


def test_the_example_of_the_documentation_is_what_it_prints(path: Path) -> None:
    read = [Poll(6_000 + 100.0 * each, 6_000 + 100.0 * each) for each in range(300)]
    preview = Preview(read_rules([path]))
    for view in watch([*WELL, *(Poll(1_200 + 100.0 * each, 1_100.0) for each in range(48)), *read], group="billing"):
        preview.observe(view)
    preview.end()
    example = "".join(f"    {line}\n" for line in as_table(preview.plain()).splitlines())
    assert f"$ kmon rules preview rules.yaml --for 1h -b broker:9092\n{example}\n" in PAGE.read_text(encoding="utf-8")
