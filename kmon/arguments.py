"""The pieces that the command line is made of: a command, an option, a switch."""

import argparse
from typing import Any


def command(commands: Any, name: str, summary: str, *, cluster: bool = True, **options: Any) -> argparse.ArgumentParser:
    """A command, with the options about a `cluster` and settings unless it takes none."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=summary, **options)
    parser.add_argument("-v", "--verbose", action="store_true", help="log at debug level to stderr")
    if cluster:
        group = parser.add_argument_group("cluster and settings")
        brokers = "brokers to connect to first, e.g. kafka1:9092,kafka2:9092"
        group.add_argument("-b", "--bootstrap-server", metavar="HOST:PORT[,…]", help=brokers)
        option(group, "--command-config", "FILE", "client.properties file, as for Kafka's own tools")
        option(group, "--config", "FILE", "settings file in YAML, e.g. kmon.yaml")
        option(group, "--context", "NAME", "context of the settings file to use, e.g. prod")
        option(group, "--name", "NAME", "name of the cluster in all output, e.g. prod (default: its cluster id)")
        option(group, "--interval", "TIME", "time between polls, e.g. 10s (default: 10s)")
        option(group, "--timeout", "TIME", "longest time one request may take, e.g. 5s (default: 3s)")
    return parser


def option(parser: Any, flag: str, metavar: str, meaning: str, **more: Any) -> None:
    """An option that takes a text, unless `more` says otherwise."""
    parser.add_argument(flag, metavar=metavar, help=meaning, **more)


def switch(parser: Any, flag: str, meaning: str) -> None:
    parser.add_argument(flag, action="store_true", help=meaning)


def add_output(parser: argparse.ArgumentParser, *formats: str) -> None:
    default = formats[0]
    parser.add_argument("-o", "--output", choices=formats, default=default, help=f"output format (default: {default})")
