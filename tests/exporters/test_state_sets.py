"""State sets: a subject has a line for every state, so that no expression on one state loses its series."""

from details import detailed_view
from metric_samples import samples
from views import FixtureSource, Group, shop_view, snapshot_of

from exporters.families import FAMILIES
from exporters.family import StateSet
from exporters.prometheus import MetricsPage
from monitor.analysis.view import make_view
from monitor.model.status import STATUSES


def test_the_families_that_are_state_sets() -> None:
    """Every subject has a line for each state, of which one is 1: an expression on one state never loses its series."""
    page = MetricsPage([FixtureSource(shop_view())])
    groups = {str(each) for each in shop_view().snapshot.groups.group}
    by_name: dict[tuple[str, str], dict[str, float]] = {}
    for (name, labels), number in samples(page).items():
        for label in ("status", "state"):
            if label in (named := dict(labels)) and "group" in named:
                by_name.setdefault((name, named["group"]), {})[named[label]] = number
    assert {name for name, _ in by_name} == {"kmon_group_status", "kmon_group_state"}
    for states in by_name.values():
        assert sorted(states.values()) == [0.0] * (len(states) - 1) + [1.0]
    assert {group for name, group in by_name if name == "kmon_group_status"} == groups
    assert all(set(by_name["kmon_group_status", group]) == set(STATUSES) for group in groups)
    classic = {"Empty", "PreparingRebalance", "CompletingRebalance", "Stable", "Dead"}
    assert set(by_name["kmon_group_state", "payments-ledger"]) == classic
    assert by_name["kmon_group_state", "payments-ledger"]["Empty"] == 1


def test_no_family_has_a_state_as_a_label_of_one_line_alone() -> None:
    """A label that changes with time is a state: kmon_X{state="a"} 1 would be lost when it is b."""
    held = {family.name for family in FAMILIES for label in family.label_names if label in {"status", "state", "level"}}
    assert held == {each.name for each in FAMILIES if isinstance(each, StateSet)} | {"kmon_transactions", "kmon_alerts"}


def test_a_state_set_of_every_subject_that_is_judged_has_all_its_statuses() -> None:
    page = MetricsPage([FixtureSource(detailed_view())])
    judged = detailed_view().judged
    for name, keys, table in (
        ("kmon_broker_status", ("broker",), judged.brokers),
        ("kmon_log_dir_status", ("broker", "path"), judged.log_dirs),
        ("kmon_topic_status", ("topic",), judged.topics),
    ):
        found: dict[tuple[str, ...], dict[str, float]] = {}
        for (family, labels), number in samples(page).items():
            if family == name:
                named = dict(labels)
                found.setdefault(tuple(named[key] for key in keys), {})[named["status"]] = number
        assert found
        only_bad = name == "kmon_topic_status"
        assert len(found) == (int((table.words != "ok").sum()) if only_bad else len(table))
        for states in found.values():
            assert set(states) == set(table.WORDS)
            assert sorted(states.values()) == [0.0] * (len(states) - 1) + [1.0]
            assert not (only_bad and states["ok"])


def test_states_of_groups_of_every_type_and_those_of_a_newer_kafka() -> None:
    kinds: dict[str | None, int] = {"classic": 5, "consumer": 5, "share": 3, "streams": 6, None: 5}
    groups = [Group(str(kind), {}, group_type=kind, state="Stable") for kind in kinds]
    groups += [Group("new", {}, group_type="share", state="Frozen"), Group("hidden", {}, state=None)]
    found: dict[str, dict[str, float]] = {}
    for (name, labels), number in samples(MetricsPage([FixtureSource(make_view(snapshot_of([], groups)))])).items():
        if name == "kmon_group_state":
            named = dict(labels)
            found.setdefault(named["group"], {})[named["state"]] = number
    assert {group: len(states) for group, states in found.items()} == {
        **{str(kind): count for kind, count in kinds.items()},
        "new": 4,
    }
    assert all(states["Stable"] == (group != "new") for group, states in found.items())
    assert found["new"]["Frozen"] == 1
