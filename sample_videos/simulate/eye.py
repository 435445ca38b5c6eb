"""How well a detector sees: every number that stands between the scene and its boxes."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Score:
    """The score's log-odds: a sum of these, each times what it is about."""

    best: float
    """Log-odds of a thing of `size_px` in full view."""
    size_px: float
    """Longer side of the box that `best` is about, pixels."""
    per_octave: float
    """Added when it is twice as large, taken off when half."""
    most_octaves: float
    """Larger than this many octaves above `size_px` gains no more."""
    hidden: float
    """Taken off when all of it is hidden; in proportion before that."""
    crowd: float
    """Taken off when the bikes around it fill its box; in proportion before that."""
    slow_sd: float
    """Standard deviation of what wanders with `Eye.slow_s`."""
    fast_sd: float
    """Standard deviation of what wanders with `Eye.fast_s`."""


@dataclass(frozen=True, slots=True)
class Eye:
    """One detector. Chances are shares of the time, times are seconds, sizes are shares of the box's own size."""

    person: Score
    bike: Score
    stoop: float
    """Taken off a person's log-odds when bent right down, in the open."""
    stoop_in_crowd: float
    """Taken off as well when bikes fill the box of somebody bent right down."""
    floor: float = 0.05
    """Boxes with a lower score are not given out."""
    slow_s: float = 2.5
    """How long a good or bad spell lasts (decay of its memory)."""
    fast_s: float = 0.12
    ghost_below: float = 0.06
    """A thing of which less than this share shows is never found."""
    light: float = 0.0
    """Added to all log-odds: negative at dusk."""
    lost: float = 0.01
    """Chance that a thing in view is simply missed."""
    lost_s: float = 0.8
    completes: float = 0.6
    """0: boxes are drawn around what shows; 1: around the whole thing, the hidden part guessed."""
    jitter: float = 0.02
    """Standard deviation of each side of a box in full view."""
    jitter_hidden: float = 0.06
    """Added to it as more of the thing is hidden."""
    jitter_fast_share: float = 0.5
    """Share of the jitter (as variance) that is new in nearly every frame."""
    merge: float = 0.25
    """Chance that two bikes whose boxes share `merge_iou` or more come as one box; scaled down for less."""
    merge_iou: float = 0.5
    merge_from_iou: float = 0.2
    merge_s: float = 1.5
    double: float = 0.02
    """Chance that a thing is found twice: its own box and a part of it."""
    double_s: float = 0.5
    phantoms_per_min: float = 1.0
    """Boxes where nothing is."""
    phantom_s: float = 1.2
    phantom_score: float = -1.7
    """Log-odds of a phantom's score; it spreads by 0.8."""
    jumps_per_min: float = 0.1
    """How often the light jumps."""
    jump_s: tuple[float, float] = (1.0, 3.0)
    """How long all bikes are lost then: from, to."""
    nms_iou: float = 0.7
    """Of two boxes of one kind that share more than this the weaker is dropped."""


USUAL = Eye(
    person=Score(2.0, 120, 0.8, 0.6, 4.0, 0.0, 0.4, 0.35),
    bike=Score(1.9, 100, 0.8, 0.6, 4.0, 1.2, 0.5, 0.35),
    stoop=1.0,
    stoop_in_crowd=2.5,
)

CLEAR = replace(
    USUAL,
    person=replace(USUAL.person, best=3.0, hidden=2.5, slow_sd=0.2, fast_sd=0.2),
    bike=replace(USUAL.bike, best=3.0, hidden=2.5, crowd=0.4, slow_sd=0.2, fast_sd=0.2),
    stoop=0.3,
    stoop_in_crowd=0.5,
    lost=0.0,
    jitter=0.01,
    jitter_hidden=0.02,
    merge=0.0,
    double=0.0,
    phantoms_per_min=0.0,
    jumps_per_min=0.0,
)
"""A large model on a sharp picture: what is in view is found, where it is."""

POOR = replace(
    USUAL,
    person=replace(USUAL.person, slow_sd=0.7),
    bike=replace(USUAL.bike, slow_sd=0.9),
    light=-0.7,
    lost=0.04,
    lost_s=1.2,
    jitter=0.035,
    merge=0.5,
    double=0.05,
    phantoms_per_min=3.0,
    jumps_per_min=0.5,
)
"""A cheap camera in the rain: everything that goes wrong goes wrong more often and longer."""

EYES = {"clear": CLEAR, "usual": USUAL, "poor": POOR}
