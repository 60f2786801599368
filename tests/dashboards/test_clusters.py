"""Several clusters on one dashboard: all on one page, each by its name in the URL, and one that is red is seen."""

from typing import Any

from dash_client import DashClient, components, texts
from details import detailed_view
from hostile import HOSTILE
from views import NOW, FixtureSource, shop_view

from dashboards.app import create_app
from dashboards.pages import clusters


def down(name: str) -> FixtureSource:
    source = FixtureSource(shop_view(0, cluster=name), cluster=name)
    source.show(shop_view(6, cluster=name, error="127.0.0.1:9092: connection refused", last_good=source.latest()))
    return source


def several() -> list[FixtureSource]:
    return [FixtureSource(detailed_view(), cluster="eu"), down("us"), FixtureSource(cluster="new")]


def client_of(sources: list[FixtureSource]) -> DashClient:
    return DashClient(create_app(sources, lambda: NOW + 65).server)


def said(tree: Any) -> str:
    return " ".join(texts(tree))


def title(client: DashClient, path: str, search: str = "") -> Any:
    page = client.call("place.data", url_pathname=path, url_search=search)
    assert page is not None
    return page["place"]["data"]["title"]


def test_the_first_page_of_several_clusters_is_all_of_them_and_of_one_is_its_own() -> None:
    client = client_of(several())
    assert title(client, "/") == "All clusters"
    assert title(client, "/clusters", "?cluster=eu") == "All clusters"
    assert title(client, "/", "?cluster=eu") == "Overview"
    assert title(client_of([FixtureSource(shop_view())]), "/") == "Overview"


def test_a_row_a_cluster_the_worst_first_and_what_is_unknown_is_a_dash_with_its_reason() -> None:
    sources = several()
    shown = said(clusters.table(sources))
    assert shown.index("us") < shown.index("eu ") < shown.index("waiting")
    assert "127.0.0.1:9092: connection refused · showing data of the last successful poll 3" in shown
    assert "new ? waiting for the first poll to complete – – – – – –" in shown
    never = FixtureSource(shop_view(error="refused"), cluster="never")
    assert "– refused – refused" in said(clusters.table([never]))


def test_the_verdict_above_all_clusters_counts_them_and_is_the_worst() -> None:
    news = client_of(several()).call("view.data", url_pathname="/", url_search="")
    assert news is not None
    assert news["verdict"]["className"] == "verdict verdict-unreachable"
    assert "3 clusters: 1 unreachable, 1 critical, 1 waiting for the first poll" in said(news["verdict"]["children"])
    assert news["view"]["data"]["cluster"] is None
    assert news["view"]["data"]["time"] == [NOW, NOW + 60, None]


def test_a_cluster_that_nobody_looks_at_is_news_when_it_turns_red() -> None:
    sources = [FixtureSource(detailed_view(), cluster="eu"), FixtureSource(shop_view(0, cluster="us"), cluster="us")]
    client = client_of(sources)
    first = client.call("view.data", url_pathname="/groups", url_search="?cluster=eu")
    assert first is not None
    seen = first["view"]["data"]
    assert client.call("view.data", url_pathname="/groups", url_search="?cluster=eu", view_data=seen) is None
    sources[1].show(shop_view(1, cluster="us", error="refused", last_good=sources[1].latest()))
    again = client.call("view.data", url_pathname="/groups", url_search="?cluster=eu", view_data=seen)
    assert again is not None
    offered = client.call("clusters.children", url_pathname="/groups", url_search="?cluster=eu", view_data=seen)
    assert offered is not None
    marks = [
        each["props"]["title"]
        for each in components(offered["clusters"]["children"])
        if each["type"] == "Span" and "title" in each["props"]
    ]
    assert marks == ["critical", "unreachable"]


def test_the_choice_of_clusters_leads_to_the_same_page_of_another() -> None:
    offered = client_of(several()).call(
        "clusters.children", url_pathname="/topics/orders", url_search="?cluster=us", view_data={}
    )
    assert offered is not None
    links = [each["props"] for each in components(offered["clusters"]["children"]) if each["type"] == "Link"]
    assert [each["href"] for each in links] == [f"/topics/orders?cluster={name}" for name in ("eu", "us", "new")]
    here = [each["props"].get("aria-current") for each in offered["clusters"]["children"]]
    assert here == [None, "true", None]


def test_links_on_every_page_keep_the_cluster() -> None:
    client = client_of(several())
    seen = {"cluster": "eu", "time": NOW}
    for path, output in (
        ("/", "overview-tiles.children"),
        ("/topics/payments", "topic-name.children"),
        ("/groups/totals", "group-name.children"),
        ("/cluster", "cluster-tiles.children"),
    ):
        answer = client.call(output, view_data=seen, url_pathname=path, url_search="?cluster=eu&q=x")
        assert answer is not None
        links = [
            each["props"]["href"]
            for part in answer.values()
            for each in components(part.get("children"))
            if each["type"] == "Link"
        ]
        assert links, path
        assert all(link.endswith("?cluster=eu") for link in links)


def test_a_cluster_that_is_not_there_is_not_taken_for_another() -> None:
    client = client_of(several())
    page = client.call("content.children", url_pathname="/groups", url_search="?cluster=gone")
    assert page is not None
    assert "No such cluster gone is not monitored here. Available: eu, us, new" in said(page["content"]["children"])


def test_the_same_page_is_not_drawn_anew_when_only_the_query_changes() -> None:
    client = client_of(several())
    first = client.call("place.data", url_pathname="/groups", url_search="?cluster=eu")
    assert first is not None
    again = client.call(
        "place.data", url_pathname="/groups", url_search="?cluster=us", place_data=first["place"]["data"]
    )
    assert again is not None
    assert "content" not in again
    assert {each["props"]["href"] for each in again["nav"]["children"]} >= {"/topics?cluster=us"}


def test_hostile_names_of_clusters_are_text() -> None:
    sources = [FixtureSource(shop_view(cluster=name), cluster=name) for name in HOSTILE if name]
    client = client_of(sources)
    for part in ("clusters-table", "clusters"):
        answer = client.call(f"{part}.children", view_data={}, url_pathname="/clusters", url_search="")
        assert answer is not None
        shown = said(answer[part]["children"])
        assert "<script>alert(1)</script>" in shown
        assert r"two\nlines" in shown
        assert "\x1b" not in shown
