"""Views that are kept for an hour: they are the same when they are unpacked, and take no more memory than they may."""

import pickle
from itertools import pairwise

import pytest
from catalogue_scenes import SCENES
from pandas.testing import assert_frame_equal
from series import Poll, watch
from views import Group, Topic, shop_view, snapshot_of

from alerts.catalogue import catalogue
from alerts.preview import Preview
from monitor.analysis.view import make_view
from monitor.model.view import View
from monitor.poll.recording import Recording
from monitor.subjects import SUBJECTS
from monitor.subjects.frames import frame

WELL = watch([Poll(100.0 * each, 100.0 * each) for each in range(400)])


def unpacked(*views: View) -> list[View]:
    recording = Recording()
    for view in views:
        recording.add(view)
    return [*recording.views()]


def times(recording: Recording) -> list[float]:
    return [view.time for view in recording.views()]


@pytest.mark.parametrize("view", [shop_view(), shop_view(error="down", last_good=shop_view()), WELL[-1]])
def test_an_unpacked_view_shows_the_same(view: View) -> None:
    (found,) = unpacked(view)
    assert found.verdict == view.verdict
    assert found.snapshot.error == view.snapshot.error
    for name in SUBJECTS:
        assert_frame_equal(frame(found.shown, name), frame(view.shown, name))


def test_a_large_view_is_kept_whole() -> None:
    """Arrays of more than 64 KiB are given to the file as they are in memory."""
    ends: list[tuple[float | None, float | None]] = [(0.0, 1e6 + each) for each in range(10_000)]
    group = Group("g", {("t", each): 5.0 * each for each in range(10_000)})
    view = make_view(snapshot_of([Topic("t", ends)], [group]))
    (found,) = unpacked(view)
    assert len(found.lag) == 10_000
    assert_frame_equal(frame(found, "lag"), frame(view, "lag"))


@pytest.mark.parametrize("name", SCENES)
def test_a_rule_of_the_catalogue_says_the_same_of_unpacked_views(name: str) -> None:
    rule, scene = next(each for each in catalogue() if each.name == name), SCENES[name]()
    found, wanted = Preview([rule]), Preview([rule])
    for view in (*scene.trouble, *scene.over):
        wanted.observe(view)
        found.observe(*unpacked(view))
    assert found.plain() == wanted.plain()


def test_views_are_kept_for_their_time_and_given_since_another() -> None:
    recording = Recording(seconds=60)
    for view in WELL[:20]:
        recording.add(view)
    assert times(recording) == [view.time for view in WELL[13:20]]
    assert [view.time for view in recording.views(WELL[18].time)] == [WELL[18].time, WELL[19].time]


def test_views_that_do_not_all_fit_are_evenly_spaced() -> None:
    size = packed_bytes(WELL[0])
    recording = Recording(seconds=3600, max_bytes=12 * size)
    for view in WELL:
        recording.add(view)
    kept = times(recording)
    apart = [later - earlier for earlier, later in pairwise(kept)]
    assert 5 <= len(kept) <= 12
    assert kept[-1] - kept[0] > 2_000
    assert max(apart) <= 2 * min(apart)


def packed_bytes(view: View) -> int:
    recording = Recording()
    recording.add(view)
    return len(recording._kept[0].data)


def test_a_view_that_is_too_large_is_not_kept_and_not_packed_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    recording = Recording(max_bytes=10)
    recording.add(WELL[0])
    assert times(recording) == []
    packed: list[View] = []
    monkeypatch.setattr(pickle, "dump", lambda view, *_, **__: packed.append(view))
    recording.add(WELL[1])
    assert packed == []


def test_a_clock_that_is_set_back_loses_what_is_newer() -> None:
    recording = Recording()
    for view in (WELL[5], WELL[6], WELL[3]):
        recording.add(view)
    assert times(recording) == [WELL[3].time]
