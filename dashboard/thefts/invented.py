"""A year of invented cases for the demonstration. Every row says so: source `invented`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.random import Generator
from sqlalchemy.orm import Session

from dashboard.places.tables import Building
from dashboard.thefts.cases import LOCK_KINDS, CaseDraft
from dashboard.thefts.queries import INVENTED, buildings, first_site
from dashboard.thefts.service import import_cases
from dashboard.thefts.tables import Locked

CASES, DAYS, SEED = 80, 364, 20250901
UNLOCKED_SHARE, UNKNOWN_SHARE, REPORTED_ONLY_SHARE = 0.62, 0.2, 0.12
TERM_WEIGHT = {9: 3.0, 10: 2.5, 3: 1.8, 4: 1.5, 11: 1.4, 2: 0.5, 7: 0.5, 8: 0.6}
WEEKEND_WEIGHT = 0.5


def add_invented_cases(session: Session, at: datetime) -> int:
    """Add the invented cases of the year before `at` over the buildings there are; how many were added.

    The same year gives the same cases, and a second call adds none.
    """
    site, known = first_site(session), sorted(buildings(session), key=lambda building: building.code)
    if site is None or not known:
        return 0
    drafts = invented_cases(known, ZoneInfo(site.timezone), at)
    return import_cases(session, drafts, INVENTED, None, at).added


def invented_cases(known: Sequence[Building], zone: ZoneInfo, at: datetime) -> list[CaseDraft]:
    random = np.random.default_rng(SEED)
    favours = random.permutation(1 / np.arange(1, len(known) + 1) ** 0.8)
    last = at.astimezone(zone).date() - timedelta(days=1)
    days = [last - timedelta(days=back) for back in range(DAYS)]
    weights = np.array([TERM_WEIGHT.get(day.month, 1) * (WEEKEND_WEIGHT if day.weekday() > 4 else 1) for day in days])  # noqa: PLR2004
    chosen = sorted(random.choice(DAYS, CASES, p=weights / weights.sum()), reverse=True)
    drafts = []
    for number, back in enumerate(chosen, start=1):
        building = known[random.choice(len(known), p=favours / favours.sum())]
        drafts.append(_case(number, datetime.combine(days[back], time(), tzinfo=zone), building, random))
    return drafts


def _case(number: int, midnight: datetime, building: Building, random: Generator) -> CaseDraft:
    last_seen = midnight + timedelta(
        minutes=int(random.choice([8, 10, 14, 16, 19], p=[0.3, 0.2, 0.2, 0.15, 0.15])) * 60
    )
    last_seen += timedelta(minutes=int(random.integers(0, 50)))
    missing = last_seen + timedelta(minutes=int(random.gamma(2.0, 110)) + 15)
    reported = missing + timedelta(minutes=int(random.gamma(1.5, 60)))
    windowed = random.random() > REPORTED_ONLY_SHARE
    locked = _locked(random.random())
    return CaseDraft(
        case_number=f"demo-{number:03d}",
        happened_from=last_seen.astimezone(UTC) if windowed else None,
        happened_to=missing.astimezone(UTC) if windowed else None,
        reported_at=reported.astimezone(UTC),
        timezone=str(midnight.tzinfo),
        building_id=building.id,
        place=building.name_zh,
        plan_x=_beside(building.plan_x, random),
        plan_y=_beside(building.plan_y, random),
        locked=locked,
        lock_kind=str(random.choice(LOCK_KINDS[1:5])) if locked is Locked.YES else None,
    )


def _locked(chance: float) -> Locked:
    if chance < UNLOCKED_SHARE:
        return Locked.NO
    return Locked.UNKNOWN if chance < UNLOCKED_SHARE + UNKNOWN_SHARE else Locked.YES


def _beside(unit: float | None, random: Generator) -> float | None:
    return None if unit is None else round(unit + float(random.normal(0, 8)), 1)
