"""`make incidents` runs all incidents three times, and writes what happened to a JSON file and to a page."""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from incidents.incident import Incident, Run
from incidents.registry import INCIDENTS
from incidents.results import load, page_with, save, written
from incidents.stage import MAY_MOUNT

RESULTS = Path(__file__).parents[2] / "data/scorecard.json"
OWN_MOUNTS = (("unshare", "--mount"), ("unshare", "--user", "--map-root-user", "--mount"))
"""Ways to mount a disk that nobody else sees: the first is root's, the second needs user namespaces."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run incidents, or only write the page of the results of earlier runs; 1 where kmon's score is not 1."""
    parser = argparse.ArgumentParser(prog="python -m incidents", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="number of runs, each on a new cluster (default: 3)")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="only these incidents (default: all)")
    parser.add_argument("--results", type=Path, default=RESULTS, help="file of results (default: %(default)s)")
    parser.add_argument("--page", type=Path, help="page whose tables to write, e.g. docs/scorecard.md (default: none)")
    parser.add_argument("--page-only", action="store_true", help="write the page from the results, and run nothing")
    parser.add_argument("--without-peers", action="store_true", help="watch with kmon alone")
    args = parser.parse_args(argv)
    if unknown := set(args.only or ()) - {each.name for each in INCIDENTS}:
        parser.error(
            f"no such incidents: {', '.join(sorted(unknown))}; there are {', '.join(e.name for e in INCIDENTS)}"
        )
    chosen = [each for each in INCIDENTS if not args.only or each.name in args.only]
    if args.page_only:
        runs = load(args.results)
    else:
        _with_own_mounts()
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, _end)
        runs = []
        for number in range(1, args.runs + 1):
            runs.append(_run(number, chosen, peers=not args.without_peers))
            save(args.results, runs)
    text, perfect = written(runs)
    if args.page:
        args.page.write_text(page_with(args.page.read_text(encoding="utf-8"), text), encoding="utf-8")
    print(text)
    return 0 if perfect else 1


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

    began = time.monotonic()

    def say(line: str) -> None:
        sys.stderr.write(f"run {number} {time.monotonic() - began:5.0f} s  {line}\n")

    return run(incidents, say, (prometheus, burrow) if peers else ())


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
