"""A fault that lasts is logged at once, then at a slow pace with its count, and never floods."""

from monitor.poll.log_pace import MOST, Pace


def test_a_failure_is_logged_at_once_and_then_slowly_with_its_count() -> None:
    pace = Pace(every_seconds=300)
    lines = [pace.line("HTTP 401", now) for now in range(0, 1_000, 60)]
    assert lines == [
        "HTTP 401",
        *[None] * 4,
        "HTTP 401 (5 times in the last 5 min)",
        *[None] * 4,
        "HTTP 401 (5 times in the last 5 min)",
        *[None] * 4,
        "HTTP 401 (5 times in the last 5 min)",
        None,
    ]


def test_another_failure_is_logged_at_once_and_two_that_take_turns_are_no_flood() -> None:
    pace = Pace(every_seconds=300)
    lines = [pace.line(("refused", "timed out")[now % 2], now) for now in range(200)]
    assert lines == ["refused", "timed out", *[None] * 198]


def test_what_failed_and_works_again_is_worth_one_line() -> None:
    pace = Pace()
    assert not pace.over()
    assert pace.line("refused", 0) == "refused"
    assert [pace.over(), pace.over()] == [True, False]
    assert pace.line("refused", 1) == "refused"


def test_texts_without_end_are_not_kept_without_end() -> None:
    pace = Pace()
    for number in range(10 * MOST):
        assert pace.line(f"error {number}", number) is not None
    assert pace.line(f"error {10 * MOST - 1}", 10 * MOST) is None
    assert len(pace._told) == MOST
