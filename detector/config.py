"""What the operator and the analyst write: strict YAML, one small model per topic.

An unknown key, a point outside the picture or a missing file is refused in one sentence that says where.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from broker_bridge.messages import Level
from detector.config_announce import AnnounceConfig
from detector.config_home_assistant import HomeAssistantConfig
from detector.config_looking import LookingConfig
from detector.config_metrics import MetricsConfig
from detector.errors import UsageError
from detector.model_folder import DEFAULT_MODEL, Runtime
from detector.vocabulary import Rack

Share = Annotated[float, Field(ge=0, le=1)]
Point = tuple[Share, Share]
SMALLEST_AREA = 1e-5


def _has_area(outline: tuple[Point, ...]) -> tuple[Point, ...]:
    corners = zip(outline, (*outline[1:], outline[0]), strict=True)
    if abs(sum(x * next_y - next_x * y for (x, y), (next_x, next_y) in corners)) / 2 < SMALLEST_AREA:
        raise ValueError("these points enclose nothing; give the corners in order around the rack")
    return outline


Polygon = Annotated[tuple[Point, ...], Field(min_length=3), AfterValidator(_has_area)]


class ConfigError(UsageError):
    """The configuration cannot be used; the message says what, where and what to do. `all` has each mistake by itself."""

    def __init__(self, message: str, every: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.all = tuple(every) or (message,)


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class RackConfig(Strict):
    """One place where bikes stand, drawn on the camera's picture."""

    id: Level = Field(description="The rack's id, the same on the dashboard.")
    name: str = Field(default="", description="What people call it.")
    building: Level = Field(default="unnamed", description="The teaching building it belongs to.")
    outline: Polygon = Field(description="Corner points as [x, y], each 0 to 1 of the picture's width and height.")

    def to_rack(self) -> Rack:
        return Rack(self.id, self.name or self.id, self.building, self.outline)


class Thresholds(Strict):
    """Numbers that decide. Seconds are seconds of the footage."""

    park_after_s: float = Field(default=2.0, gt=0, le=60, description="A bike at rest this long is parked (s).")
    grace_s: float = Field(default=4.0, gt=0, le=300, description="The rider is gone this long before judging (s).")
    gone_after_s: float = Field(default=6.0, gt=0, le=600, description="The place is seen empty this long: gone (s).")
    min_bike_width_px: float = Field(default=40, ge=0, le=4000, description="Narrower bikes are never judged (px).")
    min_brightness: float = Field(default=25, ge=0, le=255, description="Darker than this is too dark (grey level).")
    unlocked_above: Share = Field(default=0.55, description="P(unlocked) from here on is `unlocked`.")
    locked_below: Share = Field(default=0.3, description="P(unlocked) down from here is `locked`.")
    alert_expires_s: float = Field(default=1800, gt=0, le=86400, description="An alert nobody answered ends (s).")

    @model_validator(mode="after")
    def _leave_room_for_unsure(self) -> Thresholds:
        if self.locked_below >= self.unlocked_above:
            raise ValueError("locked_below must be smaller than unlocked_above, so that `unsure` has room")
        return self


class FleetConfig(Strict):
    """The paint of one fleet of shared bikes. Hues go round in a circle: 0 red, 120 green, 240 blue."""

    name: str = Field(min_length=1, max_length=100, description="What the fleet is called.")
    hue_from_deg: float = Field(ge=0, le=360, description="Its first hue (degrees).")
    hue_to_deg: float = Field(ge=0, le=360, description="Its last hue; smaller than the first: past red (degrees).")
    least_saturation: Share = Field(default=0.6, description="Duller paint is that of a private bike.")


class ViewConfig(Strict):
    """How one camera's picture is read; all of `pleaselock detect --config`."""

    model: str = Field(default=DEFAULT_MODEL, description="A folder in models/, or a path to one, or to a .pt file.")
    runtime: Runtime = Field(
        default="onnxruntime", description="What computes it: `openvino` needs the [openvino] extra."
    )
    verdict: str = Field(default="lock-verdict-v1", description="The fitted verdict: a folder in models/, or a path.")
    pose_model: str | None = Field(default=None, description="An ONNX file that finds skeletons. None: boxes only.")
    lock_model: str | None = Field(default=None, description="A folder in models/, or a path to one. None: no look.")
    lock_min_bike_width_px: float = Field(
        default=120, ge=0, le=4000, description="On narrower bikes no lock is looked for (px)."
    )
    fleets: tuple[FleetConfig, ...] | None = Field(
        default=None,
        description="Shared bikes by their paint. None: the built-in fleets; []: there are no shared bikes.",
    )
    camera_check_s: float = Field(
        default=5.0, gt=0, le=3600, description="How often to look whether the camera was moved (s)."
    )
    fps: float = Field(default=5.0, gt=0, le=60, description="Frames looked at per second of footage.")
    racks: tuple[RackConfig, ...] = Field(default=(), description="Rack outlines. None: the whole picture is one rack.")
    masks: tuple[Polygon, ...] = Field(default=(), description="Parts blacked out before anything looks at them.")
    thresholds: Thresholds = Thresholds()
    looking: LookingConfig = LookingConfig()

    @model_validator(mode="after")
    def _racks_have_their_own_ids(self) -> ViewConfig:
        ids = [rack.id for rack in self.racks]
        if len(set(ids)) < len(ids):
            twice = next(one for one in ids if ids.count(one) > 1)
            raise ValueError(f"two racks have the id {twice}; give each its own")
        return self

    @model_validator(mode="after")
    def _fleets_have_their_own_names(self) -> ViewConfig:
        names = [fleet.name for fleet in self.fleets or ()]
        if len(set(names)) < len(names):
            raise ValueError("two fleets have the same name; give each its own")
        return self

    def rack_list(self) -> tuple[Rack, ...]:
        return tuple(rack.to_rack() for rack in self.racks) or (WHOLE_PICTURE,)


class CameraConfig(ViewConfig):
    id: Level = Field(description="The camera's id, the same on the dashboard.")
    source: str = Field(description="rtsp://..., http://..., a device number, or a file replayed as a live camera.")


class SiteConfig(Strict):
    """One edge worker; all of `pleaselock watch --config`."""

    site: Level = Field(description="The campus, the first level of every topic.")
    worker: Level = Field(description="This worker's name, unique on the site.")
    mqtt: str = Field(default="mqtt://127.0.0.1:1883", description="mqtt:// or mqtts:// [user:password@] host:port.")
    cameras: Annotated[tuple[CameraConfig, ...], Field(min_length=1, description="The cameras this worker watches.")]
    announce: AnnounceConfig | None = Field(default=None, description='Say "please lock" at the rack. None: nothing.')
    home_assistant: HomeAssistantConfig | None = Field(default=None, description="Be found by it. None: not.")
    retention_days: int = Field(
        default=7, ge=1, le=365, description="Pictures nobody came for are kept this long (days)."
    )
    metrics: MetricsConfig | None = Field(default=None, description="Figures for Prometheus. None: nothing listens.")

    @model_validator(mode="after")
    def _cameras_have_their_own_ids(self) -> SiteConfig:
        ids = [camera.id for camera in self.cameras]
        if len(set(ids)) < len(ids):
            twice = next(one for one in ids if ids.count(one) > 1)
            raise ValueError(f"two cameras have the id {twice}; give each its own")
        return self


T = TypeVar("T", bound=Strict)
WHOLE_PICTURE = Rack("whole-picture", "Whole picture", "unnamed", ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)))


def load_config(path: Path, as_type: type[T]) -> T:
    """Read one YAML file as one of the models above.

    Raises:
        ConfigError: the file cannot be read, is not YAML, or breaks a rule.
    """
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        raw = yaml.safe_load(text)
        _refuse_twice(root, path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); give a readable YAML file") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: is not valid YAML ({_one_line(error)}); mend it and try again") from error
    return parse_config({} if raw is None else raw, as_type, str(path), root)


def parse_config(raw: object, as_type: type[T], where: str, root: yaml.Node | None = None) -> T:
    """Read plain data as one of the models above; with `root`, the YAML it came from, a mistake's line is named too."""
    try:
        return as_type.model_validate(raw)
    except ValidationError as error:
        every = [_sentence(one["loc"], _hint(one["type"], one["msg"]), where, root) for one in _causes(error)]
        more = f" (and {len(every) - 1} more)" if len(every) > 1 else ""
        raise ConfigError(every[0] + more, every) from error


def _causes(error: ValidationError) -> list[ErrorDetails]:
    """Without what is only said of a whole because something in it is wrong."""
    every = error.errors()
    places = [one["loc"] for one in every]
    return [one for one in every if not any(one["loc"] == loc[: len(one["loc"])] != loc for loc in places)]


def _sentence(loc: Sequence[int | str], hint: str, where: str, root: yaml.Node | None) -> str:
    place = ".".join(str(part) for part in loc) or "the top level"
    return f"{where}{_line_of(root, loc)}: {place}: {hint}"


def _line_of(node: yaml.Node | None, loc: Sequence[int | str]) -> str:
    """The line of the innermost part of `loc` that the YAML has, as `, line 4`; empty where there is none."""
    if node is None:
        return ""
    mark = node.start_mark
    for part in loc:
        found = _child(node, part)
        if found is None:
            break
        key, node = found
        mark = key.start_mark
    return f", line {mark.line + 1}"


def _child(node: yaml.Node, part: int | str) -> tuple[yaml.Node, yaml.Node] | None:
    """What a message about this part points at, and the part itself."""
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == part), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part]
    return None


def _refuse_twice(node: yaml.Node | None, path: Path) -> None:
    """YAML readers take the last of two equal keys without a word, and half of the racks would be gone."""
    if isinstance(node, yaml.MappingNode):
        seen: set[object] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                line = key.start_mark.line + 1
                raise ConfigError(f"{path}, line {line}: {key.value}: stands here a second time; keep one of the two")
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else key)
            _refuse_twice(value, path)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_twice(item, path)


def _hint(error_type: str, message: str) -> str:
    if error_type == "extra_forbidden":
        return "this key is not known; check its spelling or leave it out"
    message = message.removeprefix("Value error, ")
    return message[0].lower() + message[1:]


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
