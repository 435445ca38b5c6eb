"""What a person chose about the fit, each with its reason; all else comes from the judgements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from detector.verdict_model import Curve
from detector.vocabulary import ReasonCode
from models.fit_verdict_curves import Shape
from models.fit_verdict_runs import Judgement

SHAPES: Mapping[ReasonCode, Shape] = {
    ReasonCode.ATTENDED_S: Shape((2, 4, 6, 9, 13, 18, 25, 40), "falls"),
    ReasonCode.BENT_S: Shape((0, 0.3, 0.8, 1.5, 2.5, 4, 6, 9), "falls"),
    ReasonCode.BENDS: Shape((0, 1, 2, 4), "falls"),
    ReasonCode.LONGEST_BEND_S: Shape((0, 0.3, 0.8, 1.5, 2.5, 4, 6), "falls"),
    ReasonCode.LOST_AT_BIKE_S: Shape((0, 1, 2, 4, 8), "falls", from_nought=True),
    ReasonCode.LEFT_STRAIGHT: Shape((0, 1), "free", from_nought=True),
    ReasonCode.RETURN_ATTENDED_S: Shape((0, 4, 8, 15), "falls", from_nought=True),
    ReasonCode.RETURN_BENT_S: Shape((0, 0.5, 1.5, 3, 6), "falls"),
}
"""Knots stand closer where judgements lie closer. Who does more at the bike never makes *unlocked* likelier."""

PRIORS: Mapping[ReasonCode, Curve] = {
    # A lock that was seen closed settles it, but a detector of locks is wrong now and then: three views, odds of 1 to 20.
    ReasonCode.LOCK_SEEN_VIEWS: Curve(at=(0, 1, 3, 6), log_odds=(0, -1.5, -3, -3.5)),
    # Who carries the lock on the frame has not closed it; some carry two: at most odds of 3 to 1.
    ReasonCode.LOCK_CARRIED_VIEWS: Curve(at=(0, 1, 4), log_odds=(0, 0.6, 1.1)),
    # Most locks hide behind the frame, so that none was seen says little.
    ReasonCode.NO_LOCK_VIEWS: Curve(at=(0, 3, 12), log_odds=(0, 0.2, 0.7)),
    # Hands at the wheel are what locking looks like; half of what as many seconds bent are found to say.
    ReasonCode.HANDS_LOW_S: Curve(at=(0, 1, 3, 6), log_odds=(0.2, 0, -0.8, -1.5)),
}
"""The simulator shows no locks and no keypoints, so these are opinions until labelled footage replaces them."""

SAID_OTHERWISE = frozenset({ReasonCode.LEFT_AFTER_S, ReasonCode.RETURN_VISITS})
"""Numbers that no curve is fitted to: they say again what the seconds attended, then and on return, say already."""

GROUP_SHARES: Mapping[str, float] = {
    "plain": 20,
    "locks": 20,
    "crowded": 12,
    "racks": 10,
    "returns": 8,
    "together": 6,
    "takes": 5,
    "light": 4,
    "small": 4,
    "fuss": 4,
    "bystanders": 4,
    "occlusion": 3,
    "low_rate": 2,
    "kinds": 2,
}
"""Of 100 visits to a campus rack, how many are like each group's. A guess from looking at racks, not a count."""
OTHER_SHARE = 2.0
"""Of a group that the table does not know yet."""

SMOOTHINGS = (0.03, 0.1, 0.3, 1.0, 3.0)
FOLDS = 8


def weights_of(judgements: Sequence[Judgement]) -> list[float]:
    """What each judgement counts, so that the groups' sums are in the chosen proportion; 1 on average."""
    groups = [one.group for one in judgements]
    counts = {group: groups.count(group) for group in groups}
    shares = {group: GROUP_SHARES.get(group, OTHER_SHARE) for group in counts}
    scale = len(groups) / sum(shares.values()) if groups else 0.0
    return [scale * shares[group] / counts[group] for group in groups]
