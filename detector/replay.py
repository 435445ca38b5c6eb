"""An offline run's `events.jsonl` sent to the bridge, through the same outbox and sink as a live worker's messages."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from broker_bridge.messages import UP_MESSAGE, AlertMessage, UpMessage
from detector.errors import CannotReadError, UsageError
from detector.outbox import Outbox
from detector.sinks import MqttSink

LOOK_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Replayed:
    messages: int
    pictures: int
    missing_pictures: int


class NotAcknowledgedError(UsageError):
    """The bridge did not say in time that it has everything."""


def replay_file(events: Path, url: str, wait_s: float) -> Replayed:
    """Send every message of the file and the pictures beside it; return once the bridge has committed all.

    Running it again changes nothing in the database.

    Raises:
        CannotReadError: the file cannot be read or a line is no message; nothing was sent.
        NotAcknowledgedError: not everything was acknowledged within `wait_s` seconds.
        UsageError: the URL is not a broker's address.
    """
    messages = read_events(events)
    snapshots = events.parent / "snapshots"
    pictures = missing = 0
    with _sinks(messages, url) as sinks:
        for message in messages:
            sink = sinks[message.site, message.worker]
            sink.send(message)
            if isinstance(message, AlertMessage) and message.snapshot:
                sent = _send_picture(sink, message, snapshots / f"{message.alert_id}.jpg")
                pictures, missing = pictures + sent, missing + (not sent)
        _wait_until_acknowledged(list(sinks.values()), time.monotonic() + wait_s)
    return Replayed(len(messages), pictures, missing)


def read_events(path: Path) -> list[UpMessage]:
    """Every message of a `.jsonl` file, in order.

    Raises:
        CannotReadError: it cannot be read, is empty, or a line is no message.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CannotReadError(f"{path}: cannot be read ({error}); give the events.jsonl of a finished run") from error
    messages = list(_parsed(path, lines))
    if not messages:
        raise CannotReadError(f"{path}: holds no messages; nothing was seen on that clip, or it is the wrong file")
    return messages


def _parsed(path: Path, lines: Iterable[str]) -> Iterator[UpMessage]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield UP_MESSAGE.validate_json(line)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise CannotReadError(
                f"{path}, line {number}: is not a message of this version ({place}: {first['msg']}); nothing was sent"
            ) from error


@contextmanager
def _sinks(messages: Iterable[UpMessage], url: str) -> Iterator[dict[tuple[str, str], MqttSink]]:
    """One sink for each worker that speaks in the file. The file itself is what survives, so the outbox need not."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pleaselock-replay-")))
        sinks: dict[tuple[str, str], MqttSink] = {}
        for site, worker in sorted({(message.site, message.worker) for message in messages}):
            outbox = stack.enter_context(Outbox(folder / f"{site}-{worker}.db"))
            sinks[site, worker] = stack.enter_context(MqttSink(url, site, worker, outbox))
        yield sinks


def _send_picture(sink: MqttSink, alert: AlertMessage, path: Path) -> bool:
    try:
        jpeg = path.read_bytes()
    except OSError:
        return False
    sink.send_snapshot(alert.camera, alert.alert_id, jpeg)
    return True


def _wait_until_acknowledged(sinks: list[MqttSink], deadline: float) -> None:
    while True:
        held = sum(sink.depth() for sink in sinks)
        if held == 0:
            return
        if time.monotonic() > deadline:
            raise NotAcknowledgedError(
                f"{held} messages were not acknowledged in time; check that the broker and the bridge run, "
                "then replay again: what has arrived is not stored twice"
            )
        time.sleep(LOOK_EVERY_S)
