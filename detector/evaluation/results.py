"""Reads what `pleaselock detect` wrote and the truth it is held against, and puts the two together by clip name."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import isfinite
from pathlib import Path
from typing import cast

from pydantic import ValidationError

from broker_bridge.messages import UP_MESSAGE, UpMessage
from detector.boxes import XyxyNorm
from detector.errors import CannotReadError, UsageError
from detector.evaluation.found import FoundClip, FoundStay, Kind, stays_in_messages
from detector.evaluation.truth import ClipTruth, Split, read_truth
from detector.frames import EPOCH
from detector.results import EVENTS, STAYS

TRUTH_ENDING = ".truth.json"
AGAIN = "run pleaselock detect again"


@dataclass(frozen=True, slots=True)
class Pair:
    """A clip's truth and its result; `folder` and `found` are None where there is no result."""

    truth: ClipTruth
    truth_path: Path
    folder: Path | None
    found: FoundClip | None


@dataclass(frozen=True, slots=True)
class Paired:
    pairs: tuple[Pair, ...]
    without_result: tuple[str, ...]
    without_truth: tuple[str, ...]


def pair_up(results: Path, truth_folder: Path, split: Split | None = None, *, only_present: bool = False) -> Paired:
    """Read both sides. Clips without a result are kept, with nothing found, unless only present ones are asked for.

    Raises:
        UsageError: there is nothing to score.
        CannotReadError: a file is broken; the message says which and where.
    """
    truths, folders = _truths(truth_folder), _result_folders(results)
    names = {name for name, (_, truth) in truths.items() if split in {None, truth.split}}
    if not names:
        raise UsageError(f"{truth_folder}: no clip there is of the split {split}; leave out --split")
    if not names & folders.keys():
        raise UsageError(f"{results}: no result there is of a clip that {truth_folder} tells of; check both folders")
    wanted = sorted(name for name in names if name in folders or not only_present)
    return Paired(
        tuple(_pair(truths[name], folders.get(name)) for name in wanted),
        tuple(sorted(names - folders.keys())),
        tuple(sorted(folders.keys() - truths.keys())),
    )


def read_result(folder: Path) -> FoundClip:
    """One clip's result folder.

    Raises:
        CannotReadError: a file is missing or broken.
    """
    rows = list(_rows(folder / STAYS))
    told = stays_in_messages(_messages(folder / EVENTS), rows[0].start if rows else EPOCH)
    strangers = told.keys() - {row.stay_id for row in rows}
    if strangers:
        raise CannotReadError(f"{folder}: {EVENTS} tells of the stay {min(strangers)}, which {STAYS} lacks; {AGAIN}")
    stays = (_with_what_was_said(row.stay, told.get(row.stay_id)) for row in rows)
    return FoundClip(folder.name, tuple(stays))


def _truths(folder: Path) -> dict[str, tuple[Path, ClipTruth]]:
    """Clip names to their truths."""
    truths: dict[str, tuple[Path, ClipTruth]] = {}
    for path in _listed(folder):
        if not path.name.endswith(TRUTH_ENDING):
            continue
        truth = read_truth(path)
        name = Path(truth.clip).stem
        if name in truths:
            raise CannotReadError(f"{path}: tells of {truth.clip}, as {truths[name][0].name} does; keep one of them")
        truths[name] = path, truth
    if not truths:
        raise UsageError(f"{folder}: holds no file named <clip>{TRUTH_ENDING}; check the folder")
    return truths


def _result_folders(results: Path) -> dict[str, Path]:
    files = _listed(results)
    if _is_result(results):
        return {results.resolve().name: results}
    folders = {path.name: path for path in files if path.name[0] != "." and path.is_dir() and _is_result(path)}
    if not folders:
        raise UsageError(f"{results}: holds no result of pleaselock detect; name the folder given to its --out")
    return folders


def _is_result(folder: Path) -> bool:
    return (folder / EVENTS).is_file() or (folder / STAYS).is_file()


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise CannotReadError(
            f"{folder}: cannot look into this folder ({error.strerror}); check its name and permissions"
        ) from error


def _pair(truth: tuple[Path, ClipTruth], folder: Path | None) -> Pair:
    return Pair(truth[1], truth[0], folder, read_result(folder) if folder else None)


@dataclass(frozen=True, slots=True)
class _Row:
    stay_id: str
    start: datetime
    stay: FoundStay


def _rows(path: Path) -> Iterator[_Row]:
    for line, cells in _cells(path):
        try:
            yield _row(cells)
        except (KeyError, ValueError, AttributeError, TypeError) as error:
            raise CannotReadError(f"{path}: line {line} is not a stay ({_said(error)}); {AGAIN}") from error


def _cells(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            for cells in reader:
                yield reader.line_num, cells
    except OSError as error:
        raise CannotReadError(f"{path}: cannot be read ({error.strerror}); {AGAIN}") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise CannotReadError(f"{path}: is not a table of stays ({error}); {AGAIN}") from error


def _row(cells: Mapping[str, str]) -> _Row:
    parked_at_s = _number(cells["parked_at_s"])
    stay = FoundStay(
        number=int(cells["number"]),
        xyxy_norm=XyxyNorm(*(_number(cells[side]) for side in XyxyNorm._fields)),
        parked_at_s=parked_at_s,
        left_at_s=_seconds(cells["left_at_s"]),
        gone_at_s=_seconds(cells["gone_at_s"]),
        preexisting=_flag(cells["preexisting"]),
        kind=_kind(cells["kind"]),
        visit_certain=_flag(cells["visit_certain"]),
    )
    parked_at = datetime.fromisoformat(cells["parked_at"])
    return _Row(cells["stay_id"], parked_at - timedelta(seconds=parked_at_s), stay)


def _seconds(cell: str) -> float | None:
    return _number(cell) if cell else None


def _number(cell: str) -> float:
    if not isfinite(float(cell)):
        raise ValueError(f"{cell} is no number")
    return float(cell)


def _flag(cell: str) -> bool:
    return {"yes": True, "no": False}[cell]


def _kind(cell: str) -> Kind:
    if cell not in {"bicycle", "motorcycle"}:
        raise ValueError(f"there is no kind {cell!r}")
    return cast("Kind", cell)


def _said(error: Exception) -> str:
    return f"{error} is missing or unknown" if isinstance(error, KeyError) else str(error)


def _messages(path: Path) -> Iterator[UpMessage]:
    for number, line in enumerate(_lines(path), start=1):
        try:
            yield UP_MESSAGE.validate_json(line)
        except ValidationError as error:
            raise CannotReadError(f"{path}: line {number} is not a message of pleaselock; {AGAIN}") from error


def _lines(path: Path) -> Sequence[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise CannotReadError(f"{path}: cannot be read ({error.strerror}); {AGAIN}") from error
    except UnicodeDecodeError as error:
        raise CannotReadError(f"{path}: is not text ({error.reason}); {AGAIN}") from error


def _with_what_was_said(stay: FoundStay, told: FoundStay | None) -> FoundStay:
    return stay if told is None else replace(stay, verdicts=told.verdicts, alerts=told.alerts)
