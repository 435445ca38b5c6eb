"""How well a detector sees: every number that stands between the scene and its boxes."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Score:
    """A score's log-odds: a sum of these, each times what it is about. `sd` are standard deviations."""

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
    hidden_sd: float
    """How much `hidden` differs from thing to thing: of two bikes at one stand one may never be found."""
    crowd: float
    """Taken off when the bikes around it fill its box; in proportion before that."""
    fixed_sd: float
    """Of what one thing keeps through the clip: this bike is never seen well."""
    slow_sd: float
    """Of what wanders with `slow_s`."""
    fast_sd: float
    """Of what wanders with `fast_s`."""
    crowd_sd: float
    """Added to `slow_sd`, and half as much to `fast_sd`, where bikes fill its box: boxes come and go there."""
    slow_s: float = 1.5
    """How long a good or bad spell lasts (decay of its memory), seconds."""
    fast_s: float = 0.1


@dataclass(frozen=True, slots=True)
class Jitter:
    """Standard deviations of a box's sides, as shares of its width and height."""

    fixed: float
    """What one thing's box keeps through the clip."""
    across: float
    """Left and right sides, in the open; a walker's box breathes with the limbs."""
    down: float
    """Top and bottom."""
    hidden: float
    """Added when all of it is hidden; in proportion before that."""
    crowd: float
    """Added when bikes fill its box; in proportion before that."""
    slow_s: float = 1.5
    fast_s: float = 0.2
    """Half of it wanders with the one, half with the other."""


@dataclass(frozen=True, slots=True)
class Echo:
    """Faint further boxes around parts of a thing, or around it and a neighbour."""

    each: int
    """How many a thing may have."""
    odds: float
    """Log-odds of their score for a thing in the open; they show where above the floor."""
    crowd: float
    """Added when bikes fill the thing's box; in proportion before that."""
    sd: float
    lasts_s: float = 0.8


@dataclass(frozen=True, slots=True)
class Merge:
    """One box around two bikes in place of both. Chances are shares of the time."""

    chance: float
    """For two bikes whose boxes share `full_iou` or more; in proportion down to none at `from_iou`."""
    from_iou: float = 0.15
    full_iou: float = 0.5
    fixed: float = 0.7
    """How much of it hangs on the pair (0 to 1): some pairs are merged most of the time, others never."""
    lasts_s: float = 1.5
    faint: float = 4.0
    """How many times as often it comes beside theirs, with `faint_score` of the better one's score."""
    faint_score: float = 0.2


@dataclass(frozen=True, slots=True)
class Phantom:
    """Boxes where nothing is."""

    per_min: float
    lasts_s: float = 1.2
    """On average."""
    odds: float = -2.2
    """Log-odds of their score."""
    sd: float = 0.6


@dataclass(frozen=True, slots=True)
class Eye:
    """One detector behind one camera."""

    person: Score
    bike: Score
    person_jitter: Jitter
    bike_jitter: Jitter
    echo: Echo
    merge: Merge
    phantom: Phantom
    stoop: float
    """Taken off a person's log-odds when bent right down, in the open."""
    stoop_in_crowd: float
    """Taken off as well when bikes fill the box of somebody bent right down."""
    stoop_sd: float
    """Of what a bent person's score wanders by, with `stoop_s`: they vanish for seconds at a time."""
    stoop_s: float
    floor: float = 0.05
    """Boxes with a lower score are not given out."""
    ghost_below: float = 0.06
    """A thing of which less than this share shows is never found."""
    light: float = 0.0
    """Added to all log-odds: negative in bad light."""
    lost: float = 0.004
    """Share of the time that a thing in view is simply missed, for about `lost_s` seconds at a time."""
    lost_s: float = 0.6
    ebike: float = 0.8
    """Taken off an e-bike's log-odds, of either kind that it may be called."""
    ebike_leans: float = 0.3
    """How much surer it is called a motorcycle than a bicycle: added to the one, taken off the other."""
    ebike_leans_sd: float = 0.8
    """From one e-bike to the other; many get a box of each kind at once."""
    completes: float = 0.55
    """0: boxes are drawn around what shows; 1: around the whole thing, the hidden part guessed."""
    jumps_per_min: float = 0.05
    """How often the light jumps, beyond what the scenario tells of."""
    jump_s: tuple[float, float] = (1.0, 3.0)
    """How long all bikes are lost then: from, to."""
    nms_iou: float = 0.7
    """Of two boxes of one kind that share more than this the weaker is dropped."""


USUAL = Eye(
    person=Score(
        best=0.9,
        size_px=150,
        per_octave=0.85,
        most_octaves=0.5,
        hidden=3.5,
        hidden_sd=1.0,
        crowd=0.2,
        fixed_sd=0.25,
        slow_sd=0.2,
        fast_sd=0.2,
        crowd_sd=0.1,
        fast_s=0.25,
    ),
    bike=Score(
        best=1.7,
        size_px=122,
        per_octave=1.1,
        most_octaves=0.6,
        hidden=6.0,
        hidden_sd=3.0,
        crowd=1.0,
        fixed_sd=0.65,
        slow_sd=0.2,
        fast_sd=0.06,
        crowd_sd=0.2,
    ),
    person_jitter=Jitter(fixed=0.01, across=0.10, down=0.025, hidden=0.06, crowd=0.0),
    bike_jitter=Jitter(fixed=0.022, across=0.006, down=0.006, hidden=0.15, crowd=0.02),
    echo=Echo(each=3, odds=-4.2, crowd=0.8, sd=1.0),
    merge=Merge(chance=0.15),
    phantom=Phantom(per_min=3.0),
    stoop=0.5,
    stoop_in_crowd=1.2,
    stoop_sd=0.7,
    stoop_s=4.0,
)
"""The model `bikepark-v0` on the rendered clips, but for people bent over a bike and for electric ones.

`calibrate.py`, thirteen clips at 5 fps, real / simulated. A bike alone is found in 1.00 / 0.99 of the frames, median
score 0.84 / 0.80; in a crowd, in view, 0.97 / 0.98, 0.55 / 0.55; in a crowd and partly hidden 0.86 / 0.91, 0.23 /
0.28, missed for up to 17 s / 12 s; half hidden 0.89 / 0.84, 0.25 / 0.23. A person upright 0.99 / 1.00, 0.70 / 0.65;
half hidden 0.86 / 0.96, 0.31 / 0.21. Sides of a bike's box are off by 0.09 / 0.02 of its width alone and 0.11 / 0.11
partly hidden in a crowd. Bent over a bike, rendered people score 0.40 and are seldom lost; on the real rack footage
(people 50 px tall) the same model loses the bent one for 10 s, a larger one has 0.08 to 0.4 and loses them for 8 s.
Simulated: 0.19, found in 0.89 of the frames, lost for up to 5 s. Rendered e-bikes score 0.1 to 0.4 and are as often
called bicycles; photos of real ones do better, so here they score 0.4 to 0.8. Two-wheelers' boxes that belong to
nothing: 2.6 / 3.0 a frame, of which 0.22 / 0.12 score over 0.3; people's 0.43 / 0.44.
"""

CLEAR = replace(
    USUAL,
    person=replace(
        USUAL.person, best=2.5, hidden=3.0, hidden_sd=0.0, fixed_sd=0.1, slow_sd=0.1, fast_sd=0.1, crowd_sd=0.0
    ),
    bike=replace(USUAL.bike, best=2.5, hidden=3.0, hidden_sd=0.0, crowd=0.3, fixed_sd=0.1, slow_sd=0.1, crowd_sd=0.1),
    person_jitter=Jitter(fixed=0.005, across=0.03, down=0.01, hidden=0.02, crowd=0.0),
    bike_jitter=Jitter(fixed=0.01, across=0.003, down=0.003, hidden=0.03, crowd=0.0),
    echo=replace(USUAL.echo, each=0),
    merge=replace(USUAL.merge, chance=0.0),
    phantom=replace(USUAL.phantom, per_min=0.0),
    stoop=0.3,
    stoop_in_crowd=0.3,
    stoop_sd=0.0,
    ebike=0.0,
    ebike_leans=4.0,
    ebike_leans_sd=0.0,
    lost=0.0,
    jumps_per_min=0.0,
)
"""A large model on a sharp picture: what is in view is found, where it is."""

POOR = replace(
    USUAL,
    person=replace(USUAL.person, slow_sd=0.6),
    bike=replace(USUAL.bike, fixed_sd=0.8, slow_sd=0.4, fast_sd=0.15, crowd_sd=0.6),
    echo=replace(USUAL.echo, odds=-3.5, crowd=1.0),
    merge=replace(USUAL.merge, chance=0.4),
    phantom=replace(USUAL.phantom, per_min=8.0, odds=-1.8),
    stoop_in_crowd=2.0,
    stoop_sd=0.9,
    light=-0.6,
    ebike=1.2,
    ebike_leans=0.0,
    lost=0.02,
    lost_s=1.2,
    jumps_per_min=0.3,
)
"""A cheap camera in the rain, or a rack as full and as small in the picture as the real one from above."""

EYES = {"clear": CLEAR, "usual": USUAL, "poor": POOR}
