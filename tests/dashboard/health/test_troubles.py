from __future__ import annotations

from datetime import timedelta

import pytest

from dashboard.health.troubles import Course, LastWords, Trouble, contact_trouble, go_on, view_trouble, worker_trouble
from tests.dashboard.builders import NOON

S = timedelta(seconds=1)


def words(*faults: str, heard_s: float = 0, frame_s: float | None = 0) -> LastWords:
    frame = None if frame_s is None else NOON + frame_s * S
    return LastWords(NOON + heard_s * S, frame, frozenset(faults))


@pytest.mark.parametrize(
    ("said", "after_s", "trouble"),
    [
        (words(), 60, None),
        (words(), 61, Trouble.SILENT),
        (words("stalled"), 0, Trouble.NO_PICTURE),
        (words("stalled"), 61, Trouble.SILENT),
        (words(frame_s=None), 0, Trouble.NO_PICTURE),
        (words(heard_s=0, frame_s=-61), 0, Trouble.NO_PICTURE),
        (words("dark", "moved"), 0, None),
    ],
)
def test_nothing_heard_or_seen(said: LastWords, after_s: float, trouble: Trouble | None) -> None:
    assert contact_trouble(said, NOON + after_s * S) is trouble


def test_of_a_view_the_gravest_trouble_is_told() -> None:
    assert view_trouble(words("dark", "moved", "bikes_too_small")) is Trouble.MOVED
    assert view_trouble(words("bikes_too_small")) is Trouble.BIKES_TOO_SMALL
    assert view_trouble(words("stalled", "something_newer")) is None


def test_a_worker_is_offline_silent_or_well() -> None:
    assert worker_trouble("offline", NOON, NOON) is Trouble.OFFLINE
    assert worker_trouble("online", NOON, NOON + 61 * S) is Trouble.SILENT
    assert worker_trouble("online", NOON, NOON + 60 * S) is None


def told_times(looks: dict[int, Trouble | None]) -> tuple[list[int], list[int]]:
    """When it was told that an outage began, and that it was over, of looks at these seconds."""
    course: Course | None = None
    began, over = [], []
    for second, trouble in looks.items():
        at = NOON + second * S
        if course is None:
            if trouble is None:
                continue
            course = Course(at)
        before, course = course, go_on(course, trouble, at)
        if course is not None and course.began_at and before.began_at is None:
            began.append(second)
        if course is not None and course.ended_at:
            over.append(second)
            course = None
    return began, over


def every_5_s(*parts: tuple[int, Trouble | None]) -> dict[int, Trouble | None]:
    """Looks every five seconds; each part is until when, and what was seen."""
    looks: dict[int, Trouble | None] = {}
    begin = 0
    for until, trouble in parts:
        looks |= dict.fromkeys(range(begin, until, 5), trouble)
        begin = until
    return looks


def test_an_outage_is_told_once_when_it_lasts_and_once_when_it_is_over() -> None:
    looks = every_5_s((100, None), (400, Trouble.DARK), (600, None))
    assert told_times(looks) == ([160], [460])


def test_what_passes_soon_is_never_told() -> None:
    assert told_times(every_5_s((100, None), (155, Trouble.DARK), (400, None))) == ([], [])


def test_silence_is_told_soon_for_it_has_lasted_already_and_not_while_a_worker_is_just_back() -> None:
    assert told_times(every_5_s((100, None), (300, Trouble.SILENT))) == ([110], [])
    assert told_times(every_5_s((100, None), (110, Trouble.SILENT), (300, None))) == ([], [])


def test_a_trouble_that_comes_and_goes_is_one_outage() -> None:
    flaps = [(100 + 30 * number, None if number % 2 else Trouble.DARK) for number in range(1, 20)]
    assert told_times(every_5_s((100, Trouble.DARK), *flaps)) == ([60], [])
    assert told_times(every_5_s((100, Trouble.DARK), *flaps, (1000, None))) == ([60], [700])
