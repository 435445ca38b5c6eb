"""What is true of a clip, worked out from its timeline and camera alone: the stays, and the rack's outline."""

from __future__ import annotations

import cv2
import numpy as np

from detector.evaluation.truth import ClipTruth, RackTruth, StayTruth
from sample_videos.render.bike import bike_points
from sample_videos.render.camera import Camera, camera_of
from sample_videos.render.geometry import Floats, moved, standing_at
from sample_videos.render.layout import slot_spot
from sample_videos.render.scenario import RackSetup, Scenario, split_of
from sample_videos.render.timeline import BikeActor, Timeline, build_timeline

_BIKE_HALF_M = (0.95, 0.40)
_BIKE_TOP_M = 1.05


def tell_truth(name: str, scenario: Scenario) -> ClipTruth:
    """The truth of the clip `name`.mp4 rendered from `scenario`. Pure."""
    return truth_of(name, build_timeline(scenario))


def truth_of(name: str, timeline: Timeline) -> ClipTruth:
    """The same for a timeline that is there already."""
    scenario, camera = timeline.scenario, camera_of(timeline.scenario)
    return ClipTruth(
        clip=f"{name}.mp4",
        scenario=f"{name}.toml",
        group=scenario.group,
        split=split_of(scenario.seed),
        seed=scenario.seed,
        fps=scenario.fps,
        width=scenario.width,
        height=scenario.height,
        duration_s=timeline.frames / scenario.fps,
        rendered=True,
        racks=(RackTruth(id=scenario.rack.id, outline_norm=_outline(scenario.rack, camera)),),
        stays=tuple(stay for bike in timeline.bikes if (stay := _stay(timeline, bike, camera)) is not None),
    )


def _stay(timeline: Timeline, bike: BikeActor, camera: Camera) -> StayTruth | None:
    if bike.parked_frame is None and not bike.preexisting:
        return None
    box = camera.extent_norm(parked_vertices(bike))
    if box is None:
        return None
    parked, left, gone, locked = (
        None if frame is None else round(frame / timeline.scenario.fps, 3)
        for frame in (bike.parked_frame, bike.left_frame, bike.gone_frame, bike.locked_frame)
    )
    return StayTruth(
        xyxy_norm=box,
        kind="motorcycle" if bike.style == "ebike" else "bicycle",
        shared=bike.shared,
        preexisting=bike.preexisting,
        parked_at_s=parked,
        left_at_s=left,
        gone_at_s=gone,
        locked=bike.locked_when_left,
        locked_at_s=locked,
        lock=bike.lock,
        rider=bike.rider,
        taken_by=bike.taken_by,
        width_px=round((box[2] - box[0]) * camera.width_px, 1),
    )


def parked_vertices(bike: BikeActor) -> Floats:
    """World vertices of the bike standing in its slot, shape (n, 3)."""
    spot = bike.spot
    return moved(bike_points(bike.style), standing_at(spot.x, spot.y, spot.yaw, lean_rad=spot.lean_rad))


def _outline(rack: RackSetup, camera: Camera) -> tuple[tuple[float, float], ...]:
    """The convex outline, in the picture, of all the room that bikes in the slots can take."""
    corners = [_slot_corners(rack, slot) for slot in range(rack.slots)]
    pixels = camera.project(np.concatenate(corners)).astype(np.float32)
    size = np.array([camera.width_px, camera.height_px])
    hull = cv2.convexHull(pixels).reshape(-1, 2)
    simple = cv2.approxPolyDP(hull, 3.0, closed=True).reshape(-1, 2)
    return tuple((round(float(x), 4), round(float(y), 4)) for x, y in np.clip(simple / size, 0, 1))


def _slot_corners(rack: RackSetup, slot: int) -> Floats:
    spot, (half_long, half_wide) = slot_spot(rack, slot), _BIKE_HALF_M
    ground = [spot.point(sx * half_long, sy * half_wide) for sx in (-1, 1) for sy in (-1, 1)]
    return np.array([(*point, z) for point in ground for z in (0.0, _BIKE_TOP_M)])
