from __future__ import annotations

import pytest

from dashboard.database import Sessions
from dashboard.places.tables import Site
from tests.dashboard.dispatch.campus import Campus, building, on_shift


@pytest.fixture
def campus(sessions: Sessions) -> Campus:
    with sessions.begin() as session:
        site = Site(code="campus", name_zh="校园", name_en="Campus")
        other = Site(code="other", name_zh="别处", name_en="Elsewhere")
        near, far = building(site, "teaching-1", 100), building(site, "library", 500)
        session.add_all([site, other, near, far])
        lin, ming = on_shift(session, "lin", near), on_shift(session, "ming", far)
        on_shift(session, "wei", building(other, "teaching-1", 100))
    return Campus(sessions, lin, ming)
