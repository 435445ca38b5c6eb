"""Alembic's entry: runs on the connection it is given, or on PLEASELOCK_DATABASE_URL."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from dashboard import tables
from dashboard.database import Base, open_database
from dashboard.settings import Settings

assert tables.__all__


def _run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    with open_database(Settings().database).begin() as own:
        _run(own)
