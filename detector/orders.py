"""What a worker was told from afar and keeps over restarts: which cameras and racks are mute, and outlines drawn anew."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import structlog
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from broker_bridge.messages import Level
from detector.config import CameraConfig, ConfigError, Polygon, SiteConfig, Strict
from detector.errors import CannotWriteError

OUTLINE: TypeAdapter[Polygon] = TypeAdapter(Polygon)
log = structlog.get_logger()


class Mute(Strict):
    """No new alerts from here; None stands for all of them, or for no end."""

    camera: Level | None = None
    rack: Level | None = None
    until: AwareDatetime | None = None

    def covers(self, camera: str, rack: str, at: datetime) -> bool:
        in_time = self.until is None or at < self.until
        return in_time and self.camera in {None, camera} and self.rack in {None, rack}


class Redrawn(Strict):
    """An outline drawn from afar holds until somebody draws that rack anew in the configuration."""

    camera: Level
    rack: Level
    replaces: Polygon
    outline: Polygon


class _Kept(Strict):
    mutes: tuple[Mute, ...] = ()
    redrawn: tuple[Redrawn, ...] = ()


class Orders:
    """May be asked from any thread. What is ordered is on disk before it holds."""

    def __init__(self, path: Path) -> None:
        """Go on with what an earlier run was told; a file that cannot be read is said, and nothing holds."""
        self._path, self._lock = path, threading.Lock()
        self._kept = _read(path)

    def is_muted(self, camera: str, rack: str, at: datetime) -> bool:
        return any(mute.covers(camera, rack, at) for mute in self._kept.mutes)

    def mute(self, mute: Mute) -> None:
        """Replaces an earlier one of the same camera and rack.

        Raises:
            CannotWriteError: it cannot be kept, and does not hold.
        """
        with self._lock:
            others = [one for one in self._kept.mutes if (one.camera, one.rack) != (mute.camera, mute.rack)]
            self._keep(_Kept(mutes=(*others, mute), redrawn=self._kept.redrawn))

    def unmute(self, camera: str | None, rack: str | None) -> None:
        """End every mute within that camera and rack; None: within all of them.

        Raises:
            CannotWriteError: it cannot be kept, and does not hold.
        """
        with self._lock:
            others = [
                one for one in self._kept.mutes if camera not in {None, one.camera} or rack not in {None, one.rack}
            ]
            self._keep(_Kept(mutes=tuple(others), redrawn=self._kept.redrawn))

    def redraw(self, config: SiteConfig, camera: str, outlines_norm: Mapping[str, Sequence[object]]) -> None:
        """Take new outlines for racks that `config`, as it was written, draws for that camera.

        Raises:
            ConfigError: there is no such camera or rack, or an outline encloses nothing.
            CannotWriteError: it cannot be kept, and does not hold.
        """
        drawn = [_redrawn(config, camera, rack, outline) for rack, outline in outlines_norm.items()]
        with self._lock:
            others = [
                one for one in self._kept.redrawn if (one.camera, one.rack) not in {(camera, d.rack) for d in drawn}
            ]
            self._keep(_Kept(mutes=self._kept.mutes, redrawn=(*others, *drawn)))

    def applied_to(self, config: SiteConfig) -> SiteConfig:
        """The configuration as it was written, with the outlines that were drawn anew since."""
        cameras = tuple(self._with_outlines(camera) for camera in config.cameras)
        return config.model_copy(update={"cameras": cameras})

    def _with_outlines(self, camera: CameraConfig) -> CameraConfig:
        drawn = {(one.rack, one.replaces): one.outline for one in self._kept.redrawn if one.camera == camera.id}
        racks = tuple(
            rack.model_copy(update={"outline": drawn.get((rack.id, rack.outline), rack.outline)})
            for rack in camera.racks
        )
        return camera.model_copy(update={"racks": racks})

    def _keep(self, kept: _Kept) -> None:
        beside = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(kept.model_dump_json(indent=1), encoding="utf-8")
            beside.replace(self._path)
        except OSError as error:
            raise CannotWriteError(f"{self._path}: cannot be written ({error.strerror}); free the disk") from error
        self._kept = kept


def _read(path: Path) -> _Kept:
    try:
        return _Kept.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return _Kept()
    except (OSError, ValidationError) as error:
        log.error("earlier orders cannot be read and do not hold", file=str(path), reason=" ".join(str(error).split()))  # noqa: TRY400
        return _Kept()


def _redrawn(config: SiteConfig, camera_id: str, rack_id: str, outline: Sequence[object]) -> Redrawn:
    camera = next((one for one in config.cameras if one.id == camera_id), None)
    if camera is None:
        raise ConfigError(f"rack_outlines: there is no camera {camera_id} here")
    rack = next((one for one in camera.racks if one.id == rack_id), None)
    if rack is None:
        raise ConfigError(f"rack_outlines: camera {camera_id} has no rack {rack_id}; add it to the configuration first")
    try:
        return Redrawn(camera=camera_id, rack=rack_id, replaces=rack.outline, outline=OUTLINE.validate_python(outline))
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise ConfigError(f"rack_outlines: {rack_id}: {reason}") from error
