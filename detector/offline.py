"""The line over recorded footage: one clip, one result folder. The same clip and settings always give the same bytes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from broker_bridge.messages import ModelName
from detector.annotate import AnnotatedVideo
from detector.clips import Clip
from detector.config import ViewConfig
from detector.cores import usable_cores
from detector.detection import BARE_FILE_THRESHOLDS, Detector, ParallelDetector, open_detector
from detector.frames import EPOCH, measure, read_frames
from detector.looking import EVERY_FRAME, Looking
from detector.looking_ahead import LookingAhead
from detector.model_folder import Runtime, identify_model, load_model_folder
from detector.outgoing import Stamper, seeded_entropy
from detector.pipeline import Line, run_line
from detector.report import ReportFacts, render_report
from detector.results import DETECTIONS, EVENTS, REPORT, STAYS, VIDEO, is_result, result_folder
from detector.saved_detections import (
    DetectionSettings,
    ReplayedDetector,
    SavedHeader,
    SavingDetector,
    fingerprint,
)
from detector.sinks import JsonlSink
from detector.stay_book import StayBook
from detector.stays_csv import write_stays_csv
from detector.vocabulary import Frame, LockState

SITE, WORKER = "recorded", "pleaselock-detect"
KEY_EVERY_S = 2.5
"""While nothing moves a file's key pictures will do if they come at least this often: where one shows motion, the file is
gone back in, so nothing is lost."""
MOST_AT_ONCE = 4
"""Pictures shown to the model at the same time; more cores than that work on each together."""


class Model(NamedTuple):
    """A detector and what is said about it."""

    detector: Detector
    name: ModelName
    settings: DetectionSettings


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to do with every clip of one run. `start` is the wall-clock time of a clip's first frame, if known."""

    out: Path
    view: ViewConfig
    start: datetime = EPOCH
    video: bool = False
    save_detections: bool = False
    from_detections: Path | None = None
    """A file of saved detections, or an earlier result folder's parent for many clips."""

    @property
    def needs_every_frame(self) -> bool:
        """A film must not jump, and which frames are to be looked at may be another question next time."""
        return self.video or self.save_detections or self.from_detections is not None


@dataclass(frozen=True, slots=True)
class ClipResult:
    """What came of one clip."""

    folder: Path
    footage_s: float
    stays: int
    unlocked: int
    alerts: int
    replaced: bool


def open_model(name: str, runtime: Runtime = "onnxruntime") -> Model:
    """Open a model with its name, hash and thresholds.

    Raises:
        ModelRefusedError: there is no such model, or it is not what it says.
    """
    identity = identify_model(name)
    facts = BARE_FILE_THRESHOLDS if Path(name).is_file() else load_model_folder(name).facts.thresholds
    settings = DetectionSettings(score_low=facts.score_low, score_high=facts.score_high, iou=facts.iou)
    cores = usable_cores()
    at_once = min(MOST_AT_ONCE, cores)
    detector = open_detector(name, runtime=runtime, threads=cores // at_once, at_once=at_once)
    return Model(detector, ModelName(id=identity.model_id, sha256=identity.sha256), settings)


def run_clip(
    clip: Clip,
    wanted: Wanted,
    model: Model | None,
    *,
    progress: Callable[[float, float | None], None] = lambda _done_s, _all_s: None,
    warn: Callable[[str], None] = lambda _sentence: None,
) -> ClipResult:
    """Take one clip through the line and write its result folder.

    Args:
        clip: what to read.
        wanted: where to and how.
        model: may be None where detections are replayed.
        progress: told after each frame how many seconds of footage are done, and of how many (None: not known).
        warn: told one sentence where part of the footage cannot be read.

    Raises:
        CannotReadError: nothing of it can be read, or the saved detections are of something else.
        CannotWriteError: the result cannot be written; nothing half-written is left.
    """
    told, looking = Told(progress, warn), _looking(wanted)
    header = _header(clip, wanted, model)
    replaced = is_result(wanted.out / clip.name)
    with result_folder(wanted.out, clip.name) as folder:
        with _eye(wanted, clip, model, header, folder, looking) as eye:
            book, done_s = _follow(clip, wanted, eye, looking, folder, told)
        write_stays_csv(folder / STAYS, book.records, clip.name, wanted.start)
        facts = ReportFacts(eye.header, wanted.view, wanted.start, done_s, book)
        (folder / REPORT).write_text(render_report(facts), encoding="utf-8", newline="\n")
    return _result(wanted.out / clip.name, done_s, book, replaced=replaced)


class Told(NamedTuple):
    """Who is told what while a clip runs."""

    progress: Callable[[float, float | None], None]
    warn: Callable[[str], None]


class Eye(NamedTuple):
    """Who looks, at what, and what is said about it."""

    detector: Detector
    header: SavedHeader
    frames: Callable[[Iterator[Frame]], Iterator[Frame]] = iter
    """The frames as the detector wants them to be read."""


def _looking(wanted: Wanted) -> Looking:
    sparing = wanted.view.looking.model_copy(update={"key_every_s": KEY_EVERY_S})
    return Looking(EVERY_FRAME if wanted.needs_every_frame else sparing, wanted.view.fps)


def _follow(clip: Clip, wanted: Wanted, eye: Eye, looking: Looking, folder: Path, told: Told) -> tuple[StayBook, float]:
    """Run the line to the clip's end; gives what was kept of its stays and the seconds of footage looked at."""
    view, book, elapsed_s, all_s = wanted.view, StayBook(), 0.0, measure(clip.source).duration_s
    frames = read_frames(clip.source, fps=view.fps, start=wanted.start, masks=view.masks, warn=told.warn, pace=looking)
    with ExitStack() as stack:
        sink = stack.enter_context(JsonlSink(folder / EVENTS))
        line = Line(view, camera_of(clip.name), eye.detector, sink, _stamper(wanted, eye.header), looking=looking)
        video = stack.enter_context(_video(wanted, folder)) if wanted.video else None
        for step in run_line(eye.frames(frames), line):
            elapsed_s = (step.frame.at - wanted.start).total_seconds()
            book.see(step)
            if video is not None:
                video.show(step, book)
            told.progress(elapsed_s, all_s)
    return book, elapsed_s + 1 / view.fps


def _header(clip: Clip, wanted: Wanted, model: Model | None) -> SavedHeader:
    """What this run looks at and with what; where detections are replayed, the model is the file's own."""
    footage = measure(clip.source)
    return SavedHeader(
        clip=clip.name,
        fingerprint=fingerprint(clip.source),
        width_px=footage.width_px,
        height_px=footage.height_px,
        fps=wanted.view.fps,
        masks=wanted.view.masks,
        model=model.name if model else ModelName(id="", sha256=""),
        settings=model.settings if model else DetectionSettings(score_low=0, score_high=0, iou=0),
    )


@contextmanager
def _eye(
    wanted: Wanted, clip: Clip, model: Model | None, header: SavedHeader, folder: Path, looking: Looking
) -> Iterator[Eye]:
    frames: Callable[[Iterator[Frame]], Iterator[Frame]] = iter
    with ExitStack() as stack:
        detector = model.detector if model else None
        if isinstance(detector, ParallelDetector) and wanted.from_detections is None:
            ahead = stack.enter_context(LookingAhead(detector, looking, detector.at_once))
            detector, frames = ahead, ahead.frames
        if wanted.from_detections is not None:
            detector = stack.enter_context(ReplayedDetector(_saved_file(wanted.from_detections, clip)))
            detector.check_fits(header)
            header = header.model_copy(update={"model": detector.header.model, "settings": detector.header.settings})
        assert detector is not None, "either a model or saved detections"
        if wanted.save_detections or _replaces_its_source(wanted, clip):
            detector = stack.enter_context(SavingDetector(detector, folder / DETECTIONS, header))
        yield Eye(detector, header, frames)


def _saved_file(given: Path, clip: Clip) -> Path:
    return given / clip.name / DETECTIONS if given.is_dir() else given


def _replaces_its_source(wanted: Wanted, clip: Clip) -> bool:
    """Whoever runs again in place keeps what the run is made from."""
    given = wanted.from_detections
    return given is not None and _saved_file(given, clip).resolve() == (wanted.out / clip.name / DETECTIONS).resolve()


def _video(wanted: Wanted, folder: Path) -> AnnotatedVideo:
    return AnnotatedVideo(folder / VIDEO, wanted.view.fps, wanted.view.rack_list(), wanted.start)


def _stamper(wanted: Wanted, header: SavedHeader) -> Stamper:
    """Other footage, settings or model give other message ids, so that a bridge takes both runs in."""
    seed = hashlib.sha256()
    for part in (header.model_dump_json(), wanted.view.model_dump_json(), wanted.start.isoformat()):
        seed.update(part.encode())
    run = seed.hexdigest()
    return Stamper(SITE, WORKER, f"run-{run[:16]}", seeded_entropy(run))


def camera_of(clip_name: str) -> str:
    """The clip's name as one level of a topic; names in other scripts keep a short hash of themselves."""
    plain = re.sub(r"[^A-Za-z0-9_.:-]+", "-", clip_name).strip("-")[:60]
    if plain == clip_name:
        return plain
    return f"{plain or 'clip'}-{hashlib.sha256(clip_name.encode()).hexdigest()[:8]}"


def _result(folder: Path, footage_s: float, book: StayBook, *, replaced: bool) -> ClipResult:
    records = book.records
    unlocked = sum(record.verdict is not None and record.verdict.state is LockState.UNLOCKED for record in records)
    return ClipResult(
        folder, footage_s, len(records), unlocked, sum(bool(record.alert) for record in records), replaced
    )
