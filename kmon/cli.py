"""The command line: which commands and options there are, and what every command does with errors and signals.

Nothing heavy is imported here: `kmon --help` is fast, and a command pays for what it uses.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

BAD_USAGE, UNEXPECTED, INTERRUPTED, BROKEN_PIPE = 2, 70, 130, 141
"""Exit codes that every command shares; the last two are what a shell reports for the signals."""
CHECK_UNKNOWN = 3
"""What bad usage of `kmon check` is to a monitoring system, for which 2 is critical."""


class _Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line and takes no abbreviated options, which later ones would break."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "allow_abbrev": False})

    def error(self, message: str) -> NoReturn:
        from monitor.text import visible  # noqa: PLC0415 - only needed when something is wrong

        self.exit(BAD_USAGE, f"{self.prog}: {visible(message)} (see {self.prog} --help)\n")


class _Version(argparse.Action):
    """Prints the version, which is looked up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> NoReturn:
        from importlib.metadata import version  # noqa: PLC0415 - costs as much as all the rest of --help

        print(f"kmon {version('kmon-kafka')}")
        parser.exit()


def make_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="kmon", description="Observability for Apache Kafka: metrics, terminal, web, alerts, scripts."
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for add in (_add_demo, _add_serve, _add_tui, _add_lag, _add_check, _add_doctor, _add_config):
        add(commands)
    return parser


def _add_demo(commands: Any) -> None:
    parser = _command(commands, "demo", "start a real Kafka here, with traffic, and watch it")
    parser.add_argument("--brokers", type=int, choices=range(1, 6), default=3, metavar="N", help="1 to 5 (3)")
    parser.add_argument("--duration", metavar="TIME", help="end after this time, such as 5m (on Ctrl-C)")
    parser.add_argument("--no-tui", action="store_true", help="print lines, also on a terminal")
    parser.add_argument("--listen", metavar="ADDR", help="host:port of metrics and dashboard (127.0.0.1:9308)")


def _add_serve(commands: Any) -> None:
    parser = _command(commands, "serve", "poll a cluster; serve metrics and the dashboard, send alerts")
    _add_cluster_options(parser)
    parser.add_argument("--listen", metavar="ADDR", help="host:port to listen on (127.0.0.1:9308)")
    parser.add_argument("--no-dashboard", action="store_true", help="metrics and health only")
    parser.add_argument(
        "--insecure-allow-open",
        action="store_true",
        help="allow --listen on an address that other machines reach, although nobody has to log in",
    )
    alerts = parser.add_argument_group("alerts", "These replace what the settings file says.")
    alerts.add_argument(
        "--alertmanager-url", action="append", metavar="URL", help="send alerts there; may be given more than once"
    )
    alerts.add_argument("--lag-above", metavar="N", help="alert on a group whose lag is above N records")
    alerts.add_argument("--for", dest="lag_above_for", metavar="TIME", help="once --lag-above holds that long (5m)")


def _add_tui(commands: Any) -> None:
    parser = _command(commands, "tui", "watch a cluster in the terminal")
    _add_cluster_options(parser)


def _add_lag(commands: Any) -> None:
    parser = _command(
        commands,
        "lag",
        "print the lag of every group, topic and partition",
        epilog="Exit code: 0 complete, 1 partial (stderr says what is missing and why), 2 unreachable or bad usage.",
    )
    _add_cluster_options(parser)
    parser.add_argument("-o", "--output", choices=("table", "wide", "json", "csv"), default="table", help="(table)")
    _add_watch_option(parser)
    _add_row_options(parser)
    parser.add_argument("--where", metavar="EXPR", help="only rows that fit, such as 'lag > 10k' (docs/filter.md)")


def _add_check(commands: Any) -> None:
    parser = _command(
        commands,
        "check",
        "say in one line whether a cluster, or some of its lag, is as it should be",
        epilog="Exit code, as of monitoring plugins: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN or bad usage.",
    )
    _add_cluster_options(parser)
    limits = parser.add_argument_group("limits", "A partition beyond any of these is CRITICAL.")
    limits.add_argument("--max-lag-seconds", metavar="N", help="age of the next record to be read, such as 300 or 5m")
    limits.add_argument("--max-lag", metavar="N", help="records still to read, such as 1000 or 10k")
    limits.add_argument("--where", metavar="EXPR", help="what none may fit, such as 'lost > 0' (docs/filter.md)")
    _add_watch_option(parser)
    _add_row_options(parser)


def _add_watch_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--for",
        dest="watch_for",
        metavar="TIME",
        help="poll for so long, such as 5m (once): only then are rates known, and what is stuck or growing",
    )


def _add_row_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--group", metavar="RE", help="only groups whose whole id matches this expression (RE2)")
    parser.add_argument("--topic", metavar="RE", help="only topics whose whole name matches this expression (RE2)")


def _add_doctor(commands: Any) -> None:
    parser = _command(
        commands,
        "doctor",
        "say what kmon may not see of a cluster, what is lost by it, and how to grant it",
        epilog="Exit code: 0 everything is there, 1 something is missing, 2 unreachable or bad usage.",
    )
    _add_cluster_options(parser)
    parser.add_argument("-o", "--output", choices=("table", "json"), default="table", help="(table)")


def _add_config(commands: Any) -> None:
    parser = _command(commands, "config", "check or show the settings")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = _command(actions, "check", "check the settings: exit 0, or 2 and every error with its place")
    show = _command(actions, "show", "print the settings in effect as YAML, and where each came from")
    for each in (check, show):
        _add_cluster_options(each)


def _command(commands: Any, name: str, summary: str, **options: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=summary, **options)
    parser.add_argument("-v", "--verbose", action="store_true", help="log more, to stderr")
    return parser


def _add_cluster_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("cluster and settings")
    group.add_argument("-b", "--bootstrap-server", metavar="HOST:PORT[,…]", help="brokers to ask first")
    group.add_argument("--command-config", metavar="FILE", help="Kafka's client.properties, as its own tools take it")
    group.add_argument("--config", metavar="FILE", help="settings file (YAML)")
    group.add_argument("--context", metavar="NAME", help="which of the file's contexts to use")
    group.add_argument("--name", metavar="NAME", help="name of the cluster in all output (default: its cluster id)")
    group.add_argument("--interval", metavar="TIME", help="from poll to poll, such as 10s (10s)")
    group.add_argument("--timeout", metavar="TIME", help="how long one request may take (3s)")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; errors are one line each on stderr."""
    try:
        code = _run(argv)
        if sys.stdout is not None:
            sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output is gone; what is still buffered must not raise again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except Exception as error:  # noqa: BLE001 - the last place that can turn an error into one line
        return _report(error)
    return code


def _run(argv: Sequence[str] | None) -> int:
    try:
        args = make_parser().parse_args(argv)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
        checks = (sys.argv[1:] if argv is None else argv)[:1] == ["check"]
        return CHECK_UNKNOWN if code == BAD_USAGE and checks else code
    from kmon.commands import logs  # noqa: PLC0415 - not for --help

    logs.set_up(args.command, verbose=args.verbose)
    return int(importlib.import_module(f"kmon.commands.{args.command}").run(args))


def _report(error: Exception) -> int:
    from monitor.settings.errors import SettingsError  # noqa: PLC0415 - not for --help
    from monitor.text import visible  # noqa: PLC0415 - not for --help

    if isinstance(error, SettingsError):
        for problem in error.problems:
            print(visible(problem), file=sys.stderr)
        return BAD_USAGE
    if os.environ.get("KMON_DEBUG"):
        raise error
    text = visible(f"{type(error).__name__}: {error}")
    print(f"kmon: unexpected error: {text} (KMON_DEBUG=1 shows where)", file=sys.stderr)
    return UNEXPECTED


if __name__ == "__main__":
    sys.exit(main())
