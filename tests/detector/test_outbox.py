from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from detector.errors import CannotWriteError
from detector.outbox import RESERVE_BYTES, Letter, Outbox
from tests.outboxes import letters_in


def letter(number: int, *, lane: str = "", urgent: bool = False, size: int = 10) -> Letter:
    return Letter(f"id-{number}", f"topic/{number}", b"x" * size, lane or f"stay-{number}", urgent)


def ids(outbox: Outbox, limit: int = 100) -> list[str]:
    return [one.message_id for one in outbox.next_letters(limit)]


def fill(outbox: Outbox, size: int = 5000, first: int = 0) -> None:
    for number in range(first, first + 5000):
        outbox.put(letter(number, size=size))


def empty(outbox: Outbox, at_once: int) -> None:
    while outbox.depth():
        outbox.acknowledge(ids(outbox, at_once))


def test_letters_come_back_whole_and_in_order(tmp_path: Path) -> None:
    with Outbox(tmp_path / "deep" / "outbox.db") as outbox:
        for number in range(5):
            outbox.put(letter(number))
        assert outbox.next_letters(3) == [letter(0), letter(1), letter(2)]
        assert outbox.depth() == 5


def test_only_what_is_acknowledged_is_forgotten(tmp_path: Path) -> None:
    with Outbox(tmp_path / "outbox.db") as outbox:
        for number in range(4):
            outbox.put(letter(number))
        outbox.acknowledge(["id-1", "id-2", "never heard of"])
        assert ids(outbox) == ["id-0", "id-3"]


def test_the_same_id_put_twice_is_kept_once_as_it_was(tmp_path: Path) -> None:
    with Outbox(tmp_path / "outbox.db") as outbox:
        outbox.put(letter(1))
        outbox.put(Letter("id-1", "another", b"another", "another"))
        assert letters_in(outbox) == [letter(1)]


def test_those_already_on_their_way_are_left_out_and_the_window_does_not_move_past_them(tmp_path: Path) -> None:
    with Outbox(tmp_path / "outbox.db") as outbox:
        for number in range(6):
            outbox.put(letter(number))
        assert [one.message_id for one in outbox.next_letters(4, ["id-0", "id-2"])] == ["id-1", "id-3"]


def test_a_new_alert_overtakes_a_backlog_but_not_its_own_stay(tmp_path: Path) -> None:
    with Outbox(tmp_path / "outbox.db") as outbox:
        for number in range(500):
            outbox.put(letter(number))
        outbox.put(letter(1000, lane="stay-3"))
        outbox.put(letter(1001, lane="stay-3", urgent=True))
        assert ids(outbox, 3) == ["id-3", "id-0", "id-1"]
        outbox.put(letter(1002, lane="stay-9", urgent=True))
        assert ids(outbox, 4) == ["id-9", "id-3", "id-0", "id-1"]
        outbox.acknowledge(["id-3"])
        assert ids(outbox, 4) == ["id-9", "id-1000", "id-0", "id-1"]


def test_of_a_stay_one_letter_is_on_its_way_at_a_time_and_what_is_committed_holds_up_none(tmp_path: Path) -> None:
    with Outbox(tmp_path / "outbox.db") as outbox:
        for number in range(6):
            outbox.put(letter(number, lane=f"stay-{number % 2}", urgent=number == 5))
        assert ids(outbox) == ["id-1", "id-0"]
        assert outbox.next_letters(9, on_their_way=["id-0", "id-1"]) == []
        assert [one.message_id for one in outbox.next_letters(9, ["id-0"], committed=["id-1"])] == ["id-3"]


def test_a_stay_with_very_many_letters_is_looked_through_only_so_far(tmp_path: Path) -> None:
    """What is next may not cost more the longer one stay talks; those after it get their turn as it is drained."""
    with Outbox(tmp_path / "outbox.db") as outbox:
        for number in range(60):
            outbox.put(letter(number, lane="talkative"))
        outbox.put(letter(60))
        assert ids(outbox, 2) == ["id-0"]
        outbox.acknowledge(f"id-{number}" for number in range(20))
        assert ids(outbox, 2) == ["id-20", "id-60"]


def test_a_new_alert_is_next_however_many_older_ones_wait(tmp_path: Path) -> None:
    with Outbox(tmp_path / "outbox.db") as outbox:
        for number in range(300):
            outbox.put(letter(number, lane=f"stay-{number // 3}", urgent=number % 3 == 1))
        outbox.put(letter(300, lane="new", urgent=True))
        assert ids(outbox, 3) == ["id-300", "id-297", "id-294"]
        drained = []
        while batch := ids(outbox, 1000):
            drained += batch
            outbox.acknowledge(batch)
        with_alert = [f"id-{3 * stay + n}" for n in (0, 1) for stay in reversed(range(100))]
        assert drained == ["id-300", *with_alert, *(f"id-{3 * stay + 2}" for stay in range(100))]


def test_what_is_next_costs_the_same_with_many_letters_as_with_few(tmp_path: Path) -> None:
    """Counted in steps of SQLite's virtual machine, so that no clock decides."""
    steps = [_steps_of_pending(tmp_path / f"{count}.db", count) for count in (300, 6000)]
    assert steps[1] < 1.5 * steps[0]


def _steps_of_pending(path: Path, count: int) -> int:
    taken = 0

    def step() -> None:
        nonlocal taken
        taken += 1

    with Outbox(path) as outbox:
        rows = [(f"id-{n}", f"stay-{n // 3}", n % 3 == 1, "topic", b"x") for n in range(count)]
        insert = "INSERT INTO outbox (message_id, lane, urgent, topic, payload) VALUES (?, ?, ?, ?, ?)"
        outbox._connection.execute("BEGIN")
        outbox._connection.executemany(insert, rows)
        outbox._connection.execute("COMMIT")
        outbox._connection.set_progress_handler(step, 10)
        assert len(outbox.next_letters(100)) == 100
        outbox._connection.set_progress_handler(None, 0)
    return taken


def test_an_outbox_of_an_older_version_is_read(tmp_path: Path) -> None:
    with Outbox(tmp_path / "outbox.db") as outbox:
        outbox.put(letter(1, urgent=True))
        outbox._connection.executescript(
            "DROP INDEX outbox_newest_urgent; DROP INDEX outbox_lanes;"
            "CREATE INDEX outbox_urgent ON outbox (lane) WHERE urgent = 1"
        )
    with Outbox(tmp_path / "outbox.db") as outbox:
        assert (ids(outbox), outbox.depth()) == (["id-1"], 1)


def test_a_reopened_outbox_holds_what_the_closed_one_held(tmp_path: Path) -> None:
    with Outbox(tmp_path / "outbox.db") as outbox:
        outbox.put(letter(1))
    with Outbox(tmp_path / "outbox.db") as outbox:
        assert ids(outbox) == ["id-1"]


PUT_FOR_EVER = """
import sys
from pathlib import Path
from detector.outbox import Letter, Outbox
outbox = Outbox(Path(sys.argv[1]))
number = 0
while True:
    outbox.put(Letter(f"id-{number}", "topic", bytes(2000), f"stay-{number}"))
    print(number, flush=True)
    number += 1
"""


def test_whatever_was_put_before_a_kill_9_is_there_after_it(tmp_path: Path, project_root: Path) -> None:
    command = [sys.executable, "-c", PUT_FOR_EVER, str(tmp_path / "outbox.db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=project_root) as process:
        assert process.stdout is not None
        while process.stdout.readline() != b"50\n":
            pass
        os.kill(process.pid, signal.SIGKILL)
        last = int((process.stdout.read().split() or [b"50"])[-1])
    with Outbox(tmp_path / "outbox.db") as outbox:
        # One more may have been committed than was told of.
        assert outbox.depth() in {last + 1, last + 2}
        assert ids(outbox, 1000)[: last + 1] == [f"id-{number}" for number in range(last + 1)]


def test_a_full_disk_is_said_plainly_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    with Outbox(tmp_path / "outbox.db", max_bytes=200_000) as outbox:
        with pytest.raises(CannotWriteError, match=r"outbox\.db: the outbox cannot be used .*full"):
            fill(outbox)
        kept = outbox.depth()
        assert ids(outbox, 1000) == [f"id-{number}" for number in range(kept)]
        outbox.acknowledge(ids(outbox, 1000))
        outbox.put(letter(5000, size=5000))
        assert ids(outbox) == ["id-5000"]


@pytest.mark.service("small_disk")
@pytest.mark.parametrize(("size", "at_once"), [(1000, 40), (2500, 5), (5000, 1), (5000, 2), (5000, 12), (50_000, 1)])
def test_an_outbox_that_filled_its_disk_and_was_emptied_takes_the_next_letter(
    small_disk: Path, size: int, at_once: int
) -> None:
    """The journal kept what it had taken, or the database did, and the disk stayed full although no letter was left."""
    with Outbox(small_disk / "outbox.db") as outbox:
        for _ in range(2):
            with pytest.raises(CannotWriteError, match="full"):
                fill(outbox, size)
            empty(outbox, at_once)
            outbox.put(letter(5000, size=size))
            assert ids(outbox) == ["id-5000"]


@pytest.mark.service("small_disk")
def test_what_was_held_in_reserve_is_held_again_after_others_had_filled_the_disk(small_disk: Path) -> None:
    reserve, hog = small_disk / "outbox.reserve", small_disk / "somebody's log"
    with Outbox(small_disk / "outbox.db") as outbox:
        with pytest.raises(CannotWriteError):
            fill(outbox)
        reserve.unlink()
        with pytest.raises(OSError, match="No space"):
            hog.write_bytes(bytes(1024**2))
        with pytest.raises(CannotWriteError):
            empty(outbox, 1)
        hog.unlink()
        with pytest.raises(CannotWriteError):
            fill(outbox, first=10_000)
        assert reserve.stat().st_size == RESERVE_BYTES
        empty(outbox, 1)
        assert reserve.exists()


def test_a_second_worker_on_the_same_outbox_is_refused(tmp_path: Path) -> None:
    with Outbox(tmp_path / "outbox.db"), pytest.raises(CannotWriteError, match="another worker uses this outbox"):
        Outbox(tmp_path / "outbox.db")


@pytest.mark.parametrize("spoil", ["folder is a file", "not a database"])
def test_an_outbox_that_cannot_be_opened_is_one_sentence(tmp_path: Path, spoil: str) -> None:
    path = tmp_path / "home" / "outbox.db"
    if spoil == "folder is a file":
        path.parent.write_text("")
    else:
        path.parent.mkdir()
        path.write_bytes(b"not a database" * 1000)
    with pytest.raises(CannotWriteError, match=r"outbox\.db: the outbox cannot be"):
        Outbox(path)


def test_many_threads_put_and_acknowledge_without_losing_any(tmp_path: Path) -> None:
    with Outbox(tmp_path / "outbox.db") as outbox:

        def work(first: int) -> None:
            for number in range(first, first + 20):
                outbox.put(letter(number))
                if number % 2:
                    outbox.acknowledge([f"id-{number}"])

        threads = [threading.Thread(target=work, args=(100 * index,)) for index in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(ids(outbox, 1000)) == {f"id-{100 * i + n}" for i in range(6) for n in range(0, 20, 2)}


def test_every_put_is_synced_to_the_disk(tmp_path: Path) -> None:
    with Outbox(tmp_path / "outbox.db") as outbox:
        settings = [
            outbox._connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")
        ]
    assert settings == ["wal", 2]
