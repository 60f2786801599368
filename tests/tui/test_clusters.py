"""Several clusters in one terminal: their verdicts side by side, and the way from one to the other."""

from dataclasses import replace

import pytest
from tui_screen import lines, monitor, settled, table, text
from views import NOW, FixtureSource, Group, Topic, shop_view, snapshot_of

from monitor.analysis.view import make_view
from monitor.model.view import View
from tui.app import KmonApp
from tui.theme import inks

CALM = make_view(snapshot_of([Topic("t", [(0, 5)])], [Group("g", {("t", 0): 5})], cluster="calm"))


def sources(*named: tuple[str, View | None]) -> list[FixtureSource]:
    return [FixtureSource(*([view] if view else []), cluster=name) for name, view in named]


@pytest.fixture
def clusters() -> list[FixtureSource]:
    return sources(("calm", CALM), ("shop", shop_view(cluster="shop")), ("slow", None))


def app_over(clusters: list[FixtureSource]) -> KmonApp:
    return KmonApp(clusters, addresses=["a:1", "b:2", "c:3"], clock=lambda: NOW + 3)


def line_with(app: KmonApp, words: str) -> str:
    return next(line for line in lines(app)[2:] if words in line)


async def test_every_cluster_has_a_row_with_its_verdict_the_worst_first(clusters: list[FixtureSource]) -> None:
    app = app_over(clusters)
    async with app.run_test(size=(200, 30)) as pilot:
        await settled(pilot)
        assert monitor(pilot).NAME == "clusters"
        assert table(pilot).keys == ["shop", "slow", "calm"]
        assert lines(app)[0].startswith(" 3 clusters   ● 1  ✘ 1  ? 1 ")
        shop = line_with(app, "shop")
        assert "✘ critical" in shop
        assert "≥ 83,602" in shop
        assert "3 s" in shop
        slow = line_with(app, "slow")
        assert "? polling" in slow
        assert "polling slow (c:3) …" in slow
        assert "0" not in slow
        assert "the group keeps up" in line_with(app, "calm")


async def test_enter_goes_into_a_cluster_and_esc_back(clusters: list[FixtureSource]) -> None:
    app = app_over(clusters)
    async with app.run_test(size=(160, 40)) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        assert monitor(pilot).NAME == "overview"
        assert "payments-ledger" in text(app)
        assert lines(app)[0].startswith(" shop ")
        await pilot.press("escape", "j", "j", "enter")
        assert lines(app)[0].startswith(" calm ")
        await pilot.press("2")
        assert table(pilot).keys == ["g"]
        await pilot.press("0", "k", "enter")
        assert "polling slow (c:3) …" in text(app)


async def test_the_others_are_seen_from_every_view_and_kept_fresh(clusters: list[FixtureSource]) -> None:
    app = app_over(clusters)
    async with app.run_test(size=(160, 40)) as pilot:
        await settled(pilot)
        await pilot.press("G", "enter", "2")
        assert lines(app)[0].startswith(" calm ")
        assert "0 Clusters ✘ 1 ? 1" in lines(app)[1]
        clusters[1].show(make_view(snapshot_of([], [], cluster="shop")))
        clusters[2].show(make_view(snapshot_of([], [], cluster="slow", error="c:3: connection refused")))
        await settled(pilot)
        assert "0 Clusters ✘ 1" in lines(app)[1]
        assert "? 1" not in lines(app)[1]
        await pilot.press("0")
        assert "✘ unreachable" in line_with(app, "slow")
        assert "c:3: connection refused" in line_with(app, "slow")
        clusters[2].show(make_view(snapshot_of([], [], cluster="slow")))
        await settled(pilot)
        assert "unreachable" not in text(app)


async def test_the_figures_of_an_unreachable_cluster_are_dimmed_beside_their_age(clusters: list[FixtureSource]) -> None:
    clusters.append(FixtureSource(CALM, cluster="gone"))
    app = KmonApp(clusters, addresses=["a:1", "b:2", "c:3", "d:4"], clock=lambda: NOW + 40)

    def colours(name: str) -> list[tuple[str, str]]:
        """The words of a row of the table with their colours."""
        place = next(place for place, each in enumerate(lines(app)) if place > 2 and f" {name} " in each)
        strip = app.screen._compositor.render_strips()[place]
        return [(each.text.strip(), str(each.style.color)) for each in strip if each.text.strip() and each.style]

    async with app.run_test(size=(200, 30)) as pilot:
        await settled(pilot)
        before = colours("gone")
        view = make_view(snapshot_of([], [], cluster="gone", error="d:4: connection refused"))
        clusters[3].show(replace(view, last_good=CALM))
        await settled(pilot)
        status, name, *figures, age, why = colours("gone")
        assert (status[0], name[0], age[0]) == ("✘ unreachable", "gone", "40 s")
        assert "d:4: connection refused" in why[0]
        dim = str(inks(app)["dim"].color)
        assert [text for text, _ in figures] == [text for text, _ in before[2:-2]]
        assert {colour for _, colour in figures} == {dim}
        assert dim not in {status[1], name[1], age[1], why[1]}
        assert {colour for _, colour in before[2:-2]} > {dim}, "those of a cluster that responds are not"


async def test_pause_holds_every_cluster(clusters: list[FixtureSource]) -> None:
    app = app_over(clusters)
    async with app.run_test(size=(160, 40)) as pilot:
        await settled(pilot)
        await pilot.press("p")
        clusters[0].show(make_view(snapshot_of([], [], cluster="calm", error="gone")))
        await settled(pilot)
        assert "unreachable" not in text(app)
        await pilot.press("p")
        assert "✘ unreachable" in line_with(app, "calm")


async def test_one_cluster_alone_starts_with_its_overview_and_lists_no_clusters() -> None:
    app = app_over(sources(("calm", CALM)))
    async with app.run_test(size=(160, 40)) as pilot:
        assert monitor(pilot).NAME == "overview"
        assert "Clusters" not in lines(app)[1]
        await pilot.press("0")
        assert table(pilot).keys == ["calm"]
        assert "0 Clusters" in lines(app)[1]
