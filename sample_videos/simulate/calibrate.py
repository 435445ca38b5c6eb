"""Hold the simulated eye against a real model on the rendered clips: `python -m sample_videos.simulate.calibrate`.

Both see the same scenes; the same figures are worked out of what each finds, as functions of what there was to see. Takes about
a minute a clip.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detector.assignment import best_pairs, iou_matrix
from detector.detection import BikeDetector, Choices
from detector.evaluation.outcomes import ClipOutcome
from detector.evaluation.scores import scores_of
from detector.frames import read_frames
from detector.model_folder import DEFAULT_MODEL
from detector.vocabulary import Detection, Kind
from sample_videos.render.camera import camera_of
from sample_videos.render.geometry import Floats
from sample_videos.render.scenario import read_scenario
from sample_videos.render.timeline import Timeline, build_timeline
from sample_videos.render.truth import truth_of
from sample_videos.simulate.eye import EYES
from sample_videos.simulate.pictures import pictures
from sample_videos.simulate.run import Run, follow
from sample_videos.simulate.scene import Scene, frames_at, observe
from sample_videos.simulate.seeing import see
from sample_videos.simulate.suite import AS_THEY_ARE, SCENARIOS, outcome

CLIPS = Path(__file__).parents[1]
SAME_IOU = 0.4
FLOOR_ODDS = -3.0
Frames = Sequence[Sequence[Detection]]


@dataclass(frozen=True, slots=True)
class Looks:
    """One entry per actor and frame, shape (n,), in the order of actors, then frames; what was not found is NaN."""

    person: Floats
    size: Floats
    share: Floats
    stoop: Floats
    crowd: Floats
    score: Floats
    off: Floats
    """How far each side of the box is from the whole thing's, as a share of its size, shape (n, 4)."""
    lag: Floats
    """Log-odds of the score one frame later; floor where not found."""
    far_lag: Floats
    """The same one second later."""
    missed_s: Floats
    """How long the miss lasts that begins here; NaN where none begins."""
    extra: Floats
    """Boxes of the frame that belong to nothing, shared out over its actors."""

    @property
    def found(self) -> Floats:
        return np.isfinite(self.score)

    def where(self, chosen: Floats) -> Looks:
        return Looks(*(getattr(self, name)[chosen] for name in Looks.__dataclass_fields__))


def looks_of(scene: Scene, frames: Frames, fps: float) -> Looks:
    """Match the boxes of every frame to the actors, and tell of each actor what was found."""
    scores = np.full(scene.present.shape, np.nan)
    boxes = np.full((*scene.present.shape, 4), np.nan)
    extra = np.zeros(scene.present.shape)
    for frame, detections in enumerate(frames):
        for people in (True, False):
            there = np.flatnonzero(scene.present[frame] & (scene.is_bike != people))
            found = [one for one in detections if (one.kind is Kind.PERSON) == people]
            pairs = _pairs(scene, frame, there, found)
            for row, column in pairs:
                scores[frame, there[row]], boxes[frame, there[row]] = found[column].score, found[column].xyxy_px
            extra[frame, there] = (len(found) - len(pairs)) / max(1, len(there))
    return _as_looks(scene, scores, boxes, extra, fps)


def _pairs(scene: Scene, frame: int, there: NDArray[np.int64], found: Sequence[Detection]) -> list[tuple[int, int]]:
    if not len(there) or not found:
        return []
    boxes = np.array([one.xyxy_px for one in found])
    likeness = np.maximum(iou_matrix(scene.whole[frame, there], boxes), iou_matrix(scene.shown[frame, there], boxes))
    # Of two boxes that fit alike the surer one counts.
    surer = 0.02 * np.array([one.score for one in found])
    alike = np.where(likeness >= SAME_IOU, likeness + surer, 0.0).tolist()
    return best_pairs({(row, column): one for row, of in enumerate(alike) for column, one in enumerate(of)}, SAME_IOU)


def _as_looks(scene: Scene, scores: Floats, boxes: Floats, extra: Floats, fps: float) -> Looks:
    sides = scene.whole[..., 2:] - scene.whole[..., :2]
    odds = np.where(np.isfinite(scores), np.log(scores / (1 - scores)), FLOOR_ODDS)
    person = np.broadcast_to(~scene.is_bike[None, :], scores.shape).astype(float)
    columns = {
        "person": person,
        "size": sides.max(axis=-1),
        "share": scene.share,
        "stoop": scene.stoop,
        "crowd": scene.crowd,
        "score": scores,
        "off": (boxes - scene.whole) / np.tile(sides, 2),
        "lag": _later(odds, 1),
        "far_lag": _later(odds, round(fps)),
        "missed_s": _missed_s(scene, scores, fps),
        "extra": extra,
    }
    there = scene.present.T
    return Looks(**{name: np.swapaxes(column, 0, 1)[there] for name, column in columns.items()})


def _later(odds: Floats, frames: int) -> Floats:
    later = np.full(odds.shape, np.nan)
    later[:-frames] = odds[frames:]
    return later


def _missed_s(scene: Scene, scores: Floats, fps: float) -> Floats:
    lasts = np.full(scores.shape, np.nan)
    for actor in range(scores.shape[1]):
        missed = scene.present[:, actor] & ~np.isfinite(scores[:, actor]) & (scene.share[:, actor] > 0.5)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], missed, [False]]).astype(int)))
        for start, end in edges.reshape(-1, 2):
            lasts[start, actor] = (end - start) / fps
    return lasts


def joined(parts: Iterable[Looks]) -> Looks:
    every = list(parts)
    return Looks(*(np.concatenate([getattr(one, name) for one in every]) for name in Looks.__dataclass_fields__))


ROWS = (
    ("person upright, all in view", True, (0.95, 1.01), (0.0, 0.3), (0.0, 1.01)),
    ("person upright, part hidden", True, (0.6, 0.95), (0.0, 0.3), (0.0, 1.01)),
    ("person upright, half hidden", True, (0.25, 0.6), (0.0, 0.3), (0.0, 1.01)),
    ("person upright, hidden", True, (0.0, 0.25), (0.0, 0.3), (0.0, 1.01)),
    ("person half bent", True, (0.6, 1.01), (0.3, 0.8), (0.0, 1.01)),
    ("person bent", True, (0.6, 1.01), (0.8, 1.01), (0.0, 1.01)),
    ("bike alone", False, (0.95, 1.01), (0.0, 1.01), (0.0, 0.2)),
    ("bike, neighbours", False, (0.9, 1.01), (0.0, 1.01), (0.2, 0.6)),
    ("bike, crowd, in view", False, (0.9, 1.01), (0.0, 1.01), (0.6, 1.01)),
    ("bike, crowd, part hidden", False, (0.7, 0.9), (0.0, 1.01), (0.6, 1.01)),
    ("bike, half hidden", False, (0.4, 0.7), (0.0, 1.01), (0.0, 1.01)),
    ("bike, hidden", False, (0.0, 0.4), (0.0, 1.01), (0.0, 1.01)),
)
HEADER = (
    f"{'':30}{'who':>5}{'n':>7}{'found':>7}{'p10':>6}{'p50':>6}{'p90':>6}"
    f"{'sd x':>7}{'sd y':>7}{'r 1':>6}{'r 1s':>6}{'miss s':>8}{'most':>6}{'extra':>7}"
)


def table(measured: Looks, simulated: Looks) -> str:
    lines = [HEADER]
    for name, person, share, stoop, crowd in ROWS:
        for who, looks in (("real", measured), ("sim", simulated)):
            lines.append(
                f"{name if who == 'real' else '':30}{who:>5}{_row(_chosen(looks, person, share, stoop, crowd))}"
            )
    return "\n".join(lines)


Span = tuple[float, float]


def _chosen(looks: Looks, person: bool, share: Span, stoop: Span, crowd: Span) -> Looks:
    inside = [
        (column >= low) & (column < high)
        for column, (low, high) in ((looks.share, share), (looks.stoop, stoop), (looks.crowd, crowd))
    ]
    return looks.where(inside[0] & inside[1] & inside[2] & ((looks.person > 0) == person))


def _row(looks: Looks) -> str:
    if not looks.found.any():
        return f"{len(looks.score):7}{0.0:7.2f}"
    low, middle, high = np.nanpercentile(looks.score, [10, 50, 90])
    across, down = (np.nanstd(looks.off[:, columns]) for columns in ([0, 2], [1, 3]))
    odds = np.where(looks.found, np.log(looks.score / (1 - looks.score)), FLOOR_ODDS)
    near, far = _correlation(odds, looks.lag), _correlation(odds, looks.far_lag)
    missed = looks.missed_s[np.isfinite(looks.missed_s)]
    mean, most = (missed.mean(), missed.max()) if len(missed) else (0.0, 0.0)
    return (
        f"{len(looks.score):7}{looks.found.mean():7.2f}{low:6.2f}{middle:6.2f}{high:6.2f}"
        f"{across:7.3f}{down:7.3f}{near:6.2f}{far:6.2f}{mean:8.2f}{most:6.1f}{looks.extra.mean():7.2f}"
    )


def _correlation(one: Floats, other: Floats) -> float:
    both = np.isfinite(other)
    if both.sum() < 10 or np.ptp(one[both]) == 0 or np.ptp(other[both]) == 0:
        return float("nan")
    return float(np.corrcoef(one[both], other[both])[0, 1])


def main() -> int:
    options = _options().parse_args()
    model = BikeDetector.from_folder(options.model, Choices(threads=options.threads))
    looks: tuple[list[Looks], list[Looks]] = ([], [])
    outcomes: tuple[list[ClipOutcome], list[ClipOutcome]] = ([], [])
    for name in options.clips or sorted(path.stem for path in CLIPS.glob("*.mp4")):
        clip = _clip(name, options.fps)
        found = [(0, clip.found_by(model))]
        found += [(1, see(clip.scene, EYES[options.eye], seed)) for seed in range(options.seeds)]
        for who, frames in found:
            looks[who].append(looks_of(clip.scene, frames, clip.fps))
            outcomes[who].append(clip.through_the_line(frames))
    print(table(joined(looks[0]), joined(looks[1])))
    print(line_table(*outcomes))
    return 0


def line_table(measured: Sequence[ClipOutcome], simulated: Sequence[ClipOutcome]) -> str:
    """What the line makes of the real and of the simulated boxes of the same clips."""
    lines = []
    for who, outcomes in (("real", measured), ("sim", simulated)):
        overall = scores_of(outcomes, AS_THEY_ARE).overall
        stays, first = overall.stays, overall.first_verdict
        rates = {
            "visits found": stays.recall,
            "standing bikes found": stays.standing,
            "called rightly unlocked": first.recall,
            "rightly locked": first.locked_recall,
        }
        told = ", ".join(f"{name} {rate.hits}/{rate.n}" for name, rate in rates.items())
        lines.append(f"through the line, {who}: {told}, invented {stays.invented.count}/{stays.invented.stays}")
    return "\n".join(lines)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Hold the simulated eye against a real model.")
    parser.add_argument("clips", nargs="*", help="names of rendered clips (default: all)")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="a folder in models/ (default: %(default)s)")
    parser.add_argument("--eye", choices=sorted(EYES), default="usual")
    parser.add_argument("--fps", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=10, help="simulated runs per clip (default: 10)")
    parser.add_argument("--threads", type=int, default=1)
    return parser


@dataclass(frozen=True, slots=True)
class _Clip:
    """A rendered clip and all that is known about it."""

    name: str
    timeline: Timeline
    fps: int
    scene: Scene

    def found_by(self, model: BikeDetector) -> Frames:
        frames = [model.detect(frame) for frame in read_frames(CLIPS / f"{self.name}.mp4", fps=self.fps)]
        return frames[: len(self.scene.times_s)]

    def through_the_line(self, frames: Frames) -> ClipOutcome:
        truth = truth_of(self.name, self.timeline).model_copy(update={"fps": self.fps})
        at = frames_at(self.timeline, self.fps)
        seen = pictures(self.timeline, camera_of(self.timeline.scenario), at, self.fps)
        ledger = follow(frames, truth, islice(seen, len(frames)))
        return outcome(Run(self.name, truth, tuple(map(tuple, frames)), self.fps, ledger))


def _clip(name: str, fps: int) -> _Clip:
    scenario = read_scenario(SCENARIOS / f"{name}.toml")
    timeline, fps = build_timeline(scenario), min(fps, scenario.fps)
    return _Clip(name, timeline, fps, observe(timeline, camera_of(scenario), frames_at(timeline, fps)))


if __name__ == "__main__":
    sys.exit(main())
