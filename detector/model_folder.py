"""A model is a folder of facts: `models/<name>-v<N>/` with model.toml, card.md, metrics.json and the weights.

Opening one checks that the weights are the ones the facts were written about, and refuses in one sentence if not.
"""

from __future__ import annotations

import hashlib
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, ClassVar, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, Strict, ValidationError, model_validator

from detector.errors import UsageError
from detector.vocabulary import Kind

Runtime = Literal["onnxruntime", "openvino"]
"""What computes an ONNX file."""
FACTS_FILE = "model.toml"
DEFAULT_MODEL = "bikepark-v2"
"""What looks for bikes where a configuration names no model; a folder in models/."""
REQUIRED_KINDS = (Kind.PERSON, Kind.BICYCLE)


class ModelRefusedError(UsageError, ValueError):
    """A model that cannot be trusted to be what it says; the message is one sentence for the person who chose it."""


class _Facts(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class InputFacts(_Facts):
    """What a picture becomes before the model sees it."""

    long_side_px: int = Field(ge=32, le=4096)
    stride_px: int = Field(ge=8, le=128)

    @model_validator(mode="after")
    def _long_side_fits_stride(self) -> Self:
        if self.long_side_px % self.stride_px:
            raise ValueError(f"long_side_px must be a multiple of stride_px ({self.stride_px})")
        return self


class ThresholdFacts(_Facts):
    """`score_low`: weakest box worth having, enough to continue a track. `score_high`: strong enough to start one."""

    score_low: float = Field(gt=0, lt=1)
    score_high: float = Field(gt=0, lt=1)
    iou: float = Field(gt=0, lt=1)

    @model_validator(mode="after")
    def _low_is_below_high(self) -> Self:
        if self.score_low > self.score_high:
            raise ValueError("score_low must not be above score_high")
        return self


class OriginFacts(_Facts):
    """Where the weights come from, so that anybody can make them again."""

    starting_checkpoint: str
    starting_checkpoint_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    training_command: str


K = TypeVar("K", bound=StrEnum)
"""What a model finds: our words for it."""


class FactsOf(_Facts, Generic[K]):
    """What model.toml says. `classes` maps the model's own class names to ours; its other classes are ignored."""

    finds: ClassVar[str]
    """What the model is for, as a refusal says it."""

    name: str = Field(pattern="^[a-z0-9-]+$")
    version: int = Field(ge=0)
    file: str = Field(pattern=r"^[\w.-]+\.onnx$")
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    licence: str
    classes: dict[str, K]
    input: InputFacts
    thresholds: ThresholdFacts
    origin: OriginFacts


class ModelFacts(FactsOf[Kind]):
    """Of a model that finds people and bikes."""

    finds = "bikes"

    classes: dict[str, Annotated[Kind, Strict(strict=False)]]

    @model_validator(mode="after")
    def _finds_what_is_needed(self) -> Self:
        missing = [kind for kind in REQUIRED_KINDS if kind not in self.classes.values()]
        if missing:
            raise ValueError(f"classes must map one class to {' and one to '.join(missing)}")
        return self


@dataclass(frozen=True, slots=True)
class FolderOf(Generic[K]):
    """A model folder whose weights were checked against their sha256."""

    path: Path
    facts: FactsOf[K]

    @property
    def model_id(self) -> str:
        return f"{self.facts.name}-v{self.facts.version}"

    @property
    def weights(self) -> Path:
        return self.path / self.facts.file

    @property
    def identity(self) -> ModelIdentity:
        return ModelIdentity(self.model_id, self.facts.sha256)


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """What reports and worker status say about the model in use."""

    model_id: str
    sha256: str


def load_model_folder(path_or_name: str | Path) -> FolderOf[Kind]:
    """Open a model of bikes by its folder's path, or by its name among the models that came with pleaselock.

    Raises:
        ModelRefusedError: as `open_folder`.
    """
    return open_folder(path_or_name, ModelFacts)


def open_folder(path_or_name: str | Path, facts: type[FactsOf[K]]) -> FolderOf[K]:
    """Open a model's folder by its path or name, as one that says such facts.

    Raises:
        ModelRefusedError: no such model, a file missing or unreadable, an unknown or impossible setting, or weights
            that are not the ones model.toml was written about.
    """
    path = find_folder(path_or_name)
    folder = FolderOf(path, _read_facts(path / FACTS_FILE, facts))
    _check_weights(folder)
    return folder


def identify_model(model: str | Path) -> ModelIdentity:
    """Name and sha256 of a model folder, or of a bare weights file.

    Raises:
        ModelRefusedError: as `load_model_folder`, or the file cannot be read.
    """
    if Path(model).is_file():
        return ModelIdentity(Path(model).name, sha256_of(Path(model)))
    return load_model_folder(model).identity


def class_numbers(folder: FolderOf[K], model_names: Mapping[int, str]) -> dict[int, K]:
    """Which of the model's class numbers are ours, by the names the weights themselves carry.

    Raises:
        ModelRefusedError: model.toml speaks of a class that the weights do not have.
    """
    absent = [name for name in folder.facts.classes if name not in model_names.values()]
    if absent:
        raise ModelRefusedError(
            f"{folder.path / FACTS_FILE} lists the class {absent[0]!r}, but {folder.facts.file} only knows "
            f"{', '.join(model_names.values()) or 'no class names'}: they do not belong together."
        )
    return {number: folder.facts.classes[name] for number, name in model_names.items() if name in folder.facts.classes}


def kinds_by_name(names: Mapping[int, str], weights: Path) -> dict[int, Kind]:
    """Class numbers whose names are our own words for them.

    Raises:
        ModelRefusedError: persons or bicycles are not among them.
    """
    kinds = {number: Kind(name) for number, name in names.items() if name in set(Kind)}
    missing = [kind for kind in REQUIRED_KINDS if kind not in kinds.values()]
    if missing:
        raise ModelRefusedError(f"{weights} has no class called {' and none called '.join(missing)}.")
    return kinds


def sha256_of(file: Path) -> str:
    """Sha256 of a file, in hexadecimal.

    Raises:
        ModelRefusedError: the file cannot be read.
    """
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise ModelRefusedError(f"Cannot read the model file {file}: {error.strerror}.") from error


def _shelves() -> tuple[Path, ...]:
    """Where named models live: beside the checkout's packages, else where the wheel put them."""
    return (
        Path(__file__).resolve().parent.parent / "models",
        Path(sys.prefix) / "share" / "pleaselock" / "models",
    )


def find_folder(path_or_name: str | Path) -> Path:
    """A model's folder by its path, or by its name among those that came with pleaselock.

    Raises:
        ModelRefusedError: there is none.
    """
    candidates = [Path(path_or_name)]
    if Path(path_or_name).name == str(path_or_name):
        candidates += [shelf / path_or_name for shelf in _shelves()]
    for folder in candidates:
        if (folder / FACTS_FILE).is_file():
            return folder
    if candidates[0].is_dir():
        raise ModelRefusedError(f"The folder {path_or_name} has no {FACTS_FILE}, so it is not a model folder.")
    raise ModelRefusedError(f"There is no model {str(path_or_name)!r}; models here: {_known_names()}.")


def _known_names() -> str:
    names: Iterable[str] = (facts.parent.name for shelf in _shelves() for facts in shelf.glob(f"*/{FACTS_FILE}"))
    return ", ".join(sorted(set(names))) or "none"


def _read_facts(file: Path, facts: type[FactsOf[K]]) -> FactsOf[K]:
    try:
        return facts.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ModelRefusedError(f"Cannot read {file}: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise ModelRefusedError(
            f"{file} is not valid for a model of {facts.finds}: {where}: {first['msg']}."
        ) from error


def _check_weights(folder: FolderOf[K]) -> None:
    if not folder.weights.is_file():
        raise ModelRefusedError(f"The model folder {folder.path} has no {folder.facts.file}.")
    found = sha256_of(folder.weights)
    if found != folder.facts.sha256:
        raise ModelRefusedError(
            f"{folder.weights} is not the file its {FACTS_FILE} was written about "
            f"(sha256 {found[:12]}…, expected {folder.facts.sha256[:12]}…): get the model again."
        )
