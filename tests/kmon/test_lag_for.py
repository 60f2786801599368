"""kmon lag and kmon check with --for: when they poll, what ends it, and what is printed of what was seen."""

import io
import json
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from scripted_poller import Clock, Script
from series import Poll, watch
from views import NOW

from kmon import cli
from kmon.commands import poll
from kmon.commands.check import CRITICAL, OK, UNKNOWN
from monitor.collect.collectors import COLLECTORS, LAG_COLLECTORS
from monitor.model.text import duration
from monitor.model.view import View

STUCK = watch([*[Poll(1000 + 10 * each, 990 + 10 * each) for each in range(18)], *[Poll(2000, 1160)] * 30])
"""Eight minutes of a group that gets stuck in the third."""
DOWN = watch([*[Poll(1000 + 10 * each, 500, age=900) for each in range(18)], Poll(0, 0, error="connection refused")])


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(poll, "time", clock)
    return clock


def polled(script: Script, seconds: float, clock: Clock, tell: Callable[[str], None] | None = None) -> View:
    return poll.watch(script, seconds, clock, tell)  # type: ignore[arg-type]  # has all of a Poller that is used


def test_it_polls_every_interval_and_at_the_end(clock: Clock) -> None:
    script = Script(STUCK, clock)
    assert polled(script, 25, clock) is STUCK[3]
    assert script.at == [0, 10, 20, 25]


def test_a_poll_that_takes_long_delays_the_next_and_not_the_end(clock: Clock) -> None:
    script = Script(STUCK, clock, took=8)
    polled(script, 40, clock)
    assert script.at == [0, 18, 36]


def test_a_cluster_that_cannot_be_reached_at_first_is_not_waited_for(clock: Clock) -> None:
    script = Script([alone(DOWN[-1])], clock)
    assert not polled(script, 600, clock).up
    assert script.at == [0]


def test_a_later_poll_that_fails_is_not_the_end(clock: Clock) -> None:
    script = Script([*DOWN[-2:], DOWN[-2]], clock)
    assert polled(script, 30, clock) is DOWN[-2]
    assert len(script.at) == 4


def test_an_early_end_gives_what_is_known(clock: Clock) -> None:
    clock.ends_at = 5000 + 14
    script = Script(STUCK, clock)
    assert polled(script, 600, clock) is STUCK[1]
    assert script.at == [0, 10]


def test_how_it_goes_is_told_every_second(clock: Clock) -> None:
    told: list[str] = []
    polled(Script(STUCK, clock), 75, clock, told.append)
    assert len(told) == 75
    assert told[0] == f"1 poll, {duration(75)} to go"
    assert told[-1] == f"8 polls, {duration(1)} to go"


def alone(view: View) -> View:
    """A View that no other was before."""
    (first,) = watch([Poll(0, 0, error=view.snapshot.error)])
    return first


# -------------------------------------------------------------------- the commands


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, Script]]:
    """Run a command on a cluster that gives these Views: its exit code, and the Poller. Waiting takes no time."""

    def run(views: Sequence[View], *args: str, collectors: Sequence[Any] | None = None) -> tuple[int, Script]:
        clock = Clock()
        script = Script(views, clock)
        seen: list[Sequence[Any]] = []

        def poller(_settings: object, wanted: Sequence[Any]) -> Script:
            seen.append(wanted)
            return script

        monkeypatch.setattr("monitor.poll.poller.Poller", poller)
        monkeypatch.setattr(poll, "time", clock)
        monkeypatch.setattr(threading.Event, "wait", lambda _, timeout: Clock.wait(clock, timeout) and False)
        code = cli.main([args[0], "-b", "127.0.0.1:1", *args[1:]])
        assert script.closed
        assert collectors is None or [tuple(each) for each in seen] == [tuple(collectors)]
        return code, script

    return run


Command = Callable[..., tuple[int, Script]]


def test_lag_prints_the_newest_view_with_its_words(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    code, script = command(STUCK, "lag", "--for", "470s", "-o", "json")
    assert (code, len(script.at)) == (0, len(STUCK))
    out, err = capsys.readouterr()
    (row,) = json.loads(out)
    assert (row["status"], row["since"]) == ("stuck", NOW + 170)
    assert 0 <= row["consume_rate"] < 0.1
    assert row["why"].startswith("stuck for 5 min: offset 1,160 has not moved, ")
    assert err == ""


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        ("status_seconds > 5m", 0),
        ("status_seconds >= 4m", 1),
        (f"since < {NOW + 180:.0f}", 1),
        ('status == "stuck" and since < 1000', 0),
    ],
)
def test_a_filter_asks_since_when(command: Command, where: str, rows: int, capsys: pytest.CaptureFixture[str]) -> None:
    code, _ = command(STUCK, "lag", "--for", "470s", "-o", "json", "--where", where)
    assert (code, len(json.loads(capsys.readouterr().out))) == (0, rows)


def test_what_was_last_known_is_printed_when_the_last_poll_failed(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(DOWN, "lag", "--for", "180s", "-o", "json")[0] == 1
    out, err = capsys.readouterr()
    assert [row["committed_offset"] for row in json.loads(out)] == [500]
    assert err == "kmon lag: partial: the last poll failed (connection refused): showing the poll 10 s before it\n"


def test_who_never_answered_is_2_at_once(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    code, script = command([alone(DOWN[-1])], "lag", "--for", "1h")
    assert (code, len(script.at)) == (2, 1)
    assert capsys.readouterr() == ("", "kmon lag: connection refused\n")


def test_ctrl_c_prints_what_is_known_so_far(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    class Interrupting(list[View]):
        def __getitem__(self, place: Any) -> Any:
            if place == 20:
                signal.raise_signal(signal.SIGINT)
            return super().__getitem__(place)

    code, script = command(Interrupting(STUCK), "lag", "--for", "1h", "-o", "json")
    assert (code, len(script.at)) == (0, 21)
    assert [row["lag"] for row in json.loads(capsys.readouterr().out)] == [2000 - 1160]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_progress_goes_to_a_terminal_alone(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert command(STUCK, "lag", "--for", "25s")[0] == 0
    lines = terminal.getvalue().split("\r\x1b[K")
    assert lines[1] == "1 poll, 25 s to go; Ctrl-C prints the result so far"
    assert lines[-1] == ""


def test_lag_asks_for_lag_and_check_for_everything(command: Command) -> None:
    code, _ = command(STUCK, "check", "--for", "470s", collectors=COLLECTORS)
    assert code != UNKNOWN
    lag = (*LAG_COLLECTORS, *(each for each in COLLECTORS if each.name == "configs"))
    assert command(STUCK, "check", "--for", "1m", "--max-lag", "1M", collectors=lag)[0] == OK
    assert command(STUCK, "lag", "--for", "1m", collectors=lag)[0] == 0


def test_a_check_that_watches_tells_what_one_poll_cannot(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    stuck = 'status == "stuck" and consume_rate < 0.1'
    assert command(STUCK, "check", "--for", "1m", "--where", stuck)[0] == OK
    assert command(STUCK, "check", "--for", "470s", "--where", stuck)[0] == CRITICAL
    assert "g on t-0 (lag 840" in capsys.readouterr().out
    assert command(DOWN, "check", "--for", "180s", "--max-lag", "1M")[0] == UNKNOWN


@pytest.mark.parametrize("text", ["5", "soon", "-1m"])
def test_a_time_without_a_unit_is_bad_usage(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["lag", "-b", "127.0.0.1:1", f"--for={text}"]) == cli.BAD_USAGE
    assert capsys.readouterr().err.startswith("--for: is not a duration")
    assert cli.main(["check", "-b", "127.0.0.1:1", f"--for={text}"]) == UNKNOWN
