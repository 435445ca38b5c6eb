"""Render the sample clips and write their truth: `python -m sample_videos.render.make_clips [scenario ...]`.

Needs Blender as a Python module: see `requirements.txt` beside this file. Pictures that an interrupted run left
in the work folder are not rendered again.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

from sample_videos.render.camera import camera_of
from sample_videos.render.encode import write_clip
from sample_videos.render.picture_parts import with_noise
from sample_videos.render.scenario import Scenario, ScenarioError, read_scenario
from sample_videos.render.timeline import build_timeline
from sample_videos.render.truth import tell_truth

HERE = Path(__file__).parent
CLIPS = HERE.parent
WORK = Path(tempfile.gettempdir()) / "pleaselock-render"


def main() -> int:
    options = _options().parse_args()
    names = options.scenario or sorted(path.stem for path in (HERE / "scenarios").glob("*.toml"))
    try:
        scenarios = {name: read_scenario(HERE / "scenarios" / f"{name}.toml") for name in names}
    except ScenarioError as problem:
        print(problem, file=sys.stderr)
        return 2
    for name, scenario in scenarios.items():
        write_truth(name, scenario)
        if not options.truth_only:
            render_clip(name, scenario, samples=options.samples, threads=options.threads)
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Render the sample clips and write their truth.")
    parser.add_argument("scenario", nargs="*", help="names of files in scenarios/, without .toml (default: all)")
    parser.add_argument("--samples", type=int, default=4, help="light samples per pixel of a moving part (default: 4)")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 2, help="processor threads (default: all)")
    parser.add_argument("--truth-only", action="store_true", help="write only the truth files; needs no Blender")
    return parser


def write_truth(name: str, scenario: Scenario) -> None:
    text = tell_truth(name, scenario).model_dump_json(indent=1)
    (CLIPS / f"{name}.truth.json").write_text(text + "\n", encoding="utf-8")


def render_clip(name: str, scenario: Scenario, *, samples: int, threads: int) -> None:
    from sample_videos.render.filming import film  # noqa: PLC0415 - truth alone must not need Blender

    folder = WORK / f"{name}-{_fingerprint(scenario)}"
    folder.mkdir(parents=True, exist_ok=True)
    frames = film(build_timeline(scenario), camera_of(scenario), folder, samples=samples, threads=threads)
    dice = np.random.default_rng([scenario.seed, 7])
    noisy = (with_noise(frame, scenario.camera.noise, dice) for frame in frames)
    write_clip(folder / "clip.mp4", noisy, fps=scenario.fps)
    shutil.copyfile(folder / "clip.mp4", CLIPS / f"{name}.mp4")
    print(f"{name}.mp4: {(CLIPS / f'{name}.mp4').stat().st_size / 1e6:.2f} MB")


def _fingerprint(scenario: Scenario) -> str:
    """What the pictures depend on: the scenario and the program itself."""
    program = b"".join(path.read_bytes() for path in sorted(HERE.glob("*.py")))
    return hashlib.sha256(scenario.model_dump_json().encode() + program).hexdigest()[:12]


if __name__ == "__main__":
    sys.exit(main())
