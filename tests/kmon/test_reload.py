"""Rules that change while kmon serve runs: all of them are taken up, or none, and one line says so."""

import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka_cluster import wait_until

from alerts.effective import rules_of
from alerts.evaluator import Evaluator
from kmon.commands.reload import Reload, fingerprint
from monitor.settings import load
from monitor.settings.alerts import AlertSettings

RULES = "groups:\n  - name: g\n    rules:\n      - {{alert: {name}, on: group, where: {where}}}\n"


class Files:
    """A file of settings and one of rules, and what reloads them."""

    def __init__(self, folder: Path) -> None:
        self.rules, self.config = folder / "rules.yaml", folder / "kmon.yaml"
        self.write("Late", "lag > 5")
        self.config.write_text(
            f"alerts:\n  catalogue: false\n  rule_files: ['{folder}/*.yaml']\n".replace("*", "rules")
        )
        alerts = self.read()
        self.evaluator = Evaluator(rules_of(alerts))
        self.reload = Reload(self.evaluator, alerts, self.read, str(self.config), watch_seconds=0.02)

    def read(self) -> AlertSettings:
        return load(self.config, {}, need_cluster=False).settings.alerts

    def write(self, name: str, where: str) -> None:
        self.rules.write_text(RULES.format(name=name, where=where))

    @property
    def names(self) -> list[str]:
        return [rule.name for rule in self.evaluator.rules]


@pytest.fixture
def files(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Files]:
    caplog.set_level(logging.INFO, "kmon")
    files = Files(tmp_path)
    yield files
    files.reload.close()


def test_changed_rules_are_taken_up_with_one_line(files: Files, caplog: pytest.LogCaptureFixture) -> None:
    files.write("Later", "lag > 6")
    assert files.reload.now()
    assert files.names == ["Later", "KmonClusterUnreachable"]
    (line,) = caplog.messages
    assert line.startswith("rules reloaded: 1 added (Later), 1 removed (Late), 1 unchanged; ")


def test_an_error_changes_nothing_and_is_told_with_its_place(files: Files, caplog: pytest.LogCaptureFixture) -> None:
    before = files.evaluator.rules
    files.write("Later", "lagg > 6")
    assert not files.reload.now()
    assert files.evaluator.rules is before
    (line,) = caplog.messages
    assert line.startswith(f"cannot reload rules, the previous ones stay in effect: {files.rules}:4:")
    assert "did you mean lag?" in line
    files.config.write_text("alerts:\n  disabel: [A]\n  catalog: true\n")
    assert not files.reload.now()
    assert files.evaluator.rules is before
    assert caplog.messages[1].endswith("(and 1 more problem)")


def test_the_settings_choose_other_files(files: Files) -> None:
    files.config.write_text("alerts: {catalogue: false, unreachable: {enabled: false}}\n")
    assert files.reload.now()
    assert files.names == []


def test_a_file_that_changes_is_noticed(files: Files) -> None:
    files.reload.start()
    files.write("Later", "lag > 6")
    wait_until(lambda: "Later" in files.names, "the changed rule")
    other = files.rules.with_name("other.yaml")
    other.write_text(RULES.format(name="Other", where="lag > 7"))
    files.rules.unlink()
    os.replace(other, files.rules)  # noqa: PTH105 - as editors and Kubernetes do
    wait_until(lambda: "Other" in files.names, "the replaced file")
    files.config.write_text("alerts: {catalogue: false}\n")
    wait_until(lambda: files.names == ["KmonClusterUnreachable"], "the changed settings")


def test_files_that_the_settings_newly_name_are_watched_while_they_have_errors(
    files: Files, caplog: pytest.LogCaptureFixture
) -> None:
    files.reload.start()
    new = files.rules.with_name("new.yaml")
    new.write_text("groups: [")
    files.config.write_text(f"alerts:\n  catalogue: false\n  rule_files: ['{new}']\n")
    wait_until(lambda: "cannot reload rules" in caplog.text, "the error")
    time.sleep(0.2)  # ten looks at the files
    assert len(caplog.messages) == 1
    new.write_text(RULES.format(name="New", where="lag > 7"))
    wait_until(lambda: "New" in files.names, "the repaired file")
    time.sleep(0.2)
    assert len(caplog.messages) == 2


def test_the_end_of_an_error_is_told_also_where_the_rules_are_those_before(
    files: Files, caplog: pytest.LogCaptureFixture
) -> None:
    good = files.rules.read_text()
    files.rules.write_text(good[:50])
    assert not files.reload.now(asked=False)
    files.rules.write_text(good)
    assert files.reload.now(asked=False)
    assert files.reload.now(asked=False)
    assert [each.split(":")[0] for each in caplog.messages] == [
        "cannot reload rules, the previous ones stay in effect",
        "rules reloaded",
    ]


def test_a_fault_while_rules_are_read_is_met_once_for_each_change(
    files: Files, caplog: pytest.LogCaptureFixture
) -> None:
    def read() -> AlertSettings:
        raise RuntimeError("a fault")

    reload = Reload(files.evaluator, files.read(), read, watch_seconds=0.02)
    files.write("Later", "lag > 6")
    with pytest.raises(RuntimeError):
        reload.now(asked=False)
    reload.start()
    time.sleep(0.2)
    reload.close()
    assert "failed and restarts" not in caplog.text


def test_the_settings_can_be_in_a_folder_whose_name_looks_like_a_pattern(tmp_path: Path) -> None:
    folder = tmp_path / "kmon[eu]"
    folder.mkdir()
    config = folder / "kmon.yaml"
    config.write_text("alerts: {catalogue: false}\n")
    evaluator = Evaluator(())

    def read() -> AlertSettings:
        return load(config, {}, need_cluster=False).settings.alerts

    reload = Reload(evaluator, read(), read, str(config), watch_seconds=0.02)
    reload.start()
    config.write_text("alerts: {catalogue: false, watchdog: {enabled: true}}\n")
    wait_until(lambda: len(evaluator.rules) == 2, "the changed settings")
    reload.close()


def test_what_changed_while_kmon_started_is_noticed(files: Files, caplog: pytest.LogCaptureFixture) -> None:
    alerts = files.read()
    files.write("Later", "lag > 6")
    reload = Reload(files.evaluator, alerts, files.read, str(files.config), watch_seconds=0.02)
    reload.start()
    wait_until(lambda: "Later" in files.names, "the changed rule")
    reload.close()
    assert len(caplog.messages) == 1


def test_who_asks_is_answered_also_where_nothing_changed(files: Files, caplog: pytest.LogCaptureFixture) -> None:
    files.reload.start()
    files.reload.ask()
    wait_until(lambda: "rules reloaded: 2 unchanged" in caplog.text, "the line")
    assert files.reload.now(asked=False)
    assert len(caplog.messages) == 1


def test_what_a_file_is_known_by(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    pattern = [f"{tmp_path}/*.yaml"]
    assert fingerprint(pattern) == ()
    path.write_text("a")
    first = fingerprint(pattern)
    assert first == fingerprint([*pattern, str(path)])
    path.write_text("ab")
    assert fingerprint(pattern) != first
