from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog

from detector.errors import CannotWriteError
from detector.stay_store import StayStore
from tests.brokers import ROOT, wait_for


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "stays.db"


def test_what_was_saved_is_there_for_the_next_run_camera_by_camera(path: Path) -> None:
    with StayStore(path) as store:
        store.save("gate", {"one": "1", "two": "2"}, ())
        store.save("yard", {"one": "other"}, ())
        store.save("gate", {"two": "2, later", "three": "3"}, ["one", "never there"])
    with StayStore(path) as store:
        assert store.load("gate") == {"two": "2, later", "three": "3"}
        assert store.load("yard") == {"one": "other"}
        assert store.load("new") == {}


WRITES_FOR_EVER = """
import json, sys
from pathlib import Path
from detector.stay_store import StayStore
store, number = StayStore(Path(sys.argv[1])), 0
while True:
    number += 1
    body = json.dumps({"number": number, "filling": str(number) * 2000})
    store.save("gate", {"first": body, "second": body, f"passing-{number}": body}, [f"passing-{number - 1}"])
    if number == 5:
        print("writing", flush=True)
"""


@pytest.mark.parametrize("wait_s", [0.0, 0.013, 0.04, 0.11])
def test_a_process_killed_while_it_writes_leaves_one_whole_state(path: Path, wait_s: float) -> None:
    command = [sys.executable, "-c", WRITES_FOR_EVER, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"writing\n"
        threading.Event().wait(wait_s)
        os.kill(process.pid, signal.SIGKILL)
    with StayStore(path) as store:
        bodies = store.load("gate")
        store.save("gate", {"after": "it can be written on"}, ())
    number = json.loads(bodies["first"])["number"]
    assert number >= 5
    assert set(bodies) == {"first", "second", f"passing-{number}"}
    assert len(set(bodies.values())) == 1, "all rows are of one write"


def test_a_full_disk_is_said_and_what_was_kept_stays(path: Path) -> None:
    with StayStore(path) as store:
        store.save("gate", {"one": "1"}, ())
        assert store._connection is not None
        store._connection.execute("PRAGMA max_page_count=4")
        with pytest.raises(CannotWriteError, match="free some space") as said:
            store.save("gate", {"two": "2" * 100_000}, ["one"])
        assert str(path) in str(said.value)
        assert store.load("gate") == {"one": "1"}
        store.save("gate", {"two": "2"}, ["one"])
        assert store.load("gate") == {"two": "2"}


def test_a_folder_that_cannot_be_made_stops_nothing_for_good(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    with StayStore(tmp_path / "home" / "stays.db") as store:
        with pytest.raises(CannotWriteError, match="cannot be kept"):
            store.save("gate", {"one": "1"}, ())
        (tmp_path / "home").unlink()
        store.save("gate", {"one": "1"}, ())
        assert store.load("gate") == {"one": "1"}


def test_a_file_that_another_program_has_locked_is_waited_for_a_moment_only(path: Path) -> None:
    with StayStore(path) as store:
        store.save("gate", {"one": "1"}, ())
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(CannotWriteError, match="locked"):
            store.save("gate", {"one": "2"}, ())
        other.close()
        store.save("gate", {"one": "3"}, ())
        assert store.load("gate") == {"one": "3"}


def _garble_all(path: Path) -> None:
    path.write_bytes(b"this is no database" * 500)


def _garble_the_middle(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = b"\x5a" * (len(content) - 4096)
    path.write_bytes(content)


@pytest.mark.parametrize("garble", [_garble_all, _garble_the_middle])
def test_a_broken_file_is_put_aside_and_a_new_one_begun(path: Path, garble: Callable[[Path], None]) -> None:
    with StayStore(path) as store:
        store.save("gate", {str(number): "x" * 1000 for number in range(50)}, ())
    garble(path)
    broken = path.read_bytes()
    with StayStore(path) as store, structlog.testing.capture_logs() as logs:
        try:
            assert store.load("gate") == {}
        except CannotWriteError:
            assert store.load("gate") == {}
        store.save("gate", {"one": "1"}, ())
        assert store.load("gate") == {"one": "1"}
    assert [line["log_level"] for line in logs] == ["error"]
    assert path.with_suffix(".broken").read_bytes() == broken


def test_cameras_write_at_once_from_their_own_threads(path: Path) -> None:
    with StayStore(path) as store:

        def write(camera: str) -> None:
            for number in range(50):
                store.save(camera, {"stay": str(number)}, ())

        threads = [threading.Thread(target=write, args=(f"camera-{number}",)) for number in range(4)]
        for thread in threads:
            thread.start()
        wait_for(lambda: not any(thread.is_alive() for thread in threads))
        assert [store.load(f"camera-{number}") for number in range(4)] == [{"stay": "49"}] * 4
