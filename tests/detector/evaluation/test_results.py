"""What lies on disk becomes pairs of truth and result, or one sentence that says what is wrong and where."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from detector.errors import UsageError
from detector.evaluation.found import FoundStay, FoundVerdict
from detector.evaluation.results import pair_up, read_result
from detector.frames import EPOCH
from detector.results import EVENTS, STAYS
from tests.detector.evaluation.cases import parked, stay, told, truth
from tests.detector.evaluation.result_files import write_result, write_truth

FULL = (
    stay(
        gone_at_s=63.25,
        visit_certain=False,
        verdicts=(FoundVerdict(24.0, "unsure", 0.5, {"bent_s": 2.5}), FoundVerdict(40.0, "unlocked", 0.875)),
        alerts=(told(40.0, 63.5, "gone"),),
    ),
    stay(1, 2, preexisting=True, parked_at_s=0.0, left_at_s=None, kind="motorcycle"),
)


@pytest.mark.parametrize("start", [EPOCH, datetime(2026, 3, 1, 0, 0, 0, 250_000, tzinfo=UTC)])
def test_what_was_written_is_read_back(tmp_path: Path, start: datetime) -> None:
    assert read_result(write_result(tmp_path / "yard", *FULL, start=start)).stays == FULL


def test_a_clip_in_which_nothing_was_found_is_read_too(tmp_path: Path) -> None:
    assert read_result(write_result(tmp_path / "yard")).stays == ()


def edited(name: str, change: Callable[[str], str]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        (folder / name).write_text(change((folder / name).read_text(encoding="utf-8")), encoding="utf-8")

    return edit


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(edited(STAYS, lambda text: text.replace("10.50", "soon")), ("line 2", "soon"), id="no number"),
        pytest.param(
            edited(STAYS, lambda text: text.replace("parked_at_s", "when")), ("line 2", "parked_at_s"), id="col"
        ),
        pytest.param(edited(STAYS, lambda text: text.replace(",yes,", ",maybe,")), ("line 3", "maybe"), id="flag"),
        pytest.param(edited(STAYS, lambda text: text.replace("motorcycle", "tram")), ("line 3", "tram"), id="kind"),
        pytest.param(edited(STAYS, lambda text: text[:-60]), ("line 3",), id="cut short"),
        pytest.param(edited(STAYS, lambda text: text.replace("0.1000", "nan")), ("line 2", "nan"), id="not a number"),
        pytest.param(edited(STAYS, lambda text: text.splitlines()[0] + "\n"), (EVENTS, "stay-1"), id="stays lost"),
        pytest.param(edited(EVENTS, lambda text: text + "half a li"), ("line 8",), id="half a message"),
        pytest.param(edited(EVENTS, lambda text: text.replace("stay-1", "stay-9")), ("stay-9",), id="another stay"),
        pytest.param(lambda folder: (folder / STAYS).unlink(), (STAYS, "cannot be read"), id="no table"),
        pytest.param(lambda folder: (folder / EVENTS).unlink(), (EVENTS, "cannot be read"), id="no events"),
        pytest.param(lambda folder: (folder / STAYS).write_bytes(b"\xff\xfe\x00"), (STAYS,), id="no text, table"),
        pytest.param(lambda folder: (folder / EVENTS).write_bytes(b"\xff\xfe\x00"), (EVENTS,), id="no text, events"),
    ],
)
def test_a_broken_result_is_named_with_file_and_line(
    tmp_path: Path, spoil: Callable[[Path], object], said: tuple[str, ...]
) -> None:
    folder = write_result(tmp_path / "yard", *FULL)
    spoil(folder)
    with pytest.raises(UsageError) as caught:
        read_result(folder)
    assert str(folder) in str(caught.value)
    assert "detect again" in str(caught.value)
    for part in said:
        assert part in str(caught.value)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "results"


@pytest.fixture
def truths(tmp_path: Path) -> Path:
    return tmp_path / "truth"


def test_results_meet_their_truths_by_the_clips_name(results: Path, truths: Path) -> None:
    for name, split in (("one", "fit"), ("two", "test"), ("three", "test")):
        write_truth(truths, truth(parked(), clip=f"{name}.mp4", split=split))
    for name in ("one", "two", "stranger"):
        write_result(results / name, stay())
    (results / ".two.partial-1").mkdir()
    everything = pair_up(results, truths)
    assert [(pair.truth.clip, pair.found is not None) for pair in everything.pairs] == [
        ("one.mp4", True),
        ("three.mp4", False),
        ("two.mp4", True),
    ]
    assert (everything.without_result, everything.without_truth) == (("three",), ("stranger",))
    present = pair_up(results, truths, "test", only_present=True)
    assert [pair.truth.clip for pair in present.pairs] == ["two.mp4"]


def test_one_clips_own_folder_may_be_named(results: Path, truths: Path) -> None:
    write_truth(truths, truth(parked()))
    (pair,) = pair_up(write_result(results / "yard", stay()), truths).pairs
    assert pair.found is not None


def nothing(_results: Path, _truths: Path) -> None:
    pass


def no_match(results: Path, truths: Path) -> None:
    write_result(results / "other", FoundStay(1, FULL[0].xyxy_norm, 1.0))
    write_truth(truths, truth(parked()))


def broken_truth(results: Path, truths: Path) -> None:
    write_result(results / "yard")
    path = write_truth(truths, truth(parked()))
    path.write_text(path.read_text(encoding="utf-8").replace("parked_at_s", "parked"), encoding="utf-8")


def twice(results: Path, truths: Path) -> None:
    write_result(results / "yard")
    path = write_truth(truths, truth(parked()))
    path.with_name("again.truth.json").write_bytes(path.read_bytes())


def no_truth(results: Path, truths: Path) -> None:
    write_result(results / "yard")
    truths.mkdir()


def no_result(results: Path, truths: Path) -> None:
    (results / "empty").mkdir(parents=True)
    write_truth(truths, truth(parked()))


def other_split(results: Path, truths: Path) -> None:
    write_result(results / "yard")
    write_truth(truths, truth(parked(), split="fit"))


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (nothing, "cannot look into this folder"),
        (no_match, "no result there is of a clip"),
        (broken_truth, "yard.truth.json: is not a truth file (stays.0.parked"),
        (twice, "tells of yard.mp4, as again.truth.json does"),
        (no_truth, "holds no file named <clip>.truth.json"),
        (no_result, "holds no result of pleaselock detect"),
        (other_split, "no clip there is of the split test"),
    ],
)
def test_where_nothing_can_be_scored_one_sentence_says_why(
    prepare: Callable[[Path, Path], None], said: str, results: Path, truths: Path
) -> None:
    prepare(results, truths)
    with pytest.raises(UsageError) as caught:
        pair_up(results, truths, "test")
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
