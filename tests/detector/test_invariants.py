"""What holds for every clip, whatever happens in it and however badly it is seen: over simulated scenes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker_bridge.messages import AlertMessage, StayMessage
from detector.boxes import XyxyPx, iou
from detector.evaluation.outcomes import Said
from detector.pipeline import Judged
from detector.vocabulary import StayEventKind
from sample_videos.simulate.eye import EYES
from sample_videos.simulate.run import Run
from sample_videos.simulate.suite import Job, do, names_of_scenarios, outcome, scenario_of

LONGEST_S = 50
NAMES = names_of_scenarios()
SHORT = [name for name in NAMES if scenario_of(name, 0).duration_s <= LONGEST_S]
QUIET = [name for name in NAMES if scenario_of(name, 0).group == "nobody_parks"]
EMPTY_FRAMES = 3
SAME_BOX_IOU = 0.7
ONE_PLACE_IOU = 0.9
SLOW_FPS, FAST_FPS = 5, 10
STEADY = [
    Job(name, seed)
    for seed, name in enumerate(
        [
            "left_unlocked",
            "locked",
            "u_lock_bending",
            "chain_crouching",
            "rain_unlocked",
            "plain_turns_back",
            "rain_chain",
        ]
    )
]
MOST_TURNED = 1

bounded = settings(
    max_examples=10, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
seeds = st.integers(min_value=0, max_value=400)
frame_rates = st.integers(min_value=2, max_value=15)
eyes = st.sampled_from(sorted(EYES))


def jobs(names: list[str]) -> st.SearchStrategy[Job]:
    return st.builds(Job, st.sampled_from(names), seeds, eyes, frame_rates)


def events_of(run: Run, kind: StayEventKind) -> list[Judged]:
    return [judged for judged in run.ledger.judged if judged.event.kind is kind]


def alerts_of(run: Run) -> list[AlertMessage]:
    return [message for message in run.ledger.messages if isinstance(message, AlertMessage)]


@given(jobs(SHORT))
@bounded
def test_every_run_keeps_the_rules_of_stays_and_alerts(job: Job) -> None:
    run = do(job)
    assert_one_alert_per_stay_ever(run)
    assert_no_alert_without_a_visit(run)
    assert_a_stay_is_opened_once_and_closed_at_most_once(run)
    assert_a_stay_is_closed_only_after_its_place_was_seen_empty(run)
    assert_one_stay_per_place(run)
    assert_times_are_in_order(run)


def assert_one_alert_per_stay_ever(run: Run) -> None:
    raised = Counter(alert.stay_id for alert in alerts_of(run) if alert.event == "raised")
    assert all(count == 1 for count in raised.values()), raised
    assert len({alert.alert_id for alert in alerts_of(run)}) == len(raised)
    cleared = Counter(alert.stay_id for alert in alerts_of(run) if alert.event == "cleared")
    assert all(cleared[stay] <= raised[stay] for stay in cleared), "cleared, but never raised"


def assert_no_alert_without_a_visit(run: Run) -> None:
    brought = {
        judged.event.stay.stay_id
        for judged in events_of(run, StayEventKind.OPENED)
        if not judged.event.stay.preexisting
    }
    left = {
        judged.event.stay.stay_id for judged in events_of(run, StayEventKind.LEFT) if judged.event.evidence.rider_seen
    }
    for alert in alerts_of(run):
        assert alert.stay_id in brought, "an alert about a bike nobody was seen bringing"
        assert alert.stay_id in left, "an alert about a bike whose rider was not seen, or had not left"
        assert alert.event != "raised" or (alert.verdict is not None and alert.verdict.state == "unlocked")


def assert_a_stay_is_opened_once_and_closed_at_most_once(run: Run) -> None:
    for kind in (StayEventKind.OPENED, StayEventKind.CLOSED):
        ids = [judged.event.stay.stay_id for judged in events_of(run, kind)]
        assert len(ids) == len(set(ids))
    told = [message.stay_id for message in run.ledger.messages if isinstance(message, StayMessage)]
    opened = {judged.event.stay.stay_id for judged in events_of(run, StayEventKind.OPENED)}
    assert set(told) == opened
    closed: set[str] = set()
    for judged in run.ledger.judged:
        assert judged.event.stay.stay_id not in closed, "a closed stay never speaks again"
        if judged.event.kind is StayEventKind.CLOSED:
            closed.add(judged.event.stay.stay_id)


def assert_a_stay_is_closed_only_after_its_place_was_seen_empty(run: Run) -> None:
    """Since it was parked there were frames in which no box of a two-wheeler was like its own."""
    for judged in events_of(run, StayEventKind.CLOSED):
        stay = judged.event.stay
        place = stay.xyxy_norm.to_px(run.truth.width, run.truth.height)
        since, until = (at.timestamp() * run.fps for at in (stay.parked_at, judged.event.at))
        frames = range(max(0, int(since)), min(len(run.frames), round(until) + 1))
        empty = sum(not _is_seen(run, frame, place) for frame in frames)
        assert empty >= EMPTY_FRAMES, f"closed at {judged.event.at} after {empty} frames in which it was not seen"


def _is_seen(run: Run, frame: int, place: XyxyPx) -> bool:
    bikes = (one for one in run.frames[frame] if one.kind != "person")
    return any(iou(bike.xyxy_px, place) >= SAME_BOX_IOU for bike in bikes)


def assert_one_stay_per_place(run: Run) -> None:
    """No two stays are open at once with as good as the same box, but where it is not certain which box it is."""
    for one, other in _open_together(run):
        assert iou(one, other) < ONE_PLACE_IOU


def _open_together(run: Run) -> Iterator[tuple[XyxyPx, XyxyPx]]:
    """The boxes of stays whose place is certain."""
    open_now: dict[str, XyxyPx] = {}
    for judged in run.ledger.judged:
        stay = judged.event.stay
        if judged.event.kind is StayEventKind.CLOSED:
            open_now.pop(stay.stay_id, None)
            continue
        if not stay.visit_certain:
            continue
        box = stay.xyxy_norm.to_px(run.truth.width, run.truth.height)
        yield from ((box, other) for key, other in open_now.items() if key != stay.stay_id)
        open_now[stay.stay_id] = box


def assert_times_are_in_order(run: Run) -> None:
    for record in run.ledger.records:
        stay = record.stay
        times = [time for time in (stay.parked_at, stay.left_at, stay.gone_at) if time is not None]
        assert times == sorted(times)
        assert record.alert_at is None or record.alert_at > stay.parked_at


def test_a_bike_with_two_boxes_beside_two_riders_is_one_stay() -> None:
    assert_one_stay_per_place(do(Job("together_one_locks", 12000)))


@given(jobs(QUIET))
@settings(bounded, max_examples=6)
def test_where_nobody_parks_nobody_is_alerted(job: Job) -> None:
    run = do(job)
    assert all(stay.preexisting for stay in run.truth.stays)
    assert alerts_of(run) == []


@pytest.mark.parametrize("job", [Job("crowded_chain", 3, "poor", 4), Job("stranger_takes_it", 5, "usual", 3)])
def test_the_same_boxes_give_the_same_messages(job: Job) -> None:
    first, second = ([one.model_dump_json() for one in do(job).ledger.messages] for _ in range(2))
    assert first == second
    assert first


def test_the_verdict_hardly_changes_with_the_frame_rate() -> None:
    """The same seed is the same chance at both rates, so what differs is the line's own doing."""
    slow, fast = ({job: said_of(replace(job, fps=fps)) for job in STEADY} for fps in (SLOW_FPS, FAST_FPS))
    turned = [job.clip for job in STEADY if {slow[job], fast[job]} == {Said.LOCKED, Said.UNLOCKED}]
    assert len(turned) <= MOST_TURNED, turned
    assert sum(slow[job] in {Said.LOCKED, Said.UNLOCKED} for job in STEADY) >= len(STEADY) / 2


def said_of(job: Job) -> Said:
    (stay,) = outcome(do(job)).stays
    assert stay.first is not None
    return stay.first.said
