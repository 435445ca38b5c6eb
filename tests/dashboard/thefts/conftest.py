from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from dashboard.accounts.tables import Role
from dashboard.database import Sessions
from dashboard.places.tables import Building, Site
from tests.dashboard.builders import database_in, pages_in, person


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with a campus and its people, made once: hashing passwords is slow on purpose."""
    folder = tmp_path_factory.mktemp("prepared")
    sessions = database_in(folder)
    with sessions.begin() as session:
        site = Site(code="campus", name_zh="校园", name_en="Campus", plan_file="demo-campus.svg")
        session.add(Building(site=site, code="lib", name_zh="图书馆", name_en="Library", plan_x=500, plan_y=300))
        for name, role in (("guard", Role.SECURITY), ("lead", Role.COORDINATOR), ("lin", Role.VOLUNTEER)):
            person(session, name, role, language="en")
        person(session, "other", Role.ADMIN, language="zh-CN")
    sessions.kw["bind"].dispose()
    return folder


@pytest.fixture
def database(tmp_path: Path, prepared: Path) -> Sessions:
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    return database_in(tmp_path)


@pytest.fixture
def client(tmp_path: Path, database: Sessions) -> Iterator[TestClient]:
    with pages_in(tmp_path) as client:
        yield client
