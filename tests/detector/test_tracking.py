from __future__ import annotations

from datetime import timedelta

import pytest

from detector.boxes import XyxyPx
from detector.tracking import COAST_S, Tracker
from detector.vocabulary import Detection, Kind, Track
from tests.detector.scenes import START, Scene, bike, person


def _found(left: float, score: float = 0.8, kind: Kind = Kind.PERSON, top: float = 100) -> Detection:
    return Detection(kind, score, XyxyPx(left, top, left + 40, top + 100))


def _run(tracker: Tracker, frames: list[list[Detection]], step_s: float = 0.2) -> list[list[Track]]:
    return [tracker.update(found, START + timedelta(seconds=step_s * index)) for index, found in enumerate(frames)]


@pytest.mark.parametrize("fps", [2.0, 5.0, 12.0, 15.0])
def test_a_walker_and_a_rider_keep_their_ids_at_any_frame_rate(fps: float) -> None:
    walker = person((0, 20, 400), (8, 620, 400))
    ridden = bike((0, 20, 250), (5, 620, 250))
    tracker = Tracker()
    ids: dict[Kind, set[int]] = {Kind.PERSON: set(), Kind.BICYCLE: set()}
    for at, detections in Scene((walker, ridden), 8, fps=fps).frames():
        for track in tracker.update(detections, at):
            ids[track.kind].add(track.track_id)
    assert {kind: len(found) for kind, found in ids.items()} == {Kind.PERSON: 1, Kind.BICYCLE: 1}


def test_a_faint_box_continues_a_track_but_never_starts_one() -> None:
    faint_only = _run(Tracker(), [[_found(100, 0.2)]] * 5)
    assert faint_only == [[]] * 5
    continued = _run(Tracker(), [[_found(100)], [_found(100)], [_found(101, 0.08)], [_found(102, 0.08)]])
    assert [tracks[0].seen for tracks in continued[1:]] == [True, True, True]
    assert continued[-1][0].score == pytest.approx(0.08)


def test_a_single_box_is_no_track_yet() -> None:
    assert _run(Tracker(), [[_found(100)], [], [], []]) == [[], [], [], []]


@pytest.mark.parametrize("step_s", [0.1, 0.5])
def test_an_unseen_track_coasts_for_the_same_seconds_at_any_frame_rate(step_s: float) -> None:
    frames = [[_found(100)], [_found(100)], *([[]] * int(6 / step_s))]
    alive = [bool(tracks) for tracks in _run(Tracker(), frames, step_s)]
    coasted_s = (sum(alive) - 1) * step_s
    assert coasted_s == pytest.approx(COAST_S, abs=step_s)


def test_a_coasting_track_says_so_and_slows_down_instead_of_running_away() -> None:
    frames = [[_found(100 + 20 * index)] for index in range(5)] + [[]] * 10
    last = _run(Tracker(), frames)[-1]
    assert [track.seen for track in last] == [False]
    assert 180 < last[0].xyxy_px.left < 180 + 100 * 0.8
    assert last[0].last_seen_at == START + timedelta(seconds=0.8)


def test_a_thing_seen_again_after_a_gap_keeps_its_id() -> None:
    frames = [[_found(100)], [_found(100)], *([[]] * 8), [_found(104)]]
    tracks = _run(Tracker(), frames)
    assert tracks[-1][0].track_id == tracks[1][0].track_id
    assert tracks[-1][0].seen


def test_people_and_bikes_never_share_a_track() -> None:
    person_then_bike = [
        [_found(100)],
        [_found(100)],
        [_found(100, kind=Kind.BICYCLE)],
        [_found(100, kind=Kind.BICYCLE)],
    ]
    kinds = {(track.track_id, track.kind) for tracks in _run(Tracker(), person_then_bike) for track in tracks}
    assert kinds == {(1, Kind.PERSON), (2, Kind.BICYCLE)}


SECOND_BOXES = [
    # The upper half, as the model draws one over a person whose legs a bike hides.
    (Kind.PERSON, (102, 102, 138, 150), 1),
    # Head and shoulders, a little beyond the whole box.
    (Kind.PERSON, (98, 95, 142, 140), 1),
    # The first box was the upper half only, this one is drawn around all of them.
    (Kind.PERSON, (95, 98, 145, 310), 1),
    # Drawn around them again, half a body lower.
    (Kind.PERSON, (108, 140, 148, 240), 1),
    # Somebody beside them, of whom a half is hidden.
    (Kind.PERSON, (120, 100, 160, 200), 2),
    (Kind.PERSON, (150, 100, 190, 200), 2),
    # A bike half behind another one is a bike.
    (Kind.BICYCLE, (102, 102, 138, 150), 2),
]


@pytest.mark.parametrize(("kind", "second_px", "tracks"), SECOND_BOXES)
def test_a_box_on_a_part_of_a_person_starts_no_second_track(
    kind: Kind, second_px: tuple[float, float, float, float], tracks: int
) -> None:
    both = [_found(100, kind=kind), Detection(kind, 0.7, XyxyPx(*second_px))]
    assert len(_run(Tracker(), [[_found(100, kind=kind)], both, both, both])[-1]) == tracks


def test_one_box_around_several_bikes_does_not_take_over_a_bike() -> None:
    one = Detection(Kind.BICYCLE, 0.4, XyxyPx(100, 100, 170, 140))
    merged = Detection(Kind.BICYCLE, 0.8, XyxyPx(100, 100, 240, 180))
    tracks = _run(Tracker(), [[one], [one], [merged], [merged]])
    assert tracks[-1][0].xyxy_px == pytest.approx(one.xyxy_px, abs=1)
    assert [track.seen for track in tracks[-1]] == [False, True]


def test_two_people_crossing_keep_their_ids() -> None:
    left_to_right = person((0, 100, 400), (6, 500, 400))
    right_to_left = person((0, 500, 430), (6, 100, 430))
    tracker = Tracker()
    ends: dict[int, float] = {}
    starts: dict[int, float] = {}
    for at, detections in Scene((left_to_right, right_to_left), 6, fps=10).frames():
        for track in tracker.update(detections, at):
            starts.setdefault(track.track_id, track.xyxy_px.left)
            ends[track.track_id] = track.xyxy_px.left
    assert len(starts) == 2
    assert all((starts[one] < 300) != (ends[one] < 300) for one in starts)


def test_a_clear_second_box_around_somebody_takes_no_track_from_the_one_beside_them() -> None:
    """One walks past another who is only seen faintly; for a moment there are two clear boxes of the walker."""
    faint, walker = _found(100, 0.15), _found(130)
    between = Detection(Kind.PERSON, 0.4, XyxyPx(122, 112, 152, 212))
    frames = [[_found(100), walker]] * 3 + [[faint, walker, between]] * 2 + [[faint, walker]]
    ends = {track.track_id: track.xyxy_px.left for track in _run(Tracker(), frames)[-1]}
    assert ends == {1: 100, 2: 130}


def test_of_a_sure_and_a_faint_box_that_fit_alike_the_sure_one_is_the_person() -> None:
    frames = [[_found(100)], [_found(104)], [_found(112, 0.6), _found(110, 0.1)]]
    assert [track.xyxy_px.left for track in _run(Tracker(), frames)[-1]] == [112]


def test_two_trackers_count_their_ids_apart() -> None:
    one, two = Tracker(), Tracker()
    assert _run(one, [[_found(100)]] * 2)[-1][0].track_id == 1
    assert _run(two, [[_found(100)]] * 2)[-1][0].track_id == 1


def test_an_id_is_never_used_twice() -> None:
    frames = [[_found(100)], [_found(100)], *([[]] * 20), [_found(400)], [_found(400)]]
    tracks = _run(Tracker(), frames)
    assert tracks[1][0].track_id != tracks[-1][0].track_id


def test_footage_that_jumps_back_in_time_begins_new_tracks() -> None:
    tracker = Tracker()
    late = START + timedelta(hours=1)
    tracker.update([_found(100)], late)
    tracker.update([_found(100)], late + timedelta(seconds=0.2))
    again = _run(tracker, [[_found(100)], [_found(100)]])
    assert again[0] == []
    assert [track.track_id for track in again[1]] == [2]
