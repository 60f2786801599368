"""What kmon decides of many Views and scripted polls, as JSON; with the argument `reworded`, after all words changed.

Every sentence in the source of what decides, also each part of an f-string, is replaced by words of its own: two copies
of one sentence differ then as well. Run as a program, because the replacing happens as modules are imported.
"""

import ast
import importlib.abc
import importlib.machinery
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from itertools import count
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

ROOT = Path(__file__).parent.parent.parent
ROOMS = ("monitor.analysis", "monitor.collect", "monitor.model.reasons", "alerts", "kmon.commands")
"""Packages and modules that have sentences. Words of kafka-python and OpenSSL stay, and so do units and statuses."""
SENTENCE = re.compile(r"[A-Za-z)},:] |[a-z)] ?\(")
NUMBERS = count()


class Reworder(ast.NodeTransformer):
    """Replaces sentences, but not docstrings, which nothing reads, and the words of statuses, which are names."""

    def __init__(self, statuses: set[str]) -> None:
        self.statuses = statuses

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        return node if isinstance(node.value, ast.Constant) else self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        said = isinstance(node.value, str) and SENTENCE.search(node.value) and re.search("[A-Za-z]", node.value)
        return _other_words(node) if said and node.value not in self.statuses else node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        said = any(" " in str(each.value) for each in node.values if isinstance(each, ast.Constant))
        for each in node.values:
            if isinstance(each, ast.FormattedValue):
                each.value = self.visit(each.value)
        if said:
            node.values = [_other_words(each) if _is_text(each) else each for each in node.values]
        return node


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and bool(re.search("[A-Za-z]", str(node.value)))


def _other_words(node: ast.AST) -> ast.Constant:
    return ast.copy_location(ast.Constant(f"w{next(NUMBERS)} "), node)


class Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, reworder: Reworder) -> None:
        super().__init__(name, path)
        self.reworder = reworder

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        tree = self.reworder.visit(ast.parse(Path(path).read_text(encoding="utf-8")))
        return compile(ast.fix_missing_locations(tree), path, "exec")


class Finder(importlib.abc.MetaPathFinder):
    def __init__(self, reworder: Reworder) -> None:
        self.reworder = reworder

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if not any(name == room or name.startswith(f"{room}.") for room in ROOMS):
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = Loader(name, spec.origin, self.reworder)
        return spec


def reword() -> None:
    """Replace the sentences in all modules that are imported from now on."""
    source = ast.parse((ROOT / "monitor/model/judgements.py").read_text(encoding="utf-8"))
    words = {str(each.value) for each in ast.walk(source) if isinstance(each, ast.Constant)}
    sys.meta_path.insert(0, Finder(Reworder({each for each in words if len(each) < 20})))


# -------------------------------------------------------------------- what is decided

SAID = {"sentence", "subject", "evidence", "text", "before", "after", "why_not", "last_good"}
"""Fields of words for people, and the View before, which is decided by itself."""


def decided(value: Any) -> Any:
    """The numbers, codes and names in a View, its tables and its reasons, in their order and without words."""
    import numpy as np

    from monitor.model.reasons import Reason

    if isinstance(value, Reason):
        return [value.kind.name, value.node, value.api, value.code]
    if isinstance(value, np.ndarray):
        return decided(value.tolist())
    if is_dataclass(value) or hasattr(value, "_fields"):
        names = [each.name for each in fields(value)] if is_dataclass(value) else value._fields
        return {name: decided(getattr(value, name)) for name in names if name not in SAID}
    if isinstance(value, dict):
        return {str(key): decided(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [decided(each) for each in value]
    if value is None or value != value:  # NaN, which equals nothing
        return None
    return value if isinstance(value, int | float) else str(value)


def views() -> dict[str, Any]:
    """Views of each kind: of the faces' tests, of scripted polls, and of brokers and log dirs that cost answers."""
    from details import detailed_snapshot
    from face_views import VIEWS, worse
    from series import Poll, watch
    from troubled import troubled_views

    from monitor.analysis.view import make_view
    from monitor.kafka.client.faults import Fault, error_reason
    from monitor.model.reasons import Kind, Reason
    from monitor.model.snapshot import NOT_IN_METADATA, Outcome

    made = {name: make() for name, make in VIEWS.items()}
    polls = [Poll(100 + 10 * each, 100, age=30) for each in range(8)]
    polls += [
        Poll(200, None),
        Poll(200, "denied"),
        Poll(None, 100),
        Poll(300, 400),
        Poll(300, 50),
        Poll(0, 0, error="x"),
    ]
    scripted = {"polls": watch(polls), "troubled": troubled_views()}
    made |= {f"{name} {number}": each for name, them in scripted.items() for number, each in enumerate(them)}
    snapshot = worse(detailed_snapshot())
    broken, other = error_reason(56, 3), Reason(Kind.LOG_DIR_OFFLINE, 3, code=56)
    timeouts = [Fault(Kind.TIMEOUT, node, "ListOffsets", detail="after 1.0 s") for node in (1, 11)]
    codes = (*snapshot.reasons, broken, other, NOT_IN_METADATA)
    reason = snapshot.log_dirs.reason.copy()
    reason[-1], reason[-2] = len(codes) - 3, len(codes) - 2
    snapshot = replace(
        snapshot, reasons=codes, silent=tuple(timeouts[:1]), log_dirs=replace(snapshot.log_dirs, reason=reason)
    )
    for name, errors in (("broker", timeouts[:1]), ("another", timeouts), ("dir", [broken]), ("dirs", [broken, other])):
        outcomes = (Outcome("end_offsets", 0.1, errors=tuple(errors)),)
        made[f"lost to {name}"] = make_view(replace(snapshot, outcomes=outcomes))
    return made


def changed_configs() -> list[Any]:
    """The events of a config that changes on so many topics that they are told as one."""
    from series import topic_configs
    from views import Topic, snapshot_of

    from monitor.analysis.events.configs import see_configs
    from monitor.model.table import objects

    def snapshot(hours: Sequence[float]) -> Any:
        table = topic_configs(25, 0)
        seconds = 3600.0 * (table.retention_seconds + [hours[row % len(hours)] for row in range(25)])
        table = replace(table, retention_seconds=seconds, digest=objects(map(str, seconds)))
        return replace(snapshot_of([Topic(f"t{each}", [(0, 1)]) for each in range(25)], []), topic_configs=table)

    found = []
    for after in ([2.0], [2.0, 3.0]):
        memory, _ = see_configs(None, snapshot([1.0]))
        _, events = see_configs(memory, snapshot(after))
        found.append([[each.kind, each.count, bool(each.before)] for each in events])
    return found


def commands(view: Any) -> list[Any]:
    """The rows of `kmon lag`, how many lines say what is missing of them, and the codes of `kmon check`."""
    from argparse import Namespace

    from kmon.commands import check
    from kmon.commands.lag_rows import lag_rows, missing_of, undecided, undecided_rows
    from monitor.subjects.filter.filter import Filter
    from monitor.subjects.lag import LAG

    rows = lag_rows(view)
    limits = dict.fromkeys(("group", "topic", "where", "max_lag", "max_lag_seconds", "max_lost", "status"))
    asked = check.rows_of(Namespace(**limits | {"max_lag": "50", "max_lag_seconds": "10m"}))
    found: list[Any] = [[row[key] for key in ("group", "topic", "partition", "status", "level")] for row in rows]
    for text in ("lag > 10", "lag_seconds > 1m", "produce_rate > 1"):
        where = Filter.of(text, LAG.schema)
        open_rows = undecided_rows(view, None, None, where)
        found.append([len(open_rows), len(undecided(open_rows, where)), len(lag_rows(view, pick=where.rows))])
    found.append([bool(missing_of(view, rows)), len(missing_of(view, rows))])
    judged = [check.judge_cluster(view), *([check.judge_rows(view, asked)] if asked and view.up else [])]
    return [*found, *([each.state, [one.state for one in each.findings]] for each in judged)]


def alerts(view: Any, watched: Sequence[Any]) -> list[Any]:
    """What rules find in a View."""
    from alert_fixtures import rule_of

    from alerts.rules import samples
    from monitor.settings.alerts import UnreachableSettings, WatchdogSettings

    partitions = [(*labels, ("topic", "t"), ("partition", "0")) for labels in watched]
    found = [samples(rule_of("r", 5.0), view, watched), samples(rule_of("r", 5.0, over="partition"), view, partitions)]
    found += [samples(each, view) for each in (UnreachableSettings(), WatchdogSettings())]
    return [
        [[[*each.labels], each.value] for each in one.true]
        + [sorted(map(str, part)) for part in (one.false, one.gone, one.unknown)]
        for one in found
    ]


def everything() -> dict[str, Any]:
    from monitor.analysis.derive import completeness

    found: dict[str, Any] = {"configs": changed_configs()}
    watched: list[Any] = []
    for name, view in views().items():
        whole = ("lists_topics", "lists_groups", "lists_transactions", "hides_topics")
        found[name] = {
            "view": decided(view),
            "complete": [view.complete, *(getattr(completeness, each)(view.snapshot) for each in whole)],
            "hidden": [
                bool(completeness.why_not_all_groups(view.snapshot)),
                bool(completeness.why_not_all_topics(view.snapshot)),
            ],
            "commands": commands(view.shown),
            "alerts": alerts(view, watched),
        }
        watched = [(("cluster", view.cluster), ("group", str(group))) for group in view.snapshot.groups.group]
    return found


def sentences() -> list[str]:
    """Words that were replaced: of the kinds of reasons, and of the problems, verdict and groups of a View."""
    from face_views import VIEWS

    from monitor.analysis.derive.verdict import group_why
    from monitor.model.reasons import Kind

    view = VIEWS["every problem"]()
    found = [each.value for each in Kind if each.value != "{detail}" and " " in each.value]
    found += [*view.problems.sentence, view.verdict.sentence]
    return [*found, *(group_why(view, row) for row in range(len(view.snapshot.groups)))]


if __name__ == "__main__":
    if "reworded" in sys.argv:
        reword()
    json.dump({"decided": everything(), "said": sentences()}, sys.stdout)
