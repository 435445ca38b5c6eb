"""Every table in one import, so that the metadata is whole wherever it is needed."""

from __future__ import annotations

from dashboard.accounts import tables as accounts
from dashboard.alerts import tables as alerts
from dashboard.campaigns import tables as campaigns
from dashboard.dispatch import tables as dispatch
from dashboard.health import tables as health
from dashboard.intake import tables as intake
from dashboard.labels import tables as labels
from dashboard.places import tables as places
from dashboard.shifts import tables as shifts
from dashboard.stays import tables as stays
from dashboard.thefts import tables as thefts
from dashboard.volunteers import tables as volunteers

__all__ = [
    "accounts",
    "alerts",
    "campaigns",
    "dispatch",
    "health",
    "intake",
    "labels",
    "places",
    "shifts",
    "stays",
    "thefts",
    "volunteers",
]
