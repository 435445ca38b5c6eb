"""`pleaselock check-config`: what is wrong with a site's configuration, and with `--probe` what its cameras are good for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from broker_bridge.topics import BrokerAddressError, parse_broker_address
from detector.announce import check_player, check_racks
from detector.config import CameraConfig, ConfigError, SiteConfig, load_config
from detector.detection import Detector, open_detector
from detector.errors import CannotReadError, CannotWriteError, UsageError
from detector.live_sources import is_file
from detector.model_folder import Runtime
from detector.picture_evidence import open_eyes
from detector.probe import Probe, RackProbe, Sight, probe_camera, sight_of, to_jpeg
from detector.verdict_model import load_verdict_model

SLOW = 0.8
"""A camera that gives less than this share of the wanted pictures is too slow."""


def mistakes_in(path: Path) -> tuple[SiteConfig | None, list[str]]:
    """The configuration, where it can be read, and one sentence for each thing that is wrong."""
    try:
        config = load_config(path, SiteConfig)
    except ConfigError as error:
        return None, list(error.all)
    mistakes = [f"{path}: {sentence}" for sentence in _mistakes(config)]
    return config, list(dict.fromkeys(mistakes))


def notes_on(config: SiteConfig) -> Iterator[str]:
    """What is allowed and yet hardly meant."""
    seen_by: dict[str, list[str]] = {}
    for camera in config.cameras:
        for rack in camera.rack_list():
            seen_by.setdefault(rack.rack_id, []).append(camera.id)
    for rack_id, cameras in seen_by.items():
        if len(cameras) > 1:
            yield (
                f"rack {rack_id} is in the pictures of {' and '.join(cameras)}, whose counts of it replace each other; "
                "draw each rack in one camera, with an id of its own"
            )


def _mistakes(config: SiteConfig) -> Iterator[str]:
    try:
        parse_broker_address(config.mqtt)
    except BrokerAddressError as error:
        yield f"mqtt: {error}"
    for check_site in (check_racks, check_player):
        try:
            check_site(config)
        except UsageError as error:
            yield str(error)
    for number, camera in enumerate(config.cameras):
        if is_file(camera.source) and not Path(camera.source).is_file():
            yield f"cameras.{number}.source: there is no file {camera.source}; give a file, or rtsp://..., http://..."
        for check in _checks(camera):
            try:
                check()
            except UsageError as error:
                yield f"cameras.{number}: {error}"


def _checks(camera: CameraConfig) -> tuple[Callable[[], object], ...]:
    return (
        lambda: open_detector(camera.model, runtime=camera.runtime),
        lambda: load_verdict_model(camera.verdict),
        lambda: open_eyes(camera.pose_model, camera.lock_model),
    )


def probe_all(config: SiteConfig, out: Path, say: Callable[[str], None]) -> int:
    """Probe every camera and write `<out>/<camera>.jpg`; gives how many could not be opened.

    Raises:
        CannotWriteError: a still cannot be written.
    """
    detectors: dict[tuple[str, Runtime], Detector] = {}
    unreachable = 0
    for camera in config.cameras:
        choice = camera.model, camera.runtime
        if choice not in detectors:
            detectors[choice] = open_detector(camera.model, runtime=camera.runtime)
        detector = detectors[choice]
        try:
            probe = probe_camera(camera, detector)
        except CannotReadError as error:
            unreachable += 1
            say(str(error))
            continue
        for line in lines_of(camera, probe):
            say(line)
        say(f"  still: {_write(out / f'{camera.id}.jpg', probe)}")
    return unreachable


def lines_of(camera: CameraConfig, probe: Probe) -> Iterator[str]:
    """What was measured, and what it means for this camera."""
    width, height = probe.size_px
    key = f", a key picture every {probe.key_every_s:.1f} s" if probe.key_every_s is not None else ""
    yield f"{camera.id}: {width}x{height}, {probe.fps:.1f} pictures a second{key}, light {probe.brightness:.0f} of 255"
    if probe.fps < SLOW * camera.fps:
        yield f"  too slow: {camera.fps:g} pictures a second are wanted; raise the camera's rate, or lower `fps`"
    if probe.brightness < camera.thresholds.min_brightness:
        yield f"  too dark to judge: light of {camera.thresholds.min_brightness:g} is needed; light the rack"
    for rack in probe.racks:
        yield f"  {_rack_line(camera, rack)}"


def _rack_line(camera: CameraConfig, rack: RackProbe) -> str:
    sight = sight_of(rack.widths_px, camera)
    if rack.rack_id is None:
        return f"in no rack: {len(rack.widths_px)} bike(s); they are not watched: widen an outline if they should be"
    if sight is Sight.NO_BIKE:
        return f"rack {rack.rack_id}: no bike seen; probe again when bikes stand there"
    widths = f"{median(rack.widths_px):.0f} px wide ({min(rack.widths_px):.0f} to {max(rack.widths_px):.0f})"
    return f"rack {rack.rack_id}: {len(rack.widths_px)} bike(s), {widths}: {_meaning(camera, sight)}"


def _meaning(camera: CameraConfig, sight: Sight) -> str:
    locks_px, least_px = camera.lock_min_bike_width_px, camera.thresholds.min_bike_width_px
    if sight is Sight.TOO_SMALL:
        return f"{sight}, {least_px:g} px are needed; bring the camera closer, or raise its resolution"
    if sight is Sight.BEHAVIOUR:
        return f"{sight}, locks are looked for from {locks_px:g} px"
    return f"{sight}" if camera.lock_model else f"{sight}, once `lock_model` names a model of locks"


def _write(path: Path, probe: Probe) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(to_jpeg(probe.still_bgr))
    except OSError as error:
        raise CannotWriteError(
            f"{path}: cannot be written ({error.strerror}); name another folder with --out"
        ) from error
    return path
