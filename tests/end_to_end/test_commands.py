"""A real worker's process behind a real broker, changed while it runs: by a signal and by commands, none breaks it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from broker_bridge.messages import Command
from tests.brokers import AT, ROOT, Broker, header, wait_for
from tests.detector.drawn_footage import scene, write_video
from tests.listener import Listener, listening

COMMAND = "pleaselock/v1/north/worker/edge-1/command"
OUTLINE = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]


class Site:
    """A worker's file, its process, and what it says in its log and over the broker."""

    def __init__(self, folder: Path, broker: Broker, listener: Listener) -> None:
        self.folder, self._broker, self._listener = folder, broker, listener
        self.file, self.log = folder / "site.yaml", folder / "log"
        self.clip = write_video(folder / "scene.mp4", scene, count=60)
        self.write("gate", "yard")

    def write(self, *cameras: str, **changed: object) -> None:
        racks = [{"id": "east", "outline": OUTLINE}]
        made = [{"id": one, "source": str(self.clip), "racks": racks} for one in cameras]
        site = {"site": "north", "worker": "edge-1", "mqtt": self._broker.url, "cameras": made} | changed
        self.file.write_text(yaml.safe_dump(site, sort_keys=False), encoding="utf-8")

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        command = [sys.executable, "-m", "pleaselock", "watch", "--config", str(self.file)]
        command += ["--home", str(self.folder / "home")]
        with self.log.open("wb") as log, subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log) as process:
            try:
                yield process
            finally:
                process.terminate()

    def says(self, **fields: object) -> bool:
        """Whether a line of the log has all of these; of a text, a part will do."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        events = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
        return any(all(_holds(event.get(name), wanted) for name, wanted in fields.items()) for event in events)

    def status(self) -> dict[str, Any]:
        told = self._listener.told("worker/edge-1/status")
        return told[-1] if told else {}

    def runs(self, *cameras: str) -> None:
        wait_for(lambda: self.status().get("cameras") == list(cameras))

    def order(self, action: str, **fields: object) -> None:
        command = Command.model_validate(
            {"message_id": header(1)["message_id"], "sent_at": AT, "action": action} | fields
        )
        self._listener.say(command.model_dump_json().encode(), COMMAND)


def _holds(value: object, wanted: object) -> bool:
    return value == wanted or (isinstance(value, str) and isinstance(wanted, str) and wanted in value)


def test_a_running_worker_takes_a_new_configuration_and_commands_and_refuses_what_is_wrong(
    mortal_broker: Broker, tmp_path: Path
) -> None:
    with listening(mortal_broker) as listener:
        site = Site(tmp_path, mortal_broker, listener)
        with site.running() as process:
            site.runs("gate", "yard")
            boot = site.status()["boot"]

            site.write("gate", "shed")
            process.send_signal(signal.SIGHUP)
            site.runs("gate", "shed")
            assert site.says(event="watching", new=["shed"], as_before=["gate"])

            site.write("gate", "shed", camras=[])
            site.order("reload")
            wait_for(lambda: site.says(order="reload", reason="camras: this key is not known"))
            site.write("gate", "shed", mqtt="mqtt://elsewhere")
            process.send_signal(signal.SIGHUP)
            wait_for(lambda: site.says(reason="mqtt: cannot be changed while the worker runs"))

            before = site.status()["config_hash"]
            site.order("rack_outlines", camera="gate", outlines_norm={"east": [[0, 0], [1, 0], [1, 1]]})
            wait_for(lambda: site.status()["config_hash"] != before)
            assert site.says(event="watching", new=["gate"], as_before=["shed"])
            site.order("mute", rack="east")
            wait_for(lambda: site.says(event="done", order="mute"))
            site.order("snapshot_now", camera="attic")
            wait_for(lambda: site.says(reason="there is no camera attic here"))
            listener.say(b"{broken", COMMAND)
            wait_for(lambda: site.says(event="a command cannot be read"))

            site.write("yard")
            site.order("reload")
            site.runs("yard")
            assert site.status()["boot"] == boot, "one and the same process did all this"
            assert process.poll() is None
        assert process.returncode == 0
