"""Render the sample clips and write their truth: `python -m sample_videos.render.make_clips [scenario ...]`.

Needs Blender as a Python module: see `requirements.txt` beside this file. A clip that is there with its truth is not
rendered again, and neither are pictures that an interrupted run left in the work folder.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from sample_videos.render.camera import camera_of
from sample_videos.render.encode import write_clip
from sample_videos.render.scenario import Scenario, ScenarioError, read_scenario, scenario_for
from sample_videos.render.timeline import build_timeline
from sample_videos.render.truth import truth_of

HERE = Path(__file__).parent
COMMITTED = HERE.parent
SCENARIOS = HERE / "scenarios"
OUT = Path("build/clips")
_DRAWS = (
    "bike",
    "blender_materials",
    "blender_scene",
    "geometry",
    "layout",
    "locks",
    "materials",
    "person",
    "poses",
    "surroundings",
    "timeline",
)
WORK = Path(tempfile.gettempdir()) / "pleaselock-render"


def main() -> int:
    options = _options().parse_args()
    try:
        scenarios = _chosen(options.scenario, options.seed)
    except ScenarioError as problem:
        print(problem, file=sys.stderr)
        return 2
    options.out.mkdir(parents=True, exist_ok=True)
    for name, scenario in scenarios.items():
        if options.truth_only:
            write_truth(name, scenario, options.out)
        elif options.anew or not is_there(name, scenario, options.out):
            render_clip(name, scenario, options.out, samples=options.samples, threads=options.threads)
            write_truth(name, scenario, options.out)
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Render the sample clips and write their truth.")
    parser.add_argument(
        "scenario", nargs="*", help="names of files in scenarios/, without .toml (default: all that say render = true)"
    )
    parser.add_argument("--out", type=Path, default=OUT, help=f"folder for the clips and their truth (default: {OUT})")
    parser.add_argument("--seed", type=int, help="draw every scenario with this seed (default: the one in its file)")
    parser.add_argument("--anew", action="store_true", help="render even what is there already")
    parser.add_argument("--samples", type=int, default=3, help="light samples per pixel of a moving part (default: 3)")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 2, help="processor threads (default: all)")
    parser.add_argument("--truth-only", action="store_true", help="write only the truth files; needs no Blender")
    return parser


def _chosen(names: list[str], seed: int | None) -> dict[str, Scenario]:
    """The scenarios of those names, or all that are to be rendered, with `seed` or their own. Raises `ScenarioError`."""
    read = read_scenario if seed is None else partial(scenario_for, seed=seed)
    found = {name: read(SCENARIOS / f"{name}.toml") for name in names or _all_names()}
    return found if names else {name: scenario for name, scenario in found.items() if scenario.render}


def _all_names() -> list[str]:
    return sorted(path.stem for path in SCENARIOS.glob("*.toml"))


def is_there(name: str, scenario: Scenario, out: Path) -> bool:
    """Whether the clip with this very truth is in `out`, or committed and copied to `out` now."""
    truth = _truth_text(name, scenario)
    for folder in (out, COMMITTED):
        clip, told = folder / f"{name}.mp4", folder / f"{name}.truth.json"
        if clip.exists() and told.exists() and told.read_text(encoding="utf-8") == truth:
            if folder.resolve() != out.resolve():
                shutil.copyfile(clip, out / clip.name)
                shutil.copyfile(told, out / told.name)
            return True
    return False


def _truth_text(name: str, scenario: Scenario) -> str:
    return truth_of(name, build_timeline(scenario)).model_dump_json(indent=1) + "\n"


def write_truth(name: str, scenario: Scenario, out: Path) -> None:
    (out / f"{name}.truth.json").write_text(_truth_text(name, scenario), encoding="utf-8")


def render_clip(name: str, scenario: Scenario, out: Path, *, samples: int, threads: int) -> None:
    from sample_videos.render.filming import footage  # noqa: PLC0415 - truth alone must not need Blender

    folder, started = WORK / f"{name}-{_fingerprint(scenario)}", time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    frames = footage(build_timeline(scenario), camera_of(scenario), folder, samples=samples, threads=threads)
    write_clip(folder / "clip.mp4", frames, fps=scenario.fps)
    shutil.copyfile(folder / "clip.mp4", out / f"{name}.mp4")
    size = (out / f"{name}.mp4").stat().st_size / 1e6
    print(f"{name}.mp4: {size:.2f} MB in {time.monotonic() - started:.0f} s", flush=True)


def _fingerprint(scenario: Scenario) -> str:
    """What the pictures depend on: the scene, and the part of the program that draws it."""
    scene = scenario.model_dump_json(exclude={"title": True, "group": True, "render": True, "camera": {"noise"}})
    program = b"".join((HERE / f"{name}.py").read_bytes() for name in _DRAWS)
    return hashlib.sha256(scene.encode() + program).hexdigest()[:12]


if __name__ == "__main__":
    sys.exit(main())
