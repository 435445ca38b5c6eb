"""The analyst's commands: `pleaselock detect`, `pleaselock racks` and `pleaselock evaluate`."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from detector.clips import Clip, find_clips
from detector.config import ViewConfig, load_config
from detector.errors import UsageError
from detector.evaluation.command import evaluate
from detector.frames import EPOCH
from detector.model_folder import DEFAULT_MODEL
from detector.offline import ClipResult, Wanted, open_model, run_clip
from detector.progress import Progress
from detector.rack_proposal import propose_to_files
from detector.results import REPORT, make_out
from detector.words import clip_time

STOPPED = 130
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
app.command()(evaluate)

ImageFps = Annotated[float, typer.Option("--image-fps", min=0.001, max=1000, help="Stills taken per second.")]


@app.command()
def detect(
    videos: Annotated[
        list[str], typer.Argument(metavar="VIDEO...", help="Videos, folders of videos or stills, or 'stills/%04d.jpg'.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where each clip's result folder goes.")],
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="Racks, masks, thresholds, model (YAML).")
    ] = None,
    video: Annotated[bool, typer.Option("--video", help="Write annotated.mp4 too.")] = False,
    save_detections: Annotated[
        bool, typer.Option("--save-detections", help="Write detections.jsonl too, to run again without a model.")
    ] = False,
    from_detections: Annotated[
        Path | None,
        typer.Option("--from-detections", metavar="FILE", help="Saved detections; for many clips an earlier DIR."),
    ] = None,
    start_time: Annotated[
        str, typer.Option("--start-time", metavar="TIME", help="When the clip begins, as 2026-03-01T08:00:00+08:00.")
    ] = "",
    image_fps: ImageFps = 5.0,
) -> None:
    """Judge recorded footage: per clip events.jsonl, stays.csv and report.html in DIR/<clip>/."""
    view = load_config(config, ViewConfig) if config else ViewConfig()
    clips, missing = find_clips(videos, image_fps)
    _check_single(clips, start_time, from_detections)
    wanted = Wanted(out, view, _start(start_time), video, save_detections, from_detections)
    with _stoppable():
        failed = [*missing, *_run_all(clips, wanted)]
    _finish(failed, len(clips) + len(missing))


@app.command()
def racks(
    video: Annotated[str, typer.Argument(metavar="VIDEO", help="A recording of the racks, best with bikes in them.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="The configuration to write; default <clip>.yaml.")
    ] = None,
    model: Annotated[str, typer.Option("--model", help="The model that looks for bikes.")] = DEFAULT_MODEL,
    force: Annotated[bool, typer.Option("--force", help="Write over existing files.")] = False,
    image_fps: ImageFps = 5.0,
) -> None:
    """Write a first configuration, with rack outlines proposed from where bikes stand, and a still to draw on."""
    clips, missing = find_clips([video], image_fps)
    if missing:
        raise missing[0]
    if len(clips) > 1:
        raise UsageError(f"{video}: holds {len(clips)} clips; name the one whose racks are to be drawn")
    file = out or Path(f"{clips[0].name}.yaml")
    found = propose_to_files(clips[0].source, model, file, force=force)
    typer.echo(f"{file}: {found.racks} rack(s) proposed from {found.bikes} resting bike(s)")
    typer.echo(f"{found.still}: the outlines on a grid, to read better corner points off")
    typer.echo(f"Edit {file}, then: pleaselock detect {video} --config {file} --out results")


def _run_all(clips: Sequence[Clip], wanted: Wanted) -> list[UsageError]:
    if not clips:
        return []
    model = None if wanted.from_detections else open_model(wanted.view.model, wanted.view.runtime)
    make_out(wanted.out)
    failed: list[UsageError] = []
    for clip in clips:
        try:
            with Progress(clip.name) as progress:
                result = run_clip(clip, wanted, model, progress=progress.show, warn=progress.warn)
        except UsageError as error:
            failed.append(error)
        except KeyboardInterrupt:
            typer.echo(f"\nStopped; {clip.name} was not finished and nothing of it was kept", err=True)
            raise typer.Exit(STOPPED) from None
        else:
            typer.echo(_said(clip, result, progress.seconds))
    return failed


def _said(clip: Clip, result: ClipResult, took_s: float) -> str:
    replaced = ", replacing an earlier result" if result.replaced else ""
    return (
        f"{clip.name}: {clip_time(result.footage_s)}, stays {result.stays}, not locked {result.unlocked},"
        f" alerts {result.alerts}, {result.footage_s / took_s:.1f} x real time -> {result.folder / REPORT}{replaced}"
    )


def _finish(failed: Sequence[UsageError], named: int) -> None:
    """One bad clip among many is listed and the exit status is 1; where all are bad it is 2."""
    if not failed:
        return
    if named == 1:
        raise failed[0]
    typer.echo(f"{len(failed)} of {named} could not be done:", err=True)
    for error in failed:
        typer.echo(f"  {error}", err=True)
    raise typer.Exit(2 if len(failed) == named else 1)


def _check_single(clips: Sequence[Clip], start_time: str, from_detections: Path | None) -> None:
    if len(clips) < 2:  # noqa: PLR2004
        return
    if start_time:
        raise UsageError(f"--start-time belongs to one clip, but {len(clips)} are named; run them one at a time")
    if from_detections and not from_detections.is_dir():
        raise UsageError(
            f"--from-detections {from_detections} is of one clip, but {len(clips)} are named; give the earlier DIR"
        )


def _start(text: str) -> datetime:
    if not text:
        return EPOCH
    try:
        start = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--start-time {text}: is not a time; write it as 2026-03-01T08:00:00+08:00") from error
    if start.tzinfo is None:
        raise UsageError(f"--start-time {text}: says no zone; add one, as in 2026-03-01T08:00:00+08:00 or ...Z")
    return start.astimezone(UTC)


@contextmanager
def _stoppable() -> Iterator[None]:
    """Being told to end (SIGTERM) cleans up just as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
