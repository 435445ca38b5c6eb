"""The configuration people write by hand: what is taken, and what every mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from detector.config import ConfigError, SiteConfig, ViewConfig, load_config

GOOD = """\
model: bikepark-v0
fps: 4
racks:
  - id: east
    name: 东门
    building: library
    outline: [[0.1, 0.2], [0.9, 0.2], [0.9, 0.8]]
masks:
  - [[0, 0], [0.1, 0], [0.1, 0.1]]
thresholds:
  grace_s: 6
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "view.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_everything_that_is_written_is_read(tmp_path: Path) -> None:
    view = load_config(written(tmp_path, GOOD), ViewConfig)
    (rack,) = view.rack_list()
    assert (rack.rack_id, rack.name, rack.building_id) == ("east", "东门", "library")
    assert rack.outline_norm == ((0.1, 0.2), (0.9, 0.2), (0.9, 0.8))
    assert (view.fps, view.thresholds.grace_s, len(view.masks)) == (4, 6, 1)


def test_an_empty_file_means_the_whole_picture_is_one_rack(tmp_path: Path) -> None:
    (rack,) = load_config(written(tmp_path, "# nothing yet\n"), ViewConfig).rack_list()
    assert (rack.rack_id, rack.outline_norm[0], rack.outline_norm[2]) == ("whole-picture", (0, 0), (1, 1))


FLEET = "{name: %s, hue_from_deg: 350, hue_to_deg: 20}"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("fps: 5", None, id="those built in"),
        pytest.param("fleets: []", [], id="none"),
        pytest.param(f"fleets: [{FLEET % 'mobike'}]", ["mobike"], id="another"),
    ],
)
def test_fleets_of_shared_bikes_are_named_or_switched_off(tmp_path: Path, text: str, names: list[str] | None) -> None:
    fleets = load_config(written(tmp_path, text), ViewConfig).fleets
    assert (fleets if fleets is None else [fleet.name for fleet in fleets]) == names


MISTAKES = [
    ("two fleets of one name", f"fleets: [{FLEET % 'a'}, {FLEET % 'a'}]", "line 1: the top level: two fleets have the"),
    ("a hue beyond the circle", f"fleets: [{(FLEET % 'a').replace('350', '361')}]", "line 1: fleets.0.hue_from_deg"),
    ("no time between two checks", "camera_check_s: 0", "line 1: camera_check_s: input should be greater than 0"),
    ("a bike of no width", "lock_min_bike_width_px: -1", "line 1: lock_min_bike_width_px: input should be greater"),
    ("a model that is a number", "pose_model: 8", "line 1: pose_model: input should be a valid string"),
    ("an unknown key", GOOD.replace("fps: 4", "fsp: 4"), "line 2: fsp: this key is not known"),
    ("an unknown key further in", GOOD.replace("grace_s", "grace"), "line 11: thresholds.grace: this key is not known"),
    ("a point outside", GOOD.replace("[0.9, 0.8]", "[0.9, 1.8]"), "line 7: racks.0.outline.2.1: input should be less"),
    ("a negative point", GOOD.replace("[[0, 0]", "[[-0.1, 0]"), "line 9: masks.0.0.0: input should be greater"),
    ("pixels instead of shares", GOOD.replace("[0.1, 0.2]", "[64, 96]"), "line 7: racks.0.outline.0.0"),
    ("two corners", GOOD.replace(", [0.9, 0.8]", ""), "line 7: racks.0.outline: tuple should have at least 3 items"),
    ("corners on one line", GOOD.replace("[0.9, 0.8]", "[0.5, 0.2]"), "line 7: racks.0.outline: these points enclose"),
    ("a rack without an id", GOOD.replace("- id: east\n    name", "- name"), "line 4: racks.0.id: field required"),
    ("a space in an id", GOOD.replace("id: east", "id: east gate"), "line 4: racks.0.id: string should match"),
    ("a word for a number", GOOD.replace("fps: 4", "fps: often"), "line 2: fps: input should be a valid number"),
    ("no frames a second", GOOD.replace("fps: 4", "fps: 0"), "line 2: fps: input should be greater than 0"),
    ("a key twice", GOOD + "fps: 2\n", "line 12: fps: stands here a second time"),
    (
        "two racks of one id",
        "racks:\n" + 2 * "- {id: a, outline: [[0, 0], [1, 0], [1, 1]]}\n",
        "two racks have the id a",
    ),
    ("no room for unsure", "thresholds: {locked_below: 0.9}", "line 1: thresholds: locked_below must be smaller"),
    ("broken YAML", "racks: [", "is not valid YAML"),
    ("a thing inside itself", "racks: &a [*a]", "is not valid YAML"),
    ("a list", "- 1\n", "line 1: the top level"),
    ("tabs", "racks:\n\t- id: a", "is not valid YAML"),
]


@pytest.mark.parametrize(("text", "said"), [case[1:] for case in MISTAKES], ids=[case[0] for case in MISTAKES])
def test_a_mistake_is_one_sentence_that_says_where(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_config(path, ViewConfig)
    assert str(caught.value).startswith(str(path))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_more_mistakes_than_one_are_counted(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\(and 1 more\)"):
        load_config(written(tmp_path, "fsp: 4\ncolour: red\n"), ViewConfig)


@pytest.mark.parametrize("name", ["gone.yaml", "."])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / name, ViewConfig)


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "view.yaml"
    path.write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(ConfigError, match="is not valid YAML"):
        load_config(path, ViewConfig)


def test_a_site_needs_at_least_one_camera(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="line 3: cameras"):
        load_config(written(tmp_path, "site: north\nworker: edge-1\ncameras: []\n"), SiteConfig)
