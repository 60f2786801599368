"""The overview as plain text: what the screens show, whole, and nothing that a terminal would obey."""

import unicodedata

import face_views
import pytest
from faces import tui_groups
from views import Topic, shop_view, snapshot_of

from monitor.analysis.view import make_view
from monitor.model.view import View
from tui.picture import Picture
from tui.plain import groups, overview

LOST = "400 records lost; no members; lost on payments-0: 11,500 records"
BEHIND = (
    "behind on clicks-0 (client sess-a at 10.0.4.2): 70,000 records; "
    "1 of 2 partitions unknown (broker 2: timed out after 3.3 s)"
)
WIDTHS = (20, 40, 80, 120, 240)


def printed(view: View, width: int = 80) -> list[str]:
    return list(overview(Picture("shop", "", 10.0, view.time, view), width))


def test_the_shop() -> None:
    assert printed(shop_view()) == [
        " shop ✘ critical 1 partition offline · payments-ledger lost records · 2",
        "   partitions under-replicated · clicks-sessionizer and 2 more behind ·",
        "   audit-archiver and 1 more unknown",
        "",
        " Brokers  Controller  Offline  Under-repl.  7 groups              Lag",
        " 3        1           1        2            ● 1  ▲ 3  ✘ 1  ? 2    ≥ 83,602",
        "",
        " Partitions     min ISR of 9 partitions unknown (not reported by the broker)",
        " Brokers        disks unknown (not reported by the broker)",
        "",
        " Problems  7",
        " ✘ partition audit-1 is offline",
        " ✘ payments-ledger lost records: 400 records lost; no members; lost on",
        "   payments-0: 11,500 records",
        " ▲ broker 1 is out of sync on 1 partition",
        " ▲ broker 2 is out of sync on 1 partition",
        " ▲ broker 3 is out of sync on 2 partitions",
        " ◆ clicks-sessionizer and 2 more are behind",
        " ◆ audit-archiver and 1 more are unknown",
        "",
        " Status     Group                         Lag  Why",
        f" ✘ lost     payments-ledger            13,500  {LOST}",
        f" ▲ behind   clicks-sessionizer       ≥ 70,000  {BEHIND}",
        " ▲ behind   inventory-sync                100  behind on orders-0: 100 records",
        " ▲ behind   orders-fulfilment               2  behind on orders-1 (client fulfil-1 at 10.0.3.17): 2 records",
        " ? unknown  audit-archiver                  –  no commit",
        " ? unknown  secret-group                    –  denied: Describe on the group",
        " ● ok       word-count                      0",
    ]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", sorted(face_views.VIEWS))
def test_no_view_prints_what_a_terminal_would_obey(name: str, width: int) -> None:
    view = face_views.VIEWS[name]()
    lines = printed(view, width)
    assert lines
    odd = {each for line in lines for each in line if unicodedata.category(each) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
    assert not odd
    assert len(view.problems) == 0 or any(line.startswith(" Problems ") for line in lines)


@pytest.mark.parametrize("name", sorted(face_views.VIEWS))
def test_groups_stand_in_the_order_of_their_screen(name: str) -> None:
    view = face_views.VIEWS[name]().shown
    said = [line.split()[1] for line in groups(Picture("shop", "", 10.0, view.time, view), 240)]
    assert said[1:] == [row["status"] for row in tui_groups(view)] if len(said) > 1 else not tui_groups(view)


def test_a_cluster_without_groups_says_so() -> None:
    (said,) = groups(Picture("shop", "", 10.0, 0.0, make_view(snapshot_of([Topic("t", [(0, 1)])], []))), 80)
    assert said == " No groups: no group on this cluster has members or committed offsets"
