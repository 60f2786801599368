"""kmon rules: checks rule files, lists or exports the rules in effect, or runs tests of rules."""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from alerts.effective import rules_of
from alerts.rule_files import rules_in
from alerts.rule_rows import rule_rows
from alerts.rule_test_run import failures
from alerts.rule_tests import read_tests
from alerts.rules import AnyRule
from kmon.commands.options import loaded_from
from kmon.commands.terminal import align
from monitor.model.text import plural, visible
from monitor.model.units import format_duration
from monitor.model.view import RuleRow
from monitor.settings.errors import SettingsError

WRONG = 1
"""Exit code when there is something wrong in a rule file."""


def run(args: argparse.Namespace) -> int:
    """0, 1 with everything that is wrong in the rule files, or 2 for bad usage and settings."""
    if args.action == "test":
        return _test(args.files)
    if args.action == "preview":
        from kmon.commands import preview  # noqa: PLC0415 - imports the evaluator

        return preview.run(args)
    if args.action == "export" and args.sloth:
        return _sloth(args)
    if args.action == "check" and args.files:
        patterns, rules = tuple(args.files), None
    else:
        alerts = loaded_from(args, need_cluster=False).settings.alerts
        patterns, rules = alerts.rule_files, alerts
    try:
        found = rules_in(patterns, "") if rules is None else rules_of(rules)
    except SettingsError as error:
        return _wrong(error.problems)
    if args.action == "check":
        print(f"OK: {plural(len(found), 'rule')}")
    elif args.action == "export":
        _export(found, kubernetes=args.kubernetes)
    else:
        print("\n".join(_table(found)))
    return 0


def _export(rules: Iterable[AnyRule], *, kubernetes: bool) -> None:
    """Print the rules for Prometheus, and on stderr how many are left out."""
    from kmon.prometheus_rules import exported, text_of  # noqa: PLC0415 - imports the exporters

    found = exported(rules)
    print(text_of(found, kubernetes=kubernetes), end="")
    if found.left_out:
        print(f"not exported, see the comments: {plural(len(found.left_out), 'rule')}", file=sys.stderr)


def _sloth(args: argparse.Namespace) -> int:
    """Print the objectives of the settings for Sloth; 1 where there are none."""
    from kmon.prometheus_slos import sloth  # noqa: PLC0415 - imports the exporters

    text = sloth(loaded_from(args, need_cluster=False).settings.contexts)
    if not text:
        return _wrong(["the settings have no objectives: see contexts[].slos in docs/slos.md"])
    print(text, end="")
    return 0


def _test(files: Iterable[str]) -> int:
    """Run the tests of these files, and print everything that does not pass."""
    wrong: list[str] = []
    passed = 0
    for file in files:
        try:
            tests = read_tests(Path(file))
        except SettingsError as error:
            wrong += error.problems
        else:
            wrong += failures(tests)
            passed += len(tests.tests)
    if wrong:
        return _wrong(wrong)
    print(f"OK: {plural(passed, 'test')}")
    return 0


def _wrong(problems: Iterable[str]) -> int:
    print("\n".join(map(visible, problems)), file=sys.stderr)
    return WRONG


def _table(rules: Iterable[AnyRule]) -> list[str]:
    rows = [("ALERT", "ON", "CONDITION", "FOR", "SEVERITY", "MODE", "FROM"), *map(_row, rule_rows(rules))]
    return align(rows, [False] * len(rows[0]))


def _row(rule: RuleRow) -> tuple[str, ...]:
    held = format_duration(rule.for_seconds)
    return tuple(map(visible, (rule.rule, rule.on, rule.condition, held, rule.severity, rule.mode, rule.source)))
