"""kmon tui: watches clusters in the terminal."""

import argparse
import shutil
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kmon.commands.lag_rows import lag_rows, missing_of
from kmon.commands.options import clusters_from
from kmon.commands.poll import ask, memory_of
from kmon.commands.terminal import lacking, run_app
from monitor.model.text import visible
from monitor.poll.source import Memory
from monitor.settings.errors import SettingsError
from monitor.settings.model import ClusterSettings, Settings

if TYPE_CHECKING:
    from kmon.commands.remote_alerts import RemoteAlerts
    from kmon.commands.wiring import Monitor


def run(args: argparse.Namespace) -> int:
    """Run the terminal UI until the user quits or a signal ends it; returns 2 if there is no terminal.

    With --once, print the overview of each cluster instead and return the worst code of `print_once`.
    Raises what kept it from polling.
    """
    settings, clusters = clusters_from(args)
    if args.once and args.url is not None:
        raise SettingsError("--url: not with --once")
    if args.once:
        return max(map(print_once, clusters))
    if lack := lacking():
        print(f"kmon tui: {lack}; --once prints the overview as plain text", file=sys.stderr)
        return 2
    server = server_of(args, settings)
    from tui.app import KmonApp  # noqa: PLC0415 - so that bad usage is told at once

    polls = Polls(settings, clusters)
    addresses = [",".join(each.bootstrap_servers) for each in clusters]
    app = KmonApp(polls.memories, addresses=addresses, troubles=polls.troubles, server=server)
    polls.start()
    try:
        run_app(app)
    finally:
        polls.stop()
        if server is not None:
            server.close()
    if polls.error is not None:
        raise polls.error
    return app.return_code or 0


def server_of(args: argparse.Namespace, settings: Settings) -> "RemoteAlerts | None":
    """The kmon of --url, with the token of the settings. Raises SettingsError."""
    if args.url is None:
        return None
    from kmon.commands.remote_alerts import RemoteAlerts  # noqa: PLC0415 - the HTTP client is slow to import

    return RemoteAlerts.at(args, settings)


def print_once(cluster: ClusterSettings) -> int:
    """Poll a cluster and print its overview: 0 when complete, 1 when a part is missing, 2 when it is unreachable."""
    from tui.picture import Picture  # noqa: PLC0415 - see above
    from tui.plain import overview  # noqa: PLC0415

    view = ask(cluster, everything=True)
    if not view.up:
        print(f"kmon tui: {visible(cluster.title)}: {visible(view.snapshot.error)}", file=sys.stderr)
        return 2
    picture = Picture(cluster.title, "", cluster.interval_seconds, view.time, view)
    for line in overview(picture, shutil.get_terminal_size().columns):
        print(line)
    missing = missing_of(view, lag_rows(view, words=False))
    for each in missing:
        print(f"kmon tui: partial: {visible(each)}", file=sys.stderr)
    return 1 if missing else 0


class Polls:
    """What `kmon serve` polls and evaluates, on a thread of its own, without sending notifications or keeping state.

    The client is imported on that thread, beside the first paint instead of before it. `error` is what ended it.
    """

    def __init__(self, settings: Settings, clusters: Sequence[ClusterSettings]) -> None:
        self._settings, self._clusters = settings, clusters
        self.memories: list[Memory] = [memory_of(each) for each in clusters]
        self.error: Exception | None = None
        self._monitor: Monitor | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="polls", daemon=True)

    def start(self) -> None:
        """Begin to poll."""
        self._thread.start()

    def stop(self) -> None:
        """End within a few seconds."""
        self._done.set()
        self._thread.join(timeout=5)

    def troubles(self) -> list[str]:
        """Why parts of kmon have stopped working, as `/-/healthy` of `kmon serve` reports it."""
        if self.error is not None:
            return [f"kmon cannot poll: {self.error}"]
        return [] if self._monitor is None else self._monitor.troubles()

    def _run(self) -> None:
        from kmon.commands.wiring import polling  # noqa: PLC0415 - see above

        try:
            with polling(self._settings, self._clusters, memories=self.memories, notify=False) as monitor:
                monitor.start()
                self._monitor = monitor
                self._done.wait()
        except Exception as error:  # noqa: BLE001 - it is shown, and raised when the terminal UI has ended
            self.error = error
