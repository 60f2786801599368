"""`python -m benchmarks.rules`: how long an evaluation of 50 rules on a made-up cluster of 10,000 groups takes.

Printed are evaluations on which nothing fires, and on which some groups do, without and with the file that keeps the
state; the file is written beside the poll.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from alerts.catalogue import catalogue
from alerts.evaluator import Evaluator, Kept
from alerts.kept_alerts import KeptAlerts
from alerts.rule_files import rules_in
from alerts.rules import AnyRule
from alerts.store import Store
from benchmarks.render import made_up
from monitor.analysis.view import make_view
from monitor.model.view import View

ROUNDS = 15
FIRING = 100
"""Groups that are behind in the second part."""


def rules_of(count: int, folder: Path) -> tuple[AnyRule, ...]:
    """The catalogue, and as many rules over groups as are missing."""
    path = folder / "rules.yaml"
    rules = [
        f"    - alert: Bench{number}\n      on: group\n"
        f'      where: lag > {1_000_000 + number} and group ~ "group-.*{number % 10}"\n'
        f"      for: 5m\n      severity: ticket\n"
        for number in range(count - len(catalogue()))
    ]
    path.write_text("groups:\n  - name: bench\n    rules:\n" + "".join(rules))
    return (*catalogue(), *rules_in((str(path),), ""))


def view_of(groups: int, behind: int) -> View:
    """Groups that read a partition of one topic each, of which some are far behind."""
    snapshot = made_up(1, 100, groups, 1)
    late = np.where(np.arange(groups) < behind, 2_000_000.0, 0.0)
    read = replace(snapshot.offsets, end_offset=snapshot.offsets.end_offset + 3_000_000.0)
    ends = read.end_offset[snapshot.commits.partition]
    return make_view(replace(snapshot, offsets=read, commits=replace(snapshot.commits, committed_offset=ends - late)))


@contextmanager
def evaluator_of(rules: tuple[AnyRule, ...], folder: Path | None) -> Iterator[Evaluator]:
    """An Evaluator without receivers, with a file in the folder if there is one."""
    if folder is None:
        yield Evaluator(rules)
        return
    store = Store(folder)
    try:
        yield Evaluator(rules, kept={"large": Kept(KeptAlerts(store, "large"), None)}, store=store)
    finally:
        store.close()


def measure(name: str, evaluator: Evaluator, view: View) -> None:
    took, cpu = [], []
    for _ in range(ROUNDS):
        began, busy = time.perf_counter(), time.thread_time()
        rows = evaluator.observe(view, "large")
        took.append(time.perf_counter() - began)
        cpu.append(time.thread_time() - busy)
    print(
        f"{name}: {1_000 * statistics.median(took):.1f} ms (worst {1_000 * max(took):.1f}), "
        f"CPU {1_000 * statistics.median(cpu):.1f} ms, "
        f"{len(rows):,} alerts firing or pending",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rules", description=__doc__)
    parser.add_argument("--groups", type=int, default=10_000)
    parser.add_argument("--rules", type=int, default=50)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rules = rules_of(args.rules, Path(folder))
        print(f"{len(rules)} rules, {args.groups:,} groups")
        for behind in (0, FIRING):
            view = view_of(args.groups, behind)
            for state in (None, Path(folder) / "state"):
                with evaluator_of(rules, state) as evaluator:
                    kept = "with its file" if state else "in memory"
                    measure(f"{behind} groups behind, state {kept}", evaluator, view)


if __name__ == "__main__":
    main()
