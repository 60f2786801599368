"""Slack: incoming webhooks and the threads of a bot, against a real server."""

import pytest
from alert_fixtures import notice_of
from http_receiver import HttpReceiver
from receiver_fixtures import group_of, receiver_settings, resolved, send

from alerts.message import MOST, TITLE
from alerts.notice import Delivered, GiveUp, Outcome, Retry
from alerts.notifiers.slack import BUSY_ERRORS, MOST_CHARACTERS


def test_slacks_webhook_gets_plain_text_in_which_names_are_no_markup() -> None:
    with HttpReceiver(body=b"ok") as server:
        notice = notice_of(annotations=(("summary", "<!channel> & <http://x|y>"),))
        assert send(receiver_settings(type="slack", url=server.url), group_of(notice)) == [Delivered()]
    (post,) = server.posts
    assert post["text"].startswith("*[FIRING 1] Lag: &lt;!channel&gt; &amp; &lt;http://x|y&gt;*\nFIRING warning Lag")
    assert "<" not in post["text"]


def test_slacks_text_is_cut_between_lines_below_its_limit() -> None:
    notices = [notice_of(str(each), annotations=(("summary", "y" * 900),)) for each in range(MOST)]
    with HttpReceiver(body=b"ok") as server:
        send(receiver_settings(type="slack", url=server.url), group_of(*notices))
    assert len(server.posts[0]["text"]) <= MOST_CHARACTERS + TITLE + 10
    assert server.posts[0]["text"].endswith("\n…")


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
    assert server.posts[2] == {"channel": "C1", "ts": "17.5", "text": "*[RESOLVED 2] Lag: group a is behind*"}


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
