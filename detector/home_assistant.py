"""Home Assistant finds a site's racks and cameras by itself: MQTT discovery, one retained message for each entity.

The entities read the topics that travel anyway; nothing else is sent for them. What an earlier run or an earlier
configuration introduced and this one does not have is taken back.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from broker_bridge.topics import TopicName, topic
from detector.config import CameraConfig, SiteConfig
from detector.config_home_assistant import HomeAssistantConfig
from detector.sinks import MqttSink
from detector.vocabulary import Rack

SUPPORT_URL = "https://github.com/pleaselock/pleaselock"
SILENT_AFTER_S = 60
WRONG = ("stalled", "covered", "blurred", "overexposed", "dark", "moved", "bikes_too_small")
"""Fields of `CameraHealth` that each are a problem."""
PROBLEM = (
    "{% set health = value_json %}{% set problem = health.last_frame_at is none or "
    + " or ".join(f"health.{name}" for name in WRONG)
    + " %}{{ 'ON' if problem else 'OFF' }}"
)
COUNTED = {"bikes": "mdi:bicycle", "unlocked": "mdi:lock-open-alert", "unsure": "mdi:help-circle"}
"""What is counted at a rack, as `RackOccupancy` calls it, and its icon."""
NAMES: dict[str, Mapping[str, str]] = {
    "zh-CN": {"bikes": "车辆数", "unlocked": "未上锁", "unsure": "看不清", "problem": "摄像头故障"},
    "en": {"bikes": "bikes", "unlocked": "unlocked", "unsure": "unsure", "problem": "problem"},
}


class HomeAssistant:
    """Introduces one worker's entities, now and whenever the broker was away."""

    def __init__(self, sink: MqttSink, version: str) -> None:
        self._sink, self._version = sink, version
        self._wanted: dict[str, bytes] = {}

    def introduce(self, site: SiteConfig) -> None:
        """Tell of all the site's entities, and take back those that are no longer there; call anew when it changes."""
        settings = site.home_assistant
        is_wanted = settings is not None and settings.enabled
        before, self._wanted = self._wanted, entities(site, self._version) if is_wanted else {}
        for on_topic in before.keys() - self._wanted.keys():
            self._sink.take_back(on_topic)
        for on_topic, payload in self._wanted.items():
            self._sink.keep_said(on_topic, payload)
        if settings is not None:
            self._sink.listen(f"{settings.prefix}/+/{_node(site)}/+/config", self._on_introduced)

    def _on_introduced(self, on_topic: str, payload: bytes) -> None:
        """What the broker holds of this worker; an empty payload is an entity just taken back."""
        if payload and on_topic not in self._wanted:
            self._sink.take_back(on_topic)


def entities(site: SiteConfig, version: str) -> dict[str, bytes]:
    """Of each entity the topic its discovery message belongs on, and the message."""
    settings = site.home_assistant or HomeAssistantConfig()
    node, names = _node(site), NAMES[settings.language]
    shared = _shared(site, version)
    found = {}
    for component, entity, about in (*_of_racks(site, names), *_of_cameras(site, names)):
        whole = {**about, "unique_id": f"{node}_{entity}", **shared}
        on_topic = f"{settings.prefix}/{component}/{node}/{entity}/config"
        found[on_topic] = json.dumps(whole, ensure_ascii=False, sort_keys=True).encode()
    return found


Entity = tuple[str, str, dict[str, Any]]
"""Home Assistant's component, the entity's id below the worker's, what it reads and is called."""


def _of_racks(site: SiteConfig, names: Mapping[str, str]) -> Iterator[Entity]:
    racks: dict[str, Rack] = {rack.rack_id: rack for camera in site.cameras for rack in camera.rack_list()}
    for rack_id, rack in racks.items():
        for what, icon in COUNTED.items():
            about = {
                "name": f"{rack.name} {names[what]}",
                "state_topic": topic(TopicName.RACK_OCCUPANCY, site.site, rack=rack_id),
                "value_template": f"{{{{ value_json.{what} }}}}",
                "state_class": "measurement",
                "icon": icon,
            }
            yield "sensor", f"rack_{_slug(rack_id)}_{what}", about


def _of_cameras(site: SiteConfig, names: Mapping[str, str]) -> Iterator[Entity]:
    for camera in site.cameras:
        health = topic(TopicName.CAMERA_HEALTH, site.site, camera=camera.id)
        yield "binary_sensor", f"camera_{_slug(camera.id)}_problem", _problem(camera, health, names)


def _problem(camera: CameraConfig, health: str, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": f"{camera.id} {names['problem']}",
        "state_topic": health,
        "value_template": PROBLEM,
        "json_attributes_topic": health,
        "device_class": "problem",
        "entity_category": "diagnostic",
        "expire_after": SILENT_AFTER_S,
    }


def _shared(site: SiteConfig, version: str) -> dict[str, Any]:
    status = topic(TopicName.WORKER_STATUS, site.site, worker=site.worker)
    return {
        "availability": [{"topic": status, "value_template": "{{ value_json.state }}"}],
        "device": {
            "identifiers": [_node(site)],
            "name": f"pleaselock {site.site} {site.worker}",
            "manufacturer": "pleaselock",
            "model": "edge worker",
            "sw_version": version,
        },
        "origin": {"name": "pleaselock", "sw_version": version, "support_url": SUPPORT_URL},
    }


def _node(site: SiteConfig) -> str:
    return f"pleaselock_{_slug(f'{site.site}:{site.worker}')}"


def _slug(text: str) -> str:
    """An id of letters, digits, `_` and `-`, all that Home Assistant takes; different for different texts."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "-", text)
    return plain if plain == text else f"{plain}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"
