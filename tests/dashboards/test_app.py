"""The dashboard over HTTP: routes, callbacks, headers, two applications in one process, hostile names."""

import gzip
import json
from typing import Any

import pytest
from dash_client import DashClient, components, outputs_of, texts
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from hostile import HOSTILE
from starlette.middleware.trustedhost import TrustedHostMiddleware
from views import NOW, FixtureSource, Group, Topic, shop_view, snapshot_of

from dashboards.app import PAGES, attach, create_app
from dashboards.links import PATHS, group_path, topic_path
from dashboards.pages import brokers, group
from monitor.analysis.view import make_view


def clock() -> float:
    return NOW + 3


def client_of(*sources: FixtureSource) -> DashClient:
    return DashClient(create_app(sources, clock).server)


def one_group(name: str, cluster: str = "demo") -> FixtureSource:
    view = make_view(snapshot_of([Topic("t", [(0, 10)])], [Group(name, {("t", 0): 4}, [(name, name, [("t", 0)])])]))
    return FixtureSource(view, cluster=cluster)


SEEN = {"cluster": "demo", "time": NOW}


# --- routes and headers ---


def test_routes_of_the_application_win_and_unknown_paths_stay_unknown() -> None:
    server = FastAPI()
    server.add_api_route("/metrics", lambda: PlainTextResponse("kmon_cluster_up 1\n"))
    server.add_api_route("/groups-of-mine", lambda: PlainTextResponse("mine"))
    attach(server, [FixtureSource(shop_view())], clock)
    server.add_api_route("/-/healthy", lambda: PlainTextResponse("ok"))
    with DashClient(server).http as http:  # the lifespan, when Dash would add a route for every path
        assert http.get("/metrics").text == "kmon_cluster_up 1\n"
        assert "content-security-policy" not in http.get("/metrics").headers
        assert http.get("/groups-of-mine").text == "mine"
        assert http.get("/-/healthy").text == "ok"
        for path in ("/metricz", "/api/v1/x", "/other"):
            assert http.get(path).status_code == 404
        for path in (*PATHS, group_path("a/b"), group_path(".."), topic_path("t")):
            page = http.get(path)
            assert page.status_code == 200
            assert '<html lang="en">' in page.text


def test_what_the_application_checks_is_checked_for_the_dashboard_too() -> None:
    server = FastAPI()
    server.add_middleware(TrustedHostMiddleware, allowed_hosts=["localhost"])
    attach(server, [FixtureSource(shop_view())], clock)
    http = DashClient(server).http
    script = next(part for part in http.get("/").text.split('"') if "/dash_ag_grid" in part)
    assert http.get(script).status_code == 200
    for path in ("/", "/groups", script, "/_dash-layout"):
        assert http.get(path, headers={"host": "evil.example"}).status_code == 400


def test_pages_allow_nothing_from_elsewhere_and_no_script_in_the_page() -> None:
    page = client_of(FixtureSource(shop_view())).http.get("/groups")
    policy = page.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "script-src 'self' 'sha256-" in policy
    assert "unsafe-eval" not in policy
    assert "https://cdn" not in page.text
    assert "plotly" not in "".join(part for part in page.text.split("<script") if "src=" in part)


def test_scripts_are_compressed_kept_and_not_sent_twice() -> None:
    http = client_of(FixtureSource(shop_view())).http
    script = next(part for part in http.get("/").text.split('"') if "/dash_ag_grid" in part)
    with http.stream("GET", script, headers={"accept-encoding": "gzip"}) as answer:
        small = b"".join(answer.iter_raw())
    assert "max-age=31536000" in answer.headers["cache-control"]
    plain = http.get(script, headers={"accept-encoding": "identity"}).content
    assert gzip.decompress(small) == plain
    assert len(small) < len(plain) / 3
    plotly = "/_dash-component-suites/plotly/package_data/plotly.min.js"
    first = http.get(plotly)
    assert first.headers["cache-control"] == "no-cache"
    again = http.get(plotly, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert http.get("/_dash-component-suites/plotly/../../etc/passwd").status_code in (404, 500)


def test_a_dashboard_needs_a_source() -> None:
    with pytest.raises(ValueError, match="at least one source"):
        attach(FastAPI(), [])


# --- callbacks ---


def test_every_part_that_a_callback_names_is_on_a_page() -> None:
    client = client_of(FixtureSource(shop_view()))
    known = {each["props"].get("id") for each in components(client.http.get("/_dash-layout").json())}
    for path in (*PATHS, "/topics/x", "/groups/x"):
        page = client.call("content.children", url_pathname=path)
        assert page is not None
        known |= {each["props"].get("id") for each in components(page["content"]["children"])}
    for callback in client.callbacks:
        named = {each["id"] for each in callback["inputs"] + callback["state"]}
        named |= {each.rsplit(".", 1)[0] for each in outputs_of(callback)}
        assert named <= known


def test_the_clock_brings_news_and_nothing_when_there_are_none() -> None:
    source = FixtureSource(interval_seconds=7.0)
    client = client_of(source)
    first = client.call("view.data")
    assert first is not None
    waits = {"cluster": "demo", "time": None, "shown": None, "age": None, "interval": 7.0, "up": True}
    assert first["stamp"]["data"] == waits
    assert client.call("view.data", view_data=first["view"]["data"]) is None
    source.show(shop_view())
    news = client.call("view.data", view_data=first["view"]["data"])
    assert news is not None
    assert news["stamp"]["data"] == waits | {"time": NOW, "shown": NOW, "age": 3.0}
    assert news["verdict"]["className"] == "verdict verdict-critical"
    assert client.call("view.data", view_data=news["view"]["data"]) is None


def test_an_unreachable_cluster_shows_the_last_good_data_with_its_age_and_the_reason() -> None:
    source = FixtureSource(shop_view(0))
    source.show(shop_view(6, error="127.0.0.1:9092: connection refused", last_good=source.latest()))
    client = DashClient(create_app([source], lambda: NOW + 65).server)
    news = client.call("view.data")
    assert news is not None
    assert (news["stamp"]["data"]["age"], news["stamp"]["data"]["up"]) == (65.0, False)
    assert "connection refused · showing data of the last successful poll" in "".join(
        texts(news["verdict"]["children"])
    )
    tables = client.call("overview-tiles.children", view_data=news["view"]["data"])
    assert tables is not None
    assert "clicks-sessionizer" in " ".join(texts(tables["overview-worst"]["children"]))
    assert "connection refused" in " ".join(texts(tables["overview-gaps"]["children"]))


def test_before_the_first_view_every_page_waits() -> None:
    client = client_of(FixtureSource())
    news = client.call("view.data")
    assert news is not None
    assert "waiting for the first poll to complete" in " ".join(texts(news["verdict"]["children"]))
    assert client.call("overview-tiles.children", view_data=SEEN) is None
    assert client.call("groups-feed.data", view_data=SEEN) is None
    assert client.call("group-name.children", view_data=SEEN, url_pathname="/groups/x") is None


def test_the_groups_travel_once_and_then_their_changes() -> None:
    source = FixtureSource(shop_view(0))
    client = client_of(source)
    first = client.call("groups-feed.data", view_data=SEEN)
    assert first is not None
    assert first["groups-feed"]["data"]["whole"] is True
    assert len(first["groups-feed"]["data"]["rows"]) == 7
    source.show(shop_view(1))
    second = client.call("groups-feed.data", view_data=SEEN, groups_note_data_made=first["groups-note"]["data-made"])
    assert second is not None
    changed = [row[0] for row in second["groups-feed"]["data"]["rows"]]
    assert second["groups-feed"]["data"]["whole"] is False
    assert sorted(changed) == ["clicks-sessionizer", "payments-ledger"]


def test_every_body_says_of_which_view_it_is() -> None:
    source = FixtureSource(shop_view(0))
    source.show(shop_view(6, error="refused", last_good=source.latest()))
    client = client_of(source)
    marks = {
        "/": {"overview-problems", "overview-undrawn"},
        "/groups/payments-ledger": {"group-name", "group-chart-frame"},
        "/topics/payments": {"topic-name"},
    } | {f"/{each}": {f"{each}-note"} for each in ("brokers", "topics", "groups", "events")}
    marks |= {"/problems": {"problems-list"}, "/cluster": {"cluster-tiles"}, "/clusters": {"clusters-table"}}
    for path, named in marks.items():
        for mark in named:
            answer = client.call(f"{mark}.data-made", view_data=SEEN, url_pathname=path)
            assert answer is not None, mark
            assert json.loads(answer[mark]["data-made"])[2] == NOW


@pytest.mark.parametrize("broken", ["quorum", "rows"])
def test_a_part_that_fails_says_so_in_its_place_and_costs_only_itself(
    broken: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_given: Any) -> Any:
        raise IndexError("a fault of kmon")

    monkeypatch.setattr(brokers, broken, fail)
    answer = client_of(FixtureSource(shop_view())).call("brokers-feed.data", view_data=SEEN)
    assert answer is not None
    assert "a fault of kmon" in caplog.text
    shown = " ".join(texts(answer["brokers-quorum"]["children"]))
    assert shown.startswith("Cannot show this part") == (broken == "quorum")
    assert ("failed" in answer["brokers-feed"]["data"]) == (broken == "rows")
    assert "Log dirs" in " ".join(texts(answer["brokers-disks"]["children"]))


def test_a_chart_that_fails_says_so_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group, "window_figure", None)
    client = client_of(FixtureSource(shop_view()))
    answer = client.call("group-chart-figure.data", view_data=SEEN, url_pathname="/groups/payments-ledger")
    assert answer is not None
    assert "Cannot show this part" in str(answer["group-chart-figure"]["data"]["layout"]["annotations"])


def test_a_group_that_is_not_there_says_so() -> None:
    client = client_of(FixtureSource(shop_view()))
    answer = client.call("group-name.children", view_data=SEEN, url_pathname="/groups/gone")
    assert answer is not None
    assert "No such group" in " ".join(texts(answer["group-note"]["children"]))
    missing = FixtureSource(shop_view(failed={"groups": "broker 2: timed out"}))
    answer = client_of(missing).call("group-name.children", view_data=SEEN, url_pathname="/groups/gone")
    assert answer is not None
    assert "unknown broker 2: timed out" in " ".join(texts(answer["group-note"]["children"]))


@pytest.mark.parametrize("path", ["/groups/x", "/groups/x/"])
def test_paths_below_groups_are_groups(path: str) -> None:
    page = client_of(FixtureSource(shop_view())).call("content.children", url_pathname=path)
    assert page is not None
    assert any(each["props"].get("id") == "group-name" for each in components(page["content"]["children"]))


def test_an_address_that_names_nothing_says_so() -> None:
    page = client_of(FixtureSource(shop_view())).call("content.children", url_pathname="/nowhere")
    assert page is not None
    assert "No such page" in " ".join(texts(page["content"]["children"]))


# --- more than one ---


def test_two_applications_in_one_process_answer_from_their_own_sources() -> None:
    one, two = client_of(one_group("alpha")), client_of(one_group("beta"))
    for client, name in ((one, "alpha"), (two, "beta"), (one, "alpha")):
        answer = client.call("groups-feed.data", view_data=SEEN)
        assert answer is not None
        assert [row[0] for row in answer["groups-feed"]["data"]["rows"]] == [name]
    assert len(one.callbacks) == len(two.callbacks) == len({each["output"] for each in one.callbacks})


def test_two_clusters_on_one_dashboard_are_chosen_by_the_url() -> None:
    client = client_of(one_group("alpha", "a"), one_group("beta", "b"))
    for search, name in (("", "alpha"), ("?cluster=b", "beta")):
        answer = client.call("groups-feed.data", view_data=SEEN, url_search=search)
        assert answer is not None
        assert [row[0] for row in answer["groups-feed"]["data"]["rows"]] == [name]
    page = client.call("content.children", url_pathname="/", url_search="?cluster=b")
    assert page is not None
    links = {each["props"]["id"]: each["props"]["href"] for each in page["nav"]["children"]}
    assert links["nav-groups"] == "/groups?cluster=b"
    assert links["nav-clusters"] == "/clusters"


# --- hostile names ---


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_goes_through_every_page_as_text(name: str) -> None:
    client = client_of(one_group(name))
    feed = client.call("groups-feed.data", view_data=SEEN)
    assert feed is not None
    assert feed["groups-feed"]["data"]["rows"][0][0] == name
    path = group_path(name)
    assert client.http.get(path).status_code == 200
    answer = client.call("group-name.children", view_data=SEEN, url_pathname=path)
    assert answer is not None
    assert answer["group-note"]["children"] is None
    row = dict(
        zip(answer["partitions-feed"]["data"]["fields"], answer["partitions-feed"]["data"]["rows"][0], strict=True)
    )
    assert row["lag"] == 6
    chart = client.call("group-chart-figure.data", view_data=SEEN, url_pathname=path, group_range_value="1h")
    assert chart is not None
    assert "<" not in chart["group-chart-figure"]["data"]["data"][0]["name"]
    tables = client.call("overview-tiles.children", view_data=SEEN)
    assert tables is not None
    kinds = {each["type"] for part in tables.values() for each in components(part["children"])}
    plain = {"Div", "Dt", "Dd", "Span", "B", "Table", "Thead", "Tbody", "Tr", "Th", "Td", "Link", "P"}
    assert kinds <= {*plain, "Section", "H2"}


def test_the_pages_are_an_explicit_tuple_of_modules() -> None:
    assert [page.PATH for page in PAGES] == [
        "/",
        "/problems",
        "/brokers",
        "/topics",
        "/topics/{topic:path}",
        "/groups",
        "/groups/{group:path}",
        "/events",
        "/cluster",
        "/clusters",
    ]
    for page in PAGES:
        first: Any = page.layout()
        assert first.to_plotly_json()["type"] == page.layout().to_plotly_json()["type"]
        assert page.TITLE
