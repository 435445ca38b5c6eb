"""What the menu offers: only what the role may open, and only what this server has."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from dashboard.accounts.guard import ANALYSTS, EVERYONE, OBSERVERS, STAFF
from dashboard.accounts.tables import Role
from dashboard.web.i18n import N_


@dataclass(frozen=True)
class Entry:
    path: str
    label: str
    icon: str
    roles: tuple[Role, ...]


ENTRIES = (
    Entry("/alerts", N_("Alerts"), "bell", EVERYONE),
    Entry("/stays", N_("Stays"), "bike", OBSERVERS),
    Entry("/shifts", N_("Shifts"), "people", (Role.VOLUNTEER, Role.COORDINATOR, Role.ADMIN)),
    Entry("/thefts", N_("Thefts"), "shield", STAFF),
    Entry("/labels", N_("Labels"), "tag", ANALYSTS),
    Entry("/health", N_("Cameras"), "camera", OBSERVERS),
)
START = {Role.SECURITY: "/thefts", Role.COORDINATOR: "/shifts", Role.ANALYST: "/labels"}
FALLBACK = "/alerts"


def entries_for(role: Role | None, paths: Collection[str]) -> list[Entry]:
    return [entry for entry in ENTRIES if role in entry.roles and entry.path in paths]


def start_page(role: Role, paths: Collection[str]) -> str:
    start = START.get(role, FALLBACK)
    return start if start in paths else FALLBACK
