"""The command line: the commands, their options, and how every command handles errors and signals.

Nothing heavy is imported here: `kmon --help` is fast, and a command pays for what it uses.
"""

import argparse
import contextlib
import errno
import importlib
import io
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from kmon.arguments import add_output, command, option, switch
from kmon.remote_arguments import add_ack, add_alerts, add_served, add_silence
from kmon.rule_arguments import add_rules

BAD_USAGE, UNEXPECTED, UNWRITABLE, INTERRUPTED, BROKEN_PIPE = 2, 70, 74, 130, 141
"""Exit codes that every command shares; the last two are what a shell reports for the signals."""
CHECK_UNKNOWN = 3
"""What `kmon check` exits with instead of BAD_USAGE and UNWRITABLE: monitoring systems read 2 as critical."""
UNWRITABLE_ERRNOS = (errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
LISTEN_HELP = "host:port to serve metrics and the dashboard on, e.g. 127.0.0.1:9400 (default: 127.0.0.1:9308)"


class _Parser(argparse.ArgumentParser):
    """A parser that reports errors in one line and refuses abbreviated options, which later options would break."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "allow_abbrev": False})

    def error(self, message: str) -> NoReturn:
        from monitor.model.text import visible  # noqa: PLC0415 - only needed when something is wrong

        self.exit(BAD_USAGE, f"{self.prog}: {visible(message)} (see {self.prog} --help)\n")


class _Version(argparse.Action):
    """Prints the version, and looks it up only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> NoReturn:
        from importlib.metadata import version  # noqa: PLC0415 - costs as much as all the rest of --help

        print(f"kmon {version('kmon-kafka')}")
        parser.exit()


def make_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="kmon",
        description="Observability for Apache Kafka: metrics, terminal UI, web dashboard, alerts and scripts.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for add in (
        _add_demo,
        _add_serve,
        _add_tui,
        _add_lag,
        _add_check,
        _add_doctor,
        add_rules,
        _add_dashboards,
        _add_config,
    ):
        add(commands)
    for add_remote in (add_alerts, add_ack, add_silence):
        add_remote(commands)
    return parser


def _add_demo(commands: Any) -> None:
    parser = command(commands, "demo", "start a local Kafka cluster with traffic, and monitor it", cluster=False)
    brokers = {"type": int, "choices": range(1, 6), "default": 3}
    option(parser, "--brokers", "N", "number of brokers, 1 to 5 (default: 3)", **brokers)
    option(parser, "--duration", "TIME", "stop after this time, e.g. 5m (default: run until Ctrl-C)")
    switch(parser, "--no-tui", "print one line per poll instead of opening the terminal UI")
    option(parser, "--listen", "ADDR", LISTEN_HELP)


def _add_serve(commands: Any) -> None:
    parser = command(commands, "serve", "poll clusters, serve metrics and the dashboard, and send alerts")
    option(parser, "--listen", "ADDR", LISTEN_HELP)
    switch(parser, "--no-dashboard", "serve metrics, API and health checks only")
    names = "metric names to serve, e.g. kmon,kafka_exporter,kminion,kafka_lag_exporter (default: kmon)"
    option(parser, "--names", "NAME[,…]", names)
    switch(parser, "--insecure-allow-open", "allow a non-loopback --listen address without TLS and authentication")
    alerts = parser.add_argument_group("alerts", "These options replace the alerts in the settings file.")
    receiver = "Alertmanager to send alerts to, e.g. http://localhost:9093; may be repeated"
    option(alerts, "--alertmanager-url", "URL", receiver, action="append")
    above = "alert on groups with a lag above N records, e.g. 1000 (default: no such alert)"
    option(alerts, "--lag-above", "N", above)
    held = "how long --lag-above must hold before the alert fires, e.g. 10m (default: 5m)"
    option(alerts, "--for", "TIME", held, dest="lag_above_for")


def _add_tui(commands: Any) -> None:
    parser = command(
        commands,
        "tui",
        "open the terminal UI",
        epilog="Exit codes of --once: 0 complete, 1 partial (stderr lists what is missing and why), 2 unreachable.",
    )
    switch(parser, "--once", "poll once, print the overview as plain text, and exit")
    add_served(parser)


def _add_lag(commands: Any) -> None:
    parser = command(
        commands,
        "lag",
        "print the lag of every group on every partition",
        epilog="Exit codes: 0 complete, 1 partial or --group or --topic does not match anything (stderr lists what is "
        "missing and why), 2 unreachable or bad usage.",
    )
    add_output(parser, "table", "wide", "json", "csv")
    _add_row_options(parser)
    option(parser, "--where", "EXPR", "only rows that match this filter, e.g. 'lag > 10k' (docs/filter.md)")


def _add_check(commands: Any) -> None:
    parser = command(
        commands,
        "check",
        "report in one line whether a cluster, or selected lag, is healthy",
        epilog="Exit codes, as for Nagios plugins: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN or bad usage.",
    )
    limits = parser.add_argument_group("limits", "A partition above any of these limits is CRITICAL.")
    option(limits, "--max-lag-seconds", "N", "largest time lag allowed, e.g. 300 or 5m")
    option(limits, "--max-lag", "N", "largest lag allowed in records, e.g. 1000 or 10k")
    option(limits, "--where", "EXPR", "filter that no partition may match, e.g. 'lost > 0' (docs/filter.md)")
    _add_row_options(parser)


def _add_row_options(parser: argparse.ArgumentParser) -> None:
    watch = "keep polling for this long first, e.g. 5m (default: one poll); "
    option(parser, "--for", "TIME", f"{watch}needed to report rates and stuck or growing groups", dest="watch_for")
    for noun, named in (("group", "id"), ("topic", "name")):
        which = f"only {noun}s whose full {named} matches this RE2 expression, e.g. 'orders-.*' (default: all)"
        option(parser, f"--{noun}", "RE", which)


def _add_doctor(commands: Any) -> None:
    parser = command(
        commands,
        "doctor",
        "report missing permissions and APIs, what they hide, and how to grant them",
        epilog="Exit codes: 0 nothing is missing, 1 something is missing, 2 unreachable or bad usage.",
    )
    add_output(parser, "table", "json")


def _add_dashboards(commands: Any) -> None:
    parser = command(commands, "dashboards", "export dashboards for Grafana", cluster=False)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    ends = "Exit codes: 0 written, 1 the directory cannot be written, 2 bad usage or grafana-foundation-sdk is missing."
    export = command(actions, "export", "write dashboards as JSON files", cluster=False, epilog=ends)
    where = "directory to write Grafana dashboards to, e.g. deploy/grafana"
    option(export, "--grafana", "DIR", where, required=True)
    pages = "URL of kmon that dashboards link to, e.g. https://kmon.example.com (default: http://127.0.0.1:9308)"
    option(export, "--kmon-url", "URL", pages)


def _add_config(commands: Any) -> None:
    parser = command(commands, "config", "validate or print the settings", cluster=False)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    command(actions, "check", "validate the settings; exit 0, or 2 with every error and its location")
    command(actions, "show", "print the effective settings as YAML, with the source of each")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; errors are one line each on stderr."""
    from kmon.commands.signals import Ended, interruptible  # noqa: PLC0415 - not for who imports the parser

    try:
        with interruptible():
            code = _run(argv)
            if sys.stdout is not None:
                sys.stdout.flush()
    except Ended as end:
        return _failed(f"kmon: ended by {end}", 128 + end.number)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last place that can turn an error into one line
        return _report(error, argv)
    return code


def _run(argv: Sequence[str] | None) -> int:
    try:
        args = make_parser().parse_args(argv)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
        return _own_code(argv, code)
    if sys.flags.optimize:
        why = "the Kafka client (kafka-python) does not work without Python's assertions"
        line = f"kmon: {why}: unset PYTHONOPTIMIZE, and run Python without -O"
        return _failed(line, _own_code(argv, BAD_USAGE))
    from kmon.commands import logs  # noqa: PLC0415 - not for --help

    logs.set_up(args.command, verbose=args.verbose)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal in the C locale cannot print every name; escapes it can.
        sys.stdout.reconfigure(errors="backslashreplace")
    return int(importlib.import_module(f"kmon.commands.{args.command}").run(args))


def _own_code(argv: Sequence[str] | None, code: int) -> int:
    """The exit code as the command has it: `kmon check` fails with CHECK_UNKNOWN."""
    checks = (sys.argv[1:] if argv is None else argv)[:1] == ["check"]
    return CHECK_UNKNOWN if code in (BAD_USAGE, UNWRITABLE) and checks else code


def _report(error: Exception, argv: Sequence[str] | None) -> int:
    from monitor.model.text import visible  # noqa: PLC0415 - not for --help
    from monitor.settings.errors import SettingsError  # noqa: PLC0415 - not for --help

    if isinstance(error, SettingsError):
        return _failed("\n".join(map(visible, error.lines)), BAD_USAGE)
    if isinstance(error, OSError) and error.errno in UNWRITABLE_ERRNOS and error.filename is None:
        _drop_output()
        if isinstance(error, BrokenPipeError):
            return BROKEN_PIPE
        return _failed(f"kmon: cannot write: {os.strerror(error.errno)}", _own_code(argv, UNWRITABLE))
    if os.environ.get("KMON_DEBUG"):
        raise error
    text = visible(f"{type(error).__name__}: {error}")
    return _failed(f"kmon: unexpected error: {text} (KMON_DEBUG=1 shows where)", UNEXPECTED)


def _failed(lines: str, code: int) -> int:
    """Print lines to stderr, if that can be written, and return the exit code."""
    with contextlib.suppress(OSError):
        print(lines, file=sys.stderr)
    return code


def _drop_output() -> None:
    """What is still buffered and cannot be written must not raise again when Python exits."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
