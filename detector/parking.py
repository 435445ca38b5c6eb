"""Step 4: stays. One bike standing in one place, from parked until its place was seen empty. Hidden is not gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from broker_bridge.messages import uuid7
from detector.attendance import Attendance
from detector.boxes import XyxyPx
from detector.config import Thresholds
from detector.dwelling import dwell_of, put_down_at
from detector.found_bikes import FOUND_EARLY_S, stands_alone
from detector.links import attended_by, takers_of
from detector.newcomers import Newcomer, Newcomers, claims, is_one_bike, is_whole
from detector.open_stays import OpenStay, is_same_visit, makes_room
from detector.places import rack_of
from detector.settling import keep_boxes, settled_tracks
from detector.trails import Moment, Sighting, Trails, median_box, since
from detector.vacancy import Look, Looks, looks_at
from detector.visits import Drop, Standing, Visits
from detector.vocabulary import Detection, Rack, Stay, StayEvent, StayEventKind, Track

RELIVE_BEFORE_S = 2.5
GAP_S = 10.0
"""Without a frame for longer than this everything must be known again: tracks are over, bikes may have changed."""


class ParkingWatch:
    """Keeps the stays of one camera. `seed` makes its stay ids differ from another camera's."""

    def __init__(self, racks: tuple[Rack, ...], thresholds: Thresholds, seed: str = "") -> None:
        self._racks, self._thresholds, self._seed = racks, thresholds, seed
        self._trails = Trails()
        self._visits = Visits(thresholds.park_after_s)
        self._newcomers = Newcomers()
        self._places: list[OpenStay] = []
        self._takers: set[int] = set()
        """Who has taken a bike: by track id, of which none comes back."""
        self._started_at: datetime | None = None
        self._moment: Moment | None = None

    @property
    def stays(self) -> tuple[Stay, ...]:
        """The stays open as of the last frame."""
        return self._as_stays(told=True)

    @property
    def tentative(self) -> tuple[Stay, ...]:
        """Bikes at rest whose rider may still go on with them."""
        return self._as_stays(told=False)

    def _as_stays(self, *, told: bool) -> tuple[Stay, ...]:
        if self._moment is None:
            return ()
        return tuple(place.as_stay(self._moment) for place in self._places if place.told is told)

    @property
    def places(self) -> tuple[OpenStay, ...]:
        """The open stays themselves, for whoever remembers them; not to be changed."""
        return tuple(self._places)

    def restore(self, places: Sequence[OpenStay], at: datetime) -> None:
        """Go on with stays from an earlier run; call before the first frame, which is that of `at`."""
        self._places += places
        self._look_anew(at)

    def end(self, place: OpenStay) -> list[StayEvent]:
        """What stands in this place is another bike, or nobody looks at it any more; call after a frame."""
        assert self._moment is not None
        return self._close(place, self._moment)

    def update(
        self, tracks: Sequence[Track], detections: Sequence[Detection], at: datetime, width_px: int, height_px: int
    ) -> list[StayEvent]:
        """One frame on. `detections` are all boxes of the frame, the faint ones too: they show what is not gone."""
        moment = Moment(at, tuple(tracks), tuple(detections), width_px, height_px)
        if self._moment is not None and (at - self._moment.at).total_seconds() > GAP_S:
            self._look_anew(at)
        seconds = min(2.0, (at - self._moment.at).total_seconds()) if self._moment else 0.0
        self._started_at = self._started_at or at
        self._moment = moment
        self._trails.update(moment)
        keep_boxes(self._places, moment, self._trails, self._visits.arriving(), self._thresholds.park_after_s)
        looks = looks_at([(place.stay_id, place.box_px, place.vacancy) for place in self._places], moment)
        standing = self._standing(looks)
        events = [*self._close_the_gone(looks, moment, seconds), *self._attend(moment)]
        self._claim_newcomers(moment, looks)
        for drop in self._visits.update(moment, self._trails, self._settled(), standing):
            events += self._put_down(drop, looks, moment)
        return events + self._find_standing(moment)

    def _look_anew(self, at: datetime) -> None:
        """Nobody looked for a while: only the stays themselves go on, and each waits to be known again."""
        self._trails, self._visits = Trails(), Visits(self._thresholds.park_after_s)
        self._newcomers = Newcomers()
        self._started_at, self._moment = at, None
        for place in self._places:
            place.resume(at)

    # Bikes that stand

    def _standing(self, looks: Looks) -> Standing:
        unseen = (one.box_px for one in self._places if one.told and looks.of[one.stay_id] is not Look.SEEN)
        attended = [place for place in self._places if not (place.preexisting or place.attendance.has_left)]
        riders = frozenset(rider for place in attended for rider in place.attendance.riders)
        return Standing(tuple(place.box_px for place in self._places), tuple(unseen), looks.known_boxes, riders)

    def _settled(self) -> frozenset[int]:
        return settled_tracks(self._places)

    def _close_the_gone(self, looks: Looks, moment: Moment, seconds: float) -> Iterator[StayEvent]:
        for place in self._places:
            look = looks.of[place.stay_id]
            hides = look is Look.EMPTY and place.attendance.hides_place(moment.at)
            place.look(Look.HIDDEN if hides else look, moment.at, seconds)
            place.note(moment, seconds)
        self._places = [place for place in self._places if not place.is_unfounded(moment.at)]
        gone = [place for place in self._places if place.was_only_a_halt()] + self._taken()
        for place in {place.stay_id: place for place in gone + self._vanished()}.values():
            yield from self._close(place, moment)

    def _taken(self) -> list[OpenStay]:
        """Places seen empty after a visit, each by somebody else: nobody takes two bikes."""
        empty = [place for place in self._places if self._may_be_taken(place)]
        takers = takers_of([place.possible_takers() for place in empty], frozenset(self._takers))
        self._takers.update(taker for taker in takers if taker is not None)
        return [
            place
            for place, taker in zip(empty, takers, strict=True)
            if taker is not None or (place.vacancy.visited() and not place.possible_takers())
        ]

    def _may_be_taken(self, place: OpenStay) -> bool:
        if place.vacancy.is_gone(self._thresholds.gone_after_s, taken=True):
            return True
        return place.vacancy.has_faded() and bool(self._visits.took_from(place.box_px) & place.possible_takers().keys())

    def _vanished(self) -> list[OpenStay]:
        """Places seen empty for so long that it does not matter who took the bike."""
        after_s = self._thresholds.gone_after_s
        return [one for one in self._places if one.vacancy.is_gone(after_s, taken=one.seen_again_s is not None)]

    def _close(self, place: OpenStay, moment: Moment) -> list[StayEvent]:
        """The bike is gone; one that was never said to be parked just went on."""
        self._places.remove(place)
        for other in self._places:
            other.vacancy.beside.pop(place.stay_id, None)
        if place.told:
            return [self._event(StayEventKind.CLOSED, place, moment)]
        halted_at = place.attendance.last_here_at or place.parked_at
        self._visits.go_on(place.attendance.riders, Sighting(halted_at, place.box_px, 0.0))
        return []

    # People at them

    def _attend(self, moment: Moment) -> Iterator[StayEvent]:
        at_stay = attended_by(
            {person.track_id: self._pulls(person.track_id, person.xyxy_px) for person in moment.people()}
        )
        for place in self._places:
            if not place.preexisting:
                elsewhere = {who for who, stay_id in at_stay.items() if stay_id != place.stay_id}
                yield from self._attend_one(place, moment, elsewhere | self._riders_of_others(place))

    def _pulls(self, person_id: int, person: XyxyPx) -> dict[str, float]:
        pulls = {place.stay_id: place.pull_on(person_id, person) for place in self._places}
        return {stay_id: pull for stay_id, pull in pulls.items() if pull is not None}

    def _attend_one(self, place: OpenStay, moment: Moment, elsewhere: set[int]) -> Iterator[StayEvent]:
        attendance, had_left = place.attendance, place.attendance.has_left
        attendance.update(moment, self._trails, elsewhere)
        if not place.told and place.is_confirmed(moment.at):
            place.told = True
            yield self._event(StayEventKind.OPENED, place, moment)
        if had_left and not attendance.has_left:
            yield self._event(StayEventKind.RETURNED, place, moment)
        if place.told and place.seen_again_s is None and attendance.is_left(moment.at, self._thresholds.grace_s):
            attendance.has_left = True
            place.left_at = attendance.last_here_at
            place.parked_at = min(place.parked_at, place.left_at or place.parked_at)
            unhidden = [one for one in self._trails.recent if one.at > (attendance.away_since or moment.at)]
            place.sharpen(unhidden, self._others_px(place))
            yield self._event(StayEventKind.LEFT, place, moment)

    def _riders_of_others(self, place: OpenStay) -> set[int]:
        """People who are parking another bike just now."""
        others = (
            one for one in self._places if one is not place and not one.preexisting and not one.attendance.has_left
        )
        return {who for one in others for who in one.attendance.riders - place.attendance.riders}

    def _event(self, kind: StayEventKind, place: OpenStay, moment: Moment) -> StayEvent:
        gone_at = (place.gone_since() or moment.at) if kind is StayEventKind.CLOSED else None
        return StayEvent(kind, place.as_stay(moment, gone_at), place.evidence(), moment.at)

    def _others_px(self, place: OpenStay) -> list[XyxyPx]:
        return [other.box_px for other in self._places if other is not place]

    # Bikes that come

    def _put_down(self, drop: Drop, looks: Looks, moment: Moment) -> list[StayEvent]:
        rack = rack_of(self._racks, drop.xyxy_px, moment.width_px, moment.height_px)
        if rack is None:
            self._visits.go_on(drop.riders, Sighting(moment.at, drop.xyxy_px, 0.0))
            return []
        same = next((place for place in self._places if is_same_visit(place, drop, looks)), None)
        if same is not None:
            same.settle(drop.xyxy_px, drop.parked_at)
            same.certain = same.certain or drop.certain
            same.track_ids |= drop.track_ids
            return []
        vacated = [place for place in self._places if makes_room(place, drop)]
        events = [event for place in vacated for event in self._close(place, moment)]
        place = self._open(drop, rack)
        place.told = False
        self._relive(place)
        return events

    def _open(self, drop: Drop, rack: Rack) -> OpenStay:
        attendance = Attendance(drop.xyxy_px, drop.parked_at, set(drop.riders), drop.rider_seen)
        stay_id = self._stay_id(rack, drop.xyxy_px, drop.parked_at)
        certain = drop.certain and is_whole(drop.xyxy_px, [place.box_px for place in self._places])
        place = OpenStay(
            stay_id, rack, drop.kind, drop.xyxy_px, drop.parked_at, False, certain, attendance, set(drop.track_ids)
        )
        self._places.append(place)
        return place

    def _stay_id(self, rack: Rack, box: XyxyPx, parked_at: datetime) -> str:
        corners = ",".join(str(round(side)) for side in box)
        return str(uuid7(parked_at, f"{self._seed}|{rack.rack_id}|{corners}".encode()))

    def _claim_newcomers(self, moment: Moment, looks: Looks) -> None:
        """A bike that came to light where none was known, and whose rider has no other: put down, or put elsewhere."""
        places = [place.box_px for place in self._places]
        coming = [bike.xyxy_px for bike in moment.bikes() if bike.track_id in self._visits.arriving()]
        found = self._newcomers.update(moment, looks.known_boxes, coming)
        unknown = self._newcomers.sure()
        ripe = [one for one in found if is_one_bike(one.box_px, places, unknown)]
        if not ripe:
            return
        settled = {who for place in self._places if place.is_supported() for who in place.attendance.everybody()}
        came = {who: at for who, at in self._visits.came_with_bike().items() if who not in settled}
        unseen = {who: at for who, at in self._visits.came_unseen(self._trails, moment).items() if who not in settled}
        for newcomer, who, had_until in claims(ripe, came, unseen, self._trails):
            self._claim(newcomer, who, had_until, moment)

    def _claim(self, newcomer: Newcomer, who: int, had_until: datetime, moment: Moment) -> None:
        rack = rack_of(self._racks, newcomer.box_px, moment.width_px, moment.height_px)
        mine = next((one for one in self._places if who in one.attendance.everybody()), None)
        if rack is None or (mine is not None and mine.attendance.has_left):
            return
        if any(place.may_show_as(newcomer.box_px) for place in self._places if place is not mine):
            return
        since_when = put_down_at(dwell_of(self._trails.of(who), newcomer.box_px), had_until)
        if mine is None:
            drop = Drop(
                None, newcomer.kind, newcomer.box_px, since_when, frozenset({who}), rider_seen=True, certain=True
            )
            mine = self._open(drop, rack)
            mine.told = False
            self._visits.put_down(who)
        else:
            mine.move(newcomer.box_px, since_when)
        self._relive(mine)

    def _relive(self, place: OpenStay) -> None:
        """Parking is known only after the bike has rested, and its moment is not exact: go through what the rider did."""
        begins = place.parked_at - timedelta(seconds=RELIVE_BEFORE_S)
        for moment in self._trails.past:
            if begins <= moment.at and moment is not self._trails.past[-1]:
                place.attendance.update(moment, self._trails, ())

    # Bikes nobody was seen bringing

    def _find_standing(self, moment: Moment) -> list[StayEvent]:
        assert self._started_at is not None
        events = []
        taken = self._settled() | self._visits.arriving()
        for bike in moment.bikes():
            trail = self._trails.of(bike.track_id)
            if bike.track_id not in taken and stands_alone(bike, trail, self._started_at, moment):
                events += self._find(bike, moment)
        return events

    def _find(self, bike: Track, moment: Moment) -> list[StayEvent]:
        box = median_box(since(self._trails.of(bike.track_id), FOUND_EARLY_S))
        rack = rack_of(self._racks, box, moment.width_px, moment.height_px)
        if rack is None or any(place.covers(box) for place in self._places):
            return []
        if any(place.adopts(bike.track_id, box) for place in self._places):
            return []
        parked_at = self._trails.of(bike.track_id)[0].at
        drop = Drop(bike.track_id, bike.kind, box, parked_at, frozenset(), rider_seen=False, certain=True)
        place = self._open(drop, rack)
        place.preexisting = True
        return [self._event(StayEventKind.OPENED, place, moment)]
