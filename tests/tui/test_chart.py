from tui.widgets.chart import MOST_WIDE, Sample, columns


def values(samples: list[Sample], width: int) -> list[float | None]:
    return [each.value if each else None for each in columns(samples, width)]


def test_a_few_samples_stand_at_the_right_end() -> None:
    assert values([Sample(0, 1.0), Sample(10, 2.0)], 11) == [None] * 3 + [1.0] * MOST_WIDE + [2.0] * MOST_WIDE
    assert values([Sample(0, 1.0), Sample(10, None)], 5) == [None, 1.0, 1.0, None, None]


def test_many_samples_keep_the_peak_of_each_span_of_time() -> None:
    samples = [Sample(float(second), 9.0 if second == 33 else 1.0) for second in range(100)]
    assert values(samples, 10) == [1.0, 1.0, 1.0, 9.0] + [1.0] * 6


def test_a_time_without_polls_stays_empty_and_an_unknown_one_is_told_from_it() -> None:
    samples = [Sample(0, 1.0), Sample(1, 1.0), Sample(2, 1.0), Sample(97, None), Sample(98, None), Sample(99, 2.0)]
    spans = columns(samples, 5)
    assert [each and each.value for each in spans] == [1.0, None, None, None, 2.0]
    assert columns([Sample(0, None), Sample(1, None), Sample(2, 1.0)], 2)[0] == Sample(0, None)


def test_nothing_yet_is_empty() -> None:
    assert columns([], 3) == [None, None, None]
