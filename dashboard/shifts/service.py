"""Planning who stands where and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from dashboard.campaigns.tables import Campaign
from dashboard.places.tables import Building
from dashboard.shifts import queries
from dashboard.shifts.tables import Post, Shift
from dashboard.volunteers.tables import Volunteer
from dashboard.web.i18n import N_

LONGEST = timedelta(hours=12)


class CannotPlanShift(ValueError):  # noqa: N818 - the sentence is the error
    """`sentence` is a msgid; `clash` is the shift that is in the way, where one is."""

    def __init__(self, sentence: str, clash: Shift | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.clash = clash


@dataclass(frozen=True)
class ShiftPlan:
    """What the coordinator asks for; the end is off duty already."""

    volunteer_id: int
    post_id: int
    starts_at: datetime
    ends_at: datetime
    lead: bool = False
    campaign_id: int | None = None


def add_shift(session: Session, plan: ShiftPlan) -> Shift:
    """Put one volunteer on one post.

    Raises:
        CannotPlanShift: the times, the person, the post or the campaign do not fit.
    """
    _check_times(plan)
    _check_names(session, plan)
    clash = queries.overlapping(session, plan.volunteer_id, plan.starts_at, plan.ends_at)
    if clash is not None:
        sentence = N_(
            "%(name)s already has a shift from %(start)s to %(end)s. Choose other times or another volunteer."
        )
        raise CannotPlanShift(sentence, clash)
    shift = Shift(
        volunteer_id=plan.volunteer_id,
        post_id=plan.post_id,
        campaign_id=plan.campaign_id,
        lead=plan.lead,
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
    )
    session.add(shift)
    session.flush()
    return shift


def remove_shift(session: Session, shift: Shift) -> None:
    session.delete(shift)


def add_post(session: Session, building: Building | None, name_zh: str, name_en: str) -> Post:
    """A place to stand at one building; a name missing in one language is the other's.

    Raises:
        CannotPlanShift: no building, or no name.
    """
    if building is None:
        raise CannotPlanShift(N_("This building is not known. Choose one from the list."))
    if not (name_zh or name_en):
        raise CannotPlanShift(N_("The post has no name. Give it one."))
    post = Post(building=building, name_zh=name_zh or name_en, name_en=name_en or name_zh)
    session.add(post)
    session.flush()
    return post


def span(day: date, begin: time, end: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The moments of two clock times on one day in the site's zone."""
    return datetime.combine(day, begin, zone), datetime.combine(day, end, zone)


def day_span(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From midnight to midnight in the site's zone."""
    return datetime.combine(day, time(), zone), datetime.combine(day + timedelta(days=1), time(), zone)


def _check_times(plan: ShiftPlan) -> None:
    if plan.ends_at <= plan.starts_at:
        raise CannotPlanShift(N_("The shift ends before it begins. Choose a later end."))
    if plan.ends_at - plan.starts_at > LONGEST:
        raise CannotPlanShift(N_("The shift is longer than 12 hours. Split it between two volunteers."))


def _check_names(session: Session, plan: ShiftPlan) -> None:
    volunteer = session.get(Volunteer, plan.volunteer_id)
    if volunteer is None or not volunteer.account.active:
        raise CannotPlanShift(N_("This volunteer is not on the list. Choose one from the list."))
    if session.get(Post, plan.post_id) is None:
        raise CannotPlanShift(N_("This post is not known. Choose one from the list."))
    if plan.campaign_id is None:
        return
    campaign = session.get(Campaign, plan.campaign_id)
    if campaign is None:
        raise CannotPlanShift(N_("This campaign is not known. Choose one from the list."))
    if not campaign.starts_at <= plan.starts_at < campaign.ends_at:
        raise CannotPlanShift(N_("The campaign does not run on that day. Choose another day, or no campaign."))
