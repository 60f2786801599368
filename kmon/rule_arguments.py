"""The options of kmon rules."""

from typing import Any

from kmon.arguments import add_output, command, option, switch


def add_rules(commands: Any) -> None:
    parser = command(commands, "rules", "validate, list, test, preview or export the alert rules", cluster=False)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    ends = "Exit codes: 0 all are valid, 1 with FILE:LINE:COLUMN of every error, 2 bad usage or settings."
    check = command(actions, "check", "validate rule files, or those of the settings", epilog=ends)
    check.add_argument(
        "files", metavar="FILE", nargs="*", help="rule file in YAML, e.g. rules.yaml (default: alerts.rule_files)"
    )
    command(actions, "list", "print the rules in effect, with the condition and source of each", epilog=ends)
    export = command(actions, "export", "print the rules in effect as Prometheus rules", epilog=ends)
    switch(export, "--prometheus", "print a Prometheus rule file with alerting rules on kmon's metrics (default)")
    switch(export, "--kubernetes", "print these rules as a PrometheusRule for the Prometheus Operator")
    switch(export, "--sloth", "print the objectives (contexts[].slos) as specifications for Sloth instead")
    ends = "Exit codes: 0 rules were run, 1 with FILE:LINE:COLUMN of every error, 2 unreachable, bad usage or settings."
    summary = "print when rules would have fired, on polls of now or on those that a running kmon remembers"
    preview = command(actions, "preview", summary, epilog=ends)
    preview.add_argument("files", metavar="FILE", nargs="+", help="rule file in YAML, e.g. rules.yaml")
    add_output(preview, "table", "json")
    how_long = "how long to poll (default: 10m), or how far back with --url (default: all), e.g. 1h"
    option(preview, "--for", "TIME", how_long, dest="watch_for")
    option(
        preview,
        "--url",
        "URL",
        "use the polls that the kmon at this URL remembers, e.g. http://127.0.0.1:9308 (default: poll now)",
    )
    option(
        preview, "--cluster", "NAME", "with --url, use polls of this cluster only, e.g. prod (default: all clusters)"
    )
    ends = "Exit codes: 0 all tests pass, 1 with FILE:LINE:COLUMN of every error and failure, 2 bad usage."
    test = command(actions, "test", "run unit tests for rules", cluster=False, epilog=ends)
    test.add_argument("files", metavar="FILE", nargs="+", help="test file in YAML, e.g. rules_test.yaml")
