"""What a person may name on the command line, and which clips it becomes."""

from __future__ import annotations

from pathlib import Path

import pytest

from detector.clips import find_clips
from detector.frames_stills import Stills


def made(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def found(folder: Path, *given: str) -> list[str]:
    clips, missing = find_clips([str(folder / text) for text in given], 5)
    assert missing == []
    return [clip.name for clip in clips]


NAMED = [
    ("one file", ["a.mp4"], ["a.mp4"], ["a"]),
    ("files in the order given", ["b.mp4", "a.avi"], ["b.mp4", "a.avi"], ["b", "a"]),
    ("a file twice is one clip", ["a.mp4"], ["a.mp4", "a.mp4"], ["a"]),
    ("a folder, counted as people count", ["day/c10.mp4", "day/c9.mp4", "day/x.txt"], ["day"], ["c9", "c10"]),
    ("hidden files are left alone", ["day/.a.mp4", "day/b.MP4"], ["day"], ["b"]),
    ("a folder of stills is one clip", ["day/1.jpg", "day/2.JPG"], ["day"], ["day"]),
    ("videos win over the stills beside them", ["day/a.mkv", "day/a.jpg"], ["day"], ["a"]),
    ("a pattern of numbers", ["day/i-1.png", "day/i-02.png", "day/x.png"], ["day/i-%02d.png"], ["day"]),
    ("a pattern of any names", ["day/a.mp4", "day/b.mp4", "day/c.avi"], ["day/*.mp4"], ["a", "b"]),
    ("same names in two folders", ["x/a.mp4", "y/a.mp4"], ["x", "y"], ["x-a", "y-a"]),
    ("same names in one folder", ["x/a.mp4", "x/a.avi", "x/b.avi"], ["x"], ["x-a-avi", "x-a-mp4", "b"]),
    ("same names but for case", ["x/A.mp4", "y/a.mp4"], ["x", "y"], ["x-A", "y-a"]),
    ("same names of folders too", ["1/x/a.mp4", "2/x/a.mp4"], ["1/x", "2/x"], ["x-a-mp4", "x-a-mp4-2"]),
    ("a name with dots", ["2026.03.01.mp4"], ["2026.03.01.mp4"], ["2026.03.01"]),
]


@pytest.mark.parametrize(("files", "given", "expected"), [case[1:] for case in NAMED], ids=[case[0] for case in NAMED])
def test_names_become_clips(tmp_path: Path, files: list[str], given: list[str], expected: list[str]) -> None:
    made(tmp_path, *files)
    assert found(tmp_path, *given) == expected


def test_stills_named_one_by_one_are_one_clip_in_their_order(tmp_path: Path) -> None:
    made(tmp_path, "s/1.jpg", "s/2.jpg", "s/10.jpg")
    clips, _ = find_clips([str(tmp_path / "s" / name) for name in ("1.jpg", "2.jpg", "10.jpg")], 2)
    (clip,) = clips
    assert isinstance(clip.source, Stills)
    assert [file.name for file in clip.source.files] == ["1.jpg", "2.jpg", "10.jpg"]
    assert clip.source.fps == 2


def test_what_is_not_there_does_not_hide_what_is(tmp_path: Path) -> None:
    made(tmp_path, "a.mp4")
    (tmp_path / "none").mkdir()
    clips, missing = find_clips([str(tmp_path / name) for name in ("none", "a.mp4", "*.avi")], 5)
    assert [clip.name for clip in clips] == ["a"]
    assert [str(error).split(": ")[0] for error in missing] == [str(tmp_path / "none"), str(tmp_path / "*.avi")]


def test_names_are_unique_whatever_is_given(tmp_path: Path) -> None:
    made(tmp_path, "x/a.mp4", "x/a.avi", "y/a.mp4", "z/x-a.mp4", "z/a/1.jpg")
    names = found(tmp_path, "x", "y", "z", "z/a")
    assert len({name.casefold() for name in names}) == 5
