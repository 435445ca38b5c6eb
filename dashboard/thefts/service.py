"""Theft cases written: one by hand, or a file of them at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from dashboard.thefts.cases import CaseDraft
from dashboard.thefts.importing import fold_name
from dashboard.thefts.queries import FORM, IMPORT, buildings, numbers_taken
from dashboard.thefts.tables import TheftCase

INSERTED_AT_ONCE = 500


class NumberTakenError(Exception):
    """This source already has a case of this number."""


@dataclass(frozen=True)
class Imported:
    added: int
    already_there: int


def add_case(session: Session, draft: CaseDraft, account_id: int, at: datetime) -> TheftCase:
    if draft.case_number and numbers_taken(session, FORM, [draft.case_number]):
        raise NumberTakenError
    case = TheftCase(source=FORM, created_by_id=account_id, created_at=at, **asdict(draft))
    session.add(case)
    session.flush()
    return case


def change_case(session: Session, case: TheftCase, draft: CaseDraft) -> None:
    renumbered = draft.case_number and draft.case_number != case.case_number
    if renumbered and numbers_taken(session, case.source, [str(draft.case_number)]):
        raise NumberTakenError
    for name, value in asdict(draft).items():
        setattr(case, name, value)
    session.flush()


def import_cases(
    session: Session, drafts: Iterable[CaseDraft], source: str, account_id: int | None, at: datetime
) -> Imported:
    """Add the cases whose number this source does not have yet; the caller's transaction makes it all or nothing."""
    by_number = {str(draft.case_number): draft for draft in drafts}
    taken = numbers_taken(session, source, by_number)
    rows = [
        asdict(draft) | {"source": source, "created_by_id": account_id, "created_at": at}
        for number, draft in by_number.items()
        if number not in taken
    ]
    for start in range(0, len(rows), INSERTED_AT_ONCE):
        session.execute(insert(TheftCase), rows[start : start + INSERTED_AT_ONCE])
    return Imported(len(rows), len(taken))


def source_named(whose: str) -> str:
    """`import`, or `import:<whose>` so that two agencies' numbers never mix."""
    name = " ".join(whose.split())
    return f"{IMPORT}:{name}" if name else IMPORT


def buildings_by_name(session: Session) -> dict[str, int]:
    """Folded names and codes of all buildings, to find them in a file again."""
    known = buildings(session)
    return {fold_name(name): place.id for place in known for name in (place.code, place.name_zh, place.name_en) if name}
