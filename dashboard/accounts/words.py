"""How the roles are called."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.accounts.tables import Role
from dashboard.web.i18n import N_

ROLES: Mapping[str, str] = {
    Role.VOLUNTEER: N_("Volunteer"),
    Role.COORDINATOR: N_("Coordinator"),
    Role.SECURITY: N_("Security staff"),
    Role.ANALYST: N_("Analyst"),
    Role.ADMIN: N_("Administrator"),
}
