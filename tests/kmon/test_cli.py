"""The command line as a whole: options, errors in one line, exit codes, what --help costs."""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmon import cli
from kmon.commands import logs, options, terminal
from monitor.model.text import clip, visible, width
from monitor.model.units import parse_duration
from monitor.settings.errors import SettingsError

REFUSED = "127.0.0.1:1"


def kmon(*args: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kmon", *args],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, **(env or {})},
    )


def test_help_and_version_import_nothing_heavy() -> None:
    script = (
        "import sys; from kmon import cli\n"
        "for args in (['--help'], ['lag', '--help'], ['--version'], ['lag', '--nonsense']): cli.main(args)\n"
        "heavy = set(sys.modules) & {'numpy', 'pydantic', 'yaml', 'kafka', 'textual', 'dash', 'logging', 'ssl'}\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    for command in ("demo", "serve", "tui", "lag", "check", "doctor", "rules", "dashboards", "config"):
        assert re.search(rf"\n    {command}\s", done.stdout)
    assert "kmon 0." in done.stdout


def test_every_option_says_what_it_does_then_an_example_then_its_default() -> None:
    parsers = [cli.make_parser()]
    for parser in parsers:
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                parsers += action.choices.values()
            elif action.nargs != 0:
                text = str(action.help)
                assert not re.search(r"such as|\((?!default: |docs/)", text), text
                assert "e.g." in text or action.choices or action.dest == "command_config", text
    assert len(parsers) > 8


@pytest.mark.parametrize(
    ("args", "line"),
    [
        ([], "kmon: the following arguments are required: COMMAND (see kmon --help)"),
        (["nope"], "kmon: argument COMMAND: invalid choice: 'nope'"),
        (["lag", "--nope\x1b[31m"], "kmon: unrecognized arguments: --nope\\x1b[31m (see kmon --help)"),
        (["lag", "--boot", "x"], "kmon: unrecognized arguments: --boot x"),
        (["lag", "-o", "xml"], "kmon lag: argument -o/--output: invalid choice: 'xml'"),
        (["config"], "kmon config: the following arguments are required: ACTION"),
        (["demo", "--brokers", "6"], "kmon demo: argument --brokers: invalid choice: 6"),
        (["lag"], "no bootstrap servers: set -b HOST:PORT"),
        (["lag", "-b", "kafka"], "-b: 'kafka' has no port: write host:port, e.g. kafka:9092"),
        (["lag", "-b", "a:1", "--interval", "5"], "--interval: is not a duration"),
        (["lag", "-b", "a:1", "--timeout", "0s"], "--timeout: must be at least 10ms"),
        (["lag", "-b", "a:1", "--context", "x"], "--context: no context 'x': contexts are 'a:1'"),
        (["lag", "-b", "a:1", "--config", "/nope.yaml"], "/nope.yaml: file not found"),
        (["lag", "-b", "a:1", "--command-config", "/nope"], "/nope: file not found"),
        (["lag", "-b", "a:1", "--group", "(["], "--group: is not a regular expression that RE2 accepts: missing ]"),
        (
            ["lag", "-b", "a:1", "--topic", "*"],
            "--topic: is not a regular expression that RE2 accepts: no argument for",
        ),
    ],
)
def test_bad_usage_is_one_line_and_exit_code_2(args: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(args) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(line)
    assert told.err.count("\n") == 1


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["demo"], {"brokers": 3, "duration": None, "no_tui": False, "listen": None}),
        (
            ["demo", "--brokers", "1", "--duration", "5m", "--no-tui", "--listen", "[::1]:1"],
            {"brokers": 1, "duration": "5m", "no_tui": True, "listen": "[::1]:1"},
        ),
        (
            ["serve", "-b", "a:1,b:2", "--listen", "x:1", "--interval", "5s", "--config", "k.yaml", "--no-dashboard"],
            {
                "bootstrap_server": "a:1,b:2",
                "listen": "x:1",
                "interval": "5s",
                "config": "k.yaml",
                "no_dashboard": True,
            },
        ),
        (
            ["serve", "--alertmanager-url", "http://a", "--alertmanager-url", "http://b", "--insecure-allow-open"],
            {"alertmanager_url": ["http://a", "http://b"], "insecure_allow_open": True},
        ),
        (["tui", "--bootstrap-server", "a:1"], {"bootstrap_server": "a:1"}),
        (["lag", "-b", "a:1", "-o", "csv"], {"output": "csv", "group": None, "topic": None}),
        (["config", "check", "--config", "k.yaml"], {"action": "check", "config": "k.yaml"}),
    ],
)
def test_commands_and_options_have_their_names(args: list[str], expected: dict[str, object]) -> None:
    parsed = vars(cli.make_parser().parse_args(args))
    assert {key: parsed[key] for key in expected} == expected


def test_serve_options_become_settings() -> None:
    line = "serve -b a:1 --listen [::1]:1 --no-dashboard --interval 2s --timeout 1s --lag-above 500 --for 30s"
    line += " --names kmon,kminion"
    args = cli.make_parser().parse_args([*line.split(), "--alertmanager-url", "http://a:9093"])
    settings = options.loaded_from(args).settings
    assert (settings.listen, settings.dashboard) == ("[::1]:1", False)
    assert settings.metrics.names == ("kmon", "kminion")
    assert (settings.cluster.interval_seconds, settings.cluster.request_timeout_seconds) == (2, 1)
    (rule,) = settings.alerts.rules
    assert (rule.name, rule.lag_above, rule.for_seconds) == ("LagAbove", 500, 30)
    assert settings.alerts.alertmanagers == ("http://a:9093",)


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["--for", "5m"], "--for: needs --lag-above"),
        (["--lag-above", "many"], "--lag-above: must be a number"),
        (["--lag-above", "1", "--for", "5"], "--for: is not a duration"),
        (["--alertmanager-url", "ftp://x"], "--alertmanager-url: URL 1 is not an address"),
        (["--listen", ":9308"], "--listen: ':9308' has no host"),
    ],
)
def test_a_wrong_option_of_serve_is_named(args: list[str], line: str) -> None:
    with pytest.raises(SettingsError) as caught:
        options.loaded_from(cli.make_parser().parse_args(["serve", "-b", "a:1", *args]))
    (problem,) = caught.value.problems
    assert problem.startswith(line)


def test_a_duration_option_is_read_or_refused() -> None:
    assert options.option("--duration", None, parse_duration) is None
    assert options.option("--duration", "5m", parse_duration) == 300
    with pytest.raises(SettingsError, match="--duration: is not a duration"):
        options.option("--duration", "5", parse_duration)


def test_config_is_found_by_variable_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "kmon.yaml"
    path.write_text("contexts: [{bootstrap_servers: 'yaml:1'}]\n")
    monkeypatch.setenv("KMON_CONFIG", str(path))
    args = cli.make_parser().parse_args(["tui"])
    assert options.cluster_from(args).bootstrap_servers == ("yaml:1",)
    properties = tmp_path / "client.properties"
    properties.write_text("bootstrap.servers=properties:1")
    monkeypatch.setenv("KMON_COMMAND_CONFIG", str(properties))
    assert options.cluster_from(args).bootstrap_servers == ("properties:1",)


SEVERAL = "contexts: [{name: a, bootstrap_servers: 'a:1'}, {name: b, bootstrap_servers: 'b:1'}]\n"


@pytest.mark.parametrize(
    ("text", "args", "names"),
    [
        (SEVERAL, [], ["a", "b"]),
        ("current_context: b\n" + SEVERAL, [], ["b", "a"]),
        ("current_context: b\n" + SEVERAL, ["--context", "a"], ["a"]),
        ("current_context: b\n" + SEVERAL, ["-b", "c:1"], ["b"]),
    ],
)
def test_a_command_that_watches_takes_every_context_unless_one_is_named(
    tmp_path: Path, text: str, args: list[str], names: list[str]
) -> None:
    path = tmp_path / "kmon.yaml"
    path.write_text(text)
    _, clusters = options.clusters_from(cli.make_parser().parse_args(["serve", "--config", str(path), *args]))
    assert [each.name for each in clusters] == names


def broken(error: BaseException) -> object:
    def run(_: object) -> int:
        raise error

    return run


def test_an_unexpected_error_is_one_line_with_a_hint(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("kmon.commands.lag.run", broken(KeyError("a\nb\x1b[0m")))
    assert cli.main(["lag"]) == 70
    assert capsys.readouterr().err == "kmon: unexpected error: KeyError: 'a\\nb\\x1b[0m' (KMON_DEBUG=1 shows where)\n"
    monkeypatch.setenv("KMON_DEBUG", "1")
    with pytest.raises(KeyError):
        cli.main(["lag"])


def test_ctrl_c_is_130_without_a_word(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("kmon.commands.lag.run", broken(KeyboardInterrupt()))
    assert cli.main(["lag"]) == 130
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("args", [["--help"], ["config", "show"]])
def test_a_reader_that_goes_away_is_no_error(args: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "kmon", *args],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONUNBUFFERED": ""},
    )
    os.close(writing)
    assert done.stderr == ""
    assert done.returncode == 141


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize(
    ("args", "code"), [(["--version"], 74), (["config", "show", "-b", "a:1"], 74), (["check", "-b", REFUSED], 3)]
)
def test_output_that_cannot_be_written_is_told_in_a_line(args: list[str], code: int, unbuffered: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "kmon", *args],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )
    assert (done.returncode, done.stderr) == (code, "kmon: cannot write: No space left on device\n")


def test_errors_that_cannot_be_written_do_not_end_in_a_traceback() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-m", "kmon", "lag"], stderr=full, check=False, timeout=60)
    assert done.returncode == 2


@pytest.mark.parametrize(("command", "code"), [("lag", 2), ("serve", 2), ("check", 3)])
def test_python_without_assertions_is_refused_with_the_reason(command: str, code: int) -> None:
    done = kmon(command, "-b", REFUSED, env={"PYTHONOPTIMIZE": "1"})
    assert (done.returncode, done.stdout) == (code, "")
    assert "unset PYTHONOPTIMIZE" in done.stderr
    assert "kafka-python" in done.stderr
    assert done.stderr.count("\n") == 1
    assert kmon("--version", env={"PYTHONOPTIMIZE": "1"}).returncode == 0


@pytest.mark.parametrize(("command", "code"), [("lag", 2), ("check", 3)])
def test_a_variable_that_is_probably_mistyped_is_named_where_the_command_fails(command: str, code: int) -> None:
    done = kmon(command, env={"KMON_BOOTSTRAP_SERVER": REFUSED, "KMON_CONFG": "kmon.yaml"})
    assert done.returncode == code
    hints = [line.partition("did you mean ")[2] for line in done.stderr.splitlines()]
    assert hints[:2] == ["KMON_BOOTSTRAP_SERVERS?", "KMON_CONFIG?"]
    assert "no bootstrap servers" in done.stdout + done.stderr


def test_an_unreachable_cluster_is_one_line_and_exit_code_2() -> None:
    done = kmon("lag", "-b", REFUSED, "--timeout", "1s")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"kmon lag: {REFUSED}")


def test_log_lines_cannot_be_forged(capsys: pytest.CaptureFixture[str]) -> None:
    import logging

    logs.set_up("serve", verbose=False)
    logging.getLogger("monitor").info("group %s joined", "a\n2026 error x: forged\x1b[2J")
    logging.getLogger("kafka.net").error("connection failed")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("info monitor: group a\\n2026 error x: forged\\x1b[2J joined")


@given(st.text())
def test_a_visible_text_holds_nothing_a_terminal_obeys(name: str) -> None:
    shown = visible(name)
    assert shown.isprintable() or all(each.isprintable() or each.isspace() for each in shown)
    assert not any(ord(each) < 32 or 0x7F <= ord(each) < 0xA0 or each in "\u202e\u2028\u200b\ufeff" for each in shown)


@given(st.lists(st.lists(st.text(max_size=12), min_size=3, max_size=3), min_size=1), st.integers(2, 20))
def test_columns_stand_under_one_another_whatever_the_names(rows: list[list[str]], cells: int) -> None:
    shown = [[clip(visible(cell), cells) for cell in row] for row in rows]
    assert all(width(cell) <= cells for row in shown for cell in row)
    lines = terminal.align([[*row, "|"] for row in shown], [False, True, False, False])
    assert len({width(line) for line in lines}) == 1
