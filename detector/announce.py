"""At the rack: says "please lock your bike" the moment a new alert is raised, where the site switched that on.

The line only hands a message over here; speakers and players have threads of their own, and nothing they do or fail to
do reaches an alert.
"""

from __future__ import annotations

import os
import queue
import shutil
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from broker_bridge.messages import AlertMessage, Announce, UpMessage, uuid7
from broker_bridge.topics import TopicName, topic
from detector.announce_sound import WORDS, announcement, write_wav
from detector.config import SiteConfig
from detector.config_announce import AnnounceConfig
from detector.errors import UsageError
from detector.live_clock import utc_now
from detector.sinks import MqttSink

STALE_AFTER = timedelta(seconds=20)
"""Whoever left the bike so long ago is out of earshot."""
PLAYED_WITHIN_S = 20.0
STOPPED_WITHIN_S = 1.0
MOST_WAITING = 8
log = structlog.get_logger()

Say = Callable[[AlertMessage], None]


class AnnouncePolicy:
    """When something may be said in one place. No clock: `at` is an argument."""

    def __init__(self, config: AnnounceConfig) -> None:
        self._config, self._zone = config, ZoneInfo(config.zone)
        self._last: dict[str, datetime] = {}

    def may_speak(self, place: str, at: datetime) -> bool:
        """Whether `place` (a rack, or the one speaker of this machine) may speak at `at`; if so, it counts as having."""
        last = self._last.get(place)
        # Negative where the clock was set back: the pause is over then.
        is_pausing = last is not None and 0 <= (at - last).total_seconds() < self._config.pause_s
        if is_pausing or self._is_quiet(at):
            return False
        self._last[place] = at
        return True

    def _is_quiet(self, at: datetime) -> bool:
        begins, ends = self._config.quiet_from, self._config.quiet_until
        if begins is None or ends is None:
            return False
        now = at.astimezone(self._zone).time()
        return begins <= now < ends if begins < ends else now >= begins or now < ends


class _Speaker:
    """One way of saying it, in a thread of its own."""

    def __init__(self, name: str, say: Say, clock: Callable[[], datetime]) -> None:
        self._say, self._clock = say, clock
        self._waiting: queue.Queue[AlertMessage | None] = queue.Queue(MOST_WAITING)
        self._thread = threading.Thread(target=self._speak, name=f"announce by {name}", daemon=True)
        self._thread.start()

    def hear(self, alert: AlertMessage) -> None:
        try:
            self._waiting.put_nowait(alert)
        except queue.Full:
            log.warning("too many announcements wait; one is left out", rack=alert.rack)

    def close(self) -> None:
        try:
            self._waiting.put_nowait(None)
        except queue.Full:
            return  # stuck; it dies with the process
        self._thread.join(STOPPED_WITHIN_S)

    def _speak(self) -> None:
        while (alert := self._waiting.get()) is not None:
            try:
                if self._clock() - alert.at < STALE_AFTER:
                    self._say(alert)
            except Exception as error:  # noqa: BLE001 -- a speaker's outermost loop: no fault of one may end it
                log.warning("nothing was announced", rack=alert.rack, reason=str(error) or repr(error))


class AtTheRack:
    """Announces the new alerts that go through a sink, as the site's configuration has it; nothing until `take`."""

    def __init__(self, sink: MqttSink, sound: Path, clock: Callable[[], datetime] = utc_now) -> None:
        """`sound` is the file that players are given; it is there while this speaks."""
        self._sink, self._sound, self._clock = sink, sound, clock
        self._config: AnnounceConfig | None = None
        self._speakers: Sequence[_Speaker] = ()

    def take(self, config: AnnounceConfig | None) -> None:
        """Go by this configuration from now on; None: nothing is announced."""
        if config == self._config:
            return
        self.close()
        self._config = config
        if config is not None:
            self._speakers = self._ways(config)
            self._sink.listeners.append(self._hear)

    def close(self) -> None:
        if self._config is not None:
            self._sink.listeners.remove(self._hear)
        for speaker in self._speakers:
            speaker.close()
        _remove(self._sound)
        self._config, self._speakers = None, ()

    def _ways(self, config: AnnounceConfig) -> list[_Speaker]:
        speakers = []
        if config.mqtt:
            speakers.append(_Speaker("MQTT", _over_mqtt(config, self._sink, self._clock), self._clock))
        if config.player and _is_kept(config, self._sound):
            speakers.append(_Speaker("player", _by_player(config, self._sound, self._clock), self._clock))
        return speakers

    def _hear(self, message: UpMessage) -> None:
        """Returns at once, whatever the speakers do."""
        if isinstance(message, AlertMessage) and message.event == "raised" and self._is_wanted(message.rack):
            for speaker in self._speakers:
                speaker.hear(message)

    def _is_wanted(self, rack: str) -> bool:
        config = self._config
        return config is not None and (not config.racks or rack in config.racks)


def check_racks(site: SiteConfig) -> None:
    """See that every rack that is to be announced at is one of the site's.

    Raises:
        UsageError: one is not.
    """
    racks = [rack.rack_id for camera in site.cameras for rack in camera.rack_list()]
    strangers = sorted(set(site.announce.racks if site.announce else ()) - set(racks))
    if strangers:
        raise UsageError(f"announce.racks names {strangers[0]}, which no camera has; its racks are {', '.join(racks)}")


def check_player(site: SiteConfig) -> None:
    """See that the player is there. A worker whose player is missing does all the rest, so only checks ask.

    Raises:
        UsageError: it is not.
    """
    player = site.announce.player if site.announce else ()
    if player and shutil.which(player[0]) is None:
        raise UsageError(f"announce.player: there is no program {player[0]} here; install it, or name another")


def _is_kept(config: AnnounceConfig, sound: Path) -> bool:
    """Write the sound, over one that a killed worker left; a disk that will not have it stops no worker."""
    try:
        write_wav(sound, announcement(config.languages, config.volume))
    except OSError as error:
        log.error("the sound cannot be kept; this machine announces nothing", reason=str(error))  # noqa: TRY400
        _remove(sound)
        return False
    return True


def _remove(sound: Path) -> None:
    with suppress(OSError):
        sound.unlink(missing_ok=True)


def _over_mqtt(config: AnnounceConfig, sink: MqttSink, clock: Callable[[], datetime]) -> Say:
    policy = AnnouncePolicy(config)

    def say(alert: AlertMessage) -> None:
        now = clock()
        if not policy.may_speak(alert.rack, now):
            return
        announce = Announce(
            message_id=uuid7(now, os.urandom(16)),
            sent_at=now,
            rack=alert.rack,
            alert_id=alert.alert_id,
            text={language: WORDS[language] for language in config.languages},
        )
        on_topic = topic(TopicName.ANNOUNCE, alert.site, rack=alert.rack)
        if not sink.say_now(on_topic, announce.model_dump_json().encode()):
            log.warning("no broker to announce by", rack=alert.rack)

    return say


def _by_player(config: AnnounceConfig, sound: Path, clock: Callable[[], datetime]) -> Say:
    policy = AnnouncePolicy(config)
    command = [part.replace("{file}", str(sound)) for part in config.player]

    def say(_alert: AlertMessage) -> None:
        if policy.may_speak("", clock()):
            _play(command)

    return say


def _play(command: Sequence[str]) -> None:
    """Run the player to its end.

    Raises:
        OSError: it cannot be started.
        subprocess.SubprocessError: it failed, or did not end in time and was killed.
    """
    quiet = subprocess.DEVNULL
    # The site's own configuration, a list, and no shell.
    subprocess.run(command, check=True, stdin=quiet, stdout=quiet, stderr=quiet, timeout=PLAYED_WITHIN_S)  # noqa: S603
