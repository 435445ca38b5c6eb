"""What travels: one class per message, the same on the wire (JSON) and on disk (`.jsonl`).

Within `schema_version` 1 only optional fields are added; the golden payloads under tests/contract parse for ever.
Unknown fields are ignored, so that an older bridge reads a newer worker.
"""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from broker_bridge.topics import TopicName, topic

UtcDatetime = Annotated[AwareDatetime, AfterValidator(lambda moment: moment.astimezone(UTC))]
Level = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9_.:-]+$")]
"""An id that can be one level of an MQTT topic."""
Share = Annotated[float, Field(ge=0, le=1)]
ReasonName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]

A_YEAR_S = 31_536_000.0

ALERT_NAMESPACE = uuid.UUID("6f1f6a52-8d0a-5a0e-9d53-9a5f0f8e4a11")


class Part(BaseModel):
    """A piece of a message; immutable."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Header(Part):
    """What every message begins with. `seq` counts up within one `boot` of one worker; a gap is a lost message."""

    schema_version: Literal[1] = 1
    message_id: uuid.UUID
    sent_at: UtcDatetime
    site: Level
    worker: Level
    boot: Level
    seq: int = Field(ge=0)


class Verdict(Part):
    state: Literal["locked", "unlocked", "unsure"]
    p_unlocked: Share | None
    reasons: dict[ReasonName, float] = {}


class ModelName(Part):
    """A model as the edge runs it: `id` is its folder's name, `sha256` of the weights file."""

    id: str
    sha256: str


class WorkerStatus(Header):
    type: Literal["worker_status"] = "worker_status"
    state: Literal["online", "offline"]
    version: str
    model: ModelName | None = None
    verdict: ModelName | None = None
    """The fitted lock verdict the cameras judge with; `sha256` of its file."""
    config_hash: str = ""
    cameras: tuple[Level, ...] = ()


class CameraHealth(Header):
    type: Literal["camera_health"] = "camera_health"
    camera: Level
    fps_in: float = Field(ge=0)
    fps_seen: float = Field(ge=0)
    fps_inferred: float = Field(ge=0)
    inference_ms: float | None = Field(default=None, ge=0)
    dark: bool = False
    moved: bool = False
    last_frame_at: UtcDatetime | None = None
    outbox_depth: int = Field(default=0, ge=0)
    stalled: bool = False
    """No picture for some seconds, though the worker itself is well."""
    covered: bool = False
    blurred: bool = False
    overexposed: bool = False
    bike_width_px: float | None = Field(default=None, ge=0)
    """Median width of the bikes that were clearly seen lately; None: too few were."""
    bikes_too_small: bool = False
    """They are narrower than the camera's own least width: no verdict can be had here."""
    model: ModelName | None = None
    """The model this camera is looked at with."""
    verdict: ModelName | None = None
    """The fitted lock verdict it is judged with; `sha256` of its file."""
    lock_model: ModelName | None = None
    """The model its pictures are searched for locks with; None: they are not, or the worker is older."""


class AboutStay(Header):
    """What stay and alert messages have in common. `xyxy_norm` is left, top, right, bottom, 0 to 1."""

    camera: Level
    rack: Level
    building: Level
    stay_id: Level
    kind: Literal["bicycle", "motorcycle"]
    xyxy_norm: tuple[Share, Share, Share, Share]
    parked_at: UtcDatetime
    left_at: UtcDatetime | None = None
    verdict: Verdict | None = None


class StayMessage(AboutStay):
    type: Literal["stay"] = "stay"
    event: Literal["opened", "judged", "closed"]
    at: UtcDatetime
    preexisting: bool = False
    visit_certain: bool = True
    gone_at: UtcDatetime | None = None


class AlertMessage(AboutStay):
    type: Literal["alert"] = "alert"
    event: Literal["raised", "updated", "cleared"]
    at: UtcDatetime
    alert_id: Level
    expires_at: UtcDatetime
    clear_reason: Literal["locked", "gone", "expired"] | None = None
    snapshot: bool = False
    """True where a picture of the bike follows on the snapshot topic."""
    locked_after_s: float | None = Field(default=None, ge=0, le=A_YEAR_S)
    """Seconds from when the rider first left the bike to when whoever came back and locked it left it: the lock was
    closed no later than that. Only where `clear_reason` is `locked`; older workers do not say it."""


class RackOccupancy(Header):
    type: Literal["rack_occupancy"] = "rack_occupancy"
    rack: Level
    bikes: int = Field(ge=0)
    unlocked: int = Field(ge=0)
    unsure: int = Field(ge=0)


class Ack(Part):
    """The bridge has committed these. Its own ids need no acknowledgement."""

    schema_version: Literal[1] = 1
    type: Literal["ack"] = "ack"
    sent_at: UtcDatetime
    message_ids: tuple[uuid.UUID, ...]


class Command(Part):
    schema_version: Literal[1] = 1
    type: Literal["command"] = "command"
    message_id: uuid.UUID
    sent_at: UtcDatetime
    action: Literal["mute", "unmute", "snapshot_now", "rack_outlines", "reload"]
    camera: Level | None = None
    rack: Level | None = None
    until: UtcDatetime | None = None
    outlines_norm: dict[Level, tuple[tuple[Share, Share], ...]] | None = None


class Announce(Part):
    schema_version: Literal[1] = 1
    type: Literal["announce"] = "announce"
    message_id: uuid.UUID
    sent_at: UtcDatetime
    rack: Level
    alert_id: Level
    text: dict[Literal["zh-CN", "en"], str]


class Claim(Part):
    """A worker asks whether its name is free, or says that it carries it (`held`). Between workers; the bridge has no part."""

    schema_version: Literal[1] = 1
    type: Literal["claim"] = "claim"
    sent_at: UtcDatetime
    site: Level
    worker: Level
    boot: Level
    held: bool
    host: str = Field(default="", max_length=255)
    """The machine it runs on, for the person who has to find the other one."""


UpMessage = Annotated[
    WorkerStatus | CameraHealth | StayMessage | AlertMessage | RackOccupancy,
    Field(discriminator="type"),
]
UP_MESSAGE: TypeAdapter[UpMessage] = TypeAdapter(UpMessage)
BY_TOPIC: dict[TopicName, type[Part]] = {
    TopicName.WORKER_STATUS: WorkerStatus,
    TopicName.CAMERA_HEALTH: CameraHealth,
    TopicName.STAY: StayMessage,
    TopicName.ALERT: AlertMessage,
    TopicName.RACK_OCCUPANCY: RackOccupancy,
    TopicName.ACK: Ack,
    TopicName.COMMAND: Command,
    TopicName.ANNOUNCE: Announce,
    TopicName.CLAIM: Claim,
}
"""Every topic but the snapshot's, whose payload is a bare JPEG."""


def topic_of(message: UpMessage) -> str:
    """The topic an upward message travels on, derived from its own fields."""
    match message:
        case WorkerStatus():
            return topic(TopicName.WORKER_STATUS, message.site, worker=message.worker)
        case CameraHealth():
            return topic(TopicName.CAMERA_HEALTH, message.site, camera=message.camera)
        case StayMessage():
            return topic(TopicName.STAY, message.site, camera=message.camera)
        case AlertMessage():
            return topic(TopicName.ALERT, message.site, camera=message.camera)
        case RackOccupancy():
            return topic(TopicName.RACK_OCCUPANCY, message.site, rack=message.rack)


def uuid7(at: datetime, entropy: bytes) -> uuid.UUID:
    """A UUIDv7 (RFC 9562) of a moment and given entropy: the same two always make the same id.

    Recorded footage run twice must give equal bytes, so the random part is the caller's: a hash offline, urandom live.
    """
    milliseconds = int(at.timestamp() * 1000)
    tail = hashlib.sha256(entropy).digest()[:10]
    number = (milliseconds << 80) | int.from_bytes(tail)
    number = number & ~(0xF << 76) | (0x7 << 76)
    number = number & ~(0x3 << 62) | (0x2 << 62)
    return uuid.UUID(int=number)


def alert_id_of(stay_id: str) -> str:
    """One alert per stay, ever: its id follows from the stay's."""
    return str(uuid.uuid5(ALERT_NAMESPACE, stay_id))


def snapshot_message_id(alert_id: str, jpeg: bytes) -> uuid.UUID:
    """A bare JPEG carries no header, so both ends derive the id that the bridge acknowledges from its content."""
    return uuid.uuid5(ALERT_NAMESPACE, f"{alert_id}:{hashlib.sha256(jpeg).hexdigest()}")
