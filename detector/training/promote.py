"""Put a better model in the place of the one in use: `<shelf>/<name>` leads to the folder of the version in use.

A camera whose configuration says `bikepark` instead of `bikepark-v0` runs, from its next start on, what was promoted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from detector.errors import UsageError
from detector.lock_model import read_lock_folder
from detector.model_folder import load_model_folder
from detector.training.compare import Comparison
from detector.training.fine_tune import Purpose

NEEDED_WITH_WORDS = ("card.md", "metrics.json")


class NotPromotedError(UsageError):
    """A model that does not take the other's place; the message says why."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A complete model folder, its weights checked against their sha256."""

    path: Path
    name: str
    model_id: str
    sha256: str


def complete(path: Path, purpose: Purpose) -> Candidate:
    """Check that a folder is a finished model.

    Raises:
        ModelRefusedError: model.toml, its sha256 or its classes are missing or do not fit the weights.
        NotPromotedError: the card or the figures are missing.
    """
    folder = load_model_folder(path) if purpose is Purpose.BIKES else read_lock_folder(path)
    for name in NEEDED_WITH_WORDS:
        file = path / name
        if not file.is_file() or not file.read_text(encoding="utf-8").strip():
            raise NotPromotedError(f"{path} has no {name}: a model is finished when it has a card and figures.")
    return Candidate(path.resolve(), folder.facts.name, folder.model_id, folder.facts.sha256)


def model_in_use(shelf: Path, name: str) -> Path | None:
    """The folder that `name` leads to; None where nothing was promoted yet."""
    link = shelf / name
    return link.resolve() if link.is_symlink() and link.exists() else None


def check_win(candidate: Candidate, old: str, comparison: Comparison) -> None:
    """Raise `NotPromotedError` unless the candidate is B and wins."""
    if comparison.b_wins:
        return
    mean = comparison.mean
    lost = [kind for kind, one in comparison.kinds.items() if one.high < 0]
    because = f"and it is worse at {', '.join(lost)}" if lost else "and that may be chance"
    raise NotPromotedError(
        f"{candidate.model_id} does not win over {old}: AP50 {mean.b:.3f} against {mean.a:.3f} on {comparison.pictures} "
        f"pictures, 95 % of the differences between {mean.low:+.3f} and {mean.high:+.3f}, {because}."
    )


def switch(shelf: Path, candidate: Candidate, told: Mapping[str, object], at: datetime) -> Path:
    """Let `<shelf>/<name>` lead to the candidate, at once or not at all; gives that place.

    Raises:
        NotPromotedError: something else is in the way, or the shelf cannot be written.
    """
    link = shelf / candidate.name
    if link.exists() and not link.is_symlink():
        raise NotPromotedError(f"{link} is there and is no link that a promotion made: move it away first.")
    unfinished = shelf / f".{candidate.name}.next"
    try:
        record = {"at": at.isoformat(), "model": candidate.model_id, "sha256": candidate.sha256, **told}
        with (shelf / f"{candidate.name}.promotions.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        unfinished.unlink(missing_ok=True)
        unfinished.symlink_to(_seen_from(shelf, candidate.path), target_is_directory=True)
        unfinished.replace(link)
    except OSError as error:
        raise NotPromotedError(f"{link} cannot be made to lead to {candidate.path}: {error.strerror}.") from error
    return link


def _seen_from(shelf: Path, folder: Path) -> Path:
    return Path(folder.name) if folder.parent == shelf.resolve() else folder


def told_of(comparison: Comparison, old: str, data: Path) -> dict[str, object]:
    """What the record of a promotion keeps of the comparison."""
    return {"over": old, "data": str(data), "pictures": comparison.pictures, "mean_ap50": asdict(comparison.mean)}
