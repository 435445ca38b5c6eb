"""What workers, cameras and racks say of themselves, as the bridge takes it in."""

from __future__ import annotations

from broker_bridge.messages import CameraHealth, ModelName, RackOccupancy, topic_of
from dashboard.health import tables as health
from dashboard.places.tables import Rack
from tests.broker_bridge.arriving import arrive, changed, only, say
from tests.brokers import Server, header, status


def test_the_verdict_a_worker_judges_with_is_kept_and_an_older_worker_names_none(host: Server) -> None:
    said = status(verdict=ModelName(id="lock-verdict-v1", sha256="cd" * 32))
    say(host, said)
    assert (only(host, health.Worker).verdict_id, only(host, health.Worker).verdict_sha256) == (
        "lock-verdict-v1",
        "cd" * 32,
    )
    arrive(host, topic_of(said), changed(status(1), verdict="gone"))
    assert only(host, health.Worker).verdict_id is None


def test_what_a_camera_is_judged_with_is_kept_and_an_older_worker_names_nothing(host: Server) -> None:
    def said(number: int, **models: ModelName) -> CameraHealth:
        return CameraHealth(**header(number), camera="gate", fps_in=15, fps_seen=5, fps_inferred=5, **models)

    verdict, locks = ModelName(id="lock-verdict-v1", sha256="cd" * 32), ModelName(id="locks-v1", sha256="ef" * 32)
    say(host, said(1, verdict=verdict, lock_model=locks))
    row = only(host, health.CameraHealth)
    assert (row.verdict_id, row.verdict_sha256) == (verdict.id, verdict.sha256)
    assert (row.lock_model_id, row.lock_model_sha256) == (locks.id, locks.sha256)
    arrive(host, topic_of(said(2)), changed(said(2), verdict="gone", lock_model="gone"))
    row = only(host, health.CameraHealth)
    assert (row.verdict_id, row.lock_model_id) == (None, None)


def test_status_health_and_occupancy_are_kept_as_they_last_were(host: Server) -> None:
    say(host, status(cameras=("gate", "yard")))
    for number, rate in ((5, 4.5), (3, 1.0)):
        say(host, CameraHealth(**header(number), camera="gate", fps_in=25, fps_seen=5, fps_inferred=rate))
        say(host, RackOccupancy(**header(number), rack="rack-1", bikes=number, unlocked=1, unsure=0))
    assert only(host, health.Worker).cameras == ["gate", "yard"]
    assert only(host, health.CameraHealth).fps_inferred == 4.5
    assert only(host, Rack).bikes == 5


def test_a_last_will_counts_unless_the_worker_has_connected_again_since(host: Server) -> None:
    def state() -> str:
        return str(only(host, health.Worker).state)

    first, second = status(1), status(50)
    say(host, first)
    say(host, second)
    say(host, first.model_copy(update={"state": "offline"}))
    assert state() == "online"
    say(host, second.model_copy(update={"state": "offline"}))
    assert state() == "offline"


def test_an_edge_whose_clock_was_set_back_an_hour_is_still_heard(host: Server) -> None:
    for number, state in ((7200, "online"), (7200, "offline"), (3600, "online")):
        say(host, status(number, state=state))
        rate = 5.0 if number == 7200 else 4.0
        say(host, CameraHealth(**header(number), camera="gate", fps_in=25, fps_seen=5, fps_inferred=rate))
        say(host, RackOccupancy(**header(number), rack="rack-1", bikes=int(rate), unlocked=0, unsure=0))
    assert only(host, health.Worker).state == "online"
    assert only(host, health.CameraHealth).fps_inferred == 4.0
    assert only(host, Rack).bikes == 4


def test_a_worker_that_says_online_is_to_be_greeted(host: Server) -> None:
    assert say(host, status()).worker_is_back
    assert not say(host, status(1, state="offline")).worker_is_back
