from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.media.service import exists, path_of, snapshot_key, store


def test_a_picture_is_found_under_its_key(tmp_path: Path) -> None:
    key = snapshot_key("0199bd2f-1234")
    assert not exists(tmp_path, key)
    store(tmp_path, key, b"picture")
    assert exists(tmp_path, key)
    assert path_of(tmp_path, key).read_bytes() == b"picture"


def test_a_second_picture_replaces_the_first_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    key = snapshot_key("a-1")
    for data in (b"first, and longer", b"second"):
        store(tmp_path, key, data)
    assert [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()] == [b"second"]


def test_a_folder_that_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "snapshots").write_text("a file in the way")
    with pytest.raises(OSError, match="snapshots"):
        store(tmp_path, snapshot_key("a-1"), b"picture")
    assert [file.name for file in tmp_path.iterdir()] == ["snapshots"]


@pytest.mark.parametrize("key", ["", "/etc/passwd", "../x.jpg", "snapshots/../x.jpg", "a/b/c.jpg", "snapshots/a.jpg\n"])
def test_a_key_that_is_not_ours_is_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="cannot be the key of a picture"):
        store(tmp_path, key, b"picture")
    assert list(tmp_path.iterdir()) == []
