"""From a scene and an eye to the boxes of every frame, as a YOLO model would give them. The same seed, the same boxes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from detector.boxes import XyxyPx
from detector.vocabulary import Detection, Kind
from sample_videos.render.geometry import Floats
from sample_videos.simulate.eye import Eye, Jitter, Score
from sample_videos.simulate.noise import Chance
from sample_videos.simulate.scene import Scene
from sample_videos.simulate.strays import Flags, Found, Frames, echoes, in_picture, merge, pair_iou, phantoms

_ODDS = 12.0


def see(scene: Scene, eye: Eye, seed: int, jumps_at_s: Sequence[float] = ()) -> Frames:
    """The detections of every frame, strongest first.

    Args:
        scene: what there is to see.
        eye: who sees it.
        seed: of everything left to chance.
        jumps_at_s: when the light jumps, in seconds of the clip; the eye may add more.
    """
    chance = Chance(seed, scene.times_s, scene.duration_s)
    there = scene.present & (np.nan_to_num(scene.share) >= eye.ghost_below)
    there &= ~_dazzled(scene, eye, chance, jumps_at_s) & ~_missed(scene, eye, chance)
    found = _find(scene, eye, chance, there)
    _drop_the_weaker(found, scene, eye)
    faint = echoes(found, scene, eye, chance)
    nothing = phantoms(scene, eye, chance)
    merged = merge(found, scene, eye, chance)  # last: how much it draws depends on the frames, and so on their rate
    layers = zip(_as_detections(found, scene, eye), merged, faint, nothing, strict=True)
    return [sorted((one for layer in frame for one in layer), key=lambda one: -one.score) for frame in layers]


def _find(scene: Scene, eye: Eye, chance: Chance, there: Flags) -> Found:
    people, bikes = scene.of(~scene.is_bike), scene.of(scene.is_bike)
    odds = _joined(scene, _log_odds(people, eye.person, eye, chance), _log_odds(bikes, eye.bike, eye, chance))
    wobble = _joined(scene, _wobble(people, eye.person_jitter, chance), _wobble(bikes, eye.bike_jitter, chance))
    electric = np.array([kind is Kind.MOTORCYCLE for kind in scene.kinds], dtype=bool)
    leans = eye.ebike_leans + eye.ebike_leans_sd * chance.dice.standard_normal(len(scene.kinds))
    odds += eye.light - eye.ebike * electric
    score, twin = _score(odds + leans * electric), np.where(electric, _score(odds - leans * electric), 0.0)
    return Found(there & (score >= eye.floor), score, _boxes(scene, eye, wobble), np.where(there, twin, 0.0))


def _joined(scene: Scene, people: Floats, bikes: Floats) -> Floats:
    """Numbers of people and of bikes, shapes (f, n, ...), in the order of the scene's actors."""
    both = np.empty((len(people), len(scene.kinds), *people.shape[2:]))
    both[:, ~scene.is_bike], both[:, scene.is_bike] = people, bikes
    return both


def _score(log_odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(np.nan_to_num(log_odds, nan=-_ODDS), -_ODDS, _ODDS))))


def _missed(scene: Scene, eye: Eye, chance: Chance) -> Flags:
    return np.asarray(chance.spells((len(scene.kinds),), eye.lost_s) < eye.lost)


def _log_odds(scene: Scene, score: Score, eye: Eye, chance: Chance) -> Floats:
    """Of every thing's score in every frame, shape (f, a); all are of the kind that `score` is about."""
    actors, dice = (len(scene.kinds),), chance.dice
    slow_sd = score.slow_sd + score.crowd_sd * scene.crowd
    fast_sd = score.fast_sd + 0.5 * score.crowd_sd * scene.crowd
    wanders = slow_sd * chance.wander(actors, score.slow_s) + fast_sd * chance.wander(actors, score.fast_s)
    wanders += eye.stoop_sd * scene.stoop * chance.wander(actors, eye.stoop_s)
    fixed = score.fixed_sd * dice.standard_normal(actors)
    hidden = np.maximum(0.3 * score.hidden, score.hidden + score.hidden_sd * dice.standard_normal(actors))
    bent = scene.stoop * (eye.stoop + eye.stoop_in_crowd * scene.crowd)
    in_view = _in_view(scene, score) - hidden * (1 - np.nan_to_num(scene.share))
    return np.asarray(in_view - bent + fixed + wanders)


def _in_view(scene: Scene, score: Score) -> Floats:
    """The mean log-odds of things of which nothing is hidden."""
    sides = np.nan_to_num(scene.whole[..., 2:] - scene.whole[..., :2], nan=1.0).max(axis=-1)
    octaves = np.minimum(np.log2(sides / score.size_px), score.most_octaves)
    return np.asarray(score.best + score.per_octave * octaves - score.crowd * scene.crowd)


def _boxes(scene: Scene, eye: Eye, wobble: Floats) -> Floats:
    box = scene.shown + eye.completes * (scene.whole - scene.shown)
    return in_picture(box + np.tile(box[..., 2:] - box[..., :2], 2) * wobble, scene)


def _wobble(scene: Scene, jitter: Jitter, chance: Chance) -> Floats:
    """How far each side is off, as shares of the box's size, shape (f, a, 4)."""
    shape = (len(scene.kinds), 4)
    more = jitter.hidden * (1 - np.nan_to_num(scene.share)) + jitter.crowd * scene.crowd
    sd = np.array([jitter.across, jitter.down] * 2) + more[..., None]
    slow, fast = chance.wander(shape, jitter.slow_s), chance.wander(shape, jitter.fast_s)
    return np.asarray(jitter.fixed * chance.dice.standard_normal(shape) + sd * np.sqrt(0.5) * (slow + fast))


def _dazzled(scene: Scene, eye: Eye, chance: Chance, jumps_at_s: Sequence[float]) -> Flags:
    """The light jumps, and for a while no bike is found."""
    during = np.zeros(len(scene.times_s), dtype=bool)
    for start in (*jumps_at_s, *chance.moments(eye.jumps_per_min)):
        during |= (scene.times_s >= start) & (scene.times_s < start + chance.dice.uniform(*eye.jump_s))
    return during[:, None] & scene.is_bike[None, :]


def _drop_the_weaker(found: Found, scene: Scene, eye: Eye) -> None:
    """What a detector's last step does: of two boxes of one kind that nearly agree one goes."""
    same = scene.is_bike[:, None] == scene.is_bike[None, :]
    stronger = found.score[:, None, :] > found.score[:, :, None]
    both = found.found[:, None, :] & found.found[:, :, None]
    over = pair_iou(found.boxes) > eye.nms_iou
    found.found &= ~(same[None] & stronger & both & over).any(axis=2)


def _as_detections(found: Found, scene: Scene, eye: Eye) -> Frames:
    frames: Frames = [[] for _ in scene.times_s]
    scores, twins, boxes = found.score.tolist(), found.twin.tolist(), found.boxes.tolist()
    for frame, actor in np.argwhere(found.found).tolist():
        one = Detection(scene.kinds[actor], scores[frame][actor], XyxyPx(*boxes[frame][actor]))
        frames[frame].append(one)
    for frame, actor in np.argwhere(found.twin >= eye.floor).tolist():
        frames[frame].append(Detection(Kind.BICYCLE, twins[frame][actor], XyxyPx(*boxes[frame][actor])))
    return frames
