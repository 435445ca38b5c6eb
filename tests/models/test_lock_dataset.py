from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from detector.boxes import XyxyPx
from detector.training.labelled import LabelledPhoto, read_photos
from detector.training.precision import Found, FoundBox, Truth
from models.lock_dataset import Writer, rendered_crop, split_of_scene
from models.lock_failures import ACROSS, rows_of, tile
from models.lock_figures import Seen, bike_widths, figures
from models.lock_pictures import LabelledCrop, as_a_camera_sees, as_h264, as_jpeg
from models.lock_real import OTHER_BIKES, RED_ROAD_BIKE, cut, read_real_crops, ridden
from models.lock_tiles import tiles_of
from sample_videos.render.lock_views_truth import LockTruth, ViewTruth

LOCK = XyxyPx(40, 30, 60, 50)


def crop_with_a_white_lock(width: int = 200, height: int = 120) -> LabelledCrop:
    image = np.full((height, width, 3), 60, dtype=np.uint8)
    image[::7, ::5] = 140
    image[30:50, 40:60] = 255
    return LabelledCrop(image, (("u_lock", LOCK),))


@pytest.mark.parametrize("seed", range(15))
def test_the_box_stays_on_the_lock_whatever_the_camera_does(seed: int) -> None:
    seen = as_a_camera_sees(crop_with_a_white_lock(), np.random.default_rng(seed))
    ((kind, box),) = seen.locks
    grey = cv2.cvtColor(seen.image_bgr, cv2.COLOR_BGR2GRAY).astype(np.float32)
    inside = grey[round(box.top) : round(box.bottom), round(box.left) : round(box.right)]
    assert kind == "u_lock"
    assert max(seen.image_bgr.shape[:2]) >= 80
    assert inside.mean() > grey.mean() + 25


def test_variants_differ_and_the_same_dice_give_the_same() -> None:
    first, again, other = (
        as_a_camera_sees(crop_with_a_white_lock(), np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert np.array_equal(first.image_bgr, again.image_bgr)
    assert first.image_bgr.shape != other.image_bgr.shape


def test_compression_keeps_odd_sizes_and_costs_quality() -> None:
    image = np.random.default_rng(0).integers(0, 255, (51, 77, 3)).astype(np.uint8)
    for fine, coarse in ((as_jpeg(image, 95), as_jpeg(image, 20)), (as_h264(image, 18), as_h264(image, 38))):
        assert fine.shape == coarse.shape == image.shape
        off = [float(np.abs(one.astype(int) - image).mean()) for one in (fine, coarse)]
        assert off[0] < off[1]


def test_scenes_are_split_and_two_of_ten_held_out() -> None:
    splits = [split_of_scene(scene) for scene in range(100)]
    assert (splits.count("train"), splits.count("val"), splits.count("test")) == (80, 10, 10)


def view(tmp_path: Path, share: float = 0.6) -> ViewTruth:
    drawn = np.zeros((60, 100, 4), dtype=np.uint8)
    drawn[30:] = (10, 20, 200, 255)
    cv2.imwrite(str(tmp_path / "00019-2.png"), drawn)
    lock = LockTruth(kind="ring_lock", xyxy_px=(20, 35, 45, 55), visible_px=90, visible_share=share, carried=False)
    return ViewTruth(
        picture="00019-2.png",
        scene=19,
        width_px=100,
        height_px=60,
        style="city",
        bike_px=(10, 5, 90, 58),
        locks=(lock,),
    )


def test_the_sky_of_a_rendered_view_is_what_is_put_behind(tmp_path: Path) -> None:
    crop = rendered_crop(view(tmp_path), tmp_path, np.full((20, 20, 3), 123, dtype=np.uint8))
    assert crop.image_bgr[5, 50].tolist() == [123, 123, 123]
    assert crop.image_bgr[50, 50].tolist() == [10, 20, 200]
    assert crop.locks == (("ring_lock", XyxyPx(20, 35, 45, 55)),)


def test_a_lock_that_is_hidden_but_for_a_bit_is_not_asked_for(tmp_path: Path) -> None:
    assert rendered_crop(view(tmp_path, share=0.1), tmp_path, np.zeros((20, 20, 3), dtype=np.uint8)).locks == ()


def test_the_dataset_can_be_read_back(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.write("test", "rendered", "00019-2-0", crop_with_a_white_lock())
    beyond = XyxyPx(-10, 100, 30, 140)
    writer.write(
        "train", "ridden", "x", LabelledCrop(np.zeros((120, 200, 3), dtype=np.uint8), (("chain_lock", beyond),))
    )
    writer.close()
    (photo,) = read_photos(tmp_path, "test")
    assert photo.name == "rendered-00019-2-0"
    assert photo.truths[0].kind == "u_lock"
    assert photo.truths[0].xyxy_px == pytest.approx(LOCK, abs=0.01)
    (clipped,) = next(iter(read_photos(tmp_path, "train"))).truths
    assert clipped.xyxy_px == pytest.approx((0, 100, 30, 120), abs=0.01)
    assert yaml.safe_load((tmp_path / "data.yaml").read_text())["test"] == "images/test"
    assert writer.counts == {"test rendered": 1, "train ridden": 1}


def test_a_bike_is_ridden_where_somebody_rises_over_it() -> None:
    bike, beside = Truth("bicycle", XyxyPx(100, 200, 300, 340)), Truth("person", XyxyPx(320, 100, 380, 340))
    rider = Truth("person", XyxyPx(150, 60, 250, 320))
    image = np.zeros((400, 400, 3), dtype=np.uint8)
    assert ridden(LabelledPhoto("a", image, (bike, rider))) == [bike.xyxy_px]
    assert ridden(LabelledPhoto("b", image, (bike, beside))) == []


def test_a_cut_keeps_the_locks_whose_middle_is_inside() -> None:
    image = np.zeros((100, 100, 3), dtype=np.uint8)
    locks = [("u_lock", XyxyPx(20, 20, 40, 40)), ("cable_lock", XyxyPx(80, 80, 99, 99))]
    made = cut(image, XyxyPx(-5, 10, 60, 60), locks)
    assert made.image_bgr.shape == (50, 60, 3)
    assert made.locks == (("u_lock", XyxyPx(20, 10, 40, 30)),)


@pytest.mark.shared
def test_real_photos_are_split_by_bike_and_no_lock_is_lost(shared_dir: Path) -> None:
    crops = list(read_real_crops(shared_dir / "data/calgary-locks"))
    tested = {crop.name.split("-")[0] for crop in crops if crop.split == "test"}
    trained = {crop.name.split("-")[0] for crop in crops if crop.split == "train"}
    assert tested == RED_ROAD_BIKE | OTHER_BIKES
    assert len(trained) == 28
    assert sum(len(crop.crop.locks) for crop in crops) >= 54


def test_figures_tell_rendered_and_real_apart_and_know_the_bikes_width(tmp_path: Path) -> None:
    (tmp_path / "views.jsonl").write_text(view(tmp_path).model_dump_json() + "\n")
    there = Truth("u_lock", XyxyPx(10, 10, 35, 30))
    right = Found([FoundBox("u_lock", 0.8, there.xyxy_px)], [there])
    wrong_kind = Found([FoundBox("cable", 0.8, there.xyxy_px)], [there])
    seen = [Seen("rendered", "00019-2-1", 200, right), Seen("real", "121-0", 300, wrong_kind)]
    seen.append(Seen("ridden", "x", 150, Found([FoundBox("cable", 0.3, there.xyxy_px)], [])))
    widths = bike_widths([tmp_path], seen)
    assert widths == {"00019-2-1": pytest.approx(160.0)}
    told = figures(seen, widths)
    assert told["rendered"]["any"]["ap50"] == 1.0  # type: ignore[index]
    assert told["real"]["other_locks"]["by_kind"]["u_lock"]["ap50"] == 0.0  # type: ignore[index]
    assert told["real"]["all"]["any"]["ap50"] == 1.0  # type: ignore[index]
    assert told["by_bike_width"]["160-200"]["locks"] == 1  # type: ignore[index]
    assert told["ridden_bikes_with_a_box"]["0.25"]["of_them_with_a_box"] == 1  # type: ignore[index]
    assert told["ridden_bikes_with_a_box"]["0.4"]["of_them_with_a_box"] == 0  # type: ignore[index]


def test_tiles_hold_whole_locks_where_they_are_and_one_may_hold_none() -> None:
    crop = crop_with_a_white_lock()
    photo = LabelledPhoto("a", crop.image_bgr, (Truth("u_lock", LOCK),))
    dice = np.random.default_rng(3)
    tiles = [one for _ in range(20) for one in tiles_of(photo, 256, 96, 1.0, dice)]
    with_lock = [one for one in tiles if one.locks]
    assert len(with_lock) == 20
    assert len(tiles) > 30
    for one in with_lock:
        assert one.image_bgr.shape == (96, 96, 3)
        ((kind, box),) = one.locks
        grey = one.image_bgr[max(0, round(box.top)) : round(box.bottom), max(0, round(box.left)) : round(box.right), 0]
        assert kind == "u_lock"
        assert grey.mean() > 225
    assert all((one.image_bgr > 200).sum() < 600 for one in tiles if not one.locks)


def test_the_sheet_of_failures_tells_found_missed_and_wrong_apart_once_a_scene() -> None:
    def photo(scene: str, truths: tuple[Truth, ...]) -> LabelledPhoto:
        return LabelledPhoto(f"rendered-{scene}-0-0", np.zeros((60, 80, 3), dtype=np.uint8), truths)

    there, narrow = Truth("u_lock", LOCK), Truth("chain", XyxyPx(5, 5, 10, 20))
    right = FoundBox("u_lock", 0.7, LOCK)
    photos = [photo("00009", (there,)), photo("00009", (there,)), photo("00019", (there, narrow)), photo("00029", ())]
    found = [[right], [right], [right], [FoundBox("cable", 0.4, XyxyPx(50, 5, 70, 20))]]
    hits, missed, wrong = ([one.name[9:14] for _, one, _ in row] for row in rows_of(photos, found))
    assert (hits, missed, wrong) == (["00009", "00019"], ["00019"], ["00029"])
    assert len(hits) <= ACROSS
    drawn = tile(photos[2], [right])
    assert drawn.shape == (200, 200, 3)
    assert (drawn[..., 1] == 200).any()
