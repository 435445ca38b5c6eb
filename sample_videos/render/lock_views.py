"""Render close views of parked bikes with exact boxes of their locks: `python -m sample_videos.render.lock_views --help`.

Needs Blender as a Python module: see `requirements.txt` beside this file. A scene is decided by its number alone; scenes
that are in the folder already are not rendered again, so an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from sample_videos.render.lock_views_truth import TRUTH_FILE, read_views


def main() -> None:
    options = _options().parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    done = {view.scene for view in read_views(options.out)} if (options.out / TRUTH_FILE).exists() else set()
    for scene in range(options.first, options.first + options.scenes):
        if scene not in done:
            made = {"samples": options.samples, "threads": options.threads, "many": options.many}
            render_scene(scene, options.out, views=options.views, **made)


def render_scene(scene: int, out: Path, *, views: int, samples: int, threads: int, many: bool) -> None:
    """Build one scene and write its views; their truth is written when all are there."""
    from sample_videos.render.lock_views_stage import LockStage  # noqa: PLC0415 - reading options needs no Blender

    stage = LockStage(np.random.default_rng([scene, 11]), threads=threads, samples=samples, many=many)
    told = [stage.view(out / f"{scene:05d}-{view}.png", scene) for view in range(views)]
    with (out / TRUTH_FILE).open("a", encoding="utf-8") as file:
        file.writelines(view.model_dump_json() + "\n" for view in told)
    print(f"scene {scene}: {sum(len(view.locks) for view in told)} locks in {views} views", flush=True)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Render close views of parked bikes with boxes of their locks.")
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures and their truth")
    parser.add_argument("--first", type=int, default=0, help="number of the first scene (default: 0)")
    parser.add_argument("--scenes", type=int, default=250, help="how many scenes (default: 250)")
    parser.add_argument("--views", type=int, default=8, help="views of each scene (default: 8)")
    parser.add_argument("--samples", type=int, default=8, help="light samples per pixel (default: 8)")
    parser.add_argument(
        "--many", action="store_true", help="several locks on every bike: more to learn from each picture"
    )
    parser.add_argument("--threads", type=int, default=2, help="processor threads (default: 2)")
    return parser


if __name__ == "__main__":
    main()
