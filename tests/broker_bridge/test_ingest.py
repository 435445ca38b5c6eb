from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from broker_bridge.messages import RackOccupancy, Verdict, snapshot_message_id, topic_of
from dashboard.alerts.tables import Alert
from dashboard.intake.queries import marks_with_gaps
from dashboard.intake.tables import QuarantinedMessage
from dashboard.places.tables import Rack
from dashboard.stays.tables import Stay
from tests.broker_bridge.arriving import arrive, changed, only, say
from tests.brokers import AT, JPEG, Server, about, alert, header, status, stay

UP = "pleaselock/v1/north"


def test_an_alert_becomes_a_row_and_is_to_be_acknowledged(host: Server) -> None:
    raised = alert(1)
    receipt = say(host, raised)
    assert (receipt.site, receipt.worker, receipt.message_id) == ("north", "edge-1", raised.message_id)
    row = only(host, Alert)
    assert (row.id, row.stay_id, row.state, row.p_unlocked) == (raised.alert_id, "stay-1", "open", 0.9)


def test_a_message_known_already_changes_nothing_and_is_acknowledged_again(host: Server) -> None:
    raised = alert(1)
    assert say(host, raised) == say(host, raised)
    assert host.count(Alert) == 1


def test_the_same_alert_told_anew_by_a_restarted_worker_is_still_one_row(host: Server) -> None:
    say(host, alert(1))
    say(host, alert(1, boot="boot-2"))
    assert host.count(Alert) == 1


def test_a_cleared_alert_ends_and_its_late_beginning_does_not_open_it_again(host: Server) -> None:
    late, cleared = alert(1), alert(1, event="cleared", clear_reason="locked", at=AT + timedelta(minutes=2))
    say(host, cleared)
    say(host, late)
    row = only(host, Alert)
    assert (row.state, row.clear_reason) == ("cleared", "locked")


def test_the_time_to_lock_is_kept(host: Server) -> None:
    say(host, alert(1))
    locked = alert(1, event="cleared", clear_reason="locked", locked_after_s=200.0, at=AT + timedelta(minutes=4))
    say(host, locked)
    assert only(host, Alert).locked_after_s == 200.0


def test_a_payload_of_an_older_worker_that_says_no_time_to_lock_is_taken_in_as_ever(host: Server) -> None:
    locked = alert(1, event="cleared", clear_reason="locked", at=AT + timedelta(minutes=4))
    receipt = arrive(host, topic_of(locked), changed(locked, locked_after_s="gone"))
    row = only(host, Alert)
    assert receipt.problem is None
    assert (row.clear_reason, row.locked_after_s) == ("locked", None)


@pytest.mark.parametrize("seconds", [-1, 1e12])
def test_an_impossible_time_to_lock_is_put_aside(host: Server, seconds: float) -> None:
    locked = alert(1, event="cleared", clear_reason="locked")
    receipt = arrive(host, topic_of(locked), changed(locked, locked_after_s=seconds))
    assert (receipt.problem or "").startswith("locked_after_s:")


def test_a_clearing_without_a_verdict_keeps_the_one_that_was_told(host: Server) -> None:
    say(host, alert(1))
    say(host, alert(1, event="cleared", clear_reason="gone", verdict=None, at=AT + timedelta(minutes=2)))
    assert only(host, Alert).verdict_state == "unlocked"


def test_a_stay_is_followed_from_opened_to_closed_in_any_order(host: Server) -> None:
    told = [
        stay(1, left_at=None, verdict=None, at=AT),
        stay(1, event="judged", at=AT + timedelta(seconds=10)),
        stay(1, event="closed", at=AT + timedelta(seconds=90), gone_at=AT + timedelta(seconds=84)),
    ]
    rows = []
    for number, order in enumerate(([0, 1, 2], [2, 1, 0], [1, 2, 0])):
        for index in order:
            say(
                host,
                told[index].model_copy(update={"stay_id": f"s-{number}", "message_id": about(number)["message_id"]}),
            )
        with host.sessions() as session:
            rows.append(session.get_one(Stay, f"s-{number}"))
    for row in rows:
        assert (row.verdict_state, row.left_at, row.gone_at) == (
            "unlocked",
            AT + timedelta(seconds=9),
            AT + timedelta(seconds=84),
        )


def test_the_newest_verdict_stands_even_when_an_older_one_arrives_last(host: Server) -> None:
    newer = Verdict(state="locked", p_unlocked=0.1, reasons={"bent_s": 6.0})
    say(host, stay(1, event="judged", at=AT + timedelta(seconds=60), verdict=newer))
    say(host, stay(1, event="judged", at=AT + timedelta(seconds=10)))
    row = only(host, Stay)
    assert (row.verdict_state, row.reasons) == ("locked", {"bent_s": 6.0})


def test_a_picture_is_stored_and_hung_on_its_alert(host: Server) -> None:
    raised = alert(1, snapshot=True)
    say(host, raised)
    receipt = arrive(host, f"{UP}/camera/gate/snapshot/{raised.alert_id}", JPEG)
    assert receipt.message_id == snapshot_message_id(raised.alert_id, JPEG)
    assert (receipt.worker, receipt.camera) == (None, "gate")
    assert (host.media / only(host, Alert).snapshot_key).read_bytes() == JPEG


def test_a_picture_that_overtakes_its_alert_is_hung_when_the_alert_comes(host: Server) -> None:
    raised = alert(1, snapshot=True)
    arrive(host, f"{UP}/camera/gate/snapshot/{raised.alert_id}", JPEG)
    say(host, raised)
    assert (host.media / only(host, Alert).snapshot_key).read_bytes() == JPEG


def test_a_picture_cannot_climb_out_of_its_folder(host: Server) -> None:
    for alert_id in ("..", "."):
        arrive(host, f"{UP}/camera/gate/snapshot/{alert_id}", JPEG)
    assert {file.parent for file in host.folder.rglob("*") if file.is_file() and file.read_bytes() == JPEG} == {
        host.media / "snapshots"
    }


def test_a_gap_in_the_count_shows_and_closes_when_the_missing_one_arrives(host: Server) -> None:
    def missing() -> list[int]:
        with host.sessions() as session:
            return [mark.highest - mark.seen for mark in marks_with_gaps(session)]

    told = [alert(number) for number in range(4)]
    for number in (0, 1, 3):
        say(host, told[number])
    assert missing() == [1]
    say(host, status(9))
    say(host, told[3])
    assert missing() == [1]
    say(host, told[2])
    assert missing() == []


UNUSABLE = {
    "empty": (f"{UP}/camera/gate/alert", b"", "the message is empty"),
    "not JSON": (f"{UP}/camera/gate/alert", b"{", "invalid json"),
    "not text": (f"{UP}/camera/gate/alert", b"\xff\xfe", "invalid json"),
    "not an object": (f"{UP}/camera/gate/alert", b"[1, 2]", "input should be an object"),
    "a field is missing": (f"{UP}/camera/gate/alert", changed(alert(1), rack="gone"), "rack: field required"),
    "a number out of its range": (f"{UP}/camera/gate/alert", changed(alert(1), seq=-1), "seq: input should be greater"),
    "a time without its zone": (f"{UP}/camera/gate/alert", changed(alert(1), at="2026-05-04T08:00:00"), "at: input"),
    "from a newer worker": (f"{UP}/camera/gate/alert", changed(alert(1), schema_version=2), "update the bridge"),
    "the wrong kind for its topic": (f"{UP}/camera/gate/stay", changed(alert(1)), "type: input should be"),
    "another camera's topic": (f"{UP}/camera/yard/alert", changed(alert(1)), "it belongs on"),
    "another site's topic": ("pleaselock/v1/south/camera/gate/alert", changed(alert(1)), "it belongs on"),
    "a new alert without a verdict": (f"{UP}/camera/gate/alert", changed(alert(1), verdict=None), "needs the verdict"),
    "an unknown topic": (f"{UP}/camera/gate/song", b"la", "not in the topic table"),
    "a topic that goes down": (f"{UP}/worker/edge-1/ack", b"{}", "goes down to the edge"),
    "a picture that is none": (f"{UP}/camera/gate/snapshot/a-1", b"GIF89a", "not a JPEG"),
    "a picture far too large": (f"{UP}/camera/gate/snapshot/a-1", JPEG + bytes(5_000_000), "is the most"),
    "a picture with a strange id": (f"{UP}/camera/gate/snapshot/a b", JPEG, "cannot be an id"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_what_cannot_be_used_is_put_aside_with_the_reason_and_once(host: Server, case: str) -> None:
    topic, payload, reason = UNUSABLE[case]
    receipts = [arrive(host, topic, payload) for _ in range(2)]
    row = only(host, QuarantinedMessage)
    assert (row.topic, row.payload) == (topic, payload[:65536])
    assert reason in row.reason
    assert receipts[0].problem == row.reason
    assert host.count(Alert) == 0


def test_what_is_put_aside_is_acknowledged_where_its_id_can_be_read(host: Server) -> None:
    raised = alert(1)
    receipt = arrive(host, topic_of(raised), changed(raised, schema_version=2))
    assert (receipt.site, receipt.worker, receipt.message_id) == ("north", "edge-1", raised.message_id)
    assert arrive(host, topic_of(raised), b"not json").message_id is None


def test_a_message_put_aside_does_not_block_the_true_one_with_its_id(host: Server) -> None:
    raised = alert(1)
    arrive(host, topic_of(raised), changed(raised, rack="gone"))
    say(host, raised)
    assert host.count(Alert) == 1


def test_places_nobody_entered_are_added_by_their_ids_and_shared_by_what_follows(host: Server) -> None:
    say(host, alert(1))
    say(host, alert(2))
    rack = only(host, Rack)
    with host.sessions() as session:
        rack = session.merge(rack)
        assert (rack.code, rack.building.code, rack.camera.code, rack.building.site.code) == (
            "rack-1",
            "teaching-1",
            "gate",
            "north",
        )


def test_a_rack_first_known_by_its_count_learns_its_building_later(host: Server) -> None:
    say(host, RackOccupancy(**header(1), rack="rack-1", bikes=3, unlocked=0, unsure=0))
    say(host, stay(2))
    with host.sessions() as session:
        rack = session.scalars(select(Rack)).one()
        assert (rack.building.code, rack.bikes) == ("teaching-1", 3)


def test_two_sites_may_use_the_same_ids(host: Server) -> None:
    say(host, alert(1))
    say(host, alert(2, site="south"))
    assert host.count(Rack) == 2
