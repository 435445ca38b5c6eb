"""Render single pictures of racks as a dataset for the bike detector: `python -m sample_videos.render.rack_pictures --help`.

Needs Blender as a Python module: see `requirements.txt` beside this file. Scenarios of the committed clips are left out, so
these clips stay unseen. Pictures that are in the folder already are not rendered again.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from sample_videos.render.camera import camera_of
from sample_videos.render.make_clips import COMMITTED, SCENARIOS
from sample_videos.render.picture_parts import Image, with_noise, with_rain
from sample_videos.render.rack_labels import labels_of
from sample_videos.render.scenario import Scenario, scenario_for, split_of
from sample_videos.render.timeline import Timeline, build_timeline

CLASSES = ("person", "bicycle", "motorcycle")
SPLITS = {"fit": "train", "test": "val"}
SIZE_PX = 640, 360
JPEG_QUALITY = 78
"""About what a cheap camera's stream is worth."""


def main() -> None:
    options = _options().parse_args()
    write_description(options.out)
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        for name in options.scenario or free_scenarios():
            render_scene(name, seed, options)


def free_scenarios() -> list[str]:
    """Scenarios that no committed clip was made from, by name."""
    return sorted(path.stem for path in SCENARIOS.glob("*.toml") if not (COMMITTED / f"{path.stem}.mp4").exists())


def write_description(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    names = "".join(f"  {number}: {name}\n" for number, name in enumerate(CLASSES))
    (out / "data.yaml").write_text(f"path: .\ntrain: images/train\nval: images/val\nnames:\n{names}", encoding="utf-8")


def render_scene(name: str, seed: int, options: argparse.Namespace) -> None:
    """Write the pictures of one scenario with one seed, each with its labels."""
    scenario = small(scenario_for(SCENARIOS / f"{name}.toml", seed))
    timeline, split = build_timeline(scenario), SPLITS[split_of(seed)]
    dice = np.random.default_rng([seed, zlib.crc32(name.encode())])
    frames = busy_frames(timeline, options.pictures, dice)
    stems = [f"{name}-{seed}-{frame}" for frame in frames]
    images, labels = options.out / "images" / split, options.out / "labels" / split
    if all((images / f"{stem}.jpg").exists() for stem in stems):
        return
    for folder in (images, labels):
        folder.mkdir(parents=True, exist_ok=True)
    told = labels_of(timeline, camera_of(scenario), frames)
    pictures = _pictures(timeline, frames, options, dice)
    for stem, lines, image in zip(stems, told, pictures, strict=True):
        (labels / f"{stem}.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        cv2.imwrite(str(images / f"{stem}.jpg"), image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    print(f"{name} {seed}: {sum(map(len, told))} boxes in {len(frames)} pictures", flush=True)


def small(scenario: Scenario) -> Scenario:
    """The same scene with a picture no larger than the detector looks at."""
    return scenario.model_copy(update={"width": SIZE_PX[0], "height": SIZE_PX[1]})


def busy_frames(timeline: Timeline, count: int, dice: np.random.Generator) -> list[int]:
    """Frames far apart in which somebody is there, if there are so many; each is another picture."""
    busy = [k for k in range(timeline.frames) if any(one.states[k] is not None for one in timeline.people)]
    choice = busy or list(range(timeline.frames))
    parts = np.array_split(np.array(choice), min(count, len(choice)))
    return [int(dice.choice(part)) for part in parts]


def _pictures(
    timeline: Timeline, frames: Sequence[int], options: argparse.Namespace, dice: np.random.Generator
) -> Iterator[Image]:
    from sample_videos.render.blender_scene import Stage  # noqa: PLC0415 -- reading options needs no Blender

    scenario = timeline.scenario
    stage, path = Stage(timeline, camera_of(scenario), threads=options.threads), options.out / "unfinished.png"
    for frame in frames:
        stage.show(frame)
        stage.render(path, samples=options.samples)
        read = cv2.imread(str(path))
        assert read is not None
        image = np.asarray(read, dtype=np.uint8)
        seen = with_rain(image, dice) if scenario.light.kind == "rain" else image
        yield with_noise(seen, scenario.camera.noise, dice)
    path.unlink(missing_ok=True)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Render pictures of racks with boxes of what can be seen in them.")
    parser.add_argument("scenario", nargs="*", help="names of scenarios (default: all without a committed clip)")
    parser.add_argument("--out", type=Path, required=True, help="folder for the YOLO dataset")
    parser.add_argument("--first-seed", type=int, default=0, help="seeds below 1000 go to train, the others to val")
    parser.add_argument("--seeds", type=int, default=1, help="seeds of each scenario (default: 1)")
    parser.add_argument("--pictures", type=int, default=3, help="pictures of each scene (default: 3)")
    parser.add_argument("--samples", type=int, default=6, help="light samples per pixel (default: 6)")
    parser.add_argument("--threads", type=int, default=2, help="processor threads (default: 2)")
    return parser


if __name__ == "__main__":
    main()
