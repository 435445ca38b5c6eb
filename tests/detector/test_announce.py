from __future__ import annotations

import os
import stat
import threading
import time
import wave
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from broker_bridge.messages import Announce
from detector.announce import MOST_WAITING, AtTheRack, check_racks
from detector.announce_sound import FOLDER, WORDS, announcement, read_wav
from detector.config import SiteConfig
from detector.config_announce import AnnounceConfig
from detector.errors import UsageError
from detector.outbox import Outbox
from detector.sinks import MqttSink
from tests.brokers import AT, Broker, alert, embedded_process, status, wait_for
from tests.listener import listening
from tests.outboxes import letters_in

SOUND = "announcement.wav"
NOBODY = "mqtt://127.0.0.1:1"
LATER = AT + timedelta(seconds=5)
RECORDER = """#!/bin/sh
printf '%s\\n' "$@" >> "$RECORDED"
cp "$2" "$RECORDED.wav"
"""


def config(**keys: object) -> AnnounceConfig:
    return AnnounceConfig.model_validate({"mqtt": True} | keys)


# The sound


def test_the_sounds_are_small_and_the_words_follow_the_chime() -> None:
    assert sum(file.stat().st_size for file in FOLDER.glob("*.wav")) < 200_000
    assert {file.stem for file in FOLDER.glob("*.wav")} == {"chime", *WORDS}
    chime, spoken = read_wav(FOLDER / "chime.wav"), read_wav(FOLDER / "en.wav")
    whole = announcement(["en"], 100)
    assert np.array_equal(whole[: len(chime)], chime)
    assert np.array_equal(whole[-len(spoken) :], spoken)
    assert len(announcement(["zh-CN", "en"], 100)) > len(whole)


def test_half_the_volume_is_half_the_amplitude() -> None:
    loud, soft = (np.abs(announcement(["zh-CN", "en"], volume)).max() for volume in (100, 50))
    assert soft == pytest.approx(loud / 2, abs=1)


# The speakers


@pytest.fixture(scope="module")
def one_sink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MqttSink]:
    folder = tmp_path_factory.mktemp("outbox")
    with Outbox(folder / "outbox.db") as outbox, MqttSink(NOBODY, "north", "edge-1", outbox) as made:
        yield made


@pytest.fixture
def sink(one_sink: MqttSink) -> MqttSink:
    """Nobody is at the other end, so that all stays in the outbox; emptied for each test."""
    one_sink._outbox.acknowledge([letter.message_id for letter in letters_in(one_sink._outbox)])
    return one_sink


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a player called `recorder`, found on PATH, notes what it was told to play."""
    program = tmp_path / "bin" / "recorder"
    program.parent.mkdir()
    program.write_text(RECORDER)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("RECORDED", str(tmp_path / "recorded"))
    return tmp_path / "recorded"


@contextmanager
def speaking(sink: MqttSink, clock: datetime = LATER, **keys: object) -> Iterator[AtTheRack]:
    with TemporaryDirectory() as folder, closing(AtTheRack(sink, Path(folder) / SOUND, lambda: clock)) as here:
        here.take(AnnounceConfig.model_validate(keys))
        yield here


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def test_a_new_alert_is_played_by_the_sites_own_command(sink: MqttSink, recorded: Path) -> None:
    with speaking(sink, player=["recorder", "--file", "{file}", "a b; $(c)"], languages=["en"], volume=40):
        sink.send(alert(1))
        wait_for(lambda: len(lines(recorded)) == 3)
        option, file, shell = lines(recorded)
        assert (option, shell) == ("--file", "a b; $(c)"), "no shell looks at it"
        wait_for(Path(f"{recorded}.wav").exists)
    with wave.open(f"{recorded}.wav") as played:
        heard = np.frombuffer(played.readframes(played.getnframes()), np.int16)
    assert np.array_equal(heard, announcement(["en"], 40))
    assert not Path(file).exists(), "what was made for the player is cleared away"
    assert sink.depth() == 1


def test_only_new_alerts_are_said_and_a_second_one_waits_for_the_pause(sink: MqttSink, recorded: Path) -> None:
    with speaking(sink, player=["recorder", "x", "{file}"], pause_s=30):
        for one in (alert(1, event="cleared", clear_reason="gone"), alert(1, event="updated"), alert(1), alert(2)):
            sink.send(one)
        wait_for(lambda: lines(recorded))
    assert len(lines(recorded)) == 2, "one call, two arguments"
    assert sink.depth() == 4


def test_a_rack_that_is_not_named_says_nothing(sink: MqttSink, recorded: Path) -> None:
    with speaking(sink, player=["recorder", "x", "{file}"], racks=["rack-2"]):
        sink.send(alert(1))
        sink.send(alert(2, rack="rack-2"))
        wait_for(lambda: lines(recorded))
    assert len(lines(recorded)) == 2


def test_an_alert_told_again_after_a_restart_comes_too_late_to_be_said(sink: MqttSink, recorded: Path) -> None:
    with speaking(sink, clock=AT + timedelta(minutes=5), player=["recorder", "x", "{file}"], pause_s=0):
        sink.send(alert(1))
        sink.send(alert(299))
        wait_for(lambda: lines(recorded))
    assert len(lines(recorded)) == 2


BROKEN_PLAYERS = {
    "missing": ["no-such-player-anywhere", "{file}"],
    "failing": ["false", "{file}"],
    "hanging": ["sleep", "3600{file}"],
}


@pytest.mark.parametrize("case", BROKEN_PLAYERS)
def test_a_broken_player_delays_and_loses_no_alert(sink: MqttSink, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    monkeypatch.setattr("detector.announce.PLAYED_WITHIN_S", 0.5)
    began = time.monotonic()
    with speaking(sink, player=BROKEN_PLAYERS[case], pause_s=0):
        for number in range(3 * MOST_WAITING):
            sink.send(alert(number))
        assert sink.depth() == 3 * MOST_WAITING
    assert time.monotonic() - began < 30, "and the worker can be stopped"


def test_a_player_that_hangs_is_given_up_and_the_next_alert_is_said(
    sink: MqttSink, recorded: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("detector.announce.PLAYED_WITHIN_S", 0.5)
    hang_once = f'[ -e "{tmp_path}/hung" ] && exec recorder x "$0"; touch "{tmp_path}/hung"; exec sleep 3600'
    with speaking(sink, player=["sh", "-c", hang_once, "{file}"], pause_s=0):
        sink.send(alert(1))
        sink.send(alert(2))
        wait_for(lambda: lines(recorded))


def test_a_disk_that_will_not_have_the_sound_stops_no_worker(sink: MqttSink, tmp_path: Path) -> None:
    with closing(AtTheRack(sink, tmp_path / "nowhere" / SOUND)) as here:
        here.take(config(player=["true", "{file}"]))
        sink.send(alert(1))
    assert sink.depth() == 1


@pytest.mark.service("ffmpeg")
def test_a_real_player_plays_it_to_the_end(sink: MqttSink, tmp_path: Path) -> None:
    heard = tmp_path / "heard.raw"
    decode = ["ffmpeg", "-v", "error", "-i", "{file}", "-f", "s16le", str(heard)]
    with speaking(sink, player=decode, volume=100):
        sink.send(alert(1))
        wait_for(lambda: heard.exists() and heard.stat().st_size == 2 * len(announcement(["zh-CN", "en"], 100)))
    assert np.array_equal(np.fromfile(heard, np.int16), announcement(["zh-CN", "en"], 100))


@pytest.fixture
def broker(free_port: int) -> Iterator[Broker]:
    running = embedded_process(free_port)
    running.start()
    yield running
    running.kill()


def test_an_mqtt_speaker_hears_it_at_its_rack(broker: Broker, tmp_path: Path) -> None:
    raised = alert(1)
    with (
        listening(broker) as speaker,
        Outbox(tmp_path / "outbox.db") as outbox,
        MqttSink(broker.url, "north", "edge-1", outbox, lambda state: status(state=state)) as sink,
        speaking(sink, mqtt=True, languages=["zh-CN"]),
    ):
        wait_for(lambda: speaker.on("/status"))
        sink.send(raised)
        wait_for(lambda: speaker.on("rack/rack-1/announce"))
    (said,) = (Announce.model_validate_json(payload) for payload in speaker.on("/announce"))
    assert (said.rack, said.alert_id, said.text) == ("rack-1", raised.alert_id, {"zh-CN": "请锁好您的车"})
    assert said.sent_at == LATER


def test_without_a_broker_nothing_is_saved_up_to_be_said_later(
    free_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = embedded_process(free_port)
    said = threading.Event()
    with (
        Outbox(tmp_path / "outbox.db") as outbox,
        MqttSink(broker.url, "north", "edge-1", outbox, lambda state: status(state=state)) as sink,
        speaking(sink, mqtt=True, pause_s=0),
    ):

        def say_now(on_topic: str, payload: bytes) -> bool:
            heard = MqttSink.say_now(sink, on_topic, payload)
            said.set()
            return heard

        monkeypatch.setattr(sink, "say_now", say_now)
        sink.send(alert(1))
        assert said.wait(30)
        broker.start()
        try:
            with listening(broker) as speaker:
                wait_for(lambda: speaker.on("/alert"))
                assert speaker.on("/announce") == []
        finally:
            broker.kill()


# The configuration


def test_nothing_is_announced_unless_the_site_switches_it_on(sink: MqttSink, tmp_path: Path) -> None:
    with closing(AtTheRack(sink, tmp_path / SOUND)) as here:
        here.take(None)
        assert sink.listeners == []


def test_the_sound_is_there_while_it_may_be_played_and_one_that_was_left_is_written_over(
    sink: MqttSink, tmp_path: Path
) -> None:
    sound = tmp_path / SOUND
    sound.write_bytes(b"left by a worker that was killed")
    with closing(AtTheRack(sink, sound)) as here:
        here.take(config(player=["true", "{file}"]))
        assert sound.read_bytes().startswith(b"RIFF")
    assert list(tmp_path.glob("*.wav")) == []


def test_what_the_site_changes_counts_from_then_on(sink: MqttSink, recorded: Path) -> None:
    with speaking(sink, player=["false", "{file}"], pause_s=3600) as here:
        sink.send(alert(1))
        here.take(config(player=["recorder", "x", "{file}"]))
        here.take(config(player=["recorder", "x", "{file}"]))
        assert len(sink.listeners) == 1
        sink.send(alert(2))
        wait_for(lambda: lines(recorded))
        here.take(None)
        sink.send(alert(3))
    assert len(lines(recorded)) == 2
    assert sink.listeners == []


def test_a_rack_that_no_camera_has_is_refused() -> None:
    raw = {"site": "north", "worker": "edge-1", "cameras": [{"id": "gate", "source": "0"}]}
    announce = {"mqtt": True, "racks": ["rack-9"]}
    with pytest.raises(UsageError, match=r"announce\.racks names rack-9, which no camera has; its racks are whole-pic"):
        check_racks(SiteConfig.model_validate(raw | {"announce": announce}))
    check_racks(SiteConfig.model_validate(raw | {"announce": {"mqtt": True, "racks": ["whole-picture"]}}))
    check_racks(SiteConfig.model_validate(raw))
