"""A home folder with an up-to-date database: migrated once, copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from dashboard.database import Sessions, migrate, open_database, sessions_of
from tests.dashboard.builders import pages_in, settings_in


@pytest.fixture(scope="session")
def migrated_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("migrated")
    engine = open_database(settings_in(folder).database)
    migrate(engine)
    engine.dispose()
    return folder


@pytest.fixture
def home(tmp_path: Path, migrated_home: Path) -> Path:
    shutil.copytree(migrated_home, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def sessions(home: Path) -> Iterator[Sessions]:
    engine = open_database(settings_in(home).database)
    yield sessions_of(engine)
    engine.dispose()


@pytest.fixture
def session(sessions: Sessions) -> Iterator[Session]:
    """One transaction, as a service is given it; rolled back."""
    with sessions() as session:
        yield session


@pytest.fixture
def pages(home: Path) -> Iterator[TestClient]:
    with pages_in(home) as client:
        yield client
