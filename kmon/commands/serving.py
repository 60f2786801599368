"""What `kmon serve` and `kmon demo` run: polls and alerts, behind a server for metrics, API and dashboard."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from exporters.listen import check_listen, serve
from exporters.prometheus import MetricsPage, Process
from exporters.server import create_server
from kmon.commands.wiring import Monitor, polling
from monitor.settings.model import ClusterSettings, Settings
from monitor.settings.values import is_loopback


@contextmanager
def serving(
    settings: Settings,
    clusters: Sequence[ClusterSettings],
    *,
    insecure_allow_open: bool = False,
    print_alerts: bool = True,
    lost: Callable[[], None] = lambda: None,
) -> Iterator[tuple[Monitor, str]]:
    """Poll, and serve metrics, API and dashboard, while the context lasts; gives the monitor and the server's URL.

    The address is taken before anything is asked of Kafka. `lost` is called on another thread when the server fails
    meanwhile. Raises SettingsError or ListenError.
    """
    host, port = check_listen(settings.listen, insecure_allow_open=insecure_allow_open)
    shown = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    page_url = _page_url(shown, several=len(clusters) > 1) if settings.dashboard else None
    with polling(settings, clusters, page_url, print_alerts=print_alerts) as monitor:
        sources = monitor.memories
        process = Process(web_open=insecure_allow_open and not is_loopback(host))
        page = MetricsPage(sources, process, lambda: monitor.evaluator.counters)
        app = create_server(sources, page, host, monitor.troubles)
        if settings.dashboard:
            from dashboards.app import attach  # noqa: PLC0415 - slow and large; --no-dashboard saves it

            attach(app, sources)
        with serve(app, host, port, lost=lost) as url:
            monitor.start()
            yield monitor, url
        page.close()


def _page_url(base: str, *, several: bool) -> Callable[[str, str | None], str]:
    from dashboards.links import OVERVIEW, group_path, on_cluster  # noqa: PLC0415 - only where there is a dashboard

    def page(cluster: str, group: str | None) -> str:
        path = OVERVIEW if group is None else group_path(group)
        return base + (on_cluster(path, cluster) if several else path)

    return page
