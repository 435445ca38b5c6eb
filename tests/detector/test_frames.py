"""Step 1: whatever a camera or a phone writes becomes upright frames with their own times."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from av.video.stream import VideoStream

from detector.errors import CannotReadError
from detector.frames import EPOCH, Source, measure, read_frames, sample_frames
from detector.frames_stills import Stills
from detector.vocabulary import Frame
from tests.detector.drawn_footage import number_in, numbered, plain, write_sound, write_stills, write_video


def read(source: Source, fps: float = 60, **more: object) -> list[Frame]:
    return list(read_frames(source, fps=fps, **more))  # type: ignore[arg-type]


def seconds(frames: list[Frame]) -> list[float]:
    return [round((frame.at - EPOCH).total_seconds(), 3) for frame in frames]


CONTAINERS = [
    ("phone.mp4", "libx264"),
    ("recorder.avi", "mpeg4"),
    ("archive.mkv", "libx264"),
    ("apple.mov", "libx264"),
    ("browser.webm", "libvpx-vp9"),
    ("stream.ts", "libx264"),
    ("old.webm", "libvpx"),
]


@pytest.mark.parametrize(("name", "codec"), CONTAINERS)
def test_every_common_kind_of_file_gives_all_its_frames_at_their_times(tmp_path: Path, name: str, codec: str) -> None:
    path = write_video(tmp_path / name, codec=codec, count=10, fps=5)
    frames = read(path)
    assert [number_in(frame.image_bgr) for frame in frames] == list(range(10))
    assert seconds(frames) == pytest.approx([number / 5 for number in range(10)], abs=0.002)
    assert [frame.index for frame in frames] == list(range(10))


def test_times_come_from_the_file_where_the_frame_rate_varies(tmp_path: Path) -> None:
    times_ms = [0, 40, 80, 1000, 1033, 4000, 4500]
    path = write_video(tmp_path / "varies.mp4", count=7, times_ms=times_ms)
    assert seconds(read(path)) == pytest.approx([time / 1000 for time in times_ms], abs=0.001)


def test_a_clip_whose_clock_does_not_begin_at_0_begins_at_0_here(tmp_path: Path) -> None:
    path = write_video(tmp_path / "late.mkv", count=3, times_ms=[5000, 5200, 5400])
    assert seconds(read(path)) == [0.0, 0.2, 0.4]


def test_time_never_goes_back_where_a_recorder_began_to_count_anew(tmp_path: Path) -> None:
    one = write_video(tmp_path / "one.ts", count=10).read_bytes()
    path = tmp_path / "joined.ts"
    path.write_bytes(one + one)
    times = seconds(read(path))
    assert len(times) == 20
    assert times == sorted(set(times))
    assert times[-1] == pytest.approx(3.8, abs=0.3)


@pytest.mark.parametrize(
    ("fps", "expected"),
    [
        (25, "every one of the 25 frames of a second"),
        (5, "every fifth frame"),
        (60, "no more than there are"),
    ],
)
def test_frames_are_thinned_by_their_times(tmp_path: Path, fps: float, expected: str) -> None:
    path = write_video(tmp_path / "clip.mp4", plain, count=25, fps=25)
    indices = [frame.index for frame in read(path, fps)]
    assert indices == list(range(0, 25, 5 if fps == 5 else 1)), expected


def test_times_in_whole_milliseconds_lose_no_frame(tmp_path: Path) -> None:
    path = write_video(tmp_path / "rounded.mkv", plain, count=60, fps=30)
    assert len(read(path, 30)) == 60


@pytest.mark.parametrize(("rotation", "corner"), [(0, "top left"), (90, "bottom left"), (180, "bottom right")])
def test_a_turned_phone_video_is_upright(tmp_path: Path, rotation: int, corner: str) -> None:
    def marked(_number: int) -> np.ndarray:
        image_bgr = plain()
        image_bgr[:40, :40] = (255, 255, 255)
        return image_bgr

    path = write_video(
        tmp_path / "turned.mp4", marked, count=2, set_up=lambda stream: stream.set_display_rotation(rotation)
    )
    (frame, *_) = read(path)
    height, width = (320, 240) if rotation == 90 else (240, 320)
    assert (frame.width_px, frame.height_px) == (width, height)
    assert (measure(path).width_px, measure(path).height_px) == (width, height)
    rows, columns = {"top": slice(5, 35), "bottom": slice(-35, -5)}, {"left": slice(5, 35), "right": slice(-35, -5)}
    row, column = corner.split()
    assert frame.image_bgr[rows[row], columns[column]].mean() > 240
    assert frame.image_bgr.mean() < 140


def twice_as_wide(stream: VideoStream) -> None:
    stream.codec_context.sample_aspect_ratio = Fraction(2)


def test_a_squeezed_recording_gets_its_true_width(tmp_path: Path) -> None:
    path = write_video(tmp_path / "squeezed.avi", plain, count=2, codec="libx264")
    stretched = tmp_path / "stretched.mkv"
    write_video(stretched, plain, count=2, set_up=twice_as_wide)
    assert measure(path).width_px == 320
    assert (measure(stretched).width_px, read(stretched)[0].image_bgr.shape) == (640, (240, 640, 3))


def test_masked_parts_are_black_and_nothing_else_is(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4", plain, count=1)
    (frame,) = read(path, masks=[((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0))])
    assert frame.image_bgr[:, 165:].max() == 0
    assert frame.image_bgr[:, :155].min() > 100


def test_a_clip_can_be_placed_in_time(tmp_path: Path) -> None:
    start = EPOCH.replace(year=2026)
    assert read(write_video(tmp_path / "clip.mp4", count=1), start=start)[0].at == start


def test_stills_follow_each_other_as_people_count(tmp_path: Path) -> None:
    folder = write_stills(tmp_path / "stills", 12)
    files = tuple(folder / f"still-{number}.png" for number in range(12))
    frames = read(Stills(files, 2.0))
    assert [number_in(frame.image_bgr) for frame in frames] == list(range(12))
    assert seconds(frames)[-1] == 5.5


def test_a_broken_still_is_told_and_keeps_its_place_in_time(tmp_path: Path) -> None:
    folder = write_stills(tmp_path, 3)
    (folder / "still-1.png").write_bytes(b"not a picture")
    told: list[str] = []
    frames = read(Stills(tuple(sorted(folder.glob("*.png"))), 1.0), warn=told.append)
    assert seconds(frames) == [0.0, 2.0]
    assert len(told) == 1
    assert "still-1.png" in told[0]


def test_stills_of_other_sizes_take_the_first_ones_size(tmp_path: Path) -> None:
    folder = write_stills(tmp_path, 1)
    cv2.imwrite(str(folder / "still-1.png"), np.zeros((60, 80, 3), dtype=np.uint8))
    assert {frame.image_bgr.shape for frame in read(Stills(tuple(sorted(folder.glob("*.png"))), 1.0))} == {
        (240, 320, 3)
    }


@pytest.mark.parametrize(("count", "fps"), [(40, 5), (40, 0.1)])
def test_samples_are_spread_over_the_whole_clip(tmp_path: Path, count: int, fps: float) -> None:
    times_ms = [round(1000 * number / fps) for number in range(count)]
    path = write_video(tmp_path / "clip.mkv", numbered, count=count, times_ms=times_ms, set_up=a_key_picture_every_4)
    numbers = [number_in(frame.image_bgr) for frame in sample_frames(path, 8)]
    assert numbers == sorted(set(numbers))
    assert 6 <= len(numbers) <= 8
    assert numbers[0] == 0
    assert numbers[-1] > 25


def a_key_picture_every_4(stream: VideoStream) -> None:
    stream.codec_context.gop_size = 4


def cut(path: Path, share: float) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def noisy(number: int) -> np.ndarray:
    """Frames that do not compress away, so that cutting the file cuts frames."""
    return np.random.default_rng(number).integers(0, 255, (240, 320, 3), dtype=np.uint8)


def test_of_a_file_cut_short_the_readable_part_is_used_and_told(tmp_path: Path) -> None:
    path = cut(write_video(tmp_path / "cut.mp4", noisy, count=30, options={"movflags": "faststart"}), 0.5)
    told: list[str] = []
    frames = read(path, warn=told.append)
    assert 5 < len(frames) < 25
    assert told
    assert all(sentence.startswith(str(path)) for sentence in told)


def test_damage_in_the_middle_costs_only_its_own_part(tmp_path: Path) -> None:
    path = write_video(tmp_path / "scratched.avi", noisy, count=30, codec="mpeg4")
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 3000] = bytes(3000)
    path.write_bytes(bytes(content))
    assert len(read(path)) > 20


def text(path: Path) -> Path:
    path.write_text("Minutes of the meeting.\n" * 50)
    return path


def empty(path: Path) -> Path:
    path.touch()
    return path


UNREADABLE = [
    ("no such file", lambda folder: folder / "gone.mp4", "there is no such file"),
    ("0 bytes", lambda folder: empty(folder / "empty.mp4"), "is empty"),
    ("sound only", lambda folder: write_sound(folder / "voice.m4a"), "sound but no picture"),
    ("a text file", lambda folder: text(folder / "notes.txt"), "not a video"),
    ("a text file called a video", lambda folder: text(folder / "notes.mp4"), "not a video"),
    ("a folder", lambda folder: folder, "cannot be opened"),
    ("no index", lambda folder: cut(write_video(folder / "cut.mp4", noisy), 0.7), "was cut off before its index"),
    ("half an index", lambda folder: cut(write_video(folder / "cut.mp4"), 0.7), "was cut off before its index"),
]


@pytest.mark.parametrize(("make", "said"), [case[1:] for case in UNREADABLE], ids=[case[0] for case in UNREADABLE])
def test_what_cannot_be_read_is_said_in_one_sentence(tmp_path: Path, make: object, said: str) -> None:
    assert callable(make)
    path = make(tmp_path)
    with pytest.raises(CannotReadError, match=said) as caught:
        read(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
    with pytest.raises(CannotReadError, match=said):
        measure(path)


def test_a_playlist_is_not_followed_to_other_files(tmp_path: Path) -> None:
    other = write_video(tmp_path / "other.ts")
    playlist = tmp_path / "list.mp4"
    playlist.write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nhttp://127.0.0.1:9/{other.name}\n#EXT-X-ENDLIST\n"
    )
    with pytest.raises(CannotReadError):
        read(playlist)
