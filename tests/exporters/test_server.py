"""The ASGI application by TestClient: metrics, health, the JSON API, headers and the Host check."""

import asyncio
import gzip
import json
from functools import partial
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from metric_samples import still
from starlette.types import Message
from views import NOW, FixtureSource, Group, Topic, shop_view, snapshot_of

from exporters.exposition import Lines, Unfilled
from exporters.middleware import SECURITY_HEADERS, UNKNOWN_HOST
from exporters.prometheus import MetricsPage
from exporters.server import SENT_BYTES, Pieces, create_server
from monitor.analysis.derive.times import NOT_DATED
from monitor.analysis.view import make_view
from monitor.model.view import AlertRow
from monitor.poll.source import Source


def app_of(*sources: Source, host: str = "127.0.0.1") -> FastAPI:
    return create_server(sources, MetricsPage(sources), host)


def client_of(*sources: Source, host: str = "127.0.0.1") -> TestClient:
    return TestClient(app_of(*sources, host=host), base_url="http://localhost:9308")


def get(client: TestClient, path: str, status: int = 200) -> Any:
    answer = client.get(f"/api/v1{path}")
    assert answer.status_code == status
    return answer.json()


def test_metrics_are_the_page() -> None:
    source = FixtureSource(shop_view())
    page = MetricsPage([source])
    client = TestClient(create_server([source], page), base_url="http://localhost")
    plain = client.get("/metrics", headers={"Accept-Encoding": "identity"})
    assert still(plain.content) == still(page.body()[0])
    assert plain.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert int(plain.headers["content-length"]) == len(plain.content)
    with client.stream("GET", "/metrics", headers={"Accept-Encoding": "gzip"}) as packed:
        assert packed.headers["content-encoding"] == "gzip"
        assert still(gzip.decompress(b"".join(packed.iter_raw()))) == still(plain.content)


def test_a_large_page_is_sent_without_being_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = MetricsPage([FixtureSource(shop_view())]).body()[0]
    monkeypatch.setattr("exporters.family.Lines", partial(Lines, large_lines=1))
    source = FixtureSource(shop_view())
    page = MetricsPage([source])
    assert any(isinstance(piece, Unfilled) for piece in page.answer()[0])
    client = TestClient(create_server([source], page), base_url="http://localhost")
    plain = client.get("/metrics", headers={"Accept-Encoding": "identity"})
    assert "content-length" not in plain.headers
    assert "kmon_group_partition_lag" in plain.text
    assert {line for line in plain.text.splitlines() if "kmon_group" in line} == {
        line for line in whole.decode().splitlines() if "kmon_group" in line
    }
    assert still(client.get("/metrics", headers={"Accept-Encoding": "gzip"}).content) == still(plain.content)


def test_scrapes_ask_the_source_nothing() -> None:
    source = FixtureSource(shop_view())
    client = client_of(source)
    reads = source.reads
    for _ in range(5):
        assert client.get("/metrics").status_code == 200
    assert source.reads == reads


def test_ready_when_the_first_poll_of_each_cluster_has_ended_and_through_an_outage() -> None:
    source, other = FixtureSource(), FixtureSource(cluster="other")
    client = client_of(source, other)

    def ready() -> tuple[int, str]:
        answer = client.get("/-/ready")
        assert client.get("/-/healthy").status_code == 200
        return answer.status_code, answer.text

    waits = "the first poll is not done\n"
    assert ready() == (503, f"demo: {waits}other: {waits}")
    source.show(shop_view())
    assert ready() == (503, f"other: {waits}")
    other.show(make_view(snapshot_of([], [], error="127.0.0.1:1: connection refused")))
    assert ready() == (200, "kmon is ready\nother: 127.0.0.1:1: connection refused\n")
    source.show(shop_view(1, error="no broker is reachable", last_good=source.latest()))
    assert ready() == (
        200,
        "kmon is ready\ndemo: no broker is reachable\nother: 127.0.0.1:1: connection refused\n",
    )


def test_healthy_fails_with_each_reason_while_a_part_of_kmon_does_not_work() -> None:
    source = FixtureSource(shop_view())
    reasons = ["shop: the poll thread is dead", "a\nb"]
    server = create_server([source], MetricsPage([source]), troubles=lambda: reasons)
    client = TestClient(server, base_url="http://localhost")
    answer = client.get("/-/healthy")
    assert (answer.status_code, answer.text) == (503, "shop: the poll thread is dead\na\\nb\n")
    assert client.get("/-/ready").status_code == 200
    reasons.clear()
    assert client.get("/-/healthy").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "clusters",
        "groups",
        "groups/word-count",
        "lag",
        "topics",
        "topics/orders",
        "brokers",
        "quorum",
        "reassignments",
        "transactions",
        "capabilities",
        "alerts",
        "problems",
        "diagnoses",
        "events",
    ],
)
def test_every_answer_says_of_when_it_is_and_what_is_missing(path: str) -> None:
    source = FixtureSource(shop_view(failed={"commits": "broker 2: timed out"}))
    source.show(shop_view(3, error="no broker is reachable", last_good=source.latest()))
    answer = get(client_of(source), f"/{path}")
    heading = answer["clusters"][0] if path == "clusters" else answer
    assert heading["cluster"] == "demo"
    assert heading["time"] == NOW
    assert heading["age_seconds"] >= 0
    assert heading["up"] is False
    assert heading["complete"] is False
    assert heading["errors"] == [
        {"collector": None, "error": "no broker is reachable"},
        {"collector": "commits", "error": "broker 2: timed out"},
    ]


def test_groups_are_null_with_a_reason_where_unknown() -> None:
    answer = get(client_of(FixtureSource(shop_view())), "/groups")
    assert answer["complete"] is True
    groups = {group["group"]: group for group in answer["groups"]}
    assert groups["payments-ledger"]["lag"] == 13_500
    assert groups["payments-ledger"]["status"] == "lost"
    clicks = groups["clicks-sessionizer"]
    assert (clicks["lag"], clicks["lag_at_least"]) == (None, 70_000)
    assert clicks["reason"] == "broker 2: timed out after 3.3 s"
    secret = groups["secret-group"]
    assert (secret["state"], secret["members"], secret["lag"]) == (None, None, None)
    assert secret["description_reason"] == "denied: Describe on the group"


def test_lag_is_worst_first_and_limited() -> None:
    client = client_of(FixtureSource(shop_view()))
    answer = get(client, "/lag?limit=3")
    assert answer["total_rows"] == 10
    assert [row["lag"] for row in answer["lag"]] == [11_500, 70_000, 2_000]
    everything = get(client, "/lag")["lag"]
    assert [row["status"] for row in everything] == ["lost", *["behind"] * 4, *["unknown"] * 2, *["ok"] * 3]
    assert {row["reason"] for row in everything if row["lag"] is None} == {
        "no commit",
        "broker 2: timed out after 3.3 s",
    }
    assert get(client, "/lag?group=payments-ledger&topic=payments")["total_rows"] == 2
    assert get(client, "/lag?group=nobody")["lag"] == []
    assert client.get("/api/v1/lag?limit=0").status_code == 400
    expected = {
        "cluster": "demo",
        "group": "clicks-sessionizer",
        "group_type": "consumer",
        "topic": "clicks",
        "partition": 0,
        "committed_offset": 180_000,
        "start_offset": 0,
        "end_offset": 250_000,
        "lag": 70_000,
        "stable_lag": 70_000,
        "lost": 0,
        "ahead": 0,
        **dict.fromkeys(("lag_seconds", "lag_seconds_error", "lag_method", "produce_rate", "consume_rate")),
        **dict.fromkeys(("eta_seconds", "headroom_seconds", "since")),
        "since_at_latest": NOW,
        "age_reason": NOT_DATED,
        "status": "behind",
        "reason": NOT_DATED,
        "level": "attention",
        "member_id": "sess-a-4f2a",
        "client_id": "sess-a",
        "host": "/10.0.4.2",
    }
    assert {name: everything[1][name] for name in expected} == expected


def test_one_group() -> None:
    answer = get(client_of(FixtureSource(shop_view())), "/groups/orders-fulfilment")
    assert answer["members"] == 2
    assert answer["group_members"][0]["client_id"] == "fulfil-1"
    assert answer["group_members"][0]["assignments"] == [
        {"topic": "orders", "partition": 0},
        {"topic": "orders", "partition": 1},
    ]
    assert [(row["partition"], row["lag"]) for row in answer["lag_rows"]] == [(0, 0), (1, 2), (2, 0)]
    assert get(client_of(FixtureSource(shop_view())), "/groups/nobody", 404)["detail"] == "no such group"


def test_a_name_that_is_no_utf8_breaks_no_answer() -> None:
    view = make_view(snapshot_of([Topic("t", [(0, 9)])], [Group("bad\udcff", {("t", 0): 4})]))
    client = client_of(FixtureSource(view))
    assert json.loads(client.get("/api/v1/groups").content)["groups"][0]["group"] == "bad\udcff"
    assert client.get("/metrics").status_code == 200


@pytest.mark.parametrize(
    ("path", "rows", "where", "key", "kept"),
    [
        ("/groups", "groups", 'status == "lost"', "group", ["payments-ledger"]),
        ("/lag", "lag", 'topic == "payments" and lag > 10k', "partition", [0]),
        ("/topics", "topics", "offline_partitions > 0", "topic", ["audit"]),
        ("/brokers", "brokers", "controller == true", "broker", [1]),
        ("/problems", "problems", 'kind == "offline"', "topic", ["audit"]),
        ("/diagnoses", "diagnoses", 'pattern == "retention_passed"', "group", ["payments-ledger"]),
        ("/events", "events", "records > 0", "kind", []),
        ("/transactions", "transactions", "age_seconds > 5m", "transactional_id", []),
        ("/reassignments", "reassignments", "reassigned_ratio < 1", "topic", []),
    ],
)
def test_rows_are_chosen_by_a_filter(path: str, rows: str, where: str, key: str, kept: list[str | int]) -> None:
    client = client_of(FixtureSource(shop_view()))
    answer = client.get(f"/api/v1{path}", params={"where": where}).json()
    assert [each[key] for each in answer[rows]] == kept
    assert answer["undecided_rows"] >= 0


def test_a_filter_counts_the_rows_that_it_cannot_decide_and_says_what_is_wrong_with_it() -> None:
    client = client_of(FixtureSource(shop_view()))
    answer = client.get("/api/v1/lag", params={"where": "lag > 50k"}).json()
    assert (answer["total_rows"], answer["undecided_rows"]) == (1, 2)
    wrong = client.get("/api/v1/groups", params={"where": "lagg > 5"})
    assert wrong.status_code == 400
    assert "lagg: did you mean lag?" in wrong.json()["detail"]


def test_topics_and_brokers() -> None:
    mentioned = snapshot_of([Topic("here", [(1, 9)])], [Group("g", {("gone", 0): 4})])
    client = client_of(FixtureSource(make_view(mentioned)))
    here, gone = get(client, "/topics")["topics"]
    assert (here["topic"], here["partitions"], here["records"], here["reason"]) == ("here", 1, 8, None)
    assert (gone["topic"], gone["partitions"], gone["records"]) == ("gone", None, None)
    assert gone["reason"] == "not in metadata"
    first = get(client, "/brokers")["brokers"][0]
    address = {"broker": 1, "host": "127.0.0.1", "port": 19092, "rack": "r1", "controller": True, "fenced": False}
    assert address.items() <= first.items()
    assert (first["size_bytes"], first["size_reason"], first["log_dirs"]) == (None, "no broker reported it", [])
    assert first["config"]["reason"] == "no broker reported it"
    assert first["config"]["min_insync_replicas"] is None


def test_alerts_are_those_of_the_newest_view_also_while_the_cluster_is_unreachable() -> None:
    alert = AlertRow("lag", "firing", "page", (("group", "g"),), "g is behind", 12.0, NOW - 60, NOW)
    source = FixtureSource(shop_view())
    source.show(shop_view(1, alerts=(alert,), error="no broker is reachable", last_good=source.latest()))
    (row,) = get(client_of(source), "/alerts")["alerts"]
    assert row == {
        "rule": "lag",
        "state": "firing",
        "severity": "page",
        "labels": {"group": "g"},
        "summary": "g is behind",
        "value": 12.0,
        "observed": False,
        "inhibited_by": "",
        "silenced_by": [],
        "acknowledged_by": "",
        "fingerprint": "49fdaa41ac574a0f",
        "marks": [],
        "active_since": NOW - 60,
        "firing_since": NOW,
    }


def test_clusters_and_their_totals() -> None:
    (cluster,) = get(client_of(FixtureSource(shop_view(failed={"groups": "timed out"}))), "/clusters")["clusters"]
    assert cluster["totals"]["brokers"] == 3
    assert cluster["totals"]["groups"] is None
    assert cluster["verdict"]["level"] == "critical"
    assert "1 partition offline" in cluster["verdict"]["sentence"]
    assert cluster["totals"]["lag"] is None
    assert {each["collector"] for each in cluster["collectors"]} >= {"cluster", "commits"}
    never = make_view(snapshot_of([], [], error="no broker is reachable", brokers=0))
    (unreached,) = get(client_of(FixtureSource(never)), "/clusters")["clusters"]
    assert set(unreached["totals"].values()) == {None}
    (nothing,) = get(client_of(FixtureSource()), "/clusters")["clusters"]
    assert (nothing["cluster"], nothing["time"], nothing["up"]) == ("demo", None, None)


def test_choosing_among_clusters() -> None:
    client = client_of(FixtureSource(shop_view()), FixtureSource(cluster="other"))
    assert get(client, "/brokers", 400)["detail"] == "choose one with ?cluster=: demo, other"
    assert get(client, "/brokers?cluster=demo")["cluster"] == "demo"
    assert get(client, "/brokers?cluster=other", 503)["detail"] == "the first poll is not done"
    assert get(client, "/brokers?cluster=third", 404)["detail"].startswith("no such cluster")


@pytest.mark.parametrize("path", ["/metrics", "/-/healthy", "/-/ready", "/api/v1/groups", "/nowhere", "/docs"])
def test_every_answer_has_the_security_headers(path: str) -> None:
    answer = client_of(FixtureSource(shop_view())).get(path)
    for name, value in SECURITY_HEADERS:
        assert answer.headers[name] == value


def test_an_answer_may_set_its_own_content_security_policy() -> None:
    app = app_of(FixtureSource(shop_view()))

    @app.get("/page")
    def page() -> Any:
        from fastapi.responses import HTMLResponse

        return HTMLResponse("", headers={"Content-Security-Policy": "default-src 'self'"})

    answer = TestClient(app, base_url="http://localhost").get("/page")
    assert answer.headers.get_list("content-security-policy") == ["default-src 'self'"]
    assert answer.headers["x-frame-options"] == "DENY"


def test_every_route_only_reads() -> None:
    client = client_of(FixtureSource(shop_view()))
    for path in ("/metrics", "/-/healthy", "/-/ready", "/api/v1/groups", "/api/v1/lag"):
        assert client.post(path, content=b"x").status_code == 405


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
def test_there_are_no_pages_from_elsewhere(path: str) -> None:
    assert client_of(FixtureSource(shop_view())).get(path).status_code == 404


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:9308", 200),
        ("127.0.0.1:9308", 200),
        ("127.0.0.1", 200),
        ("[::1]:9308", 200),
        ("evil.example", 400),
        ("evil.example:9308", 400),
        ("localhost.evil.example", 400),
        ("127.0.0.1.evil.example", 400),
        ("", 400),
    ],
)
def test_on_loopback_only_this_machine_may_be_asked_for(host: str, status: int) -> None:
    client = client_of(FixtureSource(shop_view()))
    assert client.get("/metrics", headers={"Host": host}).status_code == status
    assert client.get("/api/v1/groups", headers={"Host": host}).status_code == status


def test_behind_a_proxy_on_this_machine_it_answers_to_the_names_that_are_set() -> None:
    source = FixtureSource(shop_view())
    hosts = ["kmon.example", "*.corp.example"]
    client = TestClient(create_server([source], MetricsPage([source]), hosts=hosts), base_url="http://localhost")
    for host in ("kmon.example", "KMON.example:443", "a.corp.example", "localhost"):
        assert client.get("/metrics", headers={"Host": host}).status_code == 200
    refused = client.get("/metrics", headers={"Host": "evil.example"})
    assert (refused.status_code, refused.text) == (400, UNKNOWN_HOST)


def test_an_open_server_answers_to_any_name() -> None:
    client = client_of(FixtureSource(shop_view()), host="0.0.0.0")
    assert client.get("/metrics", headers={"Host": "kmon.example"}).status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_path_with_a_slash_too_many_is_not_redirected(host: str) -> None:
    client = client_of(FixtureSource(shop_view()), host=host)
    for path in ("/metrics/", "/-/healthy/", "/api/v1/clusters/"):
        answer = client.get(path, follow_redirects=False)
        assert (answer.status_code, answer.headers.get("location")) == (404, None)


@pytest.mark.parametrize(
    ("path", "status", "part"),
    [
        ("/clusters?cluster=demo", 400, "unknown parameter cluster: it has none"),
        ("/groups?grup=x&cluster=demo", 400, "unknown parameter grup: it has cluster, where"),
        ("/groups/word-count?where=lag", 400, "unknown parameter where: it has cluster"),
        ("/lag?limit=0", 400, "limit: "),
        ("/lag?limit=x", 400, "limit: "),
        ("/lag?where=nosuch>1", 400, "nosuch"),
        ("/groups/nosuch", 404, "no such group"),
        ("/nosuch", 404, "Not Found"),
    ],
)
def test_every_error_is_one_sentence_under_detail(path: str, status: int, part: str) -> None:
    answer = get(client_of(FixtureSource(shop_view())), path, status)
    assert list(answer) == ["detail"]
    assert part in answer["detail"]


def test_pages_that_are_sent_at_once_take_turns() -> None:
    """Nobody waits until all of another's page is sent, however fast its scraper reads."""
    sent: list[tuple[str, object]] = []

    async def answer(name: str) -> None:
        async def send(message: Message) -> None:
            sent.append((name, message.get("body")))

        await Pieces([b"1", b"2", b"3"], {})({}, receive, send)

    async def receive() -> Message:
        raise AssertionError("a page needs nothing from its scraper")

    async def both() -> None:
        await asyncio.gather(answer("first"), answer("second"))

    asyncio.run(both())
    assert [name for name, body in sent if body] == ["first", "second"] * 3


def test_a_large_piece_is_sent_in_small_ones() -> None:
    """The server copies what it is given to send, and copies of large blocks cost it more than sending them."""
    page = [b"first\n", bytes(range(256)) * 2000, b"last\n"]
    sent: list[bytes] = []

    async def send(message: Message) -> None:
        sent.append(bytes(message.get("body", b"")))

    async def receive() -> Message:
        raise AssertionError("a page needs nothing from its scraper")

    asyncio.run(Pieces(page, {})({}, receive, send))
    assert b"".join(sent) == b"".join(page)
    assert max(map(len, sent)) == SENT_BYTES
