"""What security staff send: a case by hand, a file of cases."""

from __future__ import annotations

from fastapi.testclient import TestClient
from sqlalchemy import func, select

from dashboard.database import Sessions
from dashboard.thefts.tables import TheftCase

GOOD = "Case number,Reported,From,To,Place,Latitude,Longitude,Locked\n" + "".join(
    f"A{number},2026-09-0{number} 18:00,2026-09-0{number} 08:00,2026-09-0{number} 17:00,{place},29.65,-82.34,no\n"
    for number, place in enumerate(["Gym", "Gym", "Gym", "Hall", "Yard"], start=1)
)


BAD = "A9,2026-09-09 18:00,,,Gym,129.3,-82.34,no\n"


def upload(client: TestClient, token: str, text: str, **fields: str) -> str:
    """Send a file; the address of its preview."""
    form = {"csrf_token": token, "zone": "America/New_York", "whose": "UFPD", **fields}
    answer = client.post("/thefts/import", data=form, files={"file": ("cases.csv", text.encode(), "text/csv")})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def confirm(client: TestClient, token: str, address: str) -> str:
    answer = client.post(address, data={"csrf_token": token})
    assert answer.status_code == 200
    return str(answer.text)


def count(database: Sessions) -> int:
    with database() as session:
        return session.scalar(select(func.count()).select_from(TheftCase)) or 0


def case_form(token: str, **changes: str) -> dict[str, str]:
    fields = {
        "csrf_token": token,
        "happened_from": "2026-09-02T08:00",
        "happened_to": "2026-09-02T17:30",
        "reported_at": "2026-09-02T18:05",
        "place": "north rack",
        "locked": "no",
    }
    return fields | changes
