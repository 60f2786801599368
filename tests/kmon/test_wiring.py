"""What the settings become when kmon runs: names of clusters, the state of alerts, pages that alerts lead to."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from http_receiver import HttpReceiver
from kafka_cluster import wait_until
from small_cluster import small_cluster
from views import NOW

from alerts.effective import rules_of
from alerts.saved import Saved, to_json
from alerts.state_directory import former_file
from alerts.store import FILE, VERSION, Store
from kmon.commands import wiring
from kmon.commands.wiring import polling
from monitor.model.view import View
from monitor.settings.alerts import UNREACHABLE, AlertSettings
from monitor.settings.errors import SettingsError
from monitor.settings.model import ClusterSettings, Settings
from monitor.settings.slos import SloSettings

NOBODY = "127.0.0.1:1"


def settings_of(directory: Path, **alerts: object) -> Settings:
    cluster = ClusterSettings(bootstrap_servers=(NOBODY,), interval_seconds=0.1)
    given = {"unreachable": {"for": "0s"}, "state_directory": str(directory), **alerts}
    return Settings(contexts=(cluster,), alerts=AlertSettings.model_validate(given))


def first_view(settings: Settings) -> tuple[str, View]:
    """The name of the cluster before its first poll, and the View of that."""
    with polling(settings, settings.contexts, print_alerts=False) as monitor:
        before = monitor.memory.cluster
        monitor.start()
        wait_until(monitor.memory.latest, "the first poll")
        view = monitor.memory.latest()
        assert view is not None
        return before, view


def test_a_cluster_that_never_responded_is_called_by_its_address(tmp_path: Path) -> None:
    before, view = first_view(settings_of(tmp_path))
    assert (before, view.cluster) == (NOBODY, NOBODY)
    (row,) = view.alerts
    assert (row.rule, row.state, dict(row.labels)["cluster"]) == (UNREACHABLE, "firing", NOBODY)
    assert {each.rule for each in view.rules if each.state == "firing"} == {UNREACHABLE}
    assert len(view.rules) == len(rules_of(settings_of(tmp_path).alerts))


def test_one_that_a_run_before_has_reached_is_called_by_its_id(tmp_path: Path) -> None:
    former_file(tmp_path, NOBODY).write_text(to_json(Saved(NOW, "id", "id")))
    before, view = first_view(settings_of(tmp_path))
    assert (before, view.cluster) == ("id", "id")
    assert dict(view.alerts[0].labels)["cluster"] == "id"
    _, view = first_view(settings_of(tmp_path))
    assert view.cluster == "id"


def test_no_file_is_made_when_the_settings_say_so(tmp_path: Path) -> None:
    _, view = first_view(settings_of(tmp_path, keep_state=False))
    assert list(tmp_path.iterdir()) == []
    assert view.state_trouble is None


def test_a_state_that_cannot_be_kept_is_in_every_view_and_an_alert(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    rules = tmp_path / "rules.yaml"
    rule = "{alert: KmonStateNotKept, on: kmon, where: state_kept == false}"
    rules.write_text(f"groups: [{{name: mine, rules: [{rule}]}}]")
    _, view = first_view(settings_of(tmp_path / "file" / "state", rule_files=[str(rules)]))
    assert view.state_trouble == f"cannot keep alerts over a restart: {tmp_path}/file/state/{FILE}: Not a directory"
    assert [(row.rule, row.state) for row in view.alerts] == [(UNREACHABLE, "firing"), ("KmonStateNotKept", "firing")]
    _, view = first_view(settings_of(tmp_path / "state"))
    assert view.state_trouble == ""


def test_without_a_home_there_is_no_state_and_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def none(*_: object) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(wiring, "state_directory", none)
    _, view = first_view(settings_of(tmp_path))
    (line,) = [each for each in caplog.messages if "over a restart" in each]
    assert line.endswith("home directory.: set alerts.state_directory")
    assert view.state_trouble == line


def test_a_second_kmon_on_the_cluster_watches_it_without_the_state(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(tmp_path)
    _, view = first_view(settings_of(tmp_path))
    assert [(row.rule, row.state) for row in view.alerts] == [(UNREACHABLE, "firing"), ("KmonStateNotKept", "pending")]
    assert "another kmon uses it" in caplog.text
    assert "another kmon uses it" in str(view.state_trouble)
    store.close()


def test_what_the_terminal_ui_shares_with_serve_imports_no_server() -> None:
    """It is imported while the terminal draws its first screen."""
    program = "import sys, kmon.commands.wiring; print({'exporters', 'fastapi', 'httpx', 'dash'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout == "set()\n"


def test_receivers_of_the_settings_get_what_matches_and_nothing_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with HttpReceiver() as mine, HttpReceiver() as other:
        hook = {"type": "webhook", "group_wait": "0s"}
        settings = settings_of(
            tmp_path,
            receivers=[
                {**hook, "name": "mine", "url": mine.url, "match": {"alertname": UNREACHABLE}},
                {**hook, "name": "other", "url": other.url, "match": {"alertname": "Other"}},
            ],
        )
        with polling(settings, settings.contexts) as monitor:
            monitor.start()
            assert mine.wait_for(lambda: len(mine.accepted) > 0)
            assert [each.name for each in monitor.evaluator.receivers] == ["mine", "other"]
    assert mine.accepted[0]["commonLabels"]["cluster"] == NOBODY
    assert other.posts == []
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("keep_state", [True, False])
def test_what_waits_is_kept_where_the_state_is_and_let_go_of_at_the_end(tmp_path: Path, keep_state: bool) -> None:
    with HttpReceiver(500) as away:
        hook = {"name": "mine", "type": "webhook", "group_wait": "0s", "url": away.url}
        settings = settings_of(tmp_path, receivers=[hook], keep_state=keep_state)
        with polling(settings, settings.contexts) as monitor:
            monitor.start()
            assert away.wait_for(lambda: len(away.posts) > 0)
        assert (tmp_path / FILE).exists() is keep_state
        if keep_state:
            away.statuses = [200]
            with polling(settings, settings.contexts):
                assert away.wait_for(lambda: len(away.accepted) > 0)
            assert away.accepted[0] == away.posts[0]


def test_a_receiver_that_cannot_be_made_is_named_before_anything_starts(tmp_path: Path) -> None:
    receivers = [{"name": "mine", "type": "webhook", "url": "https://x", "ssl_cafile": "/nonexistent"}]
    settings = settings_of(tmp_path, receivers=receivers)
    with pytest.raises(SettingsError) as failure, polling(settings, settings.contexts):
        pass
    assert failure.value.problems == (
        "alerts.receivers: mine: /nonexistent: cannot be read: No such file or directory",
    )


def test_a_state_of_a_newer_kmon_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / FILE)) as database:
        database.execute(f"PRAGMA user_version = {VERSION + 1}")
    settings = settings_of(tmp_path)
    with pytest.raises(SettingsError, match="was written by a newer kmon"), polling(settings, settings.contexts):
        pass


def test_burn_rates_go_on_in_the_next_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.poll.poller.Client", lambda *_args, **_options: small_cluster())
    settings = settings_of(tmp_path)
    slo = SloSettings.model_validate({"groups": "readers", "time_lag": "1ms"})
    cluster = settings.contexts[0].model_copy(update={"slos": (slo,)})
    settings = settings.model_copy(update={"contexts": (cluster,)})

    def late(view: View | None) -> tuple[float, float]:
        """Seconds of the last five minutes in which the group was late, and those of them in this run."""
        if view is None:
            return 0.0, 0.0
        row, found = view.group_rows["readers"], view.freshness
        within = found.burn_rate_5m_at_least[row] * 300 * (1 - found.slo_objective[row])
        return float(within), float(found.observed_seconds[row] - found.fresh_seconds[row])

    with polling(settings, settings.contexts, print_alerts=False) as monitor:
        monitor.start()
        wait_until(lambda: late(monitor.memory.latest())[0] > 0, "late time")
        before = late(monitor.memory.latest())[0]
    within, own = late(first_view(settings)[1])
    assert within - own >= before - 0.002


def test_polls_are_remembered_for_previews_of_rules(tmp_path: Path) -> None:
    rules = "groups: [{name: g, rules: [{alert: Down, on: cluster, where: 'level != \"ok\"', severity: page}]}]"
    settings = settings_of(tmp_path)
    with polling(settings, settings.contexts, print_alerts=False) as monitor:
        monitor.start()
        found = wait_until(lambda: _twice(monitor.preview(monitor.memory, {"rules.yaml": rules}, 0.0)), "two polls")
    assert found["failed_polls"] == found["polls"]
    assert [each["rule"] for each in found["alerts"]] == ["Down"]


def _twice(found: dict[str, Any]) -> dict[str, Any] | None:
    return found if found["polls"] > 1 else None
