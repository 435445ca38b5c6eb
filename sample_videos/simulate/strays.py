"""Boxes that are not one whole thing: faint ones around parts, one around two bikes, and some around nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from detector.boxes import XyxyPx
from detector.vocabulary import Detection, Kind
from sample_videos.render.geometry import Floats
from sample_videos.simulate.eye import Eye, Merge
from sample_videos.simulate.noise import Chance
from sample_videos.simulate.scene import Scene

Frames = list[list[Detection]]
Flags = NDArray[np.bool_]
_PHANTOM_KINDS = (Kind.PERSON, Kind.BICYCLE)
_LEAST_PX = 2.0
_ECHO_SIZES = (0.4, 1.4)
_ECHO_SHIFT = 0.2


@dataclass(slots=True)
class Found:
    """What is found of the actors: shapes (f, a), but for the boxes with (f, a, 4)."""

    found: Flags
    score: Floats
    boxes: Floats
    twin: Floats
    """Score of a second box of another kind in the same place; 0 where there is none."""


def echoes(found: Found, scene: Scene, eye: Eye, chance: Chance) -> Frames:
    """Faint further boxes of the same kind: around a part of a thing, or around it and some of what is beside it."""
    actors, echo = len(scene.kinds), eye.echo
    shape = (actors, echo.each)
    scale = np.exp(chance.dice.uniform(math.log(_ECHO_SIZES[0]), math.log(_ECHO_SIZES[1]), (*shape, 2)))
    shift = _ECHO_SHIFT * chance.dice.standard_normal((*shape, 2))
    slow, fast = chance.wander(shape, echo.lasts_s), chance.wander(shape, 0.1)
    odds = echo.odds + (echo.crowd * scene.crowd + eye.light)[..., None] + echo.sd * np.sqrt(0.5) * (slow + fast)
    score = 1 / (1 + np.exp(-odds))
    frame, actor, one = np.nonzero((score >= eye.floor) & found.found[..., None])
    box = found.boxes[frame, actor]
    whole = box[:, 2:] - box[:, :2]
    size = whole * scale[actor, one]
    low = (box[:, :2] + box[:, 2:]) / 2 + whole * shift[actor, one] - size / 2
    inside = in_picture(np.concatenate([low, low + size], axis=1), scene)
    frames: Frames = [[] for _ in scene.times_s]
    for at, of, odd, sides in zip(frame, actor, score[frame, actor, one].tolist(), inside.tolist(), strict=True):
        frames[at].append(Detection(scene.kinds[of], odd, XyxyPx(*sides)))
    return frames


def merge(found: Found, scene: Scene, eye: Eye, chance: Chance) -> Frames:
    """For a while one box around two bikes stands for both, and their own go from `found`; or it comes beside them."""
    frames: Frames = [[] for _ in scene.times_s]
    chances = _merge_chances(scene, eye.merge)
    bikes = np.flatnonzero(scene.is_bike).tolist()
    pairs = [(a, b) for a in bikes for b in bikes if a < b and chances[:, a, b].max(initial=0.0) > 0]
    spells = _prone(chance, len(pairs), eye.merge)
    for column, (one, other) in enumerate(pairs):
        both = found.found[:, one] & found.found[:, other]
        merged = (spells[:, column] < chances[:, one, other]) & both
        beside = (spells[:, column] < eye.merge.faint * chances[:, one, other]) & both & ~merged
        for frame in np.flatnonzero(merged | beside).tolist():
            around = _around_both(found, scene, frame, (one, other))
            weak = max(eye.floor, eye.merge.faint_score * around.score)
            frames[frame].append(around if merged[frame] else replace(around, score=weak))
        found.found[merged, one] = found.found[merged, other] = False
    return frames


def _merge_chances(scene: Scene, merging: Merge) -> Floats:
    reach = merging.full_iou - merging.from_iou
    return np.asarray(merging.chance * np.clip((pair_iou(scene.whole) - merging.from_iou) / reach, 0, 1))


def _prone(chance: Chance, pairs: int, merging: Merge) -> Floats:
    """Spells of which part is fixed for the pair; still spread evenly over 0 to 1, taken over all pairs."""
    own = ndtri(np.clip(chance.spells((pairs,), merging.lasts_s), 1e-9, 1 - 1e-9))
    fixed = chance.dice.standard_normal(pairs)
    return np.asarray(ndtr(np.sqrt(merging.fixed) * fixed + np.sqrt(1 - merging.fixed) * own))


def _around_both(found: Found, scene: Scene, frame: int, pair: tuple[int, int]) -> Detection:
    boxes = found.boxes[frame, list(pair)]
    box = XyxyPx(*boxes[:, :2].min(axis=0).tolist(), *boxes[:, 2:].max(axis=0).tolist())
    return Detection(scene.kinds[pair[0]], float(found.score[frame, list(pair)].max()), box)


def phantoms(scene: Scene, eye: Eye, chance: Chance) -> Frames:
    """Boxes of things that are not there, of a size that things have here."""
    frames: Frames = [[] for _ in scene.times_s]
    sides = (scene.whole[..., 2:] - scene.whole[..., :2])[scene.present]
    typical = np.median(sides, axis=0) if len(sides) else np.array([40.0, 60.0])
    for start in chance.moments(eye.phantom.per_min):
        lasts = chance.dice.exponential(eye.phantom.lasts_s)
        one = _phantom(typical, scene, eye, chance)
        for frame in np.flatnonzero((scene.times_s >= start) & (scene.times_s < start + lasts)).tolist():
            frames[frame].append(one)
    return frames


def _phantom(typical_px: Floats, scene: Scene, eye: Eye, chance: Chance) -> Detection:
    kind = _PHANTOM_KINDS[int(chance.dice.integers(len(_PHANTOM_KINDS)))]
    size = typical_px * chance.dice.uniform(0.5, 1.4, 2)
    middle = chance.dice.uniform(0, 1, 2) * (scene.width_px, scene.height_px)
    odds = eye.phantom.odds + eye.phantom.sd * chance.dice.standard_normal()
    box = in_picture(np.concatenate([middle - size / 2, middle + size / 2]), scene)
    return Detection(kind, max(eye.floor, float(1 / (1 + np.exp(-odds)))), XyxyPx(*box.tolist()))


def in_picture(boxes: Floats, scene: Scene) -> Floats:
    """Boxes cut at the picture's edge, right side right; shape (..., 4)."""
    size = np.array([scene.width_px, scene.height_px], dtype=float)
    low = np.clip(np.minimum(boxes[..., :2], boxes[..., 2:]), 0, size - _LEAST_PX)
    high = np.clip(np.maximum(boxes[..., :2], boxes[..., 2:]), low + _LEAST_PX, size)
    return np.concatenate([low, high], axis=-1)


def pair_iou(boxes: Floats) -> Floats:
    """Intersection over union of every two boxes of a frame: shape (f, a, 4) gives (f, a, a); 0 where one is NaN."""
    clean = np.nan_to_num(boxes, nan=0.0)
    low = np.maximum(clean[:, :, None, :2], clean[:, None, :, :2])
    high = np.minimum(clean[:, :, None, 2:], clean[:, None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=-1)
    area = (clean[..., 2:] - clean[..., :2]).prod(axis=-1)
    return np.asarray(shared / np.maximum(area[:, :, None] + area[:, None, :] - shared, 1e-9), dtype=float)
