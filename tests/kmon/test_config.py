"""kmon config check and show."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmon import cli
from kmon.commands.config import lines_of
from monitor.settings import load

SECRET = "correct-horse-battery"
FILE = f"""\
current_context: shop
contexts:
  - name: shop
    bootstrap_servers: [a:1, '${{HOST}}:2']
    interval: 90s
    security: {{protocol: SASL_PLAINTEXT, sasl_mechanism: PLAIN, username: "u # 1", password: {SECRET}}}
  - name: other
    bootstrap_servers: [c:3]
    client_id: $${{x}}
alerts:
  rules:
    - {{name: r, lag_above: 12345678.5, for: 1500ms, group: 'a|b', labels: {{team: "x: y"}}}}
  alertmanagers: ['http://user:{SECRET}@am:9093']
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOST", "b")
    path = tmp_path / "kmon.yaml"
    path.write_text(FILE)
    path.chmod(0o600)
    return path


def test_check_says_ok(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["config", "check", "--config", str(path)]) == 0
    assert capsys.readouterr() == ("OK: contexts shop, other\n", "")


def test_check_says_everything_that_is_wrong(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_text(FILE.replace("90s", "90").replace("c:3", "c"))
    assert cli.main(["config", "check", "--config", str(path)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert [line.removeprefix(str(path)).split(":")[1] for line in told.err.splitlines()] == ["5", "8"]


def test_check_needs_no_cluster(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["config", "check"]) == 0
    assert capsys.readouterr().out == "OK: no contexts\n"


def test_a_literal_secret_that_all_can_read_is_told_on_stderr(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.chmod(0o644)
    assert cli.main(["config", "check", "--config", str(path)]) == 0
    assert f"chmod 600 {path}" in capsys.readouterr().err


def test_show_says_where_each_value_came_from(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KMON_REQUEST_TIMEOUT", "5s")
    assert cli.main(["config", "show", "--config", str(path), "--interval", "70s"]) == 0
    out = capsys.readouterr().out
    shown = {line.split("#")[0].strip(): line.split("#")[-1].strip() for line in out.splitlines() if "  # " in line}
    assert shown["interval: 70s"] == "--interval"
    assert shown["request_timeout: 5s"] == "KMON_REQUEST_TIMEOUT"
    assert shown["bootstrap_servers: [a:1, b:2]"] == f"{path}:4"
    assert shown["listen: 127.0.0.1:9308"] == "default"
    assert shown['password: "***"'] == f"{path}:6"
    assert 'username: "u # 1"' in out
    assert SECRET not in out


def test_what_show_prints_are_the_same_settings(path: Path, tmp_path: Path) -> None:
    loaded = load(path, {"HOST": "b"})
    again = tmp_path / "again.yaml"
    again.write_text("\n".join(lines_of(loaded)).replace("***", SECRET, 1).replace("//***@", f"//user:{SECRET}@"))
    assert load(again, {}).settings == loaded.settings


@given(
    name=st.text(min_size=1, max_size=20),
    labels=st.dictionaries(st.from_regex(r"\Ax[a-z]{1,4}\Z"), st.text(max_size=8)),
)
def test_any_text_survives_show(tmp_path_factory: pytest.TempPathFactory, name: str, labels: dict[str, str]) -> None:
    rule = {"name": name, "lag_above": 1.5, "labels": labels}
    loaded = load(None, {}, {"bootstrap_servers": ("-b", "a:1"), "name": ("-", name), "alerts.rules": ("-", [rule])})
    lines = list(lines_of(loaded))
    assert all(line.isprintable() for line in lines)
    path = tmp_path_factory.mktemp("show") / "kmon.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert load(path, {}).settings == loaded.settings


def test_a_filter_that_cannot_be_used_is_told_with_its_place(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_text(FILE + "metrics:\n  partitions: lag > 0 or statsu != 'ok'\n")
    assert cli.main(["config", "check", "--config", str(path)]) == 2
    first, *rest = capsys.readouterr().err.splitlines()
    assert first.startswith(f"{path}:15: metrics.partitions: ")
    assert "status" in first, "the nearest right name"
    assert rest[-1].strip() == "^^^^^^"


@pytest.mark.parametrize("command", [("config", "check"), ("rules", "list"), ("serve",)])
def test_alerts_that_the_catalogue_does_not_have_are_told_with_their_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    path = tmp_path / "kmon.yaml"
    path.write_text(
        "contexts: [{bootstrap_servers: [a:1]}]\nalerts:\n  enable: [KafkaGroupTimeLag, KafkaGroupTimelag]\n"
        "  disable:\n    - KafkaGroupStoped\n    - KafkaGroupTimeLag\n"
    )
    assert cli.main([*command, "--config", str(path)]) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"{path}:3: alerts.enable[1]: the catalogue has no alert KafkaGroupTimelag: did you mean KafkaGroupTimeLag?",
        f"{path}:5: alerts.disable[0]: the catalogue has no alert KafkaGroupStoped: did you mean KafkaGroupStopped?",
        f"{path}:6: alerts.disable[1]: KafkaGroupTimeLag is also in alerts.enable",
    ]
