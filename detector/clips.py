"""What somebody names on the command line becomes clips: files, folders, patterns of names, stills."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from detector.errors import CannotReadError
from detector.frames import Source
from detector.frames_stills import Stills

VIDEO_SUFFIXES = frozenset(
    [
        ".3gp",
        ".asf",
        ".avi",
        ".dav",
        ".flv",
        ".h264",
        ".h265",
        ".hevc",
        ".m2ts",
        ".m4v",
        ".mjpeg",
        ".mjpg",
        ".mkv",
        ".mov",
        ".mp4",
        ".mpeg",
        ".mpg",
        ".mts",
        ".ogv",
        ".ts",
        ".vob",
        ".webm",
        ".wmv",
    ]
)
STILL_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
NUMBER_PATTERN = re.compile(r"%0?\d*d")


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording. `name` is its result folder's, unique among the clips of one run."""

    name: str
    source: Source


def find_clips(given: Iterable[str], image_fps: float) -> tuple[list[Clip], list[CannotReadError]]:
    """Every clip that is named, in order, and what was named but cannot be found."""
    files: list[Path] = []
    missing: list[CannotReadError] = []
    for text in given:
        try:
            files += _expand(text)
        except CannotReadError as error:
            missing.append(error)
        except OSError as error:
            missing.append(CannotReadError(f"{text}: cannot be looked at ({error.strerror}); check its permissions"))
    sources = _sources(_once_each(files), image_fps)
    return [Clip(name, source) for name, source in zip(_names(sources), sources, strict=True)], missing


def _expand(text: str) -> list[Path]:
    path = Path(text)
    if path.is_dir():
        return _in_folder(path)
    if path.exists():
        return [path]
    if NUMBER_PATTERN.search(path.name):
        return _matching(path.parent, _number_regex(path.name).fullmatch, text)
    if set(path.name) & set("*?["):
        return _matching(path.parent, lambda name: Path(name).match(path.name), text)
    return [path]


def _in_folder(folder: Path) -> list[Path]:
    files = _listed(folder)
    for suffixes in (VIDEO_SUFFIXES, STILL_SUFFIXES):
        found = [file for file in files if file.suffix.lower() in suffixes]
        if found:
            return found
    raise CannotReadError(
        f"{folder}: there is no video and no picture in this folder; its subfolders are not looked into"
    )


def _matching(folder: Path, matches: Callable[[str], object], text: str) -> list[Path]:
    found = [file for file in _listed(folder) if matches(file.name)]
    if not found:
        raise CannotReadError(f"{text}: no file has such a name; check the pattern")
    return found


def _listed(folder: Path) -> list[Path]:
    try:
        files = [file for file in folder.iterdir() if file.is_file() and not file.name.startswith(".")]
    except OSError as error:
        raise CannotReadError(
            f"{folder}: cannot look into this folder ({error.strerror}); check its permissions"
        ) from error
    return sorted(files, key=_counting)


def _counting(file: Path) -> tuple[list[tuple[int, str]], str]:
    """Sorts as people count: still-9 before still-10."""
    parts = re.split(r"(\d+)", file.name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts], file.name


def _number_regex(name: str) -> re.Pattern[str]:
    before, after = NUMBER_PATTERN.split(name, maxsplit=1)
    return re.compile(rf"{re.escape(before)}\d+{re.escape(after)}")


def _once_each(files: Iterable[Path]) -> list[Path]:
    return list({file.resolve(): file for file in reversed(list(files))}.values())[::-1]


def _sources(files: Sequence[Path], image_fps: float) -> list[Source]:
    """Stills of one folder are one recording, at the place of the first of them."""
    sources: dict[Path, Source] = {}
    for file in files:
        if file.suffix.lower() not in STILL_SUFFIXES:
            sources[file] = file
            continue
        before = sources.get(file.parent)
        sources[file.parent] = Stills((*(before.files if isinstance(before, Stills) else ()), file), image_fps)
    return list(sources.values())


def _names(sources: Sequence[Source]) -> list[str]:
    """The file's name without its ending; with its folder's before it, then its ending, where two are the same."""
    names = [_path(source).stem for source in sources]
    for longer in (_with_folder, _with_folder_and_ending):
        doubled = Counter(name.casefold() for name in names)
        names = [
            longer(_path(source)) if doubled[name.casefold()] > 1 else name
            for name, source in zip(names, sources, strict=True)
        ]
    return _numbered(names)


def _path(source: Source) -> Path:
    return (source.files[0].parent if isinstance(source, Stills) else source).resolve()


def _with_folder(path: Path) -> str:
    return f"{path.parent.name}-{path.stem}"


def _with_folder_and_ending(path: Path) -> str:
    return f"{path.parent.name}-{path.stem}-{path.suffix[1:]}" if path.suffix else _with_folder(path)


def _numbered(names: Iterable[str]) -> list[str]:
    unique: dict[str, str] = {}
    for name in names:
        number, tried = 1, name
        while tried.casefold() in unique:
            number += 1
            tried = f"{name}-{number}"
        unique[tried.casefold()] = tried
    return list(unique.values())
