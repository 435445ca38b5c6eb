"""One clip, one result folder: the right stays, the same bytes every time, finished or not there at all."""

from __future__ import annotations

import csv
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import av
import pytest

from broker_bridge.messages import UP_MESSAGE, AlertMessage, StayMessage
from detector.clips import Clip
from detector.config import ViewConfig
from detector.errors import CannotReadError, CannotWriteError, UsageError
from detector.offline import Wanted, camera_of, run_clip
from detector.results import DETECTIONS
from detector.stays_csv import COLUMNS
from detector.vocabulary import Detection, Frame
from tests.detector.drawn_footage import DrawnDetector, drawn_model, plain, scene, write_video


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """14 s: a bike is put down at 4 s and left alone from 5 s on."""
    return Clip("gate", write_video(tmp_path_factory.mktemp("footage") / "gate.mp4", scene, count=70))


@pytest.fixture(scope="module")
def results(clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out")
    run_clip(clip, wanted(out, video=True, save_detections=True), drawn_model())
    return out / "gate"


def wanted(out: Path, view: ViewConfig | None = None, **more: object) -> Wanted:
    return Wanted(out, view or ViewConfig(), **more)  # type: ignore[arg-type]


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "stays.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_bike_put_down_and_left_is_one_stay_with_its_times(results: Path) -> None:
    (row,) = rows(results)
    assert tuple(row) == COLUMNS
    assert (row["clip"], row["rack"], row["kind"], row["preexisting"]) == ("gate", "whole-picture", "bicycle", "no")
    assert float(row["parked_at_s"]) == pytest.approx(4, abs=1)
    assert float(row["left_at_s"]) == pytest.approx(6, abs=2)
    assert row["gone_at_s"] == ""
    assert (row["verdict"], row["alert"]) == ("unlocked", "raised")
    assert float(row["p_unlocked"]) > 0.7
    assert "bent_s=" in row["reasons"]
    assert 0.3 < float(row["left"]) < float(row["right"]) < 0.8


def test_events_are_wire_messages_in_order_with_the_alerts_picture_beside(results: Path) -> None:
    lines = (results / "events.jsonl").read_text(encoding="utf-8").splitlines()
    messages = [UP_MESSAGE.validate_json(line) for line in lines]
    assert [type(message) for message in messages] == [StayMessage, StayMessage, AlertMessage]
    assert [message.seq for message in messages] == [0, 1, 2]
    assert {message.site for message in messages} == {"recorded"}
    alert = messages[-1]
    assert isinstance(alert, AlertMessage)
    assert alert.at < datetime(1970, 1, 1, 0, 1, tzinfo=UTC)
    assert (results / "snapshots" / f"{alert.alert_id}.jpg").read_bytes()[:2] == b"\xff\xd8"


def test_the_annotated_video_shows_every_frame_looked_at(results: Path) -> None:
    with av.open(str(results / "annotated.mp4")) as container:
        times = [frame.time for frame in container.decode(video=0)]
        assert container.streams.video[0].codec_context.name == "h264"
    assert len(times) == 70
    assert times[-1] == pytest.approx(13.8, abs=0.05)


def test_a_second_run_gives_the_same_bytes(clip: Clip, results: Path, tmp_path: Path) -> None:
    run_clip(clip, wanted(tmp_path, video=True, save_detections=True), drawn_model())
    for name in ("events.jsonl", "stays.csv", "report.html", DETECTIONS):
        assert (tmp_path / "gate" / name).read_bytes() == (results / name).read_bytes(), name


def test_saved_detections_give_the_same_bytes_without_a_model(clip: Clip, results: Path, tmp_path: Path) -> None:
    run_clip(clip, wanted(tmp_path, from_detections=results / DETECTIONS), None)
    for name in ("events.jsonl", "stays.csv", "report.html"):
        assert (tmp_path / "gate" / name).read_bytes() == (results / name).read_bytes(), name


def test_other_settings_give_other_message_ids(clip: Clip, results: Path, tmp_path: Path) -> None:
    view = ViewConfig.model_validate({"thresholds": {"unlocked_above": 0.7}})
    run_clip(clip, wanted(tmp_path, view), drawn_model())
    first, second = (
        {json.loads(line)["message_id"] for line in (folder / "events.jsonl").read_text().splitlines()}
        for folder in (results, tmp_path / "gate")
    )
    assert first.isdisjoint(second)


def test_a_stay_outside_of_every_rack_is_none(clip: Clip, tmp_path: Path) -> None:
    corner = {"id": "corner", "outline": [[0.0, 0.0], [0.2, 0.0], [0.2, 0.2], [0.0, 0.2]]}
    result = run_clip(clip, wanted(tmp_path, ViewConfig.model_validate({"racks": [corner]})), drawn_model())
    assert result.stays == 0
    assert rows(tmp_path / "gate") == []


def test_a_masked_bike_is_never_seen(clip: Clip, tmp_path: Path) -> None:
    mask = [[0.0, 0.5], [1.0, 0.5], [1.0, 1.0], [0.0, 1.0]]
    assert run_clip(clip, wanted(tmp_path, ViewConfig.model_validate({"masks": [mask]})), drawn_model()).stays == 0


def test_a_given_start_moves_the_messages_and_not_the_seconds(clip: Clip, results: Path, tmp_path: Path) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    run_clip(clip, wanted(tmp_path, start=start), drawn_model())
    (row,), (before,) = rows(tmp_path / "gate"), rows(results)
    assert row["parked_at_s"] == before["parked_at_s"]
    assert row["parked_at"].startswith("2026-03-01T00:00:0")


def test_progress_is_told_in_seconds_of_footage(clip: Clip, tmp_path: Path) -> None:
    told: list[tuple[float, float | None]] = []
    run_clip(clip, wanted(tmp_path), drawn_model(), progress=lambda done, total: told.append((done, total)))
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert told[-1] == pytest.approx((13.8, 14.0), abs=0.3)


class FailsLater(DrawnDetector):
    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self._error = error

    def detect(self, frame: Frame) -> list[Detection]:
        if self.looked_at == 20:
            raise self._error
        return super().detect(frame)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), CannotReadError("broken"), MemoryError()])
def test_a_run_broken_off_leaves_nothing_behind(clip: Clip, tmp_path: Path, error: BaseException) -> None:
    model = drawn_model()._replace(detector=FailsLater(error))
    with pytest.raises(type(error)):
        run_clip(clip, wanted(tmp_path, video=True, save_detections=True), model)
    assert list(tmp_path.iterdir()) == []


def test_a_run_broken_off_keeps_the_earlier_result(clip: Clip, tmp_path: Path) -> None:
    run_clip(clip, wanted(tmp_path), drawn_model())
    before = (tmp_path / "gate" / "events.jsonl").read_bytes()
    with pytest.raises(KeyboardInterrupt):
        run_clip(clip, wanted(tmp_path), drawn_model()._replace(detector=FailsLater(KeyboardInterrupt())))
    assert (tmp_path / "gate" / "events.jsonl").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["gate"]


def test_an_earlier_result_is_replaced_as_a_whole_and_told(clip: Clip, tmp_path: Path) -> None:
    assert not run_clip(clip, wanted(tmp_path, video=True), drawn_model()).replaced
    assert run_clip(clip, wanted(tmp_path), drawn_model()).replaced
    assert not (tmp_path / "gate" / "annotated.mp4").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["gate"]


class ForManyAtOnce(DrawnDetector):
    at_once = 2


@pytest.mark.parametrize("saves", [False, True])
def test_a_model_that_may_be_asked_ahead_gives_the_same_bytes(clip: Clip, tmp_path: Path, saves: bool) -> None:
    plain_model, ahead = drawn_model(), drawn_model()._replace(detector=ForManyAtOnce())
    for name, model in (("one", plain_model), ("many", ahead)):
        (tmp_path / name).mkdir()
        run_clip(clip, wanted(tmp_path / name, save_detections=saves), model)
    files = [path.name for path in (tmp_path / "one" / "gate").iterdir() if path.is_file()]
    assert {"events.jsonl", "stays.csv", "report.html"} <= set(files)
    for file in files:
        assert (tmp_path / "one" / "gate" / file).read_bytes() == (tmp_path / "many" / "gate" / file).read_bytes()


def test_a_folder_that_is_no_result_is_never_replaced(clip: Clip, tmp_path: Path) -> None:
    (tmp_path / "gate").mkdir()
    (tmp_path / "gate" / "thesis.txt").write_text("four years of work")
    with pytest.raises(CannotWriteError, match="is not a result of pleaselock"):
        run_clip(clip, wanted(tmp_path), drawn_model())
    assert (tmp_path / "gate" / "thesis.txt").read_text() == "four years of work"


def test_a_clip_without_bikes_is_a_finished_result_too(tmp_path: Path) -> None:
    clip = Clip("empty yard", write_video(tmp_path / "yard.avi", plain, count=10, codec="mpeg4"))
    (tmp_path / "out").mkdir()
    assert run_clip(clip, wanted(tmp_path / "out"), drawn_model()).stays == 0
    assert (tmp_path / "out" / "empty yard" / "events.jsonl").read_bytes() == b""
    assert "Nobody was seen parking here." in (tmp_path / "out" / "empty yard" / "report.html").read_text("utf-8")


def test_a_result_with_something_of_the_users_in_it_is_not_replaced(clip: Clip, tmp_path: Path) -> None:
    run_clip(clip, wanted(tmp_path), drawn_model())
    (tmp_path / "gate" / "notes.txt").write_text("seen by hand")
    with pytest.raises(CannotWriteError, match=r"holds notes\.txt"):
        run_clip(clip, wanted(tmp_path), drawn_model())
    assert (tmp_path / "gate" / "notes.txt").read_text() == "seen by hand"


def test_running_again_in_place_keeps_the_saved_detections(clip: Clip, tmp_path: Path) -> None:
    run_clip(clip, wanted(tmp_path, save_detections=True), drawn_model())
    saved = tmp_path / "gate" / DETECTIONS
    before = saved.read_bytes()
    run_clip(clip, wanted(tmp_path, from_detections=saved), None)
    assert saved.read_bytes() == before


REFUSED = [
    ("another clip", {"fingerprint": "0" * 64}, "was made for the clip gate"),
    ("another frame rate", {"fps": 2.5}, "2.5 frames a second, not for 5"),
    ("another size", {"width_px": 99}, "99x240 pixels, not for 320x240"),
    ("other masks", {"masks": [[[0, 0], [1, 0], [1, 1]]]}, "other masks"),
    ("a later version", {"version": 2}, "is not a file of saved detections"),
]


@pytest.mark.parametrize(("changed", "said"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_saved_detections_of_something_else_are_refused(
    clip: Clip, results: Path, tmp_path: Path, changed: dict[str, object], said: str
) -> None:
    header, rest = (results / DETECTIONS).read_text().split("\n", maxsplit=1)
    (tmp_path / "out").mkdir()
    saved = tmp_path / "saved.jsonl"
    saved.write_text(json.dumps(json.loads(header) | changed) + "\n" + rest)
    with pytest.raises(UsageError, match=said):
        run_clip(clip, wanted(tmp_path / "out", from_detections=saved), None)
    assert list((tmp_path / "out").iterdir()) == []


BROKEN = [
    ("cut short", lambda lines: lines[:40], "ends before picture 39"),
    ("a damaged line", lambda lines: [*lines[:9], lines[9][:20], *lines[10:]], "line 10 is damaged"),
    ("a line missing", lambda lines: lines[:9] + lines[10:], "line 10 is not about picture 8"),
    ("nothing in it", lambda _lines: [], "is not a file of saved detections"),
]


@pytest.mark.parametrize(("damage", "said"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_damaged_saved_detections_are_refused(
    clip: Clip, results: Path, tmp_path: Path, damage: object, said: str
) -> None:
    assert callable(damage)
    saved = tmp_path / "saved.jsonl"
    saved.write_text("".join(f"{line}\n" for line in damage((results / DETECTIONS).read_text().splitlines())))
    (tmp_path / "out").mkdir()
    with pytest.raises(CannotReadError, match=said):
        run_clip(clip, wanted(tmp_path / "out", from_detections=saved), None)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "camera"),
    [
        ("gate", "gate"),
        ("gate east", r"gate-east-[0-9a-f]{8}"),
        ("东门", r"clip-[0-9a-f]{8}"),
        ("a/b", r"a-b-[0-9a-f]{8}"),
    ],
)
def test_any_clip_name_makes_a_camera_id(name: str, camera: str) -> None:
    assert re.fullmatch(camera, camera_of(name))
