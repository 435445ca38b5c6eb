"""A real worker on a real clip, killed with SIGKILL while a bike stands: the stay and its alert go on in the next one."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import yaml

from broker_bridge.messages import UP_MESSAGE, AlertMessage, StayMessage
from detector.frames import read_frames
from detector.stay_memory import RememberedStay, remembered_from
from detector.stay_store import StayStore
from tests.brokers import ROOT, wait_for
from tests.detector.drawn_footage import Image, write_video

CLIP = ROOT / "sample_videos" / "left_unlocked.mp4"
CLIP_FPS = 10
EMPTY_S, ARRIVES_S, STANDS_S = (0, 4), (4, 22), (24, 32)
WATCH = "from detector.worker_commands import app; app()"
NOBODY = "mqtt://127.0.0.1:1"


def test_a_worker_killed_in_mid_stay_goes_on_with_it_and_alerts_no_second_time(tmp_path: Path) -> None:
    site = Site(tmp_path)
    with site.watching(ARRIVES_S):
        wait_for(lambda: site.alerts() == ["raised"])
        wait_for(lambda: site.times_announced() == 1)
        (opened,) = site.visited("opened")
        # What is told is written down right after; a kill in between is held by tests/detector/test_stay_keeper.py.
        wait_for(lambda: (one := site.remembered(opened.stay_id)) is not None and one.reminded and not one.untold)
    killed_at = datetime.now(UTC)
    with site.watching(STANDS_S):
        wait_for(lambda: site.is_known_again(opened.stay_id, killed_at))
        known = site.remembered(opened.stay_id)
        assert known is not None
        assert known.place.parked_at == opened.parked_at
    assert site.alerts() == ["raised"]
    with site.watching(EMPTY_S):
        wait_for(lambda: site.alerts() == ["raised", "gone"])
    assert site.times_announced() == 1, "said when it happened, and not again by the next worker"
    (closed,) = site.visited("closed")
    assert (closed.stay_id, closed.parked_at) == (opened.stay_id, opened.parked_at)
    assert [one.stay_id for one in site.visited("opened")] == [opened.stay_id]
    assert len({one.boot for one in (opened, closed)}) == 2


class Site:
    """One camera and its worker; all it ever said waits in the outbox, because no broker answers."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home, self.source = folder, folder / "home", folder / "gate.mp4"
        config = {
            "site": "north",
            "worker": "edge-1",
            "mqtt": NOBODY,
            "cameras": [{"id": "gate", "source": str(self.source)}],
            "announce": {"player": ["cp", "--backup=numbered", "{file}", str(folder / "played.wav")]},
        }
        (folder / "site.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")

    @contextmanager
    def watching(self, seconds: tuple[int, int]) -> Iterator[None]:
        """A worker that sees this part of the clip again and again, until it is killed."""
        cut(self.source, *seconds)
        command = [sys.executable, "-c", WATCH, "watch", "--config", str(self.folder / "site.yaml")]
        with subprocess.Popen([*command, "--home", str(self.home)], cwd=ROOT, stdout=subprocess.DEVNULL) as process:
            try:
                yield
            finally:
                os.kill(process.pid, signal.SIGKILL)

    def said(self) -> list[AlertMessage | StayMessage]:
        path = self.home / "outbox-north-edge-1.db"
        if not path.exists():
            return []
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'outbox'").fetchone():
                return []
            kept = connection.execute(
                "SELECT payload FROM outbox WHERE topic NOT LIKE '%/snapshot/%' ORDER BY position"
            )
            messages = [UP_MESSAGE.validate_json(payload) for (payload,) in kept]
        return [one for one in messages if isinstance(one, AlertMessage | StayMessage)]

    def times_announced(self) -> int:
        return len(list(self.folder.glob("played.wav*")))

    def alerts(self) -> list[str]:
        return [one.clear_reason or one.event for one in self.said() if isinstance(one, AlertMessage)]

    def visited(self, event: str) -> list[StayMessage]:
        stays = [one for one in self.said() if isinstance(one, StayMessage) and not one.preexisting]
        return [one for one in stays if one.event == event]

    def remembered(self, stay_id: str) -> RememberedStay | None:
        with StayStore(self.home / "stays-north-edge-1.db") as store:
            text = store.load("gate").get(stay_id)
        return None if text is None else remembered_from(text)

    def is_known_again(self, stay_id: str, since: datetime) -> bool:
        stay = self.remembered(stay_id)
        seen_at = stay.place.vacancy.last_seen_at if stay else None
        return stay is not None and stay.place.seen_again_s is None and seen_at is not None and seen_at > since


def cut(path: Path, begins_s: int, ends_s: int) -> None:
    """A part of the clip, in place of the one before."""
    wanted = range(begins_s * CLIP_FPS, ends_s * CLIP_FPS)
    pictures: list[Image] = [frame.image_bgr for frame in read_frames(CLIP, fps=CLIP_FPS) if frame.index in wanted]
    part = path.with_name("part.mp4")
    write_video(part, lambda number: pictures[number], count=len(pictures), fps=CLIP_FPS)
    part.replace(path)
