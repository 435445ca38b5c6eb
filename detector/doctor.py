"""`pleaselock doctor`, the edge's part: software, configuration, models, cameras, the disk, what waits to be sent."""

from __future__ import annotations

import fcntl
import platform
import queue
import shutil
import socket
import sqlite3
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import onnxruntime

from detector.check_config import mistakes_in
from detector.config import CameraConfig, SiteConfig
from detector.live_sources import connect, is_file
from detector.model_folder import identify_model
from detector.verdict_model import verdict_sha256

Say = Callable[[str, bool | None, str, str], None]
"""What was looked at, whether it is fine (None: not checked), what was found, what to do."""
OLDEST_PYTHON = (3, 11)
CAMERA_WITHIN_S = 12.0
LEAST_FREE_MIB = 500
MANY_LETTERS = 200
"""More than a bridge that answers ever leaves waiting."""


def examine_edge(config: Path, home: Path, say: Say) -> SiteConfig | None:
    """Look at one edge box; gives its configuration where that can be read."""
    examine_software(say)
    site, mistakes = mistakes_in(config)
    for mistake in mistakes:
        say("configuration", False, mistake, "mend the file")
    examine_disk(home, say)
    if site is None:
        say("models, cameras, outbox", None, "the configuration cannot be read", "mend it first")
        return None
    if not mistakes:
        say("configuration", True, f"{config} is in order, {len(site.cameras)} camera(s)", "")
        _examine_models(site, say)
    is_running = _examine_outbox(home / f"outbox-{site.site}-{site.worker}.db", say)
    _examine_cameras(site, say, is_running=is_running)
    _examine_metrics(site, say, is_running=is_running)
    return site


def examine_software(say: Say) -> None:
    python, wanted = platform.python_version(), ".".join(map(str, OLDEST_PYTHON))
    is_new_enough = sys.version_info >= OLDEST_PYTHON
    say("python", is_new_enough, python, "" if is_new_enough else f"install {wanted} or newer")
    say("onnxruntime", True, f"{onnxruntime.__version__} on {platform.machine()}", "")


def examine_disk(home: Path, say: Say) -> None:
    if not home.is_dir():
        say(
            "disk",
            None,
            f"there is no folder {home} yet",
            "it is made when something is started; or name another --home",
        )
        return
    try:
        probe = home / f".doctor-{threading.get_native_id()}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        say("disk", False, f"{home} cannot be written ({error.strerror})", "make it writable for the service's user")
        return
    free_mib = shutil.disk_usage(home).free // 2**20
    enough = free_mib >= LEAST_FREE_MIB
    say(
        "disk",
        enough,
        f"{free_mib} MiB free in {home}",
        "" if enough else f"free {LEAST_FREE_MIB} MiB: alerts wait there",
    )


def _examine_models(site: SiteConfig, say: Say) -> None:
    """Opening them, done with the configuration, has held each against the sha256 it states."""
    for name in sorted({camera.model for camera in site.cameras}):
        identity = identify_model(name)
        say("model", True, f"{identity.model_id}, sha256 {identity.sha256[:12]}…", "")
    for name in sorted({camera.verdict for camera in site.cameras}):
        say("verdict", True, f"{name}, sha256 {verdict_sha256(name)[:12]}…", "")


def _examine_outbox(path: Path, say: Say) -> bool:
    """Whether a worker runs on it."""
    is_running = _is_held(path.with_suffix(".lock"))
    say("worker", True if is_running else None, "runs" if is_running else "does not run here now", "")
    if not path.is_file():
        say("outbox", None, f"no worker has run with {path.parent} as its home", "")
        return is_running
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
            waiting = int(connection.execute("SELECT count(*) FROM outbox").fetchone()[0])
    except sqlite3.Error as error:
        say("outbox", False, f"{path} cannot be read ({error})", "look at the disk; messages may wait in it")
        return is_running
    fine = waiting <= MANY_LETTERS
    advice = "see the lines on broker and bridge; nothing is lost while there is room on the disk"
    say("outbox", fine, f"{waiting} message(s) wait to be stored by the bridge", "" if fine else advice)
    return is_running


def _is_held(lock: Path) -> bool:
    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _examine_cameras(site: SiteConfig, say: Say, *, is_running: bool) -> None:
    """All at once: one that does not answer takes its time."""
    asked: list[tuple[CameraConfig, queue.SimpleQueue[str]]] = []
    for camera in site.cameras:
        if is_running and (camera.source.isdecimal() or camera.source.startswith("/dev/")):
            say(f"camera {camera.id}", None, "is plugged in, and the running worker uses it", "")
            continue
        answer: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=_open, args=(camera.source, answer), daemon=True).start()
        asked.append((camera, answer))
    for camera, answer in asked:
        try:
            wrong = answer.get(timeout=CAMERA_WITHIN_S)
        except queue.Empty:
            wrong = f"gives nothing within {CAMERA_WITHIN_S:.0f} s"
        advice = "check cable, address, user and password" if not is_file(camera.source) else "check the file"
        say(f"camera {camera.id}", not wrong, wrong or "gives a picture", advice if wrong else "")


def _open(source: str, answer: queue.SimpleQueue[str]) -> None:
    """Puts what is wrong, in a few words; nothing where a picture's data came."""
    over = threading.Event()
    try:
        with connect(source, over) as connection:
            next(iter(connection.packets))
    except StopIteration:
        answer.put("ends before its first picture")
    except OSError as error:
        answer.put(f"cannot be opened ({error.strerror or error})")
    except Exception as error:  # noqa: BLE001 -- whatever a camera's library says is what is wrong with it
        answer.put(" ".join((str(error) or repr(error)).replace(source, "the source").split()))
    else:
        answer.put("")
    finally:
        over.set()


def _examine_metrics(site: SiteConfig, say: Say, *, is_running: bool) -> None:
    if site.metrics is None:
        say("metrics", None, "are not switched on", "")
        return
    host, port = site.metrics.host, site.metrics.port
    with socket.socket() as probe:
        probe.settimeout(2)
        answers = probe.connect_ex((host, port)) == 0
    if answers == is_running:
        say("metrics", True, f"port {port} {'answers' if answers else 'is free'}", "")
    elif answers:
        say("metrics", False, f"port {port} is used by something else", "give another `metrics: port`")
    else:
        say("metrics", False, f"the worker runs, and port {port} does not answer", "start the worker anew")
