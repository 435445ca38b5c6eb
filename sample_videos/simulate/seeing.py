"""From a scene and an eye to the boxes of every frame, as a YOLO model would give them. The same seed, the same boxes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.boxes import XyxyPx
from detector.vocabulary import Detection, Kind
from sample_videos.render.geometry import Floats
from sample_videos.simulate.eye import Eye, Score
from sample_videos.simulate.noise import Chance
from sample_videos.simulate.scene import Scene

Flags = NDArray[np.bool_]
_PHANTOM_KINDS = (Kind.PERSON, Kind.BICYCLE)
_LEAST_PX = 2.0
_ODDS = 12.0


@dataclass(slots=True)
class _Found:
    """What is found of the actors: shapes (f, a), (f, a) and (f, a, 4)."""

    found: Flags
    score: Floats
    boxes: Floats


def see(scene: Scene, eye: Eye, seed: int) -> list[list[Detection]]:
    """The detections of every frame, strongest first."""
    duration_s = float(scene.times_s[-1]) + 1.0 if len(scene.times_s) else 0.0
    chance = Chance(seed, scene.times_s, duration_s)
    found = _find(scene, eye, chance)
    _lose_in_jumps(found, scene, eye, chance)
    _drop_the_weaker(found, scene, eye)
    merged = _merge(found, scene, eye, chance)
    doubles = _double(found, scene, eye, chance)
    layers = zip(_as_detections(found, scene), merged, doubles, strict=True)
    frames = [[*single, *both, *part] for single, both, part in layers]
    _add_phantoms(frames, scene, eye, chance)
    return [sorted(detections, key=lambda one: -one.score) for detections in frames]


def _find(scene: Scene, eye: Eye, chance: Chance) -> _Found:
    actors = len(scene.kinds)
    slow = chance.wander((actors,), eye.slow_s)
    fast = chance.wander((actors,), eye.fast_s)
    lost = chance.spells((actors,), eye.lost_s) < eye.lost
    mean = np.where(scene.is_bike, _mean_log_odds(scene, eye.bike), _mean_log_odds(scene, eye.person))
    bent = scene.stoop * (eye.stoop + eye.stoop_in_crowd * scene.crowd)
    sd = {name: np.where(scene.is_bike, getattr(eye.bike, name), getattr(eye.person, name)) for name in _SPREADS}
    odds = mean - bent + eye.light + sd["slow_sd"] * slow + sd["fast_sd"] * fast
    score = 1 / (1 + np.exp(-np.clip(np.nan_to_num(odds, nan=-_ODDS), -_ODDS, _ODDS)))
    found = scene.present & (score >= eye.floor) & ~lost & (np.nan_to_num(scene.share) >= eye.ghost_below)
    return _Found(found, score, _boxes(scene, eye, chance))


_SPREADS = ("slow_sd", "fast_sd")


def _mean_log_odds(scene: Scene, score: Score) -> Floats:
    """What a thing scores on average, shape (f, a)."""
    sides = scene.whole[..., 2:] - scene.whole[..., :2]
    octaves = np.minimum(np.log2(np.nanmax(np.nan_to_num(sides, nan=1.0), axis=-1) / score.size_px), score.most_octaves)
    hidden = 1 - np.nan_to_num(scene.share)
    return np.asarray(score.best + score.per_octave * octaves - score.hidden * hidden - score.crowd * scene.crowd)


def _boxes(scene: Scene, eye: Eye, chance: Chance) -> Floats:
    box = scene.shown + eye.completes * (scene.whole - scene.shown)
    size = np.tile(box[..., 2:] - box[..., :2], 2)
    hidden = 1 - np.nan_to_num(scene.share)
    sd = (eye.jitter + eye.jitter_hidden * hidden)[..., None] * size
    shape = (len(scene.kinds), 4)
    slow, fast = chance.wander(shape, eye.slow_s), chance.wander(shape, eye.fast_s)
    wobble = np.sqrt(1 - eye.jitter_fast_share) * slow + np.sqrt(eye.jitter_fast_share) * fast
    return _in_picture(box + sd * wobble, scene)


def _in_picture(boxes: Floats, scene: Scene) -> Floats:
    """Boxes cut at the picture's edge, right side right; shape (..., 4)."""
    size = np.array([scene.width_px, scene.height_px], dtype=float)
    low = np.clip(np.minimum(boxes[..., :2], boxes[..., 2:]), 0, size - _LEAST_PX)
    high = np.clip(np.maximum(boxes[..., :2], boxes[..., 2:]), low + _LEAST_PX, size)
    return np.concatenate([low, high], axis=-1)


def _lose_in_jumps(found: _Found, scene: Scene, eye: Eye, chance: Chance) -> None:
    """The light jumps, and for a while no bike is found."""
    for start in chance.moments(eye.jumps_per_min):
        lasts = chance.dice.uniform(*eye.jump_s)
        during = (scene.times_s >= start) & (scene.times_s < start + lasts)
        found.found[during] &= ~scene.is_bike


def _drop_the_weaker(found: _Found, scene: Scene, eye: Eye) -> None:
    """What a detector's last step does: of two boxes of one kind that nearly agree one goes."""
    same = scene.is_bike[:, None] == scene.is_bike[None, :]
    stronger = found.score[:, None, :] > found.score[:, :, None]
    both = found.found[:, None, :] & found.found[:, :, None]
    over = pair_iou(found.boxes) > eye.nms_iou
    found.found &= ~(same[None] & stronger & both & over).any(axis=2)


def pair_iou(boxes: Floats) -> Floats:
    """Intersection over union of every two boxes of a frame: shape (f, a, 4) gives (f, a, a); 0 where one is NaN."""
    clean = np.nan_to_num(boxes, nan=0.0)
    low = np.maximum(clean[:, :, None, :2], clean[:, None, :, :2])
    high = np.minimum(clean[:, :, None, 2:], clean[:, None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=-1)
    area = (clean[..., 2:] - clean[..., :2]).prod(axis=-1)
    return np.asarray(shared / np.maximum(area[:, :, None] + area[:, None, :] - shared, 1e-9), dtype=float)


def _merge(found: _Found, scene: Scene, eye: Eye, chance: Chance) -> list[list[Detection]]:
    """For a while one box around two bikes stands for both; their own boxes go."""
    frames: list[list[Detection]] = [[] for _ in scene.times_s]
    overlap = pair_iou(scene.whole)
    chances = eye.merge * np.clip((overlap - eye.merge_from_iou) / (eye.merge_iou - eye.merge_from_iou), 0, 1)
    bikes = np.flatnonzero(scene.is_bike).tolist()
    pairs = [(a, b) for a in bikes for b in bikes if a < b and chances[:, a, b].max(initial=0.0) > 0]
    spells = chance.spells((len(pairs),), eye.merge_s)
    for column, (one, other) in enumerate(pairs):
        merged = (spells[:, column] < chances[:, one, other]) & found.found[:, one] & found.found[:, other]
        for frame in np.flatnonzero(merged):
            frames[frame].append(_around_both(found, scene, int(frame), (one, other)))
        found.found[merged, one] = found.found[merged, other] = False
    return frames


def _around_both(found: _Found, scene: Scene, frame: int, pair: tuple[int, int]) -> Detection:
    boxes = found.boxes[frame, list(pair)]
    box = XyxyPx(*boxes[:, :2].min(axis=0).tolist(), *boxes[:, 2:].max(axis=0).tolist())
    return Detection(scene.kinds[pair[0]], float(found.score[frame, list(pair)].max()), box)


def _double(found: _Found, scene: Scene, eye: Eye, chance: Chance) -> list[list[Detection]]:
    """A second, weaker box around a part of the same thing."""
    frames: list[list[Detection]] = [[] for _ in scene.times_s]
    actors = len(scene.kinds)
    on = (chance.spells((actors,), eye.double_s) < eye.double) & found.found
    part = chance.dice.uniform(0.35, 0.75, (actors, 2))
    at = chance.dice.uniform(0, 1, (actors, 2))
    for frame, actor in np.argwhere(on):
        box = found.boxes[frame, actor]
        size = (box[2:] - box[:2]) * part[actor]
        low = box[:2] + (box[2:] - box[:2] - size) * at[actor]
        score = max(eye.floor, 0.5 * float(found.score[frame, actor]))
        frames[frame].append(Detection(scene.kinds[actor], score, XyxyPx(*low.tolist(), *(low + size).tolist())))
    return frames


def _add_phantoms(frames: list[list[Detection]], scene: Scene, eye: Eye, chance: Chance) -> None:
    sides = scene.whole[..., 2:] - scene.whole[..., :2]
    typical = np.nanmedian(sides[scene.present], axis=0) if scene.present.any() else np.array([40.0, 60.0])
    for start in chance.moments(eye.phantoms_per_min):
        lasts = chance.dice.exponential(eye.phantom_s)
        kind = _PHANTOM_KINDS[int(chance.dice.integers(2))]
        size = typical * chance.dice.uniform(0.5, 1.4, 2)
        middle = chance.dice.uniform(0, 1, 2) * (scene.width_px, scene.height_px)
        odds = eye.phantom_score + 0.8 * chance.dice.standard_normal()
        box = _in_picture(np.concatenate([middle - size / 2, middle + size / 2]), scene)
        one = Detection(kind, max(eye.floor, float(1 / (1 + np.exp(-odds)))), XyxyPx(*box.tolist()))
        for frame in np.flatnonzero((scene.times_s >= start) & (scene.times_s < start + lasts)):
            frames[frame].append(one)


def _as_detections(found: _Found, scene: Scene) -> list[list[Detection]]:
    frames: list[list[Detection]] = [[] for _ in scene.times_s]
    scores, boxes = found.score.tolist(), found.boxes.tolist()
    for frame, actor in np.argwhere(found.found).tolist():
        one = Detection(scene.kinds[actor], scores[frame][actor], XyxyPx(*boxes[frame][actor]))
        frames[frame].append(one)
    return frames
