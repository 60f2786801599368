"""Signals to kmon as a process: every one ends it in order, but SIGHUP to a server that nobody's terminal holds."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from kafka_cluster import wait_until
from loopback import serving, silent
from real_kmon import COMMAND_SECONDS, Serve, command, environment
from requirements import require_program
from terminal import Terminal

from alerts.effective import rules_of
from kmon.commands.signals import ENDING
from monitor.settings.alerts import AlertSettings

REFUSED = "127.0.0.1:1"
OTHERS = [each for each in ENDING if each != signal.SIGHUP]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with Serve("-b", REFUSED, "--no-dashboard") as serve:
        assert serve.url
        yield serve


@pytest.mark.parametrize("number", OTHERS, ids=lambda each: each.name)
def test_a_server_ends_in_order(serve: Serve, number: signal.Signals) -> None:
    assert serve.end(number) == 0
    serve.close()
    assert "info kmon: stopping\n" in serve.said
    assert "Traceback" not in serve.said


def test_a_server_takes_up_its_rules_after_a_hangup_and_goes_on(serve: Serve) -> None:
    os.kill(serve.pid, signal.SIGHUP)
    unchanged = len(rules_of(AlertSettings()))
    wait_until(lambda: f"rules reloaded: {unchanged} unchanged" in serve.said, "the log line")
    assert serve.get("/-/healthy").is_success
    assert serve.end() == 0


def test_a_server_ends_in_order_when_its_terminal_is_closed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    ours, theirs = pty.openpty()
    with log.open("w") as errors:
        argv = ["setsid", "--ctty", *command("serve", "-b", REFUSED, "--listen", "127.0.0.1:0", "--no-dashboard")]
        require_program("setsid")
        process = subprocess.Popen(argv, stdin=theirs, stdout=theirs, stderr=errors, env=environment())
    os.close(theirs)
    try:
        wait_until(lambda: "metrics at" in log.read_text(), "the server")
        os.close(ours)
        assert process.wait(COMMAND_SECONDS) == 0
        assert "info kmon: stopping\n" in log.read_text()
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [each for each in ENDING if each != signal.SIGINT], ids=lambda each: each.name)
def test_a_command_that_waits_for_kafka_names_the_signal_that_ends_it(number: signal.Signals) -> None:
    with serving(silent) as kafka:
        argv = command("lag", "-b", kafka.address, "--timeout", "60s", "--interval", "60s")
        process = subprocess.Popen(
            argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", env=environment()
        )
        try:
            wait_until(lambda: kafka.connections, "its connection")
            process.send_signal(number)
            out, error = process.communicate(timeout=COMMAND_SECONDS)
        finally:
            process.kill()
            process.wait()
    assert (process.returncode, out, error) == (128 + number, "", f"kmon: ended by {number.name}\n")


def test_nohup_is_kept() -> None:
    """SIGHUP ends nothing that was started to ignore it."""
    script = (
        "import os, signal\n"
        "from kmon.commands.signals import ending, interruptible\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "with interruptible(), ending() as end:\n"
        "    os.kill(os.getpid(), signal.SIGHUP)\n"
        "    assert not end.wait(0)\n"
        "    assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN\n"
        "    os.kill(os.getpid(), signal.SIGUSR1)\n"
        "    assert end.is_set()\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=COMMAND_SECONDS)


def program_in(terminal: Terminal) -> int:
    """The process that the terminal's shell runs."""
    shell = int(terminal.ask("display-message", "-p", "#{pane_pid}"))
    (program,) = psutil.Process(shell).children()
    return int(program.pid)


@pytest.mark.tmux
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1], ids=lambda each: each.name)
def test_a_signal_to_the_terminal_ui_leaves_a_clean_terminal(terminal: Terminal, number: signal.Signals) -> None:
    modes = terminal.modes()
    kmon = " ".join(command("tui", "-b", REFUSED))
    terminal.type(f"{kmon}; echo ended with $((0+$?))", "Enter")
    terminal.wait_for("is unreachable")
    assert terminal.modes() != modes
    pid = program_in(terminal)
    os.kill(pid, number)
    terminal.wait_for("ended with 0")
    assert terminal.modes() == modes


@pytest.mark.tmux
def test_the_terminal_ui_ends_with_its_terminal(terminal: Terminal) -> None:
    terminal.type(" ".join(command("tui", "-b", REFUSED)), "Enter")
    terminal.wait_for("is unreachable")
    pid = program_in(terminal)
    terminal.end()
    wait_until(lambda: not psutil.pid_exists(pid), "the terminal UI to end")
