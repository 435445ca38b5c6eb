"""A clip's result folder appears finished or not at all: written beside its place, moved there in one go."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from detector.errors import CannotWriteError

EVENTS, STAYS, REPORT, VIDEO = "events.jsonl", "stays.csv", "report.html", "annotated.mp4"
DETECTIONS, SNAPSHOTS = "detections.jsonl", "snapshots"
OURS = frozenset({EVENTS, STAYS, REPORT, VIDEO, DETECTIONS, SNAPSHOTS})


def make_out(out: Path) -> None:
    """Make the folder that result folders go into, and see that it can be written to.

    Raises:
        CannotWriteError: it is a file, or may not be written to.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe = out / f".{secrets.token_hex(8)}"
        probe.mkdir()
        probe.rmdir()
    except (FileExistsError, NotADirectoryError) as error:
        raise CannotWriteError(f"{out}: is not a folder; name another one with --out") from error
    except OSError as error:
        raise CannotWriteError(
            f"{out}: cannot be written to ({error.strerror}); name another folder with --out"
        ) from error


@contextmanager
def result_folder(out: Path, name: str) -> Iterator[Path]:
    """A folder to write into; it becomes `out/name` when the block ends well and vanishes when it does not.

    An earlier result of this name is replaced as a whole. A folder that is no result of ours is never touched.

    Raises:
        CannotWriteError: writing fails, or something else is in its place.
    """
    final, partial = out / name, out / f".{name}.partial-{secrets.token_hex(4)}"
    _check_replaceable(final)
    try:
        partial.mkdir()
        yield partial
        _put_in_place(partial, final)
    except OSError as error:
        raise CannotWriteError(
            f"{final}: cannot be written ({error.strerror or error}); check its space and permissions"
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _check_replaceable(final: Path) -> None:
    if not final.exists():
        return
    if not is_result(final):
        raise CannotWriteError(f"{final}: exists and is not a result of pleaselock; move it away or name another --out")
    strangers = sorted(path.name for path in final.iterdir() if path.name not in OURS and path.name[0] != ".")
    if strangers:
        raise CannotWriteError(f"{final}: would be replaced, but holds {strangers[0]}; move that away first")


def is_result(folder: Path) -> bool:
    return (folder / EVENTS).is_file() and (folder / REPORT).is_file()


def _put_in_place(partial: Path, final: Path) -> None:
    if not final.exists():
        partial.rename(final)
        return
    old = final.with_name(f".{final.name}.old-{secrets.token_hex(4)}")
    final.rename(old)
    try:
        partial.rename(final)
    except OSError:
        old.rename(final)
        raise
    shutil.rmtree(old, ignore_errors=True)
