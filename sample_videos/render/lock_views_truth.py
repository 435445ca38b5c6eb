"""What is true of one close view: one JSON line each. Needs no Blender."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from sample_videos.render.bike import BikeStyle
from sample_videos.render.lock_views_shapes import ViewedLock

XyxyPx = tuple[float, float, float, float]
TRUTH_FILE = "views.jsonl"


class LockTruth(BaseModel):
    """The visible part of one lock. `visible_px`: the area of its pixels that nothing covers; `visible_share` of all its."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ViewedLock
    xyxy_px: XyxyPx
    visible_px: float
    visible_share: float
    carried: bool


class ViewTruth(BaseModel):
    """`picture` is a file beside the truth; `bike_px` the box of the bike that the view is of, clipped to the picture."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    picture: str
    scene: int
    width_px: int
    height_px: int
    style: BikeStyle
    bike_px: XyxyPx
    locks: tuple[LockTruth, ...]


def read_views(folder: Path) -> list[ViewTruth]:
    """All views of a folder whose pictures are there, in order. Raises `OSError` and pydantic's `ValidationError`."""
    lines = (folder / TRUTH_FILE).read_text(encoding="utf-8").splitlines()
    read = TypeAdapter(ViewTruth)
    views = {view.picture: view for view in map(read.validate_json, lines)}
    return [views[name] for name in sorted(views) if (folder / name).is_file()]
