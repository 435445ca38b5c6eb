"""Whether somebody is at a parked bike: lost at the bike is not left."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pytest

from detector.attendance import Attendance, Presence
from detector.trails import Trails
from tests.detector.films import bike_on, film, when
from tests.detector.scenes import Actor, Span, Waypoint, person

ANNA, BEN, CARL, STRANGER = 1, 2, 3, 4
BIKE = bike_on(400, 300)
FRAME_RATES = [2.0, 5.0, 15.0]
GRACE_S = 4.0


def _stays(until: float, *then: Waypoint, unseen: tuple[Span, ...] = (), faint: tuple[Span, ...] = ()) -> Actor:
    return person((0, 390, 305), (until, 390, 305), *then, unseen=unseen, faint=faint)


def _walks_off(at: float) -> Actor:
    return _stays(at, (at + 5, 90, 330), (at + 60, 90, 330))


def _attend(
    people: Mapping[int, Actor],
    ends_s: float,
    *,
    riders: Collection[int] = (ANNA,),
    elsewhere: Collection[int] = (),
    fps: float = 5.0,
    attendance: Attendance | None = None,
    begins_s: float = 0.0,
) -> Attendance:
    """What is known of the bike after these seconds; as in the line, leaving is told once."""
    trails = Trails()
    attendance = attendance or Attendance(BIKE, when(0), set(riders), rider_seen=True)
    for moment in film(people, ends_s, fps, begins_s):
        trails.update(moment)
        attendance.update(moment, trails, elsewhere)
        if attendance.is_left(moment.at, GRACE_S):
            attendance.has_left = True
    return attendance


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_who_walks_off_has_left_once_the_grace_time_is_over(fps: float) -> None:
    assert not _attend({ANNA: _walks_off(10)}, 14.5, fps=fps).has_left
    gone = _attend({ANNA: _walks_off(10)}, 17.5, fps=fps)
    assert gone.has_left
    assert gone.last_here_at is not None
    assert (gone.last_here_at - when(0)).total_seconds() == pytest.approx(10.5, abs=1.2)


@pytest.mark.parametrize("fps", [5.0, 15.0])
def test_a_track_that_comes_up_while_the_riders_own_is_lost_for_a_moment_is_not_waited_for(fps: float) -> None:
    """One look finds somebody a little beside themselves: a track of its own, never seen again."""
    rider = _stays(10, (15, 90, 330), (70, 90, 330), unseen=((4, 4.3),))
    ghost = person((4, 400, 305), (4.2, 400, 305))
    gone = _attend({ANNA: rider, BEN: ghost}, 17.5, fps=fps)
    assert gone.riders == {ANNA}
    assert gone.everybody() == {ANNA}
    assert gone.has_left
    assert {who for frame in gone.frames if frame.at < when(4) or frame.at > when(5) for who, _ in frame.people} == {
        ANNA
    }


def test_a_track_that_comes_back_after_two_others_stood_for_it_is_the_rider_again() -> None:
    rider = _stays(10, (15, 90, 330), (70, 90, 330), unseen=((4, 6),))
    others = {BEN: person((4, 400, 305), (4.6, 400, 305)), CARL: person((4.8, 395, 305), (5.8, 395, 305))}
    during = _attend({ANNA: rider, **others}, 5.5)
    assert during.riders == {CARL}
    gone = _attend({ANNA: rider, **others}, 17.5)
    assert gone.riders == {ANNA}
    assert gone.has_left


LEAVINGS = [
    # Straight off.
    (_walks_off(10), True),
    # Lingers a step off: not at the bike any more, and not yet elsewhere.
    (_stays(10, (11, 515, 305), (18, 515, 305), (20, 600, 305), (60, 600, 305)), False),
    # The same for some seconds only.
    (_stays(10, (11, 515, 305), (15, 515, 305), (16, 600, 305), (60, 600, 305)), False),
    # Slowly, but without stopping.
    (_stays(10, (18, 180, 305), (60, 180, 305)), True),
]


@pytest.mark.parametrize("fps", FRAME_RATES)
@pytest.mark.parametrize(("leaver", "straight"), LEAVINGS)
def test_how_somebody_went_is_seen(fps: float, leaver: Actor, *, straight: bool) -> None:
    assert _attend({ANNA: leaver}, 30, fps=fps).left_straight is straight


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_who_is_seen_a_step_off_is_not_lost_at_the_bike(fps: float) -> None:
    frames = _attend({ANNA: LEAVINGS[1][0]}, 30, fps=fps).frames
    assert all(frame.people for frame in frames)


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_who_vanishes_at_the_bike_is_still_there(fps: float) -> None:
    lost = _attend({ANNA: _stays(60, unseen=((8, 60),))}, 50, fps=fps)
    assert (lost.presence, lost.has_left) == (Presence.LOST, False)
    assert lost.hides_place(when(20))
    assert sum(frame.seconds for frame in lost.frames if not frame.people) == pytest.approx(42, abs=1.5)


AT_EDGE = bike_on(520, 300)
WAYS_AWAY = [
    # Out of the picture, which ends right beside the bike.
    (person((0, 510, 305), (10, 510, 305), (13, 625, 320)), True),
    # Vanishes at the bike: somebody who bends down is still there.
    (person((0, 510, 305), (10, 510, 305)), False),
    # Stands still at the edge, in view.
    (person((0, 510, 305), (10, 510, 305), (13, 625, 320), (60, 625, 320)), False),
]


@pytest.mark.parametrize("fps", FRAME_RATES)
@pytest.mark.parametrize(("leaver", "left"), WAYS_AWAY)
def test_who_was_last_seen_at_the_pictures_edge_has_left_it(fps: float, leaver: Actor, *, left: bool) -> None:
    attendance = Attendance(AT_EDGE, when(0), {ANNA}, rider_seen=True)
    assert _attend({ANNA: leaver}, 22, fps=fps, attendance=attendance).has_left is left


def test_who_passes_another_bike_on_the_way_out_has_left() -> None:
    attendance, trails = Attendance(AT_EDGE, when(0), {ANNA}, rider_seen=True), Trails()
    for moment in film({ANNA: WAYS_AWAY[0][0]}, 22, 5.0):
        trails.update(moment)
        attendance.update(moment, trails, (ANNA,) if moment.at > when(11.5) else ())
    assert attendance.is_left(when(22), GRACE_S)


def test_nobody_locks_a_bike_unseen_for_minutes() -> None:
    assert not _attend({ANNA: _stays(8)}, 120, fps=2).has_left
    assert _attend({ANNA: _stays(8)}, 135, fps=2).has_left


def test_a_faint_box_at_the_bike_is_somebody_there() -> None:
    faint = _attend({ANNA: _stays(60, faint=((8, 60),))}, 50)
    assert faint.presence is Presence.HERE
    assert all(frame.people for frame in faint.frames)


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_while_the_rider_is_lost_at_the_bike_a_friend_who_walks_off_ends_nothing(fps: float) -> None:
    people = {ANNA: _stays(60, unseen=((8, 60),)), BEN: _walks_off(12)}
    attendance = _attend(people, 30, riders=(ANNA, BEN), fps=fps)
    assert (attendance.presence, attendance.has_left) == (Presence.LOST, False)


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_a_friend_who_stays_keeps_the_bike_attended_until_they_go(fps: float) -> None:
    people = {ANNA: _walks_off(10), BEN: person((0, 420, 310), (25, 420, 310), (30, 640, 340), (90, 640, 340))}
    assert not _attend(people, 24, riders=(ANNA, BEN), fps=fps).has_left
    gone = _attend(people, 36, riders=(ANNA, BEN), fps=fps)
    assert gone.has_left
    assert gone.last_here_at is not None
    assert (gone.last_here_at - when(0)).total_seconds() == pytest.approx(26, abs=1.5)


def test_people_occupied_with_another_bike_are_not_counted() -> None:
    people = {ANNA: _walks_off(10), STRANGER: person((20, 400, 310), (40, 400, 310))}
    assert _attend(people, 38, elsewhere=(STRANGER,)).return_visits == 0
    assert _attend(people, 38).return_visits == 1


def test_a_stranger_beside_the_rider_neither_prolongs_the_stay_nor_ends_it() -> None:
    stranger = person((0, 430, 310), (40, 430, 310))
    assert _attend({ANNA: _walks_off(10), STRANGER: stranger}, 18).has_left
    leaves = person((0, 430, 310), (5, 430, 310), (10, 640, 320))
    assert not _attend({ANNA: _stays(60), STRANGER: leaves}, 20).has_left


SECOND_TRACKS = [
    # Comes up again at the bike, under a new track id.
    (person((13, 390, 305), (20, 390, 305), (25, 90, 330), (60, 90, 330)), True),
    # Comes up a few steps from it, as far as one walks meanwhile.
    (person((13, 300, 310), (18, 90, 330), (60, 90, 330)), True),
    # Comes up as far off as one gets when one hurries.
    (person((11, 180, 310), (60, 180, 310)), True),
    # Comes into the picture at its edge: somebody else.
    (person((13, 20, 330), (18, 200, 330), (60, 200, 330)), False),
    # Comes up too far away to have walked there.
    (person((9.5, 60, 330), (60, 60, 330)), False),
]


@pytest.mark.parametrize(("second", "is_anna"), SECOND_TRACKS)
def test_a_rider_lost_at_the_bike_is_known_again_by_where_they_can_be(second: Actor, *, is_anna: bool) -> None:
    attendance = _attend({ANNA: _stays(9), STRANGER: second}, 30)
    assert (STRANGER in attendance.riders) is is_anna
    assert attendance.has_left is is_anna
    assert (ANNA in attendance.riders) is not is_anna, "one new track stands for one lost rider"


def test_who_was_in_view_before_the_rider_was_lost_is_not_taken_for_them() -> None:
    waits = person((0, 470, 310), (30, 470, 310), (34, 640, 310))
    assert STRANGER not in _attend({ANNA: _stays(22), STRANGER: waits}, 33).riders


@pytest.mark.parametrize("fps", FRAME_RATES)
@pytest.mark.parametrize(("stays_s", "visits"), [(0.8, 0), (6, 1)])
def test_who_comes_back_and_stays_is_a_visit_and_who_walks_by_is_none(fps: float, stays_s: float, visits: int) -> None:
    comes = person((20, 100, 305), (24, 400, 305), (24 + stays_s, 400, 305), (27 + stays_s, 640, 305))
    walks_by = person((20, 60, 305), (24, 640, 305))
    people = {ANNA: _walks_off(10), CARL: comes if visits else walks_by}
    attendance = _attend(people, 26 + stays_s, fps=fps)
    assert attendance.return_visits == visits
    assert {frame.visit for frame in attendance.frames} == set(range(visits + 1))


def test_the_way_off_is_not_time_at_the_bike() -> None:
    """She is lost at the bike and next seen far off: walking there took its time."""
    far = person((0, 390, 305), (20, 390, 305), (26, 60, 330), (60, 60, 330), unseen=[(10, 25)])
    gone = _attend({ANNA: far}, 40)
    assert gone.left_straight is None, "how she went was not seen"
    assert gone.last_here_at is not None
    assert 18 <= (gone.last_here_at - when(0)).total_seconds() <= 23


def test_only_boxes_away_from_the_bike_say_how_tall_somebody_stands() -> None:
    assert not _attend({ANNA: _stays(10)}, 9).standing
    walking = _attend({ANNA: _walks_off(10)}, 16).standing
    assert len(walking) > 10
    assert {round(box.height) for box in walking} == {110}


def test_after_nobody_looked_the_rider_is_known_again_at_the_bike() -> None:
    before = _attend({ANNA: _stays(60)}, 10)
    before.resume(when(30))
    after = _attend({STRANGER: _walks_off(40)}, 50, attendance=before, begins_s=30)
    assert STRANGER in after.riders
    assert after.has_left
    assert after.not_watched_s == pytest.approx(20, abs=0.3)


def test_after_nobody_looked_a_rider_who_is_not_found_has_left_meanwhile() -> None:
    before = _attend({ANNA: _stays(60)}, 10)
    before.resume(when(30))
    assert not _attend({}, 38, attendance=before, begins_s=30).has_left
    gone = _attend({}, 50, attendance=before, begins_s=38)
    assert gone.has_left
    assert gone.left_straight is None
    assert gone.last_here_at is not None
    assert gone.last_here_at <= when(10)


def test_a_rider_whom_a_friend_hides_is_known_to_be_there_unseen() -> None:
    """Nobody knows then whether they are bent; once they are seen again, or elsewhere, all that is at the bike is seen."""
    both = {ANNA: _stays(20, unseen=((5, 10),)), BEN: person((0, 410, 320), (20, 410, 320))}
    frames = _attend(both, 16, riders=(ANNA, BEN)).frames
    hidden = [(frame.at - when(0)).total_seconds() for frame in frames if frame.somebody_hidden]
    assert hidden
    assert 5 <= min(hidden) < max(hidden) <= 10.5
    gone = {ANNA: _walks_off(8), BEN: person((0, 410, 320), (20, 410, 320))}
    assert not any(frame.somebody_hidden for frame in _attend(gone, 16, riders=(ANNA, BEN)).frames)
