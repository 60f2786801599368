"""Slack: incoming webhooks and the threads of a bot, against a real server."""

from typing import Any

import pytest
from alert_fixtures import notice_of
from http_receiver import HttpReceiver
from receiver_fixtures import group_of, receiver_settings, resolved, send

from alerts.notice import Delivered, GiveUp, Outcome, Retry
from alerts.notifiers.slack import BUSY_ERRORS


def test_slacks_webhook_gets_plain_text_in_which_names_are_no_markup() -> None:
    with HttpReceiver(body=b"ok") as server:
        notice = notice_of(annotations=(("summary", "<!channel> & <http://x|y>"),))
        assert send(receiver_settings(type="slack", url=server.url), group_of(notice)) == [Delivered()]
    (post,) = server.posts
    said = "&lt;!channel&gt; &amp; &lt;http://x|y&gt;"
    assert post["text"] == f"[FIRING 1] Lag: {said}"
    first, alert = texts(post)
    assert first == f"*[FIRING 1] Lag: {said}*"
    assert alert == f"*FIRING warning Lag since 2026-09-21T14:13:20.000Z*\n{said}"


def texts(post: Any) -> list[str]:
    return [block["text"]["text"] for block in post["blocks"]]


def test_slack_gets_the_parts_of_a_message_and_links() -> None:
    notice = notice_of(
        annotations=(
            ("behind", "5 <records>"),
            ("headline", "late"),
            ("runbook_url", "https://w/<a|b>"),
            ("team", "x"),
        ),
        url="https://kmon/groups/a?x=1&y=2",
    )
    with HttpReceiver(body=b"ok") as server:
        send(receiver_settings(type="slack", url=server.url), group_of(notice))
    assert texts(server.posts[0])[1].splitlines()[1:] == [
        "late",
        "*Behind:* 5 &lt;records&gt;",
        "*team:* x",
        "<https://w/%3Ca%7Cb%3E|Runbook> · <https://kmon/groups/a?x=1&amp;y=2|Details>",
    ]


def test_an_address_that_is_none_of_the_web_is_no_link() -> None:
    notice = notice_of(annotations=(("runbook_url", "docs/runbooks.md"), ("summary", "late")))
    with HttpReceiver(body=b"ok") as server:
        send(receiver_settings(type="slack", url=server.url), group_of(notice))
    assert texts(server.posts[0])[1].endswith("\nRunbook: docs/runbooks.md")


def test_slacks_blocks_stay_below_its_limits_and_the_rest_is_counted() -> None:
    long = tuple((f"part{each}", "<" * 900) for each in range(20))
    notices = [notice_of(str(each), annotations=(("summary", "y" * 900), *long)) for each in range(50)]
    with HttpReceiver(body=b"ok") as server:
        send(receiver_settings(type="slack", url=server.url), group_of(*notices))
    found = texts(server.posts[0])
    assert max(map(len, found)) <= 3_000
    assert sum(map(len, found)) <= 12_000
    assert found[1].endswith("\n…")
    assert found[-1] == f"and {50 - len(found) + 2} more alerts"


def test_a_slack_bot_keeps_a_thread_for_each_group_and_rewrites_its_beginning() -> None:
    a, b = notice_of("a"), notice_of("b")
    with HttpReceiver(body=b'{"ok": true, "ts": "17.5"}') as server:
        settings = receiver_settings(type="slack", token="xoxb-1", channel="C1", url=f"{server.url}/api")
        outcomes = send(
            settings,
            group_of(a),
            group_of(a, b, changed=(b,)),
            group_of(resolved("a"), resolved("b")),
            group_of(a),
        )
    assert outcomes == [Delivered()] * 4
    assert {each["Authorization"] for each in server.requests} == {"Bearer xoxb-1"}
    assert [
        (path, post.get("thread_ts"), post.get("ts")) for path, post in zip(server.paths, server.posts, strict=True)
    ] == [
        ("/api/chat.postMessage", None, None),
        ("/api/chat.postMessage", "17.5", None),
        ("/api/chat.update", None, "17.5"),
        ("/api/chat.postMessage", "17.5", None),
        ("/api/chat.postMessage", None, None),
    ]
    text = "[RESOLVED 2] Lag: group a is behind"
    assert server.posts[2] == {"channel": "C1", "ts": "17.5", "text": text, "blocks": server.posts[2]["blocks"]}
    assert texts(server.posts[2]) == [f"*{text}*"]


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (
            200,
            b'{"ok": false, "error": "channel_not_found"}',
            GiveUp("chat.postMessage: Slack reports channel_not_found"),
        ),
        (200, b'{"ok": false, "error": "ratelimited"}', Retry("chat.postMessage: Slack reports ratelimited", 30.0)),
        (200, b"<html>", Retry("chat.postMessage: Slack responded with something that is not JSON")),
        (200, b"[]", GiveUp("chat.postMessage: Slack reports unknown")),
        (429, b"", Retry("HTTP 429: Too Many Requests", 30.0)),
        (403, b"", GiveUp("HTTP 403: Forbidden")),
    ],
)
def test_what_slacks_api_reports_decides(status: int, body: bytes, expected: Outcome) -> None:
    with HttpReceiver(status, body=body, headers={"Retry-After": "30"}) as server:
        settings = receiver_settings(type="slack", token="xoxb-1", channel="C1", url=server.url)
        assert send(settings, group_of(notice_of())) == [expected]
    assert "ratelimited" in BUSY_ERRORS
