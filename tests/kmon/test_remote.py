"""kmon alerts, ack and silence on a running kmon: its HTTP server, and the command line as a user types it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from silencing_kmon import ID, TOKEN, SilencingKmon

from exporters.listen import serve
from kmon import cli


class Running(SilencingKmon):
    """It is served on loopback."""

    url = ""


@pytest.fixture
def kmon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    running = Running(tmp_path)
    monkeypatch.setenv("KMON_API_TOKEN", TOKEN)
    with serve(running.app, "127.0.0.1", 0) as running.url:
        yield running
    running.store.close()


def test_alerts_are_listed_and_the_exit_code_says_whether_one_fires(
    kmon: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["alerts", "--url", kmon.url]) == 1
    out = capsys.readouterr().out
    header, first, second = out.splitlines()
    assert header.split() == ["ID", "STATE", "SEVERITY", "SINCE", "ALERT", "SUMMARY"]
    assert first.split()[:3] == [ID, "firing", "page"]
    assert second.split()[1] == "pending"
    assert "\x1b" not in out
    assert cli.main(["alerts", "--url", kmon.url, "--state", "pending"]) == 0
    capsys.readouterr()
    assert cli.main(["alerts", "--url", kmon.url, "--cluster", kmon.source.cluster, "-o", "json"]) == 1
    assert [each["rule"] for each in json.loads(capsys.readouterr().out)["alerts"]] == ["Lag", "Late"]


def test_an_alert_is_acknowledged_and_that_withdrawn(kmon: Running, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["ack", ID, "--url", kmon.url, "--created-by", "ana", "--comment", "on it"]) == 0
    assert capsys.readouterr() == ("acknowledged: Lag\n", "")
    assert cli.main(["alerts", "--url", kmon.url]) == 0
    assert "firing, acknowledged by ana" in capsys.readouterr().out
    assert cli.main(["ack", ID, "--url", kmon.url, "--withdraw"]) == 0
    assert kmon.mutes.acknowledgements() == ()
    assert cli.main(["ack", "nothing", "--url", kmon.url]) == 2
    assert "HTTP 404: no alert with this fingerprint fires" in capsys.readouterr().err


def test_a_silence_is_added_listed_and_expired(kmon: Running, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["alertname=Lag", 'group=~"(?s)pay.*"', "--for", "2h", "--comment", "broker 3", "--created-by", "ana"]
    assert cli.main(["silence", "add", *words, "--url", kmon.url]) == 0
    (silence,) = kmon.mutes.silences()
    assert capsys.readouterr() == (f"{silence.id}\n", "")
    assert silence.ends_at - silence.starts_at == pytest.approx(7_200, abs=30)
    assert cli.main(["alerts", "--url", kmon.url]) == 0
    assert "firing, silenced" in capsys.readouterr().out
    assert cli.main(["silence", "list", "--url", kmon.url]) == 0
    header, line = capsys.readouterr().out.splitlines()
    assert header.split() == ["ID", "STATE", "STARTS", "ENDS", "BY", "MATCHERS", "COMMENT"]
    assert line.startswith(f"{silence.id}  active")
    assert 'alertname="Lag", group=~"(?s)pay.*"' in line
    assert cli.main(["silence", "expire", silence.id, "--url", kmon.url]) == 0
    capsys.readouterr()
    assert cli.main(["silence", "list", "--url", kmon.url]) == 0
    assert capsys.readouterr().out == "no silences\n"
    assert cli.main(["silence", "list", "--expired", "-o", "json", "--url", kmon.url]) == 0
    assert [each["state"] for each in json.loads(capsys.readouterr().out)["silences"]] == ["expired"]


def test_without_the_token_nothing_is_changed(
    kmon: Running, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    add = ["silence", "add", "a=b", "--for", "1h", "--comment", "x", "--url", kmon.url]
    monkeypatch.delenv("KMON_API_TOKEN")
    assert cli.main(add) == 2
    assert "KMON_API_TOKEN" in capsys.readouterr().err
    monkeypatch.setenv("KMON_API_TOKEN", "wrong-wrong-wrong-wrong")
    assert cli.main(add) == 2
    err = capsys.readouterr().err
    assert "HTTP 401" in err
    assert "wrong-wrong" not in err
    assert kmon.mutes.silences() == ()


def test_the_url_and_token_can_be_those_of_the_settings(kmon: Running, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    config = tmp_path / "kmon.yaml"
    config.write_text(f"listen: {kmon.url.removeprefix('http://')}\napi: {{token_file: token}}\n")
    assert cli.main(["silence", "add", "a=b", "--for", "1h", "--comment", "x", "--config", str(config)]) == 0
    assert len(kmon.mutes.silences()) == 1


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["alerts", "--url", "http://127.0.0.1:1"], "kmon alerts: cannot reach kmon at http://127.0.0.1:1: "),
        (["alerts", "--url", "127.0.0.1"], "--url: is not a URL"),
        (["silence", "list", "--url", "http://127.0.0.1:1"], "kmon silence: cannot reach kmon"),
        (["silence", "add", "a=b", "--for", "soon", "--comment", "x"], "--for: "),
    ],
)
def test_what_cannot_be_done_is_one_line(words: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(words) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), err.startswith(line)) == ("", 1, True)


def test_a_change_that_a_restart_loses_is_reported(kmon: Running, capsys: pytest.CaptureFixture[str]) -> None:
    kmon.store.close()
    assert cli.main(["silence", "add", "a=b", "--for", "1h", "--comment", "x", "--url", kmon.url]) == 0
    assert "a restart of kmon loses this" in capsys.readouterr().err
