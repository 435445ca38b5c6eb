"""What the verdict is made of: a small versioned file with the fitted weights, read strictly.

A weight is a curve: how much one number of the evidence moves the log-odds of *unlocked*. `python -m models.fit_verdict`
fits the curves and writes the file; nothing in it is typed in by hand.
"""

from __future__ import annotations

import math
import sys
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from detector.model_folder import ModelRefusedError, sha256_of
from detector.vocabulary import LockEvidence, ReasonCode

VERDICT_FILE = "verdict.json"
Probability = Annotated[float, Field(ge=0, le=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Curve(_Strict):
    """Log-odds of *unlocked* over one number: straight lines between the knots, level outside them."""

    at: tuple[float, ...] = Field(min_length=1)
    """The knots, rising, in the unit of the reason's name."""
    log_odds: tuple[float, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _knots_rise(self) -> Self:
        if len(self.at) != len(self.log_odds):
            raise ValueError("at and log_odds must be of one length")
        if any(one >= two for one, two in pairwise(self.at)):
            raise ValueError("at must rise")
        return self

    def of(self, number: float | None) -> float:
        """The push on the log-odds; what could not be seen pushes nowhere."""
        return 0.0 if number is None else float(np.interp(number, self.at, self.log_odds))


class CalibrationBin(_Strict):
    """Of `count` held-out stays said to be unlocked with mean probability `said`, the share `found` was."""

    said: Probability
    found: Probability
    count: int = Field(ge=1)


class VerdictModel(_Strict):
    """All of verdict.json."""

    name: str = Field(pattern="^[a-z0-9-]+$")
    version: int = Field(ge=0)
    base: float
    """Log-odds where nothing of the evidence was seen."""
    curves: dict[ReasonCode, Curve]
    calibration: tuple[CalibrationBin, ...] = ()
    fitted_on: str = ""
    """Data, size and command, in a sentence."""

    @cached_property
    def model_id(self) -> str:
        return f"{self.name}-v{self.version}"

    def p_unlocked(self, numbers: dict[ReasonCode, float]) -> float:
        """The probability that the bike is not locked, from what was seen, 0 to 1, rounded to three digits."""
        log_odds = self.base + sum(curve.of(numbers.get(code)) for code, curve in self.curves.items())
        return round(1 / (1 + math.exp(-max(-30.0, min(30.0, log_odds)))), 3)


def numbers_of(evidence: LockEvidence) -> dict[ReasonCode, float]:
    """The numbers that were seen, by reason; what was not seen is left out."""
    numbers: dict[ReasonCode, float | None] = {
        ReasonCode.LEFT_AFTER_S: evidence.left_after_s,
        ReasonCode.ATTENDED_S: evidence.attended_s,
        ReasonCode.BENT_S: evidence.bent_s,
        ReasonCode.BENDS: evidence.bends,
        ReasonCode.LONGEST_BEND_S: evidence.longest_bend_s,
        ReasonCode.HANDS_LOW_S: evidence.hands_low_s,
        ReasonCode.LOST_AT_BIKE_S: evidence.lost_at_bike_s or None,
        ReasonCode.LEFT_STRAIGHT: evidence.left_straight,
        ReasonCode.RETURN_VISITS: evidence.return_visits or None,
        ReasonCode.RETURN_ATTENDED_S: evidence.return_attended_s,
        ReasonCode.RETURN_BENT_S: evidence.return_bent_s,
        ReasonCode.LOCK_SEEN_VIEWS: evidence.lock_seen or None,
        ReasonCode.LOCK_CARRIED_VIEWS: evidence.lock_carried or None,
        ReasonCode.NO_LOCK_VIEWS: evidence.lock_views if evidence.lock_views and not evidence.lock_seen else None,
    }
    return {code: round(float(number), 2) for code, number in numbers.items() if number is not None}


def load_verdict_model(path_or_name: str | Path) -> VerdictModel:
    """Open a verdict's folder by its path, or by its name among those that came with pleaselock.

    Raises:
        ModelRefusedError: there is none, or its file breaks a rule.
    """
    file = _find(path_or_name)
    try:
        return VerdictModel.model_validate_json(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ModelRefusedError(f"Cannot read {file}: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise ModelRefusedError(f"{file} is not valid: {where}: {first['msg']}.") from error


def verdict_sha256(path_or_name: str | Path) -> str:
    """Sha256 of the verdict's file, in hexadecimal."""
    return sha256_of(_find(path_or_name))


def _find(path_or_name: str | Path) -> Path:
    shelves = (Path(__file__).resolve().parent.parent / "models", Path(sys.prefix) / "share" / "pleaselock" / "models")
    folders = [Path(path_or_name), *(shelf / path_or_name for shelf in shelves)]
    found = next((folder / VERDICT_FILE for folder in folders if (folder / VERDICT_FILE).is_file()), None)
    if found is None:
        known = sorted({file.parent.name for shelf in shelves for file in shelf.glob(f"*/{VERDICT_FILE}")})
        raise ModelRefusedError(f"There is no lock verdict {str(path_or_name)!r}; here: {', '.join(known) or 'none'}.")
    return found
