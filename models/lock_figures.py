"""Measure a lock detector and write its metrics.json: `python -m models.lock_figures --help`. Needs no torch.

Rendered and real pictures are told apart everywhere. `any` calls every lock by one name: whether one is seen matters
more to the judgement than which.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from detector.training.fine_tune import Purpose
from detector.training.labelled import LabelledPhoto, open_finder, read_photos
from detector.training.precision import ANY_WIDTH, Found, Truth, Widths, at_score, figures_of, judge
from models.lock_real import OTHER_BIKES, RED_ROAD_BIKE
from sample_videos.render.lock_views_truth import ViewTruth, read_views

LOCK_WIDTHS = ((0, 10), (10, 15), (15, 20), (20, 30), (30, 50), (50, float("inf")))
BIKE_WIDTHS = ((0, 80), (80, 120), (120, 160), (160, 200), (200, 250), (250, float("inf")))
FROM_WIDTH_PX = 20
SCORES = (0.1, 0.25, 0.4, 0.55)
Table = dict[str, object]


@dataclass(frozen=True, slots=True)
class Seen:
    """One test picture: whose it is (`rendered`, `real`, `ridden`), its own name, and what was found in it."""

    source: str
    name: str
    width_px: int
    found: Found


def look(model: Path, data: Path, split: str) -> list[Seen]:
    finder = open_finder(model, Purpose.LOCKS)
    return [_seen(photo, Found(finder(photo.image_bgr), photo.truths)) for photo in read_photos(data, split)]


def _seen(photo: LabelledPhoto, found: Found) -> Seen:
    source, _, name = photo.name.partition("-")
    return Seen(source, name, photo.image_bgr.shape[1], found)


def merged(photos: Sequence[Found]) -> list[Found]:
    """The same with every lock called `lock`."""
    return [
        Found([replace(box, kind="lock") for box in photo.boxes], [Truth("lock", one.xyxy_px) for one in photo.truths])
        for photo in photos
    ]


def figures(seen: Sequence[Seen], bikes_px: Mapping[str, float]) -> Table:
    """Everything that the card quotes. `bikes_px`: width of the bike in rendered pictures that show all of it, by name."""
    by_source = {source: [one for one in seen if one.source == source] for source in ("rendered", "real", "ridden")}
    wide = [(bikes_px[one.name], one.found) for one in by_source["rendered"] if one.name in bikes_px]
    real = {
        "all": by_source["real"],
        "same_lock_other_bike": [one for one in by_source["real"] if one.name.split("-")[0] in RED_ROAD_BIKE],
        "other_locks": [one for one in by_source["real"] if one.name.split("-")[0] in OTHER_BIKES],
    }
    return {
        "rendered": _group([one.found for one in by_source["rendered"]]),
        "real": {name: _group([one.found for one in some]) for name, some in real.items()},
        "ridden_bikes_with_a_box": {
            str(score): at_score([one.found for one in by_source["ridden"]], score) for score in SCORES
        },
        "by_bike_width": {_range(ends): _bikes(wide, Widths(*ends)) for ends in BIKE_WIDTHS},
    }


def _group(photos: Sequence[Found]) -> Table:
    whole = Widths(FROM_WIDTH_PX)
    return {
        "pictures": len(photos),
        "by_kind": figures_of(photos),
        "any": figures_of(merged(photos))["mean"],
        "from_20_px": {"by_kind": figures_of(photos, whole), "any": figures_of(merged(photos), whole)["mean"]},
        "by_lock_width": {_range(ends): _width(photos, Widths(*ends)) for ends in LOCK_WIDTHS},
        "at_score": {str(score): at_score(merged(photos), score) for score in SCORES},
    }


def _width(photos: Sequence[Found], widths: Widths) -> Table:
    return {"by_kind": figures_of(photos, widths), "any": figures_of(merged(photos), widths)["mean"]}


def _bikes(wide: Sequence[tuple[float, Found]], widths: Widths) -> Table:
    some = [found for px, found in wide if widths.least_px <= px < widths.most_px]
    judged = judge(merged(some), "lock", 0.5, ANY_WIDTH)
    told = {str(score): at_score(merged(some), score) for score in SCORES}
    return {"pictures": len(some), "locks": int(judged.truths.sum()), "any_ap50": judged.precision(), "at_score": told}


def _range(ends: tuple[float, float]) -> str:
    low, high = ends
    return f"{low:g}-{high:g}" if high < float("inf") else f"{low:g}+"


def bike_widths(folders: Sequence[Path], seen: Sequence[Seen]) -> dict[str, float]:
    """Width in pixels of the bike that a rendered picture is of, where all of it is in the picture."""
    views = {Path(view.picture).stem: view for folder in folders for view in read_views(folder)}
    return {name: px for name, px in _widths(views, seen) if px > 0}


def _widths(views: Mapping[str, ViewTruth], seen: Sequence[Seen]) -> Iterator[tuple[str, float]]:
    for one in seen:
        view = views.get(one.name.rpartition("-")[0]) if one.source == "rendered" else None
        if view is not None:
            left, top, right, bottom = view.bike_px
            inside = left > 0 and right < view.width_px and top > 0 and bottom < view.height_px
            yield one.name, (right - left) * one.width_px / view.width_px if inside else 0.0


def main(
    model: Annotated[Path, typer.Argument(help="folder of the lock model")],
    data: Annotated[Path, typer.Option(exists=True, file_okay=False, help="dataset made by models.lock_dataset")],
    views: Annotated[list[Path], typer.Option(exists=True, file_okay=False, help="folders of rendered views")],
    out: Annotated[Path, typer.Option(help="JSON file to write")],
    split: Annotated[str, typer.Option(help="which split")] = "test",
) -> None:
    """Write all figures of a lock model."""
    seen = look(model, data, split)
    told = {"split": split, **figures(seen, bike_widths(views, seen))}
    out.write_text(json.dumps(told, indent=1).replace("NaN", "null") + "\n")
    typer.echo(f"Wrote {out}.")


if __name__ == "__main__":
    typer.run(main)
