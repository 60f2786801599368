"""`make incidents` runs all incidents three times, and writes what happened to a JSON file and to a page.

With --tour, it brings about trouble for each alert of the catalogue, once.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Container, Sequence
from pathlib import Path

import psutil

from incidents import tour, tour_results
from incidents.incident import Incident, Run
from incidents.registry import INCIDENTS
from incidents.results import load, page_with, save, written
from incidents.stage import MAY_MOUNT
from incidents.tour_registry import LANES, ONE_BY_ONE, SECURE, SHOWS

RESULTS = Path(__file__).parents[2] / "data/scorecard.json"
OWN_MOUNTS = (("unshare", "--mount"), ("unshare", "--user", "--map-root-user", "--mount"))
"""Ways to mount a disk that nobody else sees: the first is root's, the second needs user namespaces."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run incidents, or only write the page of the results of earlier runs; 1 where kmon's score is not 1."""
    parser = argparse.ArgumentParser(prog="python -m incidents", description=__doc__)
    parser.add_argument("--tour", action="store_true", help="see each alert of the catalogue fire and resolve instead")
    parser.add_argument("--runs", type=int, default=3, help="number of runs, each on a new cluster (default: 3)")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="only these incidents (default: all)")
    parser.add_argument("--results", type=Path, help=f"file of results (default: {RESULTS}, or catalogue_tour.json)")
    parser.add_argument("--page", type=Path, help="page whose tables to write, e.g. docs/scorecard.md (default: none)")
    parser.add_argument("--page-only", action="store_true", help="write the page from the results, and run nothing")
    parser.add_argument("--without-peers", action="store_true", help="watch with kmon alone")
    args = parser.parse_args(argv)
    there = [each.name for each in (SHOWS if args.tour else INCIDENTS)]
    if unknown := set(args.only or ()) - set(there):
        parser.error(f"no such incidents: {', '.join(sorted(unknown))}; there are {', '.join(there)}")
    chosen = set(args.only or there)
    if not args.page_only:
        _with_own_mounts()
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, _end)
    text, with_tables, perfect = (_tour if args.tour else _scorecard)(args, chosen)
    if args.page:
        args.page.write_text(with_tables(args.page.read_text(encoding="utf-8"), text), encoding="utf-8")
    print(text)
    return 0 if perfect else 1


Made = tuple[str, Callable[[str, str], str], bool]
"""Tables, what puts them into a page, and whether all is as it must be."""


def _scorecard(args: argparse.Namespace, chosen: Container[str]) -> Made:
    path = args.results or RESULTS
    if args.page_only:
        runs = load(path)
    else:
        incidents, runs = [each for each in INCIDENTS if each.name in chosen], []
        for number in range(1, args.runs + 1):
            runs.append(_run(number, incidents, peers=not args.without_peers))
            save(path, runs)
    text, perfect = written(runs)
    return text, page_with, perfect


def _tour(args: argparse.Namespace, chosen: Container[str]) -> Made:
    """Shows that are not chosen keep their results of the file."""
    path = args.results or tour_results.RESULTS
    shown = tour_results.load(path) if path.exists() else []
    if not args.page_only:
        lanes = [each for lane in LANES if (each := _chosen(lane, chosen))]
        again = tour.run(lanes, _chosen(ONE_BY_ONE, chosen), _chosen(SECURE, chosen), _say("tour"))
        shown = [each for each in shown if each.show not in chosen] + again
        tour_results.save(path, shown)
    perfect = all(each.complete for each in shown) and {each.alert for each in shown} >= {
        alert for each in SHOWS for alert in each.alerts
    }
    return tour_results.written(shown), tour_results.page_with, perfect


def _chosen(shows: Sequence[tour.Show], chosen: Container[str]) -> list[tour.Show]:
    return [each for each in shows if each.name in chosen]


def _end(number: int, _frame: object) -> None:
    """End with all that was started; scripts of incidents may be in the middle of a wait."""
    children = psutil.Process().children(recursive=True)
    for each in children:
        each.terminate()
    psutil.wait_procs(children, timeout=20)
    os._exit(128 + number)


def _run(number: int, incidents: Sequence[Incident], *, peers: bool) -> Run:
    from incidents.burrow_watch import burrow  # only where they are wanted
    from incidents.peers import prometheus
    from incidents.running import run

    return run(incidents, _say(f"run {number}"), (prometheus, burrow) if peers else ())


def _say(who: str) -> Callable[[str], None]:
    began = time.monotonic()

    def say(line: str) -> None:
        sys.stderr.write(f"{who} {time.monotonic() - began:5.0f} s  {line}\n")

    return say


def _with_own_mounts() -> None:
    """Begin again where this process may mount a small disk, if there is a way to that."""
    if os.environ.get(MAY_MOUNT) is not None:
        return
    os.environ[MAY_MOUNT] = ""
    for way in OWN_MOUNTS:
        tried = [*way, "sh", "-c", "mount -t tmpfs tmpfs /mnt"]
        try:
            works = subprocess.run(tried, capture_output=True, check=False).returncode == 0
        except OSError:
            works = False
        if works:
            os.environ[MAY_MOUNT] = "yes"
            os.execvp(way[0], [*way, sys.executable, "-m", "incidents", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
