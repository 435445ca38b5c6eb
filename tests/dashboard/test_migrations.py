"""A database of an older version becomes today's, with all that is in it."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, select

import dashboard
from dashboard import tables
from dashboard.alerts.service import raise_alert
from dashboard.alerts.tables import Alert, AlertChange
from dashboard.database import Base, open_database, sessions_of
from dashboard.health.service import WorkerReport, record_worker
from dashboard.health.tables import Worker
from tests.dashboard.builders import NOON, report, settings_in

assert tables.__all__
FOLDER = Path(dashboard.__file__).parent
WORKER = WorkerReport("campus", "edge-1", "online", "b", NOON, "1", None, None, "", (), "lock-verdict-v1", "cd" * 32)


def _config(connection: Connection) -> Config:
    config = Config(FOLDER / "alembic.ini")
    config.set_main_option("script_location", str(FOLDER / "migrations"))
    config.attributes["connection"] = connection
    return config


def test_what_a_database_of_the_version_before_holds_is_kept_going_back_and_forth(tmp_path: Path) -> None:
    engine = open_database(settings_in(tmp_path).database)
    with engine.begin() as connection:
        command.upgrade(_config(connection), "head")
    with sessions_of(engine).begin() as session:
        raise_alert(session, report())
        record_worker(session, WORKER)
    with engine.begin() as connection:
        command.downgrade(_config(connection), "0002")
        command.upgrade(_config(connection), "head")
    with sessions_of(engine)() as session:
        alert, worker = session.scalars(select(Alert)).one(), session.scalars(select(Worker)).one()
        assert (alert.p_unlocked, alert.locked_after_s) == (0.91, None)
        assert session.scalars(select(AlertChange.alert_id)).all() == [alert.id]
        assert (worker.code, worker.verdict_id) == ("edge-1", None)
    engine.dispose()


def test_the_migrations_make_the_tables_that_the_code_describes(tmp_path: Path) -> None:
    with open_database(settings_in(tmp_path).database).begin() as connection:
        command.upgrade(_config(connection), "head")
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
