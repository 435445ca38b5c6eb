"""The cameras of a running worker, each in a thread of its own: some are taken on, some leave, the others notice nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from detector.camera_watch import CameraWatch
from detector.config import CameraConfig

STOP_WITHIN_S = 5.0
log = structlog.get_logger()

WatchOf = Callable[[CameraConfig, threading.Event], CameraWatch]
"""Makes a camera's watch, which ends when the event is set.

Raises:
    UsageError: something the camera's configuration names cannot be used.
"""


@dataclass(frozen=True, slots=True)
class _Member:
    watch: CameraWatch
    stop: threading.Event
    thread: threading.Thread


class Crew:
    """Call from one thread only."""

    def __init__(self, watch_of: WatchOf) -> None:
        self._watch_of = watch_of
        self._members: dict[str, _Member] = {}

    @property
    def watches(self) -> list[CameraWatch]:
        return [member.watch for member in self._members.values()]

    def apply(self, cameras: Sequence[CameraConfig]) -> None:
        """Watch these cameras from now on. Those whose configuration is as before go on undisturbed.

        Raises:
            UsageError: one of them cannot be watched; all is as before then.
        """
        stays = {one.id: self._members[one.id] for one in cameras if self._runs(one)}
        new = {one.id: self._made(one) for one in cameras if one.id not in stays}
        leaving = [member for name, member in self._members.items() if name not in stays]
        for member in leaving:
            member.stop.set()
        for member in new.values():
            member.thread.start()
        self._members = {one.id: stays.get(one.id) or new[one.id] for one in cameras}
        log.info("watching", cameras=list(self._members), new=list(new), as_before=list(stays))

    def stop(self) -> None:
        for member in self._members.values():
            member.stop.set()
        for member in self._members.values():
            member.thread.join(STOP_WITHIN_S)

    def _runs(self, camera: CameraConfig) -> bool:
        member = self._members.get(camera.id)
        return member is not None and member.watch.config == camera

    def _made(self, camera: CameraConfig) -> _Member:
        stop = threading.Event()
        watch, before = self._watch_of(camera, stop), self._members.get(camera.id)

        def run() -> None:
            if before is not None:
                before.thread.join()  # it writes its stays down, and the new one goes on with them
            watch.run()

        return _Member(watch, stop, threading.Thread(target=run, name=f"line {camera.id}", daemon=True))
