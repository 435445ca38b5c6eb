"""Skeletons with just the joints that matter."""

from __future__ import annotations

from detector.boxes import XyxyPx
from detector.posture import JOINTS, Joint, Keypoint, Skeleton

SURE = 0.9


def skeleton_at(feet: tuple[float, float], *, bent: bool, height_px: float = 100, confidence: float = SURE) -> Skeleton:
    """Somebody whose feet are there; who is bent leans over to the right and has the hands low."""
    x, y = feet
    lean, shoulders, hands = (0.3, 0.6, 0.2) if bent else (0.0, 0.8, 0.5)
    joints = {
        (Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER): (lean, shoulders),
        (Joint.LEFT_HIP, Joint.RIGHT_HIP): (0.0, 0.5),
        (Joint.LEFT_WRIST, Joint.RIGHT_WRIST): (lean, hands),
        (Joint.LEFT_ANKLE, Joint.RIGHT_ANKLE): (0.0, 0.0),
    }
    points = [Keypoint(0, 0, 0.0)] * JOINTS
    for pair, (across, up) in joints.items():
        for joint in pair:
            points[joint] = Keypoint(x + across * height_px, y - up * height_px, confidence)
    return Skeleton(tuple(points), 0.8)


def standing_in(box: XyxyPx, *, bent: bool, confidence: float = SURE) -> Skeleton:
    return skeleton_at(box.foot, bent=bent, height_px=box.height, confidence=confidence)
