"""`pleaselock doctor`, the server's part: database, schema, people, pages, languages, the disk, and who was heard lately."""

from __future__ import annotations

import shutil
import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Session

from dashboard.accounts.guard import STAFF
from dashboard.accounts.tables import Account
from dashboard.database import open_database
from dashboard.health import queries
from dashboard.health.troubles import worker_trouble
from dashboard.health.views import camera_view, last_heard
from dashboard.settings import Settings
from dashboard.web.i18n import DASHBOARD, load_translators, read_catalogue

Say = Callable[[str, bool | None, str, str], None]
"""What was looked at, whether it is fine (None: not checked), what was found, what to do."""
LEAST_FREE_MIB = 500
OUR_WORDS = 'name="csrf_token"'
"""Said by our login page in every language."""


def examine_server(settings: Settings, say: Say) -> None:
    _examine_home(settings.home, say)
    _examine_pages(settings, say)
    _examine_languages(say)
    try:
        engine = open_database(settings.database)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        say("database", False, f"the URL cannot be used ({error})", "mend PLEASELOCK_DATABASE_URL")
        return
    try:
        _examine_database(engine, settings, say)
    finally:
        engine.dispose()


def _examine_home(home: Path, say: Say) -> None:
    if not home.is_dir():
        say("server's disk", None, f"there is no folder {home} yet", "`pleaselock serve` makes it")
        return
    free_mib = shutil.disk_usage(home).free // 2**20
    enough = free_mib >= LEAST_FREE_MIB
    say("server's disk", enough, f"{free_mib} MiB free in {home}", "" if enough else f"free {LEAST_FREE_MIB} MiB")


def _examine_pages(settings: Settings, say: Say) -> None:
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104 -- compared, not bound
    address = f"http://{host}:{settings.port}/login"
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            is_ours = OUR_WORDS in answer.read(65536).decode(errors="replace")
    except urllib.error.HTTPError as error:
        say("pages", False, f"{address} answers with an error ({error.code})", "see the log of `pleaselock serve`")
    except OSError:
        _examine_port(host, settings.port, say)
    else:
        advice = "" if is_ours else "stop it, or give another PLEASELOCK_PORT"
        say("pages", is_ours, f"{address} answers" if is_ours else f"something else answers on {address}", advice)


def _examine_port(host: str, port: int, say: Say) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            advice = "stop what uses it, or give another PLEASELOCK_PORT"
            say("pages", False, f"port {port} on {host} cannot be used ({error.strerror})", advice)
        else:
            say("pages", None, f"`pleaselock serve` does not run here; port {port} is free", "")


def _examine_languages(say: Say) -> None:
    catalogues = sorted(DASHBOARD.glob("*/zh_CN.po"))
    words = load_translators()["zh-CN"].messages
    empty = [str(path.parent.name) for path in catalogues if not read_catalogue(path)]
    fine = bool(catalogues) and not empty
    found = (
        f"简体中文 and English, {len(words)} sentences" if fine else f"no Chinese words in {', '.join(empty) or 'any'}"
    )
    say("languages", fine, found, "" if fine else "install pleaselock anew")


def _examine_database(engine: Engine, settings: Settings, say: Say) -> None:
    shown = make_url(settings.database).render_as_string(hide_password=True)
    try:
        with engine.connect() as connection:
            now = MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        say("database", False, f"{shown} cannot be reached ({reason})", "start it, or mend PLEASELOCK_DATABASE_URL")
        return
    wanted = _newest_revision()
    if now != wanted:
        found = f"{shown} has the schema {now or 'of nothing'}, this version wants {wanted}"
        say("database", False, found, "start `pleaselock serve`, which brings it up to date")
        return
    say("database", True, f"{shown} answers, schema {now}", "")
    with Session(engine) as session:
        _examine_people(session, say)
        _examine_edges(session, say)


def _newest_revision() -> str | None:
    config = Config()
    config.set_main_option("script_location", str(DASHBOARD / "migrations"))
    return ScriptDirectory.from_config(config).get_current_head()


def _examine_people(session: Session, say: Say) -> None:
    staff = select(func.count()).select_from(Account).where(Account.active, Account.role.in_(STAFF))
    number = session.scalar(staff) or 0
    advice = "" if number else "`pleaselock add-account NAME --role admin`"
    say("accounts", number > 0, f"{number} of staff may log in", advice)


def _examine_edges(session: Session, say: Say) -> None:
    at, cameras = datetime.now(UTC), queries.cameras_with_health(session)
    for worker in queries.all_workers(session):
        trouble = worker_trouble(worker.state, last_heard(worker, cameras, at), at)
        advice = "look at that machine: `pleaselock doctor --config …` there" if trouble else ""
        say(f"worker {worker.code}", trouble is None, trouble.value if trouble else "online", advice)
    wrong = [view for view in (camera_view(camera, health, at) for camera, health in cameras) if view.wrong]
    for view in wrong:
        say(f"camera {view.camera.code}", False, view.word.text.lower(), "see the page Cameras")
    if cameras and not wrong:
        say("cameras", True, f"all {len(cameras)} as they should be, by what they last said", "")
    if not cameras:
        say("cameras", None, "none has reported yet", "start `pleaselock watch` beside one")
