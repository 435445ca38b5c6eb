"""What is true of one clip: the file `<clip>.truth.json` that results are held against. Read strictly.

Made clips compute it from their scenario; for real footage a person writes it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from detector.errors import CannotReadError

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0)]
Split = Literal["fit", "test"]
BikeKind = Literal["bicycle", "motorcycle"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RackTruth(_Part):
    id: str
    outline_norm: tuple[tuple[Share, Share], ...]


class StayTruth(_Part):
    """One bike that stands in the rack at any time. Seconds from the clip's start; None: not within the clip."""

    xyxy_norm: tuple[Share, Share, Share, Share]
    """The whole parked bike's box: left, top, right, bottom. What hides part of it counts as if it were not there."""
    kind: BikeKind = "bicycle"
    shared: bool = False
    """A shared bike, which locks itself."""
    preexisting: bool = False
    """It stood there before the clip began: no visit, no verdict is asked."""
    parked_at_s: Seconds | None = None
    left_at_s: Seconds | None = None
    """The rider is out of reach for the first time after parking."""
    gone_at_s: Seconds | None = None
    locked: bool = False
    """Whether it was locked when the rider left it (at `left_at_s`)."""
    locked_at_s: Seconds | None = None
    """When the lock was closed; later than `left_at_s` where somebody came back to do it."""
    lock: str = "none"
    rider: int | None = None
    """Who parked it: a number unique among the clip's people."""
    taken_by: int | None = None
    width_px: float | None = None
    """Width of the whole bike's box in pixels of the clip."""


class ClipTruth(_Part):
    clip: str
    """The footage's file name."""
    scenario: str
    group: str = "ungrouped"
    """What kind of case it is; figures are told per group."""
    split: Split = "test"
    seed: int = 0
    fps: float = Field(gt=0)
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    duration_s: float = Field(gt=0)
    rendered: bool
    racks: tuple[RackTruth, ...]
    stays: tuple[StayTruth, ...]


def read_truth(path: Path) -> ClipTruth:
    """Read one truth file.

    Raises:
        CannotReadError: it cannot be read or breaks a rule; the message says where.
    """
    try:
        return ClipTruth.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CannotReadError(f"{path}: cannot be read ({error.strerror}); check the name") from error
    except (ValidationError, UnicodeDecodeError) as error:
        raise CannotReadError(f"{path}: is not a truth file ({_first(error)}); see sample_videos/README.md") from error


def _first(error: ValidationError | UnicodeDecodeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "it is not text"
    one = error.errors()[0]
    place = ".".join(str(part) for part in one["loc"]) or "the top level"
    return f"{place}: {one['msg']}"
